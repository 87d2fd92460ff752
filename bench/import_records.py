"""Importing generated records: constant memory, and how many a second.

Budget: the peak within 50 MB of where the import starts. It takes a number of records,
10,000 when it is told none, which is several minutes.
"""

import gzip
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from machine import describe

from adapter.clock import system_clock
from adapter.generate import generate_many
from adapter.importing.lines import read_lines
from adapter.importing.report import Report
from adapter.importing.run import Counts, import_records
from adapter.settings import Settings
from adapter.store import migrate
from adapter.wiring import build_parts

MB = 1024 * 1024
EVERY = 1_000


def resident() -> float:
    """The memory of this process, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("needs Linux")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(describe())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "records.ndjson.gz"
        size = 0
        with gzip.open(file, "wb", compresslevel=1) as records:
            for tree in generate_many(1, count, now=system_clock()):
                size += records.write(json.dumps(tree).encode() + b"\n")
        settings = Settings(database_url=f"sqlite:///{folder}/store.db")
        migrate(settings.database_url)
        parts = build_parts(settings)
        start, began = resident(), time.perf_counter()
        print(f"{count} records, {size / MB:.0f} MB of NDJSON; start {start:.0f} MB")

        def show(counts: Counts) -> None:
            if counts.read % EVERY == 0:
                rate = counts.read / (time.perf_counter() - began)
                print(f"{counts.read}: {rate:.1f} a second, peak {peak():.0f} MB")

        with file.open("rb") as given, Report(folder / "report") as report:
            lines = read_lines(given, settings.max_body_bytes)
            counts = import_records(lines, report, parts, progress=show)
        seconds = time.perf_counter() - began
        rate, most = counts.read / seconds, peak()
        print(f"{counts.read} in {seconds:.0f} s, {rate:.1f} a second")
        print(f"{counts.by_status}; peak {most:.0f} MB, {most - start:.0f} above start")
        parts.store.close()


if __name__ == "__main__":
    main()
