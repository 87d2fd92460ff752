"""Valid synthetic records of many shapes, each from a seed: for fixtures, tests, load.

Every field of the record model can occur, because what to make is read off the model's
declarations (``making``); ``care`` and ``sharing`` then make the fields agree with each
other as the rules between them ask. Everyone is invented, and NHS numbers are of the
range that is kept for testing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from adapter.generate import care, sharing
from adapter.generate.making import Making


def generate(rng: random.Random, *, now: datetime) -> dict[str, Any]:
    """One valid record tree, the same for the same state of ``rng`` and instant.

    ``now`` is the instant of receipt, aware: dates lie around it.
    """
    making = Making(rng, now)
    tree = making.object("")
    for agree in (*care.AGREEMENTS, *sharing.AGREEMENTS):
        agree(tree, making)
    return tree


def generate_many(seed: int, count: int, *, now: datetime) -> Iterator[dict[str, Any]]:
    """So many valid record trees, each with a record id of its own.

    One record depends on the seed and its place alone, so a longer run begins as a
    shorter one does.
    """
    for place in range(count):
        tree = generate(random.Random(f"{seed}/{place}"), now=now)
        tree["record_id"] = f"gen-{seed}-{place + 1}"
        if "supersedes" in tree:
            tree["supersedes"]["record_id"] = tree["record_id"]
        yield tree
