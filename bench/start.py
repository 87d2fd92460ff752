"""From the command to ready, and the memory of each process.

``serve`` on an empty store that is migrated already, three times; then, in the last,
the memory of each process at once and after some records. Processes share what they
were forked with, so both figures are shown: resident, and the proportional share.

Budget: ready in 2 s; 150 MB a process.
"""

import argparse
import os
from pathlib import Path

from machine import describe
from running import (
    Adapter,
    environment,
    receiving,
    records,
    serving,
    temporary_folder,
)

BUDGET_SECONDS, BUDGET_MB = 2, 150


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        for tasks in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in tasks.read_text().split()]
    return found


def memory(pid: int) -> tuple[float, float]:
    """The resident memory of a process and its proportional share, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return int(sizes["Rss"]) / 1000, int(sizes["Pss"]) / 1000


def processor_seconds(pid: int) -> float:
    """What a process itself has used so far, its children apart."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def show(when: str, adapter: Adapter) -> None:
    sizes = [memory(pid) for pid in family(adapter.process.pid)]
    print(
        f"  memory {when}: "
        + ", ".join(f"{rss:.0f} MB ({pss:.0f})" for rss, pss in sizes)
        + f"; largest {max(rss for rss, _ in sizes):.0f} MB (budget {BUDGET_MB})"
    )


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--records", type=int, default=60)
    asked = reader.parse_args()
    print(describe())
    with receiving() as receiver, temporary_folder() as folder:
        environ, tokens = environment(folder, receiver.url)
        times, used = [], []
        for _ in range(3):
            with serving(environ, tokens["sender"]) as adapter:
                times.append(adapter.ready_after)
                used.append(processor_seconds(adapter.process.pid))
        shown = ", ".join(f"{each:.2f}" for each in times)
        print(
            f"  start to ready {shown} s (budget {BUDGET_SECONDS}), of which the"
            f" supervisor computes {min(used):.2f} s; the first makes the store"
        )
        with serving(environ, tokens["sender"]) as adapter:
            print("  resident (share) of supervisor, web, web's worker and worker:")
            show("at the start", adapter)
            adapter.post(records(asked.records), 3)
            receiver.wait_for(6 * asked.records)
            show(f"after {asked.records} records", adapter)


if __name__ == "__main__":
    main()
