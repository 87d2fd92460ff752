"""Decisions of those who may decide: authority, force, and which of several stands.

Source: disclosure rules, sections 2 (who decides) and 6 (D1 to D7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from adapter.clock import london_day, london_midnight, parse_instant
from adapter.disclosure.ages import Ability, Standing
from adapter.policy import Policy

Item = Mapping[str, Any]
Find = Callable[[str], Item | None]
"""Gives the item of the record that has an id, as ``Record.find``."""

_ONE_DAY = timedelta(days=1)
_WITH_PR = "person_with_pr"
_NEVER = frozenset({"nearest_relative", "nominated_person"})

NOT_IN_FORCE = (
    "CONSENT_LAPSED_AT_18",
    "COMPETENCE_NOT_ASSESSED",
    "CAPACITY_IN_DOUBT",
    "DECIDER_NOT_AUTHORISED",
    "CONSENT_EXPIRED",
)
"""Why a permit has no force, the first that fits. Source: D6."""


@dataclass(frozen=True)
class Standpoint:
    """From where decisions are looked at: an instant, and who can decide then."""

    at: datetime
    standing: Standing
    find: Find
    policy: Policy


@dataclass(frozen=True)
class Acting:
    """A decision in force, or a withdrawn permit that counts as a deny (D5).

    ``since`` is what tells the later of two: when it was decided, or withdrawn.
    """

    decision: Item
    refuses: bool
    is_withdrawn: bool
    since: datetime

    @property
    def is_courts_deny(self) -> bool:
        """True for a court's deny, which nothing passes; not its withdrawn permit."""
        return (
            self.decision.get("decided_by") == "court"
            and self.refuses
            and not self.is_withdrawn
        )

    @property
    def is_own(self) -> bool:
        """True for the young person's own decision."""
        return self.decision.get("decided_by") == "young_person"

    def _order(self) -> tuple[bool, bool, bool, datetime, bool, str]:
        """The greatest stands (D2); the id, so that the order of a list is nothing."""
        return (
            self.decision.get("decided_by") == "court",
            self.is_courts_deny,
            "recipient_ref" in self.decision,
            self.since,
            self.refuses,
            str(self.decision.get("id", "")),
        )


def names_recipient(decision: Item, recipient: Item) -> bool:
    """True when a decision names this recipient or its kind."""
    ref = decision.get("recipient_ref")
    if ref is not None:
        return bool(ref == recipient.get("id"))
    return decision.get("recipient_kind") == recipient.get("kind")


def holds_pr(person: Item | None, policy: Policy) -> bool:
    """True when a person's parental responsibility counts. Source: P-05."""
    return bool(person) and (
        (person or {}).get("parental_responsibility") in policy.pr_evidence
    )


def pr_decides(standing: Standing, policy: Policy) -> bool:
    """True when a holder of parental responsibility decides, at that age and ability.

    Source: disclosure rules, section 2 (who decides), P-04 and P-09.
    """
    if standing.age >= 18:
        return False
    if standing.age >= 16:
        return policy.pr_decides_at_16_17 and standing.ability is Ability.NOT_ABLE
    if standing.ability is Ability.NOT_ASSESSED:
        return policy.pr_decides_when_not_assessed
    return standing.ability is Ability.NOT_ABLE


def has_authority(decision: Item, seen: Standpoint, *, refuses: bool) -> bool:
    """True when the decider may decide this now.

    A refusal by a young person who is not yet assessed, or in doubt, is honoured; an
    agreement is not relied on. Nearest relative and nominated person never have
    authority, a court always has. Source: section 2 (who decides), D1, P-03 to P-05.
    """
    by = decision.get("decided_by")
    ability = seen.standing.ability
    if by == "court":
        return True
    if by == "young_person":
        return ability is Ability.ABLE or (
            refuses and ability in (Ability.NOT_ASSESSED, Ability.IN_DOUBT)
        )
    if by == _WITH_PR:
        decider = seen.find(decision.get("decider_ref", ""))
        return holds_pr(decider, seen.policy) and pr_decides(seen.standing, seen.policy)
    if seen.standing.age < 16 or ability is not Ability.NOT_ABLE:
        return False
    if by == "attorney_or_deputy":
        return seen.standing.age >= 18
    return by == "best_interests"


def is_withdrawn(decision: Item, at: datetime) -> bool:
    """True from the instant at which a decision was withdrawn."""
    withdrawn = decision.get("withdrawn_at")
    return withdrawn is not None and parse_instant(withdrawn) <= at


def has_started(decision: Item, at: datetime) -> bool:
    """True from the first day of a decision, in London."""
    return date.fromisoformat(decision["effective_from"]) <= london_day(at)


