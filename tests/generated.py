"""Generated records for laws over the whole way, and the parts that are shipped."""

from __future__ import annotations

import functools
import random
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import strategies as st

from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.prepare import Tools
from adapter.record.model import Record
from adapter.record.parse import parse
from adapter.record.vocabulary import ACTIVE_STATUSES
from adapter.settings import Settings
from adapter.wiring import build_tools

Tree = dict[str, Any]

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)


@functools.cache
def shipped_tools() -> Tools:
    """The mapping, the check and the policy that are shipped."""
    return build_tools(Settings())


def parsed(tree: Tree) -> Record:
    """The record of a tree; InvalidRecord where it has a fault."""
    return parse(orjson.dumps(tree), policy=DEFAULT_POLICY, now=NOW)


def _active(seed: int) -> Tree:
    """The first active record of those that a seed leads to."""
    rng = random.Random(seed)
    while True:
        tree = generate(rng, now=NOW)
        if tree["status"] in ACTIVE_STATUSES:
            tree.pop("supersedes", None)
            return tree


def active_trees() -> st.SearchStrategy[Tree]:
    """Valid active records of every shape, which say nothing of another record."""
    return st.integers(0, 2**48).map(_active)
