"""The records that newcomers start from."""

import copy
import json
from datetime import UTC, datetime

import pytest

from adapter.generate.template import TYPES, explain, template
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS
from adapter.record.parse import check

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
LEAP = datetime(2028, 2, 29, 0, 30, tzinfo=UTC)


def judged(tree, now=NOW):
    return check(json.dumps(tree).encode(), policy=DEFAULT_POLICY, now=now)


def without_one_thing(node):
    """The tree again and again, each time without one property or item."""
    for step in list(node) if isinstance(node, dict) else range(len(node)):
        value = node[step]
        del node[step]
        yield step
        if isinstance(node, list):
            node.insert(step, value)
        else:
            node[step] = value
        if isinstance(value, dict | list):
            yield from without_one_thing(value)


def test_there_is_a_template_for_each_type_of_the_model():
    declared = DECLARATIONS["transition.transition_type"].codes
    assert declared == TYPES
    for each in TYPES:
        made = template(each, now=NOW)["transition"]["transition_type"]
        assert made == each


@pytest.mark.parametrize("now", [NOW, LEAP])
@pytest.mark.parametrize("transition_type", TYPES)
def test_it_is_valid(transition_type, now):
    record, issues = judged(template(transition_type, now=now), now)
    assert record is not None, issues


@pytest.mark.parametrize("transition_type", TYPES)
def test_nothing_can_be_taken_out_of_the_smallest(transition_type):
    tree = template(transition_type, now=NOW)
    whole = copy.deepcopy(tree)
    spare = [step for step in without_one_thing(tree) if judged(tree)[0] is not None]
    assert spare == []
    assert tree == whole


@pytest.mark.parametrize("transition_type", TYPES)
def test_nothing_is_flagged_in_the_other_form(transition_type):
    _, issues = judged(template(transition_type, now=NOW, minimal=False))
    assert issues == []


@pytest.mark.parametrize("transition_type", TYPES)
def test_each_field_is_explained(transition_type):
    told = explain(template(transition_type, now=NOW))
    assert all(each["meaning"] for each in told)
    paths = [each["path"] for each in told]
    assert len(paths) == len(set(paths))
    assert "safety.safety_plan.crisis_contacts[0].available" in paths
    codes = [each for each in told if each["type"] == "code"]
    assert codes
    assert all(each["allowed"] for each in codes)
