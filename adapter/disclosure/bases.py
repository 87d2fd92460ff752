"""What in a record opens a route: a concern, a council's duty, parental responsibility,
an advocate's instruction.

Source: disclosure rules, section 5 (B2, B3, B5, B7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from adapter.disclosure.ages import Ability, Standing
from adapter.disclosure.consent import holds_pr, pr_decides
from adapter.policy import Policy
from adapter.record.model import Record

Item = Mapping[str, Any]

_LIVE = frozenset({"open", "monitoring"})
_MULTI_AGENCY = frozenset({"multi_agency_discussion", "la_enquiry", "police_and_la"})
_SIGNIFICANT_HARM = "s47_significant_harm"
_CHILD_THRESHOLDS = frozenset({"s17_child_in_need", _SIGNIFICANT_HARM})
_ADULT_THRESHOLD = "s42_care_act_enquiry"
_ANY_AGE_BASIS = frozenset({"s117_aftercare", "care_leaver"})
_CHILD_BASIS = frozenset({"child_in_need", "looked_after", "child_protection_plan"})


def qualifying_concerns(record: Record, standing: Standing) -> tuple[Item, ...]:
    """The live alerts that call for the local authority at this age (B2).

    A complaint or a quality concern never does.
    """
    concerns = record.tree.get("safeguarding", {}).get("concerns", ())
    return tuple(each for each in concerns if _qualifies(each, standing))


def _qualifies(concern: Item, standing: Standing) -> bool:
    if concern.get("kind") != "safeguarding_alert":
        return False
    if concern.get("status") not in _LIVE:
        return False
    if concern.get("response_level") in _MULTI_AGENCY:
        return True
    threshold = concern.get("statutory_threshold")
    if standing.age < 18:
        return threshold in _CHILD_THRESHOLDS
    return threshold == _ADULT_THRESHOLD


def passes_refusal(concerns: Iterable[Item], standing: Standing) -> bool:
    """True where a refusal does not stop the route: s47 and under 18 (B2, D4)."""
    return standing.age < 18 and any(
        each.get("statutory_threshold") == _SIGNIFICANT_HARM for each in concerns
    )


def has_social_care_basis(record: Record, standing: Standing) -> bool:
    """True when the council has a recorded duty that holds at this age (B3)."""
    authority = record.tree.get("safeguarding", {}).get("local_authority", {})
    basis = authority.get("social_care_basis")
    if basis in _ANY_AGE_BASIS:
        return True
    if basis == "care_act_assessment_or_plan":
        return standing.age >= 18
    return basis in _CHILD_BASIS and standing.age < 18


def decides_by_pr(
    record: Record, recipient: Item, standing: Standing, policy: Policy
) -> bool:
    """True for a relative who holds PR where an under-16 cannot decide (B5).

    Where a trust lets a PR holder decide for the not yet assessed (P-04), that counts
    here too. P-09 does not: this route ends at 16.
    """
    person = record.find(recipient.get("person_ref", ""))
    return (
        standing.age < 16 and pr_decides(standing, policy) and holds_pr(person, policy)
    )


def is_instructed_advocate(record: Record, recipient: Item) -> bool:
    """True for the advocate whom the young person has and has accepted (N9, B7)."""
    advocacy = record.tree.get("transition", {}).get("advocacy", {})
    ref = recipient.get("person_ref")
    return (
        ref is not None
        and advocacy.get("advocate_ref") == ref
        and advocacy.get("offered") == "accepted"
    )


def is_imca(record: Record, recipient: Item, standing: Standing) -> bool:
    """True for an instructed IMCA of a person who lacks capacity (B7)."""
    advocacy = record.tree.get("transition", {}).get("advocacy", {})
    return (
        is_instructed_advocate(record, recipient)
        and advocacy.get("type") == "imca"
        and standing.age >= 16
        and standing.ability is Ability.NOT_ABLE
    )
