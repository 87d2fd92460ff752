"""Laws of disclosure, held to the bytes that leave: both forms of a bundle.

Source: disclosure rules, section 13 (T5, T6, T10, T11); design, section 2.
"""

from __future__ import annotations

import functools
import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from canaries import WORD, changed_where, plant, without
from disclosure_chance import START, instants, make_tree, opened, seeds
from hypothesis import Phase, given, settings
from laws import examples

from adapter.bundle.build import (
    Stamp,
    acceptance_task,
    collection,
    make_content,
    to_bytes,
    transaction_bytes,
)
from adapter.bundle.ids import Ids
from adapter.disclosure.model import Decision
from adapter.disclosure.redact import redact
from adapter.generate import generate
from adapter.prepare import Prepared, Tools, prepare, prepare_all
from adapter.record.model import Record
from adapter.settings import Settings
from adapter.wiring import build_tools

BASE_URL = "https://adapter.example"
LAWS = settings(examples(40), phases=(Phase.explicit, Phase.generate))

made = seeds.map(make_tree) | seeds.map(
    lambda seed: generate(random.Random(seed), now=START)
)
any_trees = made | made.map(opened)


@functools.cache
def shipped() -> Tools:
    """What preparing works with: the shipped mappings and profiles."""
    return build_tools(Settings(public_base_url=BASE_URL))


def forms(record: Record, prepared: Prepared) -> bytes:
    """What would be pulled, what would be pushed, and what mapping was handed."""
    if prepared.content is None or prepared.redacted is None:
        return b""
    ids = Ids(shipped().key, *record.key, prepared.recipient_id)
    stamp = Stamp(ids.view_id(), 1, START)
    task = acceptance_task(prepared.content, ids, stamp, BASE_URL)
    pulled = collection(prepared.content, stamp, BASE_URL, task=task)
    pushed = transaction_bytes(prepared.content, stamp, BASE_URL, task=task)
    handed = json.dumps(prepared.redacted.context()).encode()
    return b"\n".join((to_bytes(pulled), pushed, handed))


def all_forms(tree: dict[str, Any], at: datetime) -> dict[str, bytes]:
    record = Record(tree)
    return {
        name: forms(record, prepared)
        for name, prepared in prepare_all(record, at=at, tools=shipped()).items()
    }


@LAWS
@given(any_trees, instants)
def test_t5_no_canary_of_what_is_withheld_is_in_any_byte(
    tree: dict[str, Any], at: datetime
) -> None:
    planted = plant(tree)
    record = Record(tree)
    for name, prepared in prepare_all(record, at=at, tools=shipped()).items():
        for word in set(WORD.findall(forms(record, prepared))):
            place = planted[word]
            is_own = place.path == "consent_and_sharing.recipients[].name" and (
                place.holder["id"] == name
            )
            assert is_own or not place.must_stay(prepared.decision), place.path


@LAWS
@given(any_trees, instants, seeds)
def test_a_changed_value_that_is_withheld_changes_no_byte(
    tree: dict[str, Any], at: datetime, seed: int
) -> None:
    for name, prepared in prepare_all(Record(tree), at=at, tools=shipped()).items():
        other, _ = changed_where(tree, prepared.decision, random.Random(seed))
        again = prepare(Record(other), name, at=at, tools=shipped())
        assert again.decision.categories == prepared.decision.categories
        assert forms(Record(other), again) == forms(Record(tree), prepared)


@LAWS
@given(any_trees, instants)
def test_t6_a_silent_bundle_is_the_same_with_and_without_what_is_withheld(
    tree: dict[str, Any], at: datetime
) -> None:
    """T11 too: neither bundle tells when its decision ends."""
    for name, prepared in prepare_all(Record(tree), at=at, tools=shipped()).items():
        if not prepared.decision.is_silent:
            continue
        other = {
            **without(tree, prepared.decision),
            "record_version": tree["record_version"] + 1,
            "updated_at": START.isoformat(),
            "author_ref": "m-somebody-else",
        }
        decision = replace(prepared.decision, valid_until=at + timedelta(days=1))
        again = under(Record(other), decision)
        assert forms(Record(other), again) == forms(Record(tree), prepared), name


def under(record: Record, decision: Decision) -> Prepared:
    """What a record gives under a decision that was made of another."""
    redacted = redact(record, decision, policy=shipped().policy)
    content = None
    if redacted is not None:
        ids = Ids(shipped().key, *record.key, decision.recipient_id)
        content = make_content(shipped().mapping.apply(redacted.context()), ids)
    return Prepared(decision.recipient_id, decision, redacted, content, ())
