"""Ages and who is able to decide, worked out from the record at an instant.

Never accepted from the caller. Source: disclosure rules, section 2; record model, 0.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from adapter.clock import london_day, london_midnight
from adapter.policy import Policy
from adapter.record.ages import age_on, birthday

TURNING_AGES = (13, 16, 18)


class Ability(Enum):
    """Whether the young person decides about sharing."""

    ABLE = "able"
    NOT_ABLE = "not able"
    NOT_ASSESSED = "not assessed"  # under 16 only
    IN_DOUBT = "in doubt"  # 16 and over only


@dataclass(frozen=True)
class Standing:
    """The young person's age in whole years and ability, at one instant."""

    age: int
    ability: Ability

    @property
    def is_limited(self) -> bool:
        """True where a clinician goes through the record with them (B6)."""
        return self.ability is not Ability.ABLE


def turning_instants(birth_date: date) -> list[datetime]:
    """The instants of the 13th, 16th and 18th birthdays, London midnight, in UTC."""
    return [london_midnight(birthday(birth_date, age)) for age in TURNING_AGES]


def birth_date_of(tree: Mapping[str, Any]) -> date | None:
    """The young person's birth date; None when it cannot be read."""
    try:
        return date.fromisoformat(tree["young_person"]["birth_date"])
    except (KeyError, TypeError, ValueError):
        return None


def standing(tree: Mapping[str, Any], at: datetime, policy: Policy) -> Standing:
    """Age and ability at an instant.

    Without a birth date that can be read: age 0 and not able, so that nobody's own
    agreement is relied on. Competence recorded under 16 stops counting on the 16th
    birthday; capacity counts only when assessed on or after it, and is presumed
    otherwise. Source: disclosure rules, section 2, P-03.
    """
    born = birth_date_of(tree)
    if born is None:
        return Standing(0, Ability.NOT_ABLE)
    age = age_on(born, london_day(at))
    competence = tree.get("consent_and_sharing", {}).get("competence", {})
    if age < 16:
        gillick = competence.get("gillick")
        if gillick == "competent":
            return Standing(age, Ability.ABLE)
        if gillick == "not_competent" or (
            age < 13 and policy.not_competent_when_not_assessed
        ):
            return Standing(age, Ability.NOT_ABLE)
        return Standing(age, Ability.NOT_ASSESSED)
    return Standing(age, _capacity(competence, birthday(born, 16)))


_CAPACITY = {
    "has_capacity": Ability.ABLE,
    "not_assessed_presumed": Ability.ABLE,
    "not_applicable_under_16": Ability.ABLE,
    "lacks_capacity": Ability.NOT_ABLE,
    "in_doubt": Ability.IN_DOUBT,
}


def _capacity(competence: Mapping[str, Any], sixteen: date) -> Ability:
    found = _CAPACITY.get(competence.get("capacity", ""))
    if found is None:
        return Ability.IN_DOUBT
    assessed = competence.get("assessed_on")
    if assessed is not None and date.fromisoformat(assessed) < sixteen:
        return Ability.ABLE
    return found
