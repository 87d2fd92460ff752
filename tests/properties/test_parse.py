"""Laws of parsing, over generated records and every kind of damage to them."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS, declared
from adapter.record.faults import Place, write_path
from adapter.record.parse import check

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
seeds = st.integers(min_value=0, max_value=2**32)

Tree = dict[str, Any]


def active_tree(seed: int) -> Tree:
    tree = generate(random.Random(seed), now=NOW)
    tree["status"] = "active"
    lead = tree["safeguarding"]["named_lead_ref"]
    tree["safeguarding"].setdefault("named_lead_after_transition_ref", lead)
    return tree


def judged(tree: Any) -> tuple[Any, list[Any]]:
    body = json.dumps(tree).encode()
    return check(body, policy=DEFAULT_POLICY, now=NOW)


def errors(tree: Any) -> list[tuple[str, str]]:
    record, issues = judged(tree)
    found = [(i.code, i.path) for i in issues if i.severity == "error"]
    assert (record is None) == bool(found)
    return found


def places(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of the tree but its root, with what stands there."""
    entries: Any = ()
    if isinstance(node, dict):
        entries = node.items()
    elif isinstance(node, list):
        entries = enumerate(node)
    for step, value in entries:
        yield (*place, step), value
        yield from places(value, (*place, step))


def put(tree: Any, place: Place, value: Any) -> None:
    for step in place[:-1]:
        tree = tree[step]
    tree[place[-1]] = value


def leaves(tree: Tree, *types: str) -> list[tuple[Place, Any]]:
    """The plain values whose field is of one of these types; all without any."""
    return [
        (place, value)
        for place, value in places(tree)
        if not isinstance(value, dict | list)
        and (not types or declared(write_path(place)).type in types)
    ]


def blameless(tree: Tree) -> list[tuple[Place, Any]]:
    """The plain values on which nothing else hangs: no ids, and no declared gaps."""
    return [
        (place, value)
        for place, value in leaves(tree)
        if place[-1] != "id" and place[0] != "declared_gaps"
    ]


@examples(200)
@given(seeds)
def test_a_generated_record_is_accepted(seed: int) -> None:
    assert errors(generate(random.Random(seed), now=NOW)) == []


@examples(25)
@given(seeds)
def test_printing_and_parsing_again_gives_the_record(seed: int) -> None:
    first, told = judged(generate(random.Random(seed), now=NOW))
    second, told_again = judged(first.tree)
    assert second == first
    assert told_again == told


@examples(25)
@given(seeds)
def test_the_order_of_items_does_not_matter(seed: int) -> None:
    tree = active_tree(seed)
    before = Counter(issue.code for issue in judged(tree)[1])
    rng = random.Random(seed)
    for _, value in list(places(tree)):
        if isinstance(value, list):
            rng.shuffle(value)
    record, issues = judged(tree)
    assert record is not None
    assert Counter(issue.code for issue in issues) == before


@examples(60)
@given(seeds, st.data())
def test_null_is_refused_where_it_stands_and_blamed_for_nothing_else(
    seed: int, data: st.DataObject
) -> None:
    tree = active_tree(seed)
    place, _ = data.draw(st.sampled_from(blameless(tree)))
    put(tree, place, None)
    assert errors(tree) == [("E_SCHEMA", write_path(place))]


@examples(60)
@given(seeds, st.data(), st.sampled_from([{"a": 1}, ["a"], 1.5]))
def test_another_type_is_refused_and_blamed_for_nothing_else(
    seed: int, data: st.DataObject, value: Any
) -> None:
    tree = active_tree(seed)
    place, _ = data.draw(st.sampled_from(blameless(tree)))
    put(tree, place, value)
    assert errors(tree) == [("E_SCHEMA", write_path(place))]


@examples(40)
@given(seeds, st.data())
def test_a_code_that_is_not_listed_is_refused(seed: int, data: st.DataObject) -> None:
    tree = active_tree(seed)
    place, _ = data.draw(st.sampled_from(leaves(tree, "code")))
    put(tree, place, "no such code")
    assert errors(tree) == [("E_SCHEMA", write_path(place))]
    put(tree, place, "amber")
    assert errors(tree) == [("E_RISK_STRATIFICATION", write_path(place))]


@examples(40)
@given(seeds, st.data())
def test_a_ref_to_nothing_is_refused(seed: int, data: st.DataObject) -> None:
    tree = active_tree(seed)
    place, _ = data.draw(st.sampled_from(leaves(tree, "ref")))
    put(tree, place, "nobody-here")
    assert errors(tree) == [("E_DANGLING_REF", write_path(place))]


