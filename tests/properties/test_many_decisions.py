"""A hundred thousand decisions, each held to the laws of disclosure.

Valid records of every shape; each recipient is followed through the instants at which
the decision may turn, and each decision is made again just before it ends. Source:
disclosure rules, sections 3 to 8 and 13.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from disclosure_chance import START
from disclosure_oracle import categories_of, refs_in

from adapter.disclosure.model import HEALTH_KINDS, SILENT_KINDS, Decision, Outcome
from adapter.disclosure.reasons import REASONS, explain
from adapter.disclosure.redact import Redacted, disclose
from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY, Policy
from adapter.record.declarations import DECLARATIONS
from adapter.record.model import Record
from adapter.record.vocabulary import (
    CATEGORIES,
    LOG,
    RECIPIENT_KINDS,
    REF_TARGETS,
    RSK,
    SGD,
)

LEAST = 100_000
LATEST = 12
"""How many instants of one recipient are looked at, at most."""

UNREACHED = {
    "RECORD_INVALID": "gate G0: a record that fails validation is never decided about",
}
WIDER = replace(
    DEFAULT_POLICY,
    version="wider",
    not_competent_when_not_assessed=False,
    pr_decides_when_not_assessed=True,
    pr_decides_at_16_17=True,
    pr_evidence=DEFAULT_POLICY.pr_evidence | {"yes_stated"},
    self_harm_override_when_able=True,
    refusal_sends_contacts=True,
)
"""Each setting of section 11 that is not a number, set the other way."""

GIVING = {
    "DIRECT_CARE": "B1",
    "DIRECT_CARE_MINIMUM": "B1",
    "STATUTORY_SAFEGUARDING": "B2",
    "SOCIAL_CARE_BASIS": "B3",
    "PR_AUTHORITY": "B5",
    "OWN_INFORMATION": "B6",
    "OWN_INFORMATION_LIMITED": "B6",
    "ADVOCATE_STATUTORY": "B7",
    "CONSENT_PERMIT": "D3",
    "CONSENT_PERMIT_MINIMUM": "D3",
    "OVERRIDE_APPLIED": "O4",
}
"""Every reason for which something leaves, with its rule: all others withhold."""

ENDING = {"G1", "G2", "G2a", "G3", "G4"}
RULES = {*ENDING, "G4b", *(f"B{n}" for n in range(1, 8)), "F1", "F2"}
RULES |= {"D3", "D4", "D5", "D6", "O1", "O3", "O4"}
ITEM_RULES = {"section 2", "N8", "N9", "P-15"}
DUTIES = {
    "RECORD",
    "TELL_YOUNG_PERSON",
    "TELL_YOUNG_PERSON_DEFERRED",
    "REVIEW_BY",
    "NOTIFY_CALDICOTT",
    "SEEK_CONSENT",
    "RECONFIRM_AT_18",
    "HUMAN_REVIEW",
    "PLACEMENT_SAFETY_REVIEW",
    "MARK_INCOMPLETE",
    "RING_SENDER",
    "SILENT_OMISSION",
}
REVIEWED = {
    "COMPETENCE_NOT_ASSESSED",
    "CAPACITY_IN_DOUBT",
    "NO_BEST_INTERESTS_DECISION",
    "OVERRIDE_NOT_AVAILABLE",
    "CEILING_EXCEEDED",
    "DECIDER_NOT_AUTHORISED",
    "OWN_INFORMATION_LIMITED",
    "RECIPIENT_BARRED",
    "RESTRICTION_NOT_KNOWN",
    "RECIPIENT_IMPLICATED",
    "RECIPIENT_UNKNOWN",
    "PERSON_DECEASED",
}
CONFIDED = {"family_confidential", "third_party"}
M1_ROW = {
    "B2": "safeguarding_basis",
    "B3": "social_care_basis",
    "B5": "holds_pr",
    "B7": "imca",
}


@dataclass
class Seen:
    """What was decided, counted."""

    decisions: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    gates: Counter[str | None] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    item_rules: Counter[str] = field(default_factory=Counter)
    duties: Counter[str] = field(default_factory=Counter)

    def count(self, decision: Decision, *, times: int) -> None:
        self.decisions += times
        self.kinds[decision.kind] += 1
        self.gates[decision.gate] += 1
        for decided in decision.categories.values():
            self.rules[decided.rule] += 1
            self.reasons[decided.reason] += 1
        self.reasons.update(item.reason for item in decision.items)
        self.item_rules.update(item.rule for item in decision.items)
        self.duties.update(duty.code for duty in decision.obligations)


@pytest.mark.slow
def test_a_hundred_thousand_decisions_keep_the_laws() -> None:
    seen = Seen()
    for number in range(LEAST):
        policy = WIDER if number % 5 == 0 else DEFAULT_POLICY
        tree = generate(random.Random(f"many/{number}"), now=START)
        record = Record(tree)
        for recipient in (*record.recipients, {"id": "nobody"}):
            for decision, redacted in follow(record, recipient["id"], policy):
                seen.count(decision, times=2)
                hold(record, recipient, decision, redacted, policy)
        if seen.decisions >= LEAST:
            break
    assert seen.decisions >= LEAST
    assert set(seen.kinds) == {*RECIPIENT_KINDS, "unknown"}
    assert set(seen.gates) == {None, *ENDING, "G4b"}
    assert set(seen.rules) == RULES
    assert set(seen.item_rules) == ITEM_RULES
    assert set(seen.reasons) == set(REASONS) - set(UNREACHED)
    assert set(seen.duties) == DUTIES


def follow(
    record: Record, recipient_id: str, policy: Policy
) -> Iterator[tuple[Decision, Redacted | None]]:
    """Decisions from sixty days ago on, each made twice: again just before it ends.

    The second says what the first said (T10).
    """
    at = START - timedelta(days=60)
    for _ in range(LATEST):
        decision, redacted = disclose(record, recipient_id, at=at, policy=policy)
        ends = decision.valid_until
        if ends is None:
            later = at + timedelta(days=4000)
        else:
            assert ends > at
            later = ends - timedelta(microseconds=1)
        again, redacted_again = disclose(record, recipient_id, at=later, policy=policy)
        assert replace(again, at=at) == decision
        assert redacted_again == redacted
        yield decision, redacted
        if ends is None:
            return
        at = ends


def hold(
    record: Record,
    recipient: dict[str, Any],
    decision: Decision,
    redacted: Redacted | None,
    policy: Policy,
) -> None:
    """Each law, for one decision."""
    hold_reasons(decision)
    hold_ceilings(record, recipient, decision, policy)
    hold_duties(decision, redacted)
    if redacted is None:
        return
    hold_silence(decision, redacted)
    hold_items(record, decision, redacted)


def hold_reasons(decision: Decision) -> None:
    """By default nothing leaves; each outcome has one reason, with its words."""
    assert tuple(decision.categories) == CATEGORIES
    for decided in decision.categories.values():
        assert decided.why == explain(decided.reason)
        if decided.outcome is not Outcome.WITHHOLD:
            assert GIVING[decided.reason] == decided.rule
    if decision.gate in ENDING:
        assert decision.withholds_all
        assert decision.valid_until is None
        assert {each.rule for each in decision.categories.values()} == {decision.gate}


def hold_ceilings(
    record: Record, recipient: dict[str, Any], decision: Decision, policy: Policy
) -> None:
    """No outcome is above what its own table has for its rule."""
    for name, decided in decision.categories.items():
        if decided.outcome is Outcome.WITHHOLD:
            continue
        kind = decision.kind
        if decided.rule == "D3":
            assert decided.outcome is policy.m2[kind, ""][name]
            assert is_named(record, "decisions", recipient, name)
        elif decided.rule == "O4":
            assert decided.outcome is policy.m3[kind, ""][name]
            assert is_named(record, "overrides", recipient, name)
        elif decided.rule == "B1":
            assert decided.outcome.rank <= policy.m1[kind, ""][name].rank
        elif decided.rule == "B6":
            is_limited = decided.reason == "OWN_INFORMATION_LIMITED"
            row = policy.m1[kind, "limited" if is_limited else "able"]
            assert decided.outcome is row[name]
        else:
            assert decided.outcome is policy.m1[kind, M1_ROW[decided.rule]][name]


def is_named(
    record: Record, listed: str, recipient: dict[str, Any], category: str
) -> bool:
    """Whether a decision or an override speaks of this recipient and category."""
    return any(
        category in each["categories"]
        and (
            each.get("recipient_ref") == recipient["id"]
            or each.get("recipient_kind") == recipient["kind"]
        )
        for each in record.tree["consent_and_sharing"][listed]
    )


def hold_duties(decision: Decision, redacted: Redacted | None) -> None:
    """The duties that the rules' table asks for, and no others of these."""
    codes = [duty.code for duty in decision.obligations]
    assert codes[0] == "RECORD"
    assert len(codes) == len(set(codes))
    reasons = {each.reason for each in decision.categories.values()}
    by_override = "OVERRIDE_APPLIED" in reasons
    told = {"TELL_YOUNG_PERSON", "TELL_YOUNG_PERSON_DEFERRED"} & set(codes)
    assert len(told) <= 1
    if by_override or "STATUTORY_SAFEGUARDING" in reasons:
        assert told
    assert ("NOTIFY_CALDICOTT" in codes) is by_override
    if reasons & {"CONSENT_PERMIT", "CONSENT_PERMIT_MINIMUM", "OVERRIDE_APPLIED"}:
        assert "REVIEW_BY" in codes
    if reasons & REVIEWED:
        assert "HUMAN_REVIEW" in codes
    if reasons & {"CONSENT_REFUSED", "CONSENT_WITHDRAWN"}:
        assert "SEEK_CONSENT" not in codes
    elif "SEEK_CONSENT" in codes:
        unasked = {"NO_CONSENT_RECORDED", "CONSENT_EXPIRED", "CONSENT_LAPSED_AT_18"}
        assert reasons & unasked
    is_placement = decision.kind in ("community_placement_carer", "care_provider")
    without_risks = decision.outcome(RSK) is Outcome.WITHHOLD
    assert ("PLACEMENT_SAFETY_REVIEW" in codes) is (is_placement and without_risks)
    less = any(d.outcome is not Outcome.SHARE for d in decision.categories.values())
    is_silent = decision.kind in SILENT_KINDS
    assert ("SILENT_OMISSION" in codes) is (is_silent and less)
    if is_silent or redacted is None:
        assert "MARK_INCOMPLETE" not in codes
    if redacted is not None and not is_silent:
        assert ("MARK_INCOMPLETE" in codes) is bool(redacted.notices)


