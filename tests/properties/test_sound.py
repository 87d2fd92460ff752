"""The short way over a record agrees with the schemas, whatever stands in it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.generate import generate
from adapter.record.walk import (
    leaves,
    sound_leaves,
    structure_findings,
    unknown_findings,
)

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
seeds = st.integers(min_value=0, max_value=2**32)
VALUES: tuple[Any, ...] = (
    None,
    "",
    {},
    [],
    [[]],
    [None],
    ["a", None],
    {"id": "a"},
    "a",
    "a\n",
    "x" * 201,
    "2026-02-30",
    "2026-11-05",
    True,
    0,
    1.5,
    ["a"] * 501,
)


def parents(node: Any) -> Iterator[Any]:
    """Every object and list of the tree that holds something."""
    if isinstance(node, dict | list) and node:
        yield node
        for inner in node.values() if isinstance(node, dict) else node:
            yield from parents(inner)


@examples(200)
@given(seeds, st.data())
def test_the_short_way_is_taken_exactly_where_the_schemas_find_nothing(
    seed: int, data: st.DataObject
) -> None:
    tree = generate(random.Random(seed), now=NOW)
    for damage in data.draw(st.lists(st.sampled_from(("put", "take", "add")))):
        node = data.draw(st.sampled_from(list(parents(tree))))
        step = data.draw(st.sampled_from(list(node) if type(node) is dict else [0]))
        if damage == "put":
            node[step] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
        elif damage == "take":
            del node[step]
        elif type(node) is dict:
            node["of_our_own"] = "x"
    is_sound = not structure_findings(tree) and not list(unknown_findings(tree))
    found = sound_leaves(tree)
    assert (found is not None) is is_sound
    if found is not None:
        assert found == leaves(tree)
