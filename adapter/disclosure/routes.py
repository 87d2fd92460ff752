"""The route by which a recipient gets anything, and the outcomes it starts from.

What stands when nobody with authority has decided. Each route has its row of M1 and
three reasons, for what it shares, shares at the minimum and withholds.
Source: disclosure rules, section 5 (M1, B1 to B7, F1, F2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adapter.disclosure.ages import Ability, Standing
from adapter.disclosure.bases import (
    decides_by_pr,
    has_social_care_basis,
    is_imca,
    passes_refusal,
    qualifying_concerns,
)
from adapter.disclosure.model import HEALTH_KINDS, CategoryDecision, Outcome
from adapter.disclosure.reasons import explain
from adapter.policy import Policy, Row
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES, CLN, FAM, SGD, SUB, SXG, TPI

Item = Mapping[str, Any]
Outcomes = dict[str, CategoryDecision]

_IN_CARE = frozenset({"current_care", "planned_care_accepted", "oversight"})
_PENDING = "planned_care_pending"
_CAPPED = frozenset({SGD, CLN, SUB, SXG})
_PROTECTED = frozenset({FAM, TPI})


@dataclass(frozen=True)
class Reasons:
    """A route's words for what it shares, shares at the minimum, and withholds."""

    share: str
    minimum: str
    withhold: str

    def of(self, outcome: Outcome) -> str:
        if outcome is Outcome.SHARE:
            return self.share
        return self.minimum if outcome is Outcome.SHARE_MINIMUM else self.withhold


def _one(code: str) -> Reasons:
    return Reasons(code, code, "NOT_NEEDED_FOR_CARE")


REASONS_OF = {
    "B1": Reasons("DIRECT_CARE", "DIRECT_CARE_MINIMUM", "NOT_NEEDED_FOR_CARE"),
    "B2": _one("STATUTORY_SAFEGUARDING"),
    "B3": _one("SOCIAL_CARE_BASIS"),
    "B5": _one("PR_AUTHORITY"),
    "B7": _one("ADVOCATE_STATUTORY"),
}
"""The route code rule: what a route that shares says of each outcome."""


@dataclass(frozen=True)
class Route:
    """The rule that applies, and the outcome of each category under it.

    ``concerns``: those that call for the local authority (B2). ``passes_refusal``: a
    refusal does not stop it, a court's deny does. ``is_own``: the young person's copy,
    to which decisions and overrides do not apply. ``is_direct_care``: a health service
    with a part in the person's care.
    """

    rule: str
    outcomes: Outcomes
    concerns: tuple[Item, ...] = ()
    passes_refusal: bool = False
    is_own: bool = False
    is_direct_care: bool = False

    @property
    def withholds_all(self) -> bool:
        """True where this row of M1 is all withhold."""
        return all(each.outcome is Outcome.WITHHOLD for each in self.outcomes.values())


@lru_cache(maxsize=2048)
def category_decision(
    outcome: Outcome, reason: str, rule: str, policies: tuple[str, ...] = ()
) -> CategoryDecision:
    """A category's decision, with the explanation of its reason."""
    return CategoryDecision(outcome, reason, explain(reason), rule, policies)


def route_for(
    record: Record, recipient: Item, standing: Standing, policy: Policy
) -> Route:
    """The route that applies to a recipient, with its outcomes."""
    kind = recipient["kind"]
    if kind in HEALTH_KINDS:
        return _direct_care(kind, recipient.get("care_relationship", ""), policy)
    if kind == "la_safeguarding":
        return _local_authority(record, standing, policy)
    if kind == "social_care":
        if has_social_care_basis(record, standing):
            return _by_row("B3", (kind, "social_care_basis"), policy)
        return _closed("NO_SOCIAL_CARE_BASIS", "B3")
    if kind == "young_person":
        return _own(standing, policy)
    if kind == "commissioner":
        return _closed("COMMISSIONER_NO_IDENTIFIABLE_DATA", "F1")
    if kind == "regulator":
        return _closed("REGULATOR_STATUTORY_ONLY", "F2")
    if kind == "family_member" and decides_by_pr(record, recipient, standing, policy):
        settings = ("P-03", "P-04", "P-05")
        return _by_row("B5", (kind, "holds_pr"), policy, settings)
    if kind == "advocate" and is_imca(record, recipient, standing):
        return _by_row("B7", (kind, "imca"), policy)
    return _closed(_without_agreement(standing), "B4")


def _by_row(
    rule: str, row: Row, policy: Policy, settings: tuple[str, ...] = ()
) -> Route:
    reasons = REASONS_OF[rule]
    return Route(
        rule,
        {
            category: category_decision(outcome, reasons.of(outcome), rule, settings)
            for category, outcome in policy.m1[row].items()
        },
    )


def _closed(reason: str, rule: str) -> Route:
    withheld = category_decision(Outcome.WITHHOLD, reason, rule)
    return Route(rule, dict.fromkeys(CATEGORIES, withheld))


def _direct_care(kind: str, relationship: str, policy: Policy) -> Route:
    """B1, and the policy settings that lower or raise its cells (P-01, P-11)."""
    is_pending = relationship == _PENDING
    if not is_pending and relationship not in _IN_CARE:
        return _closed("NO_CARE_RELATIONSHIP", "B1")
    cells = policy.m1[kind, ""]
    decided = {}
    for category in CATEGORIES:
        outcome = cells[category]
        if is_pending and category in _CAPPED and outcome is Outcome.SHARE:
            outcome = Outcome.SHARE_MINIMUM
        by_gp = kind == "gp" and category in (SGD, SUB)
        settings = ("P-01", "P-11") if by_gp else ("P-01",)
        reason = REASONS_OF["B1"].of(outcome)
        decided[category] = category_decision(outcome, reason, "B1", settings)
    return Route("B1", decided, is_direct_care=True)


def _local_authority(record: Record, standing: Standing, policy: Policy) -> Route:
    """B2. Under 18, an alert at the threshold of s47 goes past a refusal."""
    concerns = qualifying_concerns(record, standing)
    if not concerns:
        return _closed("NO_SAFEGUARDING_BASIS", "B2")
    return Route(
        "B2",
        _by_row("B2", ("la_safeguarding", "safeguarding_basis"), policy).outcomes,
        concerns=concerns,
        passes_refusal=passes_refusal(concerns, standing),
    )


def _own(standing: Standing, policy: Policy) -> Route:
    """B6. What others said in confidence, or is about them, is protected."""
    row = "limited" if standing.is_limited else "able"
    reason = "OWN_INFORMATION_LIMITED" if standing.is_limited else "OWN_INFORMATION"
    decided = {
        category: category_decision(
            outcome, "PROTECTS_OTHERS" if category in _PROTECTED else reason, "B6"
        )
        for category, outcome in policy.m1["young_person", row].items()
    }
    return Route("B6", decided, is_own=True)


def _without_agreement(standing: Standing) -> str:
    """Why nobody has agreed. Source: disclosure rules, B4."""
    if standing.ability is Ability.NOT_ASSESSED:
        return "COMPETENCE_NOT_ASSESSED"
    if standing.ability is Ability.IN_DOUBT:
        return "CAPACITY_IN_DOUBT"
    if standing.ability is Ability.NOT_ABLE and standing.age >= 16:
        return "NO_BEST_INTERESTS_DECISION"
    return "NO_CONSENT_RECORDED"