def has_ended(decision: Item, at: datetime) -> bool:
    """True after the last day of a decision, in London; never where it has none."""
    ends = decision.get("effective_to")
    return ends is not None and date.fromisoformat(ends) < london_day(at)


def is_in_force(decision: Item, seen: Standpoint, recipient: Item | None) -> bool:
    """True when a decision is in force for a recipient (None: for whom it may concern).

    Source: disclosure rules, D1.
    """
    refuses = decision.get("decision") != "permit"
    return (
        has_started(decision, seen.at)
        and not has_ended(decision, seen.at)
        and not is_withdrawn(decision, seen.at)
        and has_authority(decision, seen, refuses=refuses)
        and not (refuses and _shuts_out_another(decision, seen, recipient))
    )


def _shuts_out_another(
    decision: Item, seen: Standpoint, recipient: Item | None
) -> bool:
    """True for one PR holder's word against another PR holder, which has no force."""
    ref = (recipient or {}).get("person_ref")
    return (
        decision.get("decided_by") == _WITH_PR
        and ref is not None
        and ref != decision.get("decider_ref")
        and holds_pr(seen.find(ref), seen.policy)
    )


def acting_decisions(
    decisions: Iterable[Item], seen: Standpoint, recipient: Item
) -> list[Acting]:
    """What acts for a recipient now, what stands before the rest first.

    ``decisions`` are those that name the recipient. A permit withdrawn, of anyone but
    a PR holder, acts as a deny of its own decider, whatever its dates; a withdrawn
    deny is simply gone. Source: disclosure rules, D1, D2 and D5.
    """
    found = []
    for decision in decisions:
        refuses = decision.get("decision") != "permit"
        if is_withdrawn(decision, seen.at):
            counts = not refuses and decision.get("decided_by") != _WITH_PR
            if counts and has_authority(decision, seen, refuses=True):
                since = parse_instant(decision["withdrawn_at"])
                found.append(Acting(decision, True, True, since))
        elif is_in_force(decision, seen, recipient):
            since = parse_instant(decision["decided_at"])
            found.append(Acting(decision, refuses, False, since))
    return sorted(found, key=Acting._order, reverse=True)


def why_not_in_force(decisions: Iterable[Item], seen: Standpoint) -> dict[str, str]:
    """The reason, by category, why permits for a recipient have no force.

    Of several the first of ``NOT_IN_FORCE``. A permit that has not started, or was
    withdrawn, tells nothing. Source: disclosure rules, D6.
    """
    found: dict[str, str] = {}
    for decision in decisions:
        reason = _why_not(decision, seen)
        if reason is None:
            continue
        for category in decision.get("categories", ()):
            before = found.get(category, reason)
            found[category] = min(before, reason, key=NOT_IN_FORCE.index)
    return found


def _why_not(decision: Item, seen: Standpoint) -> str | None:
    by = decision.get("decided_by")
    if (
        decision.get("decision") != "permit"
        or by in _NEVER
        or is_withdrawn(decision, seen.at)
        or not has_started(decision, seen.at)
    ):
        return None
    if by == _WITH_PR and seen.standing.age >= 18:
        return "CONSENT_LAPSED_AT_18"
    if not has_authority(decision, seen, refuses=False):
        ability = seen.standing.ability
        if ability is Ability.NOT_ASSESSED and (
            by == "young_person" or _is_of_pr_holder(decision, seen)
        ):
            return "COMPETENCE_NOT_ASSESSED"
        if ability is Ability.IN_DOUBT and by == "young_person":
            return "CAPACITY_IN_DOUBT"
        return "DECIDER_NOT_AUTHORISED"
    return "CONSENT_EXPIRED" if has_ended(decision, seen.at) else None


def _is_of_pr_holder(decision: Item, seen: Standpoint) -> bool:
    decider = seen.find(decision.get("decider_ref", ""))
    return decision.get("decided_by") == _WITH_PR and holds_pr(decider, seen.policy)


def turning_instants(decision: Item) -> list[datetime]:
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


def settings_of_decider(decision: Item) -> tuple[str, ...]:
    """The policy settings by which this decider's word counts."""
    if decision.get("decided_by") == _WITH_PR:
        return ("P-03", "P-04", "P-05", "P-09")
    return ()


def settings_used(reason: str) -> tuple[str, ...]:
    """The policy settings by which a permit has no force, for one of those reasons."""
    return _SETTINGS.get(reason, ())


_SETTINGS = {
    "COMPETENCE_NOT_ASSESSED": ("P-04",),
    "DECIDER_NOT_AUTHORISED": ("P-05", "P-09"),
}
