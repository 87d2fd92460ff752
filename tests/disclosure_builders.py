"""Records for tests of disclosure: one of the four stories, changed as needed."""

import copy
import json
from pathlib import Path

from adapter.clock import parse_instant
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
