"""Every rule, reason code and obligation is shown by a fixture, as it is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from stories import FIXTURES

from adapter.cli.cases import shown_by
from adapter.disclosure.reasons import OBLIGATIONS, REASONS, RULES

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
    ],
    ids=["rules", "reasons", "obligations"],
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
