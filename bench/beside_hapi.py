"""Bundles a second: the adapter beside HAPI FHIR's server, in one run on one machine.

HAPI takes the transactions that the adapter sends for the record for six recipients, as
often as it can, over two connections, after a warming-up; the adapter takes the records
in and delivers them to the least receiver, as ``ingest.py`` has it. Each runs alone.
HAPI's start is most of the time; ``FHIR_SERVER_URL`` names one that runs already.

Budget: at least 5 times HAPI's bundles a second.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from delivery import bodies_in
from machine import describe
from running import (
    connect,
    environment,
    receiving,
    records,
    running,
    serving,
    temporary_folder,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from conformance.fhir_server import running as hapi  # noqa: E402
from conformance.judge import missing_tools  # noqa: E402

RECIPIENTS = 6
BUDGET = 5


def transactions(count: int) -> list[bytes]:
    """What the adapter sends for so many records, each of a person of its own."""
    with receiving() as receiver, temporary_folder() as folder:
        environ, tokens = environment(folder, receiver.url)
        with serving(environ, tokens["sender"], "--web-only") as adapter:
            adapter.post(records(count), 3)
        return bodies_in(environ["DATABASE_URL"])


def hapi_rate(url: str, bodies: Sequence[bytes], seconds: float) -> float:
    """Bundles a second that HAPI takes over two connections."""
    waiting = iter(bodies)
    deadline = time.monotonic() + seconds

    def send() -> int:
        connection = connect(url)
        path = urlsplit(url).path
        headers = {"Content-Type": "application/fhir+json"}
        done = 0
        for body in waiting:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"HAPI answered {answer.status}")
            done += 1
            if time.monotonic() > deadline:
                break
        return done

    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        done = sum(each.result() for each in [pool.submit(send) for _ in range(2)])
    return done / (time.monotonic() - begun)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seconds", type=float, default=10)
    reader.add_argument("--records", type=int, default=60)
    asked = reader.parse_args()
    print(describe())
    if missing := missing_tools():
        print(f"  LEFT OUT: {', '.join(missing)} is not installed")
        return
    sent = transactions(asked.records)
    with tempfile.TemporaryDirectory() as folder, hapi(Path(folder) / "log") as url:
        third = len(sent) // 3
        hapi_rate(url, sent[:third], asked.seconds)
        theirs = hapi_rate(url, sent[third:], asked.seconds)
    with receiving() as receiver, running(receiver.url) as adapter:
        bodies = records(asked.records + 10)
        adapter.post(bodies[:10], 3)
        receiver.wait_for(10 * RECIPIENTS)
        posting = adapter.post(bodies[10:], 3)
        last = max(at for at, _ in receiver.wait_for(len(bodies) * RECIPIENTS))
        ours = asked.records * RECIPIENTS / (last - posting.begun)
    resources = [len(json.loads(body)["entry"]) for body in sent]
    mean = sum(resources) / len(resources)
    print(f"  bundles of {mean:.0f} resources")
    print(f"  HAPI FHIR 8.6.0, H2 in memory   {theirs:6.1f} bundles/s")
    print(
        f"  the adapter, SQLite, delivered  {ours:6.1f} bundles/s,"
        f" {ours / theirs:.1f} times (budget {BUDGET})"
    )


if __name__ == "__main__":
    main()
