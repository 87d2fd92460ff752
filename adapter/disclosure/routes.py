"""The route by which a recipient gets anything, and the outcomes it starts from.

Direct care is decided. Every other kind is withheld whole: with its reason where no
agreement, override or route could have opened the category, and as not decided yet
where one could. Source: disclosure rules, section 5 (M1, B1 to B7, F1, F2).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from adapter.disclosure.ages import Ability, Standing
from adapter.disclosure.consent import holds_pr
from adapter.disclosure.model import HEALTH_KINDS, CategoryDecision, Outcome
from adapter.disclosure.reasons import NOT_DECIDED_YET, explain
from adapter.policy import Policy
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES, CLN, FAM, SGD, SUB, SXG, TPI

_IN_CARE = frozenset({"current_care", "planned_care_accepted", "oversight"})
_CAPPED = frozenset({SGD, CLN, SUB, SXG})
_DIRECT = {
    Outcome.SHARE: "DIRECT_CARE",
    Outcome.SHARE_MINIMUM: "DIRECT_CARE_MINIMUM",
    Outcome.WITHHOLD: "NOT_NEEDED_FOR_CARE",
}
_LIVE = frozenset({"open", "monitoring"})
_MULTI_AGENCY = frozenset({"multi_agency_discussion", "la_enquiry", "police_and_la"})
_CHILD_THRESHOLDS = frozenset({"s17_child_in_need", "s47_significant_harm"})
_ANY_AGE_BASIS = frozenset({"s117_aftercare", "care_leaver"})
_CHILD_BASIS = frozenset({"child_in_need", "looked_after", "child_protection_plan"})


@lru_cache(maxsize=1024)
def category_decision(
    outcome: Outcome, reason: str, rule: str, policies: tuple[str, ...] = ()
) -> CategoryDecision:
    """A category's decision, with the explanation of its reason."""
    return CategoryDecision(outcome, reason, explain(reason), rule, policies)


def default_outcomes(
    record: Record,
    recipient: Mapping[str, Any],
    standing: Standing,
    policy: Policy,
) -> dict[str, CategoryDecision]:
    """The outcome of each category when nobody with authority has decided."""
    kind = recipient["kind"]
    if kind in HEALTH_KINDS:
        return _direct_care(kind, recipient.get("care_relationship", ""), policy)
    reason, rule = _withheld_reason(record, recipient, standing, policy)
    decided = dict.fromkeys(
        CATEGORIES, category_decision(Outcome.WITHHOLD, reason, rule)
    )
    if kind == "young_person":
        protected = category_decision(Outcome.WITHHOLD, "PROTECTS_OTHERS", rule)
        decided.update({FAM: protected, TPI: protected})
    return decided


def _direct_care(
    kind: str, relationship: str, policy: Policy
) -> dict[str, CategoryDecision]:
    """B1, and the policy settings that lower or raise its cells (P-01, P-11)."""
    is_pending = relationship == "planned_care_pending"
    if not is_pending and relationship not in _IN_CARE:
        none = category_decision(Outcome.WITHHOLD, "NO_CARE_RELATIONSHIP", "B1")
        return dict.fromkeys(CATEGORIES, none)
    cells = policy.m1[kind, ""]
    decided = {}
    for category in CATEGORIES:
        outcome = cells[category]
        if is_pending and category in _CAPPED and outcome is Outcome.SHARE:
            outcome = Outcome.SHARE_MINIMUM
        by_gp = kind == "gp" and category in (SGD, SUB)
        settings = ("P-01", "P-11") if by_gp else ("P-01",)
        decided[category] = category_decision(outcome, _DIRECT[outcome], "B1", settings)
    return decided


