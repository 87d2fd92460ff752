"""Synthetic records: the same from the same seed, and of many shapes."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.parse import parse
from adapter.record.vocabulary import RECIPIENT_KINDS

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
MANY = [generate(random.Random(seed), now=NOW) for seed in range(150)]


def test_one_seed_makes_one_record():
    assert MANY[7] == generate(random.Random(7), now=NOW)
    assert MANY[7] != MANY[8]


@pytest.mark.parametrize("days", [-4000, -180, 180, 1000])
def test_it_is_valid_at_the_instant_it_is_made_for(days):
    then = NOW + timedelta(days=days)
    for seed in range(10):
        tree = generate(random.Random(seed), now=then)
        parse(json.dumps(tree).encode(), policy=DEFAULT_POLICY, now=then)


def test_every_kind_of_recipient_occurs():
    kinds = {
        recipient["kind"]
        for tree in MANY
        for recipient in tree["consent_and_sharing"]["recipients"]
    }
    assert kinds == set(RECIPIENT_KINDS)


def test_most_records_may_leave_and_some_may_not():
    statuses = Counter(tree["status"] for tree in MANY)
    assert statuses["active"] > 75
    assert len(statuses) == 6


def test_consent_comes_in_every_form():
    decisions = [
        decision
        for tree in MANY
        for decision in tree["consent_and_sharing"].get("decisions", ())
    ]
    assert {found["decision"] for found in decisions} == {"permit", "deny"}
    assert {found["decided_by"] for found in decisions} == {
        "young_person",
        "person_with_pr",
        "best_interests",
        "attorney_or_deputy",
        "court",
    }
    assert any("withdrawn_at" in found for found in decisions)
    assert any("recipient_kind" in found for found in decisions)


def test_items_are_confided_withheld_and_of_several_categories():
    risks = [risk for tree in MANY for risk in tree["safety"].get("risks", ())]
    for name in (
        "given_in_confidence",
        "withhold_from_young_person",
        "extra_categories",
        "informant_agrees_to_share_with",
    ):
        assert any(risk.get(name) for risk in risks)


def test_the_numbers_are_of_the_range_kept_for_testing():
    numbers = {tree["young_person"].get("nhs_number", "999") for tree in MANY}
    assert all(number.startswith("999") for number in numbers)