def hold_silence(decision: Decision, redacted: Redacted) -> None:
    """Nothing beside the sections tells a silent recipient that something is kept."""
    if decision.kind not in HEALTH_KINDS:
        assert redacted.gaps == ()
        assert redacted.author is None
        control = redacted.tree.get("consent_and_sharing", {})
        assert not control.keys() & {"competence", "decisions", "overrides"}
    if not decision.is_silent:
        return
    assert redacted.pointers == ()
    assert len(redacted.notices) == (decision.kind == "young_person")
    assert "risks_none_identified" not in redacted.tree.get("safety", {})
    assert "local_extensions" not in redacted.tree
    assert "outcomes_monitoring" not in redacted.tree
    for person in redacted.tree.get("family_and_carers", {}).get("people", ()):
        assert "views_given_in_confidence" not in person


def hold_items(record: Record, decision: Decision, redacted: Redacted) -> None:
    """The most restrictive of an item's categories wins, and no ref leads nowhere."""
    tree, kind = redacted.tree, decision.kind
    of_risk = {
        risk["id"]: categories_of(risk, RSK, kind)
        for risk in record.tree["safety"].get("risks", ())
    }
    for path, base in ITEMS.items():
        for item in listed(tree, path):
            whole = record.find(item["id"])
            assert whole is not None
            found = categories_of(whole, base, kind)
            for ref in whole.get("risk_refs", ()):
                found |= of_risk[ref]
            hold_item(decision, item, whole, found, path)
    if kind not in HEALTH_KINDS:
        for entry in tree.get("communications", ()):
            assert entry.get("recipient_ref") in (None, decision.recipient_id)
    known = {"young_person", decision.recipient_id}
    known |= {item["id"] for path in TARGETS for item in listed(tree, path)}
    for path, ref in refs_in(tree):
        assert ref in known, path
    for mitigation in listed(tree, "safety.mitigations[]"):
        assert mitigation["risk_refs"]


