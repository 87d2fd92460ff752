"""Overrides: a named professional's reason to share without agreement.

Whether one is complete, in time and available here, and which instants it brings.
Source: disclosure rules, section 7 (O1 to O4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from adapter.clock import parse_instant
from adapter.disclosure.model import HEALTH_KINDS
from adapter.policy import Policy

Item = Mapping[str, Any]

_REQUIRED = (
    "categories",
    "reason_code",
    "decided_by_ref",
    "decided_at",
    "expires_at",
    "young_person_told",
)
_LEAST_REASON = 20
_BY_LAW = frozenset({"court_order", "statutory_duty"})
_SAFEGUARDING = frozenset({"safeguarding_child", "safeguarding_adult_at_risk"})
_OF_ADULTS = frozenset({*HEALTH_KINDS, "la_safeguarding", "social_care"})
_NOT_ABLE = frozenset({"lacks_capacity", "in_doubt"})
_CAPACITIES = _NOT_ABLE | {"has_capacity", "competent_child", "not_competent_child"}
_VITAL = frozenset({"lacks_capacity", "not_competent_child"})


class State(Enum):
    """What an override is worth at one instant for one recipient kind."""

    VALID = "valid"
    NOT_AVAILABLE = "not available"
    EXPIRED = "expired"
    NOT_BEGUN = "not begun"


def override_end(override: Item, policy: Policy) -> datetime:
    """The instant from which an override is over: its own end, or P-07's if earlier."""
    longest = parse_instant(override["decided_at"]) + policy.longest_override
    if "expires_at" not in override:
        return longest
    return min(parse_instant(override["expires_at"]), longest)


def state_of(
    override: Item, kind: str, age: int, at: datetime, policy: Policy
) -> State:
    """What an override is worth at ``at`` for a recipient of that kind.

    From its end it is expired, whatever its reason code; before its decided_at it is as
    if it were not there. Source: disclosure rules, O1 and O3.
    """
    if "decided_at" not in override:
        return State.NOT_AVAILABLE
    if at < parse_instant(override["decided_at"]):
        return State.NOT_BEGUN
    if override_end(override, policy) <= at:
        return State.EXPIRED
    if _is_complete(override) and _is_available(override, kind, age, policy):
        return State.VALID
    return State.NOT_AVAILABLE


def _is_complete(override: Item) -> bool:
    return (
        all(override.get(name) for name in _REQUIRED)
        and len(override.get("reason_text", "")) >= _LEAST_REASON
    )


def _is_available(override: Item, kind: str, age: int, policy: Policy) -> bool:
    """True where this reason may be used for this subject and this recipient (O3)."""
    reason = override["reason_code"]
    capacity = override.get("capacity_at_override")
    if kind == "regulator" and reason not in _BY_LAW:
        return False
    if kind == "commissioner" and reason not in _BY_LAW | _SAFEGUARDING:
        return False
    if reason in _BY_LAW:
        return bool(override.get("legal_reference"))
    if reason == "safeguarding_adult_at_risk":
        return age >= 18 and (kind in _OF_ADULTS or kind == "commissioner")
    if reason == "serious_harm_to_self":
        if age < 18:
            return capacity in _CAPACITIES
        return capacity in _NOT_ABLE or (
            policy.self_harm_override_when_able and capacity == "has_capacity"
        )
    if reason == "vital_interests":
        return capacity in _VITAL
    return reason in ("safeguarding_child", "serious_harm_to_others")


def settings_used(overrides: Iterable[Item]) -> tuple[str, ...]:
    """The policy settings that an outcome under these overrides rests on."""
    codes = {override.get("reason_code") for override in overrides}
    by_harm = ("P-10",) if "serious_harm_to_self" in codes else ()
    return ("P-02", "P-07", *by_harm)


def turning_instants(override: Item, policy: Policy) -> list[datetime]:
    """The instants at which an override starts and ends."""
    if "decided_at" not in override:
        return []
    return [parse_instant(override["decided_at"]), override_end(override, policy)]
