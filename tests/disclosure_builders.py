"""Records for tests of disclosure: one of the four stories, changed as needed."""

import copy
import json
from pathlib import Path

from adapter.clock import parse_instant
from adapter.disclosure.decide import decide
from adapter.policy import DEFAULT_POLICY
from adapter.record.model import Record

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)
NOON = parse_instant("2026-11-05T12:00:00+00:00")


def load_tree(case="planned-handover"):
    return json.loads((FIXTURES / case / "record.json").read_text())


def make_disclosed(change=None, *, case="planned-handover", warnings=()):
    """A record of that case; ``change`` is handed the tree to alter it."""
    tree = copy.deepcopy(load_tree(case))
    if change is not None:
        change(tree)
    return Record(tree, tuple(warnings))


def add_recipient(tree, **fields):
    recipient = {
        "id": "r-new",
        "kind": "gp",
        "name": "New recipient",
        "care_relationship": "current_care",
        **fields,
    }
    tree["consent_and_sharing"]["recipients"].append(recipient)
    return recipient


def add_decision(tree, **fields):
    decision = {
        "id": f"d-new-{len(tree['consent_and_sharing']['decisions'])}",
        "categories": ["medication"],
        "decision": "deny",
        "decided_by": "young_person",
        "decided_at": "2026-10-10T10:00:00+01:00",
        "effective_from": "2026-10-10",
        "review_on": "2027-01-10",
        **fields,
    }
    tree["consent_and_sharing"]["decisions"].append(decision)
    return decision


def values_in(node):
    """Every value of a tree, texts, numbers and booleans alike."""
    if isinstance(node, dict):
        for value in node.values():
            yield from values_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from values_in(value)
    else:
        yield node


def add_override(tree, **fields):
    override = {
        "id": f"o-new-{len(tree['consent_and_sharing'].get('overrides', []))}",
        "recipient_ref": "r-new",
        "categories": ["safety_plan"],
        "reason_code": "serious_harm_to_others",
        "reason_text": "A reason of twenty characters and more",
        "decided_by_ref": "m-nn",
        "decided_at": "2026-11-04T12:00:00+00:00",
        "expires_at": "2026-11-11T12:00:00+00:00",
        "young_person_told": "told_before",
        **fields,
    }
    tree["consent_and_sharing"].setdefault("overrides", []).append(override)
    return override


AGES = {12: "2014-06-01", 14: "2012-06-01", 17: "2009-06-01", 19: "2007-06-01"}
"""A birth date for each age at ``NOON``."""


def set_person(tree, age, **competence):
    """The young person at an age, with what was found about their competence."""
    tree["young_person"]["birth_date"] = AGES[age]
    able = {"gillick": "competent", "capacity": "not_assessed_presumed"}
    found = {"assessed_on": "2026-10-14", **able, **competence}
    tree["consent_and_sharing"]["competence"] = found


def decide_for(kind, *changes, at=NOON, policy=DEFAULT_POLICY, **fields):
    """The decision for a new recipient of that kind; each change is handed the tree."""

    def change(tree):
        recipient = {"kind": kind, "care_relationship": "none", **fields}
        add_recipient(tree, **recipient)
        for each in changes:
            each(tree)

    return decide(make_disclosed(change), "r-new", at=at, policy=policy)


def duty_codes(decision):
    return {duty.code for duty in decision.obligations}


def duty(decision, code):
    """The one duty of that code; None when there is none."""
    found = [each for each in decision.obligations if each.code == code]
    assert len(found) < 2
    return found[0] if found else None
