"""From accepted to arrived, at half the rate that the same run sustains.

First a burst finds the sustained rate, over three connections and counted until the
last bundle has arrived; then records are posted evenly at half of it. A bundle's time
is from the end of its record's 202 until the least receiver has it; one that was there
first counts as nought.

Budget: p50 under 100 ms, p99 under 1 s.
"""

import argparse
import json
import time
from statistics import median

from machine import describe
from running import Adapter, call, connect, percentile, receiving, records, running

RECIPIENTS = 6
BURST = 45
BUDGET_P50, BUDGET_P99 = 100, 1000


def evenly(adapter: Adapter, bodies: list[bytes], rate: float) -> dict[str, float]:
    """When each record, by its id, was accepted."""
    accepted = {}
    connection = connect(adapter.url)
    headers = {
        "Authorization": f"Bearer {adapter.token}",
        "Content-Type": "application/json",
    }
    begun = time.monotonic()
    for place, body in enumerate(bodies):
        time.sleep(max(0.0, begun + place / rate - time.monotonic()))
        connection.request("POST", "/records", body, headers)
        answer = connection.getresponse()
        receipt = json.loads(answer.read())
        if answer.status != 202:
            raise SystemExit(f"a record was answered with {answer.status}")
        accepted[receipt["record_id"]] = time.monotonic()
    return accepted


def correlation_of(adapter: Adapter, record_id: str) -> str:
    headers = {"Authorization": f"Bearer {adapter.token}"}
    _, body = call(adapter.url, "GET", f"/records/ZZ9A1/{record_id}", headers=headers)
    return str(json.loads(body)["versions"][0]["correlation_id"])


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seconds", type=float, default=15)
    asked = reader.parse_args()
    with receiving() as receiver, running(receiver.url) as adapter:
        bodies = records(BURST + 5_000)
        adapter.post(bodies[:5], 3)
        receiver.wait_for(5 * RECIPIENTS)
        posting = adapter.post(bodies[5:BURST], 3)
        arrivals = receiver.wait_for(BURST * RECIPIENTS)
        sustained = (BURST - 5) / (max(at for at, _ in arrivals) - posting.begun)
        count = max(10, int(asked.seconds * sustained / 2))
        accepted = evenly(adapter, bodies[BURST : BURST + count], sustained / 2)
        arrived = receiver.wait_for((BURST + count) * RECIPIENTS)
        names = {
            correlation_of(adapter, record_id): at for record_id, at in accepted.items()
        }
    times = [1000 * max(0.0, at - names[name]) for at, name in arrived if name in names]
    print(describe())
    print(
        f"sustained {sustained:.1f} records/s; {count} records at {sustained / 2:.1f}"
        f" records/s, {len(times)} bundles, SQLite"
    )
    print(
        f"  accepted to arrived {median(times):7.1f} ms p50 (budget {BUDGET_P50}),"
        f" {percentile(times, 99):.1f} ms p99 (budget {BUDGET_P99})"
    )


if __name__ == "__main__":
    main()
