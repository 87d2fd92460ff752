"""Durable ingest over HTTP, six recipients a record, delivered on the same machine.

``serve`` with one web process and one worker on an empty store; the bodies are posted
over a few connections, each waiting for its answer; the six bundles of each go to the
least receiver (``receiver.py``). A record counts when its last bundle has arrived.

Budget: 40 records a second (240 bundles; 60 is the aim), answered in under 300 ms p99.
"""

import argparse
from statistics import median

from machine import describe
from running import percentile, receiving, records, running

RECIPIENTS = 6
BUDGET, AIM, BUDGET_P99 = 40, 60, 300


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--records", type=int, default=300)
    reader.add_argument("--connections", type=int, default=3)
    reader.add_argument("--database", help="a SQLAlchemy URL; else SQLite")
    asked = reader.parse_args()
    bodies = records(asked.records + 20)
    with (
        receiving() as receiver,
        running(receiver.url, database=asked.database) as adapter,
    ):
        adapter.post(bodies[:20], asked.connections)
        receiver.wait_for(20 * RECIPIENTS)
        posting = adapter.post(bodies[20:], asked.connections)
        arrivals = receiver.wait_for(len(bodies) * RECIPIENTS)
    last = max(at for at, _ in arrivals)
    rate = asked.records / (last - posting.begun)
    times = [1000 * each for each in posting.times]
    print(describe())
    print(
        f"{asked.records} records of {len(bodies[-1])} bytes, {RECIPIENTS} recipients,"
        f" {asked.connections} connections, {adapter.database.split(':')[0]}"
    )
    print(f"  accepted    {asked.records / posting.seconds:6.1f} records/s")
    print(
        f"  delivered   {rate:6.1f} records/s, {rate * RECIPIENTS:.0f} bundles/s"
        f" (budget {BUDGET}, aim {AIM}); the last {last - posting.ended:.2f} s after"
        " the last answer"
    )
    print(
        f"  answered in {median(times):6.1f} ms p50, {percentile(times, 99):.1f} ms p99"
        f" (budget {BUDGET_P99}); told to come again {posting.refused} times"
    )


if __name__ == "__main__":
    main()