def listed(tree: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The items of the list at that path of the model; none where it is absent."""
    *sections, name = path.removesuffix("[]").split(".")
    for section in sections:
        tree = tree.get(section, {})
    found: list[dict[str, Any]] = tree.get(name, [])
    return found


ITEMS = {
    "safety.risks[]": RSK,
    "safety.mitigations[]": RSK,
    "safeguarding.concerns[]": SGD,
    "communications[]": LOG,
}
TARGETS = tuple(REF_TARGETS.values())


def hold_item(
    decision: Decision,
    item: dict[str, Any],
    whole: dict[str, Any],
    categories: set[str],
    path: str,
) -> None:
    """What is left of an item is what all its categories let go."""
    outcomes = {decision.outcome(each) for each in categories}
    assert Outcome.WITHHOLD not in outcomes, path
    if decision.is_silent:
        assert not whole.get("withhold_from_young_person")
        assert not whole.get("given_in_confidence")
    assert "informant_agrees_to_share_with" not in item
    if outcomes == {Outcome.SHARE}:
        return
    assert not categories & CONFIDED, path
    least = {c for c in categories if decision.outcome(c) is Outcome.SHARE_MINIMUM}
    for name in item.keys() - {"id", "withhold_from_young_person"}:
        at = f"{path}.{name}"
        declared = DECLARATIONS.get(at) or DECLARATIONS[f"{at}[]"]
        assert least <= set(declared.minimum), declared.path
