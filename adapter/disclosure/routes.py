"""The route by which a recipient gets anything, and the outcomes it starts from.

Direct care is decided. Every other kind is withheld whole, with the reason that is
already known of it. Source: disclosure rules, section 5 (M1, B1 to B7, F1, F2).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from adapter.disclosure.model import HEALTH_KINDS, CategoryDecision, Outcome
from adapter.disclosure.reasons import explain
from adapter.policy import Policy
from adapter.record.vocabulary import CATEGORIES, CLN, SGD, SUB, SXG

_IN_CARE = frozenset({"current_care", "planned_care_accepted", "oversight"})
_CAPPED = frozenset({SGD, CLN, SUB, SXG})
_DIRECT = {
    Outcome.SHARE: "DIRECT_CARE",
    Outcome.SHARE_MINIMUM: "DIRECT_CARE_MINIMUM",
    Outcome.WITHHOLD: "NOT_NEEDED_FOR_CARE",
}
_WITHHELD = {
    "la_safeguarding": ("NO_SAFEGUARDING_BASIS", "B2"),
    "social_care": ("NO_SOCIAL_CARE_BASIS", "B3"),
    "young_person": ("OWN_INFORMATION_LIMITED", "B6"),
    "commissioner": ("COMMISSIONER_NO_IDENTIFIABLE_DATA", "F1"),
    "regulator": ("REGULATOR_STATUTORY_ONLY", "F2"),
}
_UNDECIDED = frozenset({"commissioner", "regulator"})


@lru_cache(maxsize=1024)
def category_decision(
    outcome: Outcome, reason: str, rule: str, policies: tuple[str, ...] = ()
) -> CategoryDecision:
    """A category's decision, with the explanation of its reason."""
    return CategoryDecision(outcome, reason, explain(reason), rule, policies)


def default_outcomes(
    recipient: Mapping[str, Any], policy: Policy
) -> dict[str, CategoryDecision]:
    """The outcome of each category when nobody with authority has decided."""
    kind = recipient["kind"]
    if kind in HEALTH_KINDS:
        return _direct_care(kind, recipient.get("care_relationship", ""), policy)
    reason, rule = _WITHHELD.get(kind, ("NO_CONSENT_RECORDED", "B4"))
    withheld = category_decision(Outcome.WITHHOLD, reason, rule)
    return dict.fromkeys(CATEGORIES, withheld)


def is_decided_in_full(kind: str) -> bool:
    """True for a kind whose route is built; the rest wait for a person."""
    return kind in HEALTH_KINDS or kind in _UNDECIDED


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
        settings = (
            ("P-01", "P-11") if kind == "gp" and category in (SGD, SUB) else ("P-01",)
        )
        decided[category] = category_decision(outcome, _DIRECT[outcome], "B1", settings)
    return decided