def _withheld_reason(
    record: Record, recipient: Mapping[str, Any], standing: Standing, policy: Policy
) -> tuple[str, str]:
    """Why a kind without direct care gets nothing by default, and by which rule."""
    kind = recipient["kind"]
    if kind == "commissioner":
        return "COMMISSIONER_NO_IDENTIFIABLE_DATA", "F1"
    if kind == "regulator":
        return "REGULATOR_STATUTORY_ONLY", "F2"
    if kind == "la_safeguarding":
        if has_safeguarding_basis(record, standing):
            return NOT_DECIDED_YET, "B2"
        return "NO_SAFEGUARDING_BASIS", "B2"
    if kind == "social_care":
        if has_social_care_basis(record, standing):
            return NOT_DECIDED_YET, "B3"
        return "NO_SOCIAL_CARE_BASIS", "B3"
    if kind == "young_person":
        return NOT_DECIDED_YET, "B6"
    if kind == "family_member" and _decides_by_pr(record, recipient, standing, policy):
        return NOT_DECIDED_YET, "B5"
    if kind == "advocate" and is_imca(record, recipient, standing):
        return NOT_DECIDED_YET, "B7"
    return _without_agreement(standing), "B4"


def _without_agreement(standing: Standing) -> str:
    """Why nobody has agreed. Source: disclosure rules, B4."""
    if standing.ability is Ability.NOT_ASSESSED:
        return "COMPETENCE_NOT_ASSESSED"
    if standing.ability is Ability.IN_DOUBT:
        return "CAPACITY_IN_DOUBT"
    if standing.ability is Ability.NOT_ABLE and standing.age >= 16:
        return "NO_BEST_INTERESTS_DECISION"
    return "NO_CONSENT_RECORDED"


def has_safeguarding_basis(record: Record, standing: Standing) -> bool:
    """True when a live alert calls for the local authority (B2).

    A complaint or a quality concern never does.
    """
    for concern in record.tree.get("safeguarding", {}).get("concerns", ()):
        if concern.get("kind") != "safeguarding_alert":
            continue
        if concern.get("status") not in _LIVE:
            continue
        if concern.get("response_level") in _MULTI_AGENCY:
            return True
        threshold = concern.get("statutory_threshold")
        if standing.age < 18 and threshold in _CHILD_THRESHOLDS:
            return True
        if standing.age >= 18 and threshold == "s42_care_act_enquiry":
            return True
    return False


def has_social_care_basis(record: Record, standing: Standing) -> bool:
    """True when the council has a recorded duty that holds at this age (B3)."""
    authority = record.tree.get("safeguarding", {}).get("local_authority", {})
    basis = authority.get("social_care_basis")
    if basis in _ANY_AGE_BASIS:
        return True
    if basis == "care_act_assessment_or_plan":
        return standing.age >= 18
    return basis in _CHILD_BASIS and standing.age < 18


def is_instructed_advocate(record: Record, recipient: Mapping[str, Any]) -> bool:
    """True for the advocate whom the young person has and has accepted (N9, B7)."""
    advocacy = record.tree.get("transition", {}).get("advocacy", {})
    ref = recipient.get("person_ref")
    return (
        ref is not None
        and advocacy.get("advocate_ref") == ref
        and advocacy.get("offered") == "accepted"
    )


def is_imca(record: Record, recipient: Mapping[str, Any], standing: Standing) -> bool:
    """True for an instructed IMCA of a person who lacks capacity (B7)."""
    advocacy = record.tree.get("transition", {}).get("advocacy", {})
    return (
        is_instructed_advocate(record, recipient)
        and advocacy.get("type") == "imca"
        and standing.age >= 16
        and standing.ability is Ability.NOT_ABLE
    )


def _decides_by_pr(
    record: Record, recipient: Mapping[str, Any], standing: Standing, policy: Policy
) -> bool:
    """True for a relative who holds PR where an under-16 cannot decide (B5)."""
    person = record.find(recipient.get("person_ref", ""))
    return (
        standing.age < 16
        and standing.ability is Ability.NOT_ABLE
        and holds_pr(person, policy)
    )
