"""Overrides: when one is valid. They do not raise an outcome yet.

Source: disclosure rules, section 7, O1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapter.clock import parse_instant
from adapter.policy import Policy


def override_end(override: Mapping[str, Any], policy: Policy) -> datetime:
    """The instant from which an override is over: its own end, or P-07's if earlier."""
    return min(
        parse_instant(override["expires_at"]),
        parse_instant(override["decided_at"]) + policy.longest_override,
    )


def is_valid(override: Mapping[str, Any], at: datetime, policy: Policy) -> bool:
    """True from its decision to its end. Source: disclosure rules, O1."""
    decided = parse_instant(override["decided_at"])
    return decided <= at < override_end(override, policy)


def turning_instants(override: Mapping[str, Any], policy: Policy) -> list[datetime]:
    """The instants at which an override starts and ends."""
    return [parse_instant(override["decided_at"]), override_end(override, policy)]
