"""The order in which a sender lists things changes no byte of what leaves."""

from __future__ import annotations

import copy
import random
from typing import Any

from generated import NOW, Tree, active_trees, parsed, shipped_tools
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.bundle.build import (
    Stamp,
    acceptance_task,
    collection,
    to_bytes,
    transaction_bytes,
)
from adapter.bundle.ids import Ids
from adapter.prepare import Prepared, prepare_all
from adapter.record.model import Record

BASE_URL = "https://adapter.example"


def in_another_order(tree: Tree, rng: random.Random) -> Tree:
    """Each list of the record shuffled, but the crisis contacts.

    Of those the rules ring the first that can always be rung.
    """
    other = copy.deepcopy(tree)
    _shuffle(other, rng)
    contacts = tree["safety"]["safety_plan"]["crisis_contacts"]
    other["safety"]["safety_plan"]["crisis_contacts"] = contacts
    return other


def _shuffle(node: Any, rng: random.Random) -> None:
    if isinstance(node, dict):
        for value in node.values():
            _shuffle(value, rng)
    elif isinstance(node, list):
        rng.shuffle(node)
        for value in node:
            _shuffle(value, rng)


def written(record: Record) -> dict[str, tuple[bytes, bytes] | None]:
    """What each recipient would pull and be pushed; None where nothing leaves."""
    prepared = prepare_all(record, at=NOW, tools=shipped_tools())
    return {name: _forms(record, share) for name, share in prepared.items()}


def _forms(record: Record, share: Prepared) -> tuple[bytes, bytes] | None:
    content = share.content
    if content is None:
        return None
    ids = Ids(shipped_tools().key, *record.key, share.recipient_id)
    stamp = Stamp(ids.view_id(), 1, NOW)
    task = acceptance_task(content, ids, stamp, BASE_URL)
    pulled = to_bytes(collection(content, stamp, BASE_URL, task=task))
    return pulled, transaction_bytes(content, stamp, BASE_URL, task=task)


@examples(40)
@given(active_trees(), st.integers(0, 2**48))
def test_the_order_of_lists_changes_no_byte(tree: Tree, seed: int) -> None:
    other = in_another_order(tree, random.Random(seed))
    assert written(parsed(other)) == written(parsed(tree))