@examples(30)
@given(seeds, st.data())
def test_an_id_used_again_is_refused(seed: int, data: st.DataObject) -> None:
    tree = active_tree(seed)
    ids = leaves(tree, "id")
    (first, name), (second, _) = data.draw(
        st.sampled_from(ids).flatmap(
            lambda one: st.tuples(
                st.just(one), st.sampled_from([x for x in ids if x != one])
            )
        )
    )
    put(tree, second, name)
    order = [place for place, _ in places(tree)]
    later = max(first, second, key=order.index)
    assert ("E_DUPLICATE_ID", write_path(later)) in errors(tree)


@examples(40)
@given(seeds, st.data())
def test_a_property_that_the_model_lacks_is_refused(
    seed: int, data: st.DataObject
) -> None:
    tree = active_tree(seed)
    objects = [place for place, value in places(tree) if isinstance(value, dict)]
    place = (*data.draw(st.sampled_from([(), *objects])), "of_our_own")
    put(tree, place, "x")
    assert errors(tree) == [("E_UNKNOWN_FIELD", write_path(place))]


_CODE_WHEN_ABSENT = {
    "safety.safety_plan.crisis_contacts[]": "E_NO_24H_CONTACT",
    "safeguarding.review_points[]": "E_SAFEGUARDING_REVIEW_INCOMPLETE",
    "safety.risks[]": "E_SAFETY_MINIMUM",
    "safeguarding.escalation_pathway[]": "E_SAFETY_MINIMUM",
    "step_down_plan.phases[]": "E_SAFETY_MINIMUM",
    "step_down_plan.clinical_reviews[]": "E_SAFETY_MINIMUM",
    "step_down_plan.escalation_thresholds[]": "E_SAFETY_MINIMUM",
    "step_down_plan.advice_between_appointments[]": "E_SAFETY_MINIMUM",
}


@examples(100)
@given(seeds, st.data())
def test_what_is_required_and_missing_is_told_where_it_should_stand(
    seed: int, data: st.DataObject
) -> None:
    tree = active_tree(seed)
    tree.pop("declared_gaps", None)
    required = [
        place
        for place, _ in places(tree)
        if isinstance(place[-1], str) and declared(write_path(place)).required
    ]
    place = data.draw(st.sampled_from(required))
    parent = tree
    for step in place[:-1]:
        parent = parent[step]
    del parent[place[-1]]
    path = write_path(place)
    if not parent:  # an object left empty is no value at all
        path, code = write_path(place[:-1]), "E_SCHEMA"
    else:
        code = _CODE_WHEN_ABSENT.get(declared(path).path, "E_SCHEMA")
    found = errors(tree)
    assert (code, path) in found
    # nothing is told under what is missing
    assert not [told for _, told in found if re.match(re.escape(path) + r"[.\[]", told)]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2026-11-05", "m-1", "high", "\ud800", "9" * 40]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "kind", "risk_level", "path", "a b"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@examples(120)
@given(seeds, st.data(), st.lists(anything, min_size=1, max_size=4))
def test_whatever_stands_wherever_there_is_an_answer(
    seed: int, data: st.DataObject, values: list[Any]
) -> None:
    tree = active_tree(seed)
    everywhere = [place for place, _ in places(tree)]
    for value in values:
        place = data.draw(st.sampled_from(everywhere))
        try:
            put(tree, place, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier value took its parent away
    _, issues = judged(tree)
    for issue in issues:
        issue.path.encode()


@examples(100)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    record, issues = check(body, policy=DEFAULT_POLICY, now=NOW)
    assert record is None
    assert issues


@pytest.mark.parametrize("status", ["draft", "withdrawn", "superseded"])
@examples(12)
@given(seed=seeds, data=st.data())
def test_what_cannot_leave_is_not_refused_for_what_it_lacks(
    status: str, seed: int, data: st.DataObject
) -> None:
    tree = active_tree(seed)
    tree.update(status=status, status_reason="Said so")
    section = data.draw(st.sampled_from(["step_down_plan", "clinical_essentials"]))
    del tree[section]
    record, issues = judged(tree)
    assert record is not None
    assert ("warning", "E_SCHEMA", section) in [
        (issue.severity, issue.code, issue.path) for issue in issues
    ]


def test_the_generator_can_make_every_field_of_the_model() -> None:
    made: set[str] = set()
    for seed in range(400):
        tree = generate(random.Random(seed), now=NOW)
        made.update(declared(write_path(place)).path for place, _ in leaves(tree))
    plain = {path for path, found in DECLARATIONS.items() if not found.is_container}
    assert plain - made == set()
