"""A record's bytes, parsed: the record, or every fault in it at once.

Faults stand in the order of the JSON text, each with its path and code, and no message
repeats a value. Source: record model, sections 0 and 14.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from adapter.clock import check_aware
from adapter.errors import InvalidRecord, Issue
from adapter.policy import Policy
from adapter.record.faults import DUPLICATE_KEY, STRATIFICATION, Finding, Place
from adapter.record.identifiers import nhs_number_range_problem
from adapter.record.marks import grade, unneeded_gaps
from adapter.record.model import Record
from adapter.record.part import Part, Unjudged
from adapter.record.reading import NotJson, Text, read_json
from adapter.record.rules import RULES
from adapter.record.rules.facts import Facts
from adapter.record.rules.references import check_ids, check_refs, index_ids
from adapter.record.rules.stratification import check_names
from adapter.record.rules.texts import check_texts
from adapter.record.walk import (
    DocumentOrder,
    leaves,
    sound_leaves,
    stands,
    structure_findings,
    unknown_findings,
)


def parse(body: bytes, *, policy: Policy, now: datetime) -> Record:
    """The record in these bytes, with the warnings raised while accepting it.

    InvalidRecord with every issue, errors and warnings, in document order when there
    is an error. ``now`` is the instant of receipt, aware.
    """
    record, issues = check(body, policy=policy, now=now)
    if record is None:
        raise InvalidRecord(issues)
    return record


def check(
    body: bytes, *, policy: Policy, now: datetime
) -> tuple[Record | None, list[Issue]]:
    """The record, or None where an error refuses it, and every issue in order."""
    check_aware(now)
    try:
        text = read_json(body)
    except NotJson:
        return None, [
            Issue("error", "E_JSON", "", "not JSON in UTF-8, or nested over 32 deep")
        ]
    findings = _in_order(text, _findings(text, policy, now))
    issues = grade(text.tree, findings)
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    return Record(text.tree, tuple(issues)), issues


def _findings(text: Text, policy: Policy, now: datetime) -> Iterator[Finding]:
    faulted: set[Place] = set(text.repeated)
    sound = None if faulted else sound_leaves(text.tree)
    if sound is None:
        structure = structure_findings(text.tree)
        yield from structure
        if not isinstance(text.tree, dict):
            return
        faulted.update(found.place for found in structure if not found.fault.absent)
        yield from unknown_findings(text.tree)
        sound = leaves(text.tree, faulted)
    for place in text.repeated:
        yield Finding(place, DUPLICATE_KEY)
    if text.has_banned_name:
        yield from check_names(text.tree)

    ids = [leaf for leaf in sound if leaf.field.kind == "id"]
    items = index_ids(ids)
    yield from check_ids(ids)
    yield from check_refs(
        (leaf for leaf in sound if leaf.field.kind == "ref"), items, faulted
    )
    for leaf in sound:
        if leaf.field.kind == "nhs_number":
            problem = nhs_number_range_problem(leaf.value, policy.nhs_number_range)
            if problem:
                yield Finding(leaf.place, problem)
    yield from check_texts(leaf for leaf in sound if leaf.field.kind in _TEXTS)
    yield from _rule_findings(Facts(Part(text.tree, (), faulted), policy, now, items))


_TEXTS = ("string", "text", "long_text")


def _rule_findings(facts: Facts) -> Iterator[Finding]:
    for path, rules in RULES.items():
        for part in facts.whole.under(path):
            for rule in rules:
                try:
                    # a rule is judged whole or not at all
                    yield from list(rule(part, facts))
                except Unjudged:
                    continue


def _in_order(text: Text, findings: Iterator[Finding]) -> list[Finding]:
    """Each finding once, as the places stand in the text.

    Nothing stands under a container that is itself missing, and a ban of 0.2 stands
    alone at its path.
    """
    found = list(dict.fromkeys(findings))
    banned = {f.place for f in found if f.fault == STRATIFICATION}
    missing = {
        f.place for f in found if f.fault.absent and not stands(text.tree, f.place)
    }
    kept = [
        f
        for f in found
        if not (missing and _is_under(f.place, missing))
        and (f.place not in banned or f.fault == STRATIFICATION)
    ]
    kept.extend(unneeded_gaps(text.tree, kept))
    order = DocumentOrder(text.tree)
    return sorted(kept, key=lambda f: order(f.place))


def _is_under(place: Place, containers: set[Place]) -> bool:
    return any(place[:length] in containers for length in range(1, len(place)))
