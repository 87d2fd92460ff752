"""Processes killed at random points, and a receiver that fails one time in five.

Whatever was accepted arrives: in order, whole, once. ``FAULT_RECORDS`` says how many
records are posted; the small number is for every run of the tests.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from faults.house import Adapter, database, directory_of, kinds_by_ods, listening
from faults.storm import (
    FAULTS,
    READ_TIMEOUT,
    Storm,
    check_nothing_is_lost,
    check_nothing_is_there_twice,
    check_order,
    misbehave,
    versions,
)

pytestmark = pytest.mark.faults

FEW = 40
RECORDS = int(os.environ.get("FAULT_RECORDS") or FEW)
SEED = int(os.environ.get("FAULT_SEED") or random.randrange(1_000_000))
VICTIMS = ["worker", "web", "both"]
MORE_VICTIMS = [*VICTIMS * 6, "worker", "everything", "everything"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_was_accepted_arrives_whoever_is_killed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print(f"seed {SEED}")  # shown when the test fails
    made = versions(SEED, RECORDS)
    kinds = kinds_by_ods([record for each in made for record in each])
    patience = 60 + RECORDS * 1.5
    with listening() as receiver, database(kind, tmp_path) as url:
        directory = directory_of(kinds, receiver, read_timeout=READ_TIMEOUT)
        adapter = Adapter(tmp_path, url, directory)
        try:
            adapter.wait_ready()
            misbehave(receiver)
            begun = time.monotonic()
            rng = random.Random(SEED)
            storm = Storm(adapter, receiver, rng, begun + patience)
            storm.run(made, VICTIMS if RECORDS <= FEW else MORE_VICTIMS)
            posted_in = time.monotonic() - begun
            settled_in = storm.settle()
        finally:
            adapter.end()
        held = check_nothing_is_lost(url, receiver, storm.accepted, kinds)
        whole = check_nothing_is_there_twice(receiver)
        check_order(url, receiver)

    seen = receiver.journal.listed()
    faults = Counter(each.fault for each in seen if each.fault)
    assert held > RECORDS
    assert faults.keys() == {fault["kind"] for fault in FAULTS}
    recovered = "; ".join(
        f"{victim} killed {len(times)} times, slowest {max(times):.1f} s"
        for victim, times in sorted(storm.recoveries.items())
    )
    with capsys.disabled():
        print(
            f"\n  {kind}, seed {SEED}: {len(storm.accepted)} versions of {len(made)}"
            f" records accepted in {posted_in:.0f} s, all there {settled_in:.1f} s"
            f" after the last; recovered: {recovered};"
            f" {sum(faults.values())} of {len(seen)} requests failed to order,"
            f" {sum(storm.redriven.values())} redriven;"
            f" {held} views, {whole} resources held"
        )
