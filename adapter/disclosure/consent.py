"""Decisions of those who may decide: authority, force, and what has been refused.

Permits do not raise an outcome yet; until they do, every refusal counts, whoever made
it and whatever its dates. Source: disclosure rules, sections 2 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from adapter.clock import london_day, london_midnight, parse_instant
from adapter.disclosure.ages import Ability, Standing
from adapter.policy import Policy

_ONE_DAY = timedelta(days=1)


def names_recipient(decision: Mapping[str, Any], recipient: Mapping[str, Any]) -> bool:
    """True when a decision names this recipient or its kind."""
    ref = decision.get("recipient_ref")
    if ref is not None:
        return bool(ref == recipient.get("id"))
    return decision.get("recipient_kind") == recipient.get("kind")


def holds_pr(person: Mapping[str, Any] | None, policy: Policy) -> bool:
    """True when a person's parental responsibility counts. Source: P-05."""
    return bool(person) and (
        (person or {}).get("parental_responsibility") in policy.pr_evidence
    )


def has_authority(
    decision: Mapping[str, Any],
    standing: Standing,
    decider: Mapping[str, Any] | None,
    policy: Policy,
) -> bool:
    """True when the decider may decide this at the standing's instant.

    ``decider`` is the person of ``decider_ref``. A refusal by a young person who is not
    yet assessed, or in doubt, is honoured; an agreement is not relied on. Nearest
    relative and nominated person never have authority, a court always has.
    Source: disclosure rules, section 2 (who decides), D1, P-03, P-04, P-09.
    """
    by = decision.get("decided_by")
    ability = standing.ability
    if by == "court":
        return True
    if by == "young_person":
        if ability is Ability.ABLE:
            return True
        return decision.get("decision") == "deny" and ability in (
            Ability.NOT_ASSESSED,
            Ability.IN_DOUBT,
        )
    if by == "person_with_pr":
        return holds_pr(decider, policy) and _pr_decides(standing, policy)
    if standing.age < 16 or ability is not Ability.NOT_ABLE:
        return False
    if by == "attorney_or_deputy":
        return standing.age >= 18
    return by == "best_interests"


def _pr_decides(standing: Standing, policy: Policy) -> bool:
    if standing.age >= 18:
        return False
    if standing.age >= 16:
        return policy.pr_decides_at_16_17 and standing.ability is Ability.NOT_ABLE
    if standing.ability is Ability.NOT_ASSESSED:
        return policy.pr_decides_when_not_assessed
    return standing.ability is Ability.NOT_ABLE


def is_withdrawn(decision: Mapping[str, Any], at: datetime) -> bool:
    """True from the instant at which a decision was withdrawn."""
    withdrawn = decision.get("withdrawn_at")
    return withdrawn is not None and parse_instant(withdrawn) <= at


def is_in_time(decision: Mapping[str, Any], at: datetime) -> bool:
    """True from effective_from to effective_to, both days in, unless withdrawn."""
    day = london_day(at)
    ends = decision.get("effective_to")
    return (
        date.fromisoformat(decision["effective_from"]) <= day
        and (ends is None or day <= date.fromisoformat(ends))
        and not is_withdrawn(decision, at)
    )


def turning_instants(decision: Mapping[str, Any]) -> list[datetime]:
    """The instants at which a decision starts, ends or is withdrawn.

    Source: disclosure rules, section 3, valid_until.
    """
    instants = [london_midnight(date.fromisoformat(decision["effective_from"]))]
    if "effective_to" in decision:
        last = date.fromisoformat(decision["effective_to"])
        instants.append(london_midnight(last + _ONE_DAY))
    if "withdrawn_at" in decision:
        instants.append(parse_instant(decision["withdrawn_at"]))
    return instants


def refused_categories(
    decisions: Iterable[Mapping[str, Any]], at: datetime
) -> dict[str, tuple[str, str]]:
    """The reason and rule of each category that somebody has refused, or taken back.

    ``decisions`` are those that name the recipient. Wider than the rules: any deny
    counts, also one out of its dates, withdrawn or by somebody without authority.
    Source: disclosure rules, D4 and D5.
    """
    refused: dict[str, tuple[str, str]] = {}
    for decision in decisions:
        if decision.get("decision") == "deny":
            for category in decision.get("categories", ()):
                refused[category] = ("CONSENT_REFUSED", "D4")
        elif is_withdrawn(decision, at) and (
            decision.get("decided_by") != "person_with_pr"
        ):
            for category in decision.get("categories", ()):
                refused.setdefault(category, ("CONSENT_WITHDRAWN", "D5"))
    return refused
