"""The JSON Schema accepts what parsing accepts, and refuses what it can tell of."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from laws import examples

from adapter.generate import generate
from adapter.generate.template import TYPES, template
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS, declared
from adapter.record.faults import Place, write_path
from adapter.record.json_schema import json_schema
from adapter.record.parse import check
from adapter.record.rules import RULES
from adapter.record.rules.facts import RequiredWhen

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
SCHEMA = json_schema()
JUDGE = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
seeds = st.integers(min_value=0, max_value=2**32)

Tree = dict[str, Any]


def is_accepted(tree: Any) -> bool:
    body = json.dumps(tree).encode()
    return check(body, policy=DEFAULT_POLICY, now=NOW)[0] is not None


def active_tree(seed: int) -> Tree:
    """A generated record that may leave and declares no gap."""
    tree = generate(random.Random(seed), now=NOW)
    lead = tree["safeguarding"]["named_lead_ref"]
    tree["safeguarding"].setdefault("named_lead_after_transition_ref", lead)
    if tree.pop("declared_gaps", None):
        reviews = {"id": "cr-x", "on": "2026-12-02", "owner_ref": lead}
        tree["step_down_plan"]["clinical_reviews"] = [reviews]
    return {**tree, "status": "active"}


def places(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    entries: Any = node.items() if isinstance(node, dict) else ()
    entries = enumerate(node) if isinstance(node, list) else entries
    for step, value in entries:
        yield (*place, step), value
        yield from places(value, (*place, step))


def parent_of(tree: Tree, place: Place) -> Any:
    node: Any = tree
    for step in place[:-1]:
        node = node[step]
    return node


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_it_speaks_of_every_field() -> None:
    found = set()

    def walk(schema: Any, path: str) -> None:
        for name, inner in schema.get("properties", {}).items():
            here = f"{path}.{name}" if path else name
            here += "[]" if inner.get("type") == "array" else ""
            found.add(here)
            walk(inner.get("items", inner), here)

    walk(SCHEMA, "")
    assert found == set(DECLARATIONS)


def test_it_says_what_one_field_calls_for_in_another() -> None:
    text = json.dumps(SCHEMA)
    for rules in RULES.values():
        for rule in rules:
            if isinstance(rule, RequiredWhen):
                assert json.dumps({"required": list(rule.wanted)}) in text


@examples(60)
@given(seeds)
def test_it_accepts_generated_records(seed: int) -> None:
    JUDGE.validate(generate(random.Random(seed), now=NOW))


@pytest.mark.parametrize("transition_type", TYPES)
def test_it_accepts_the_templates(transition_type: str) -> None:
    JUDGE.validate(template(transition_type, now=NOW))


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/record.json")), ids=lambda path: path.parent.name
)
def test_it_refuses_no_fixture_that_is_accepted(path: Path) -> None:
    try:
        tree = json.loads(path.read_bytes())
    except ValueError:
        return
    assert JUDGE.is_valid(tree) or not is_accepted(tree)


VALUES: tuple[Any, ...] = (None, "", {}, [], "high", "a b", "x" * 20_001, True, 7, 1.5)


@examples(120)
@given(seeds, st.data())
def test_what_it_refuses_is_refused_whatever_stands_wherever(
    seed: int, data: st.DataObject
) -> None:
    tree = generate(random.Random(seed), now=NOW)
    for _ in range(data.draw(st.integers(1, 3))):
        place, _ = data.draw(st.sampled_from(list(places(tree))))
        parent = parent_of(tree, place)
        if data.draw(st.booleans()):
            del parent[place[-1]]
        else:
            parent[place[-1]] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
    assert JUDGE.is_valid(tree) or not is_accepted(tree)


@examples(80)
@given(seeds, st.data(), st.sampled_from([None, "", {}, {"a": 1}, ["a"], 1.5, "high"]))
def test_it_refuses_null_what_is_empty_and_another_type(
    seed: int, data: st.DataObject, value: Any
) -> None:
    tree = active_tree(seed)
    typed = [
        place
        for place, held in places(tree)
        if not isinstance(held, dict | list)
        and (value != "high" or declared(write_path(place)).type == "code")
    ]
    place = data.draw(st.sampled_from(typed))
    parent_of(tree, place)[place[-1]] = value
    assert not JUDGE.is_valid(tree)


@examples(60)
@given(seeds, st.data())
def test_it_refuses_what_the_model_lacks(seed: int, data: st.DataObject) -> None:
    tree = active_tree(seed)
    objects = [tree, *(held for _, held in places(tree) if isinstance(held, dict))]
    data.draw(st.sampled_from(objects))["of_our_own"] = "x"
    assert not JUDGE.is_valid(tree)


@examples(100)
@given(seeds, st.data())
def test_it_refuses_a_record_that_may_leave_and_lacks_what_is_required(
    seed: int, data: st.DataObject
) -> None:
    tree = active_tree(seed)
    JUDGE.validate(tree)
    required = [
        place
        for place, _ in places(tree)
        if isinstance(place[-1], str) and declared(write_path(place)).required
    ]
    place = data.draw(st.sampled_from(required))
    del parent_of(tree, place)[place[-1]]
    assert not JUDGE.is_valid(tree)


def test_it_asks_for_the_lists_that_rules_ask_for() -> None:
    tree = template(TYPES[0], now=NOW)
    for *above, name in (
        ("safety", "risks"),
        ("consent_and_sharing", "recipients"),
        ("safety", "safety_plan", "crisis_contacts"),
    ):
        for left in ([], None):
            damaged = copy.deepcopy(tree)
            parent = parent_of(damaged, (*above, name))
            del parent[name]
            if left is not None:
                parent[name] = left
            assert not JUDGE.is_valid(damaged)
            assert JUDGE.is_valid({**damaged, "status": "draft"}) is is_accepted(
                {**damaged, "status": "draft"}
            )
    tree["safety"]["safety_plan"]["crisis_contacts"][0]["available"] = "other"
    assert not JUDGE.is_valid(tree)
