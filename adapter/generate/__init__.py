"""Valid synthetic records of many shapes, each from a seed: for fixtures, tests, load.

Every field of the record model can occur, because what to make is read off the model's
declarations (``making``); ``care`` and ``sharing`` then make the fields agree with each
other as the rules between them ask. Everyone is invented, and NHS numbers are of the
range that is kept for testing.
"""

from __future__ import annotations

import random
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
