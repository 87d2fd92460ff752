"""One worker process beside a bare loop of ``requests`` on the same receiver.

Records are taken in first, with nobody to send them. The bare loop then posts the very
same bytes, one after another on one connection, and checks nothing but the status; the
worker, started afterwards, claims, sends, and writes back each. Both are counted at the
least receiver (``receiver.py``), from the first arrival to the last.

Budget: at least 0.9 of the bare loop.
"""

import argparse
import subprocess
import sys

import requests
from machine import describe
from running import (
    HERE,
    environment,
    receiving,
    records,
    serving,
    temporary_folder,
)
from sqlalchemy import select

from adapter.clock import system_clock
from adapter.store import open_store, payload
from adapter.store.schema import deliveries

BUDGET = 0.9


def bodies_in(database: str) -> list[bytes]:
    store = open_store(database, system_clock)
    question = select(deliveries.c.body, deliveries.c.body_encoding)
    with store.reading() as connection:
        bodies = [
            payload.read(row, "body").plain() for row in connection.execute(question)
        ]
    store.close()
    return bodies


def rate(arrivals: list[tuple[float, str]]) -> float:
    instants = sorted(at for at, _ in arrivals)
    return (len(instants) - 1) / (instants[-1] - instants[0])


def bare(address: str, bodies: list[bytes]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Content-Type"] = "application/fhir+json"
        for body in bodies:
            answer = session.post(f"{address}/fhir", data=body, timeout=10)
            answer.raise_for_status()


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--records", type=int, default=60)
    asked = reader.parse_args()
    with receiving() as receiver, temporary_folder() as folder:
        environ, tokens = environment(folder, receiver.url)
        with serving(environ, tokens["sender"], "--web-only") as adapter:
            adapter.post(records(asked.records), 3)
        bodies = bodies_in(environ["DATABASE_URL"])
        bare(receiver.url, bodies)
        before = receiver.seen()
        worker = subprocess.Popen(
            [sys.executable, "-m", "adapter", "work"], env=environ, cwd=HERE.parent
        )
        try:
            arrivals = receiver.wait_for(2 * len(bodies))[len(before) :]
        finally:
            worker.terminate()
            worker.wait(60)
    alone, ours = rate(before), rate(arrivals)
    mean = sum(map(len, bodies)) / len(bodies)
    print(describe())
    print(f"{len(bodies)} bundles of {mean / 1000:.0f} KB, SQLite")
    print(f"  bare loop of requests {alone:7.1f} bundles/s")
    print(
        f"  one worker process    {ours:7.1f} bundles/s,"
        f" {ours / alone:.2f} of it (budget {BUDGET})"
    )


if __name__ == "__main__":
    main()
