"""Every rule, reason code and obligation is shown by a fixture, as it is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from stories import FIXTURES, STORIES, record_of

from adapter.cli.cases import shown_by
from adapter.disclosure.outcomes import NOT_LISTED
from adapter.disclosure.reasons import OBLIGATIONS, REASONS, RULES
from adapter.record.declarations import DECLARATIONS
from adapter.record.vocabulary import RECIPIENT_KINDS

SHOWN = shown_by(FIXTURES)
OF_ITEMS = {"section 2"}
"""The rule of items in several categories gives the reason of one of them."""


def parts() -> Iterator[dict[str, Any]]:
    """What each expected decision says of a category or of an item."""
    for file in sorted(FIXTURES.glob("*/expected/*/decision.json")):
        decision = json.loads(file.read_bytes())
        yield from (*decision["categories"].values(), *decision["items"])


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        (RULES, SHOWN.rules),
        (REASONS, SHOWN.reasons),
        (OBLIGATIONS, SHOWN.obligations),
        ((*RECIPIENT_KINDS, NOT_LISTED), SHOWN.kinds),
    ],
    ids=["rules", "reasons", "obligations", "kinds"],
)
def test_every_code_that_is_declared_is_shown_and_no_other(declared, shown) -> None:
    assert set(shown) == set(declared)


def test_each_reason_is_given_by_the_rules_that_it_names() -> None:
    given = {(part["reason"], part["rule"]) for part in parts()}
    given = {pair for pair in given if pair[1] not in OF_ITEMS}
    named = {
        (reason.code, rule)
        for reason in REASONS.values()
        for rule in reason.rules
        if rule != "G0" and rule not in OF_ITEMS
    }
    assert given == named


def test_every_explanation_is_that_of_its_reason() -> None:
    assert all(part["why"] == REASONS[part["reason"]].explanation for part in parts())


@pytest.mark.parametrize(
    "path",
    [
        "consent_and_sharing.overrides[].reason_code",
        "consent_and_sharing.recipients[].care_relationship",
    ],
)
def test_every_value_that_decides_is_in_a_record(path: str) -> None:
    _, items, name = path.replace("[]", "").split(".")
    records = [record_of(story).tree["consent_and_sharing"] for story in STORIES]
    found = {item[name] for sharing in records for item in sharing.get(items, ())}
    assert found == set(DECLARATIONS[path].codes)
