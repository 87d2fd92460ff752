"""What the rules are handed, and how a rule is written down.

A rule is a function of one part of the record and the facts that yields findings. It
may read anything: what is itself at fault raises ``Unjudged``, and the runner leaves
that one judgement out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from adapter.clock import london_day
from adapter.policy import Policy
from adapter.record.ages import birthday
from adapter.record.faults import Fault, Finding, Place
from adapter.record.part import Part, Unjudged
from adapter.record.vocabulary import ACTIVE_STATUSES


@dataclass(frozen=True)
class Facts:
    """The whole record as the rules may read it, with the policy and the instant."""

    whole: Part
    policy: Policy
    now: datetime
    items: Mapping[str, Set[str]]  # item id -> the declared paths it stands at

    @property
    def is_active(self) -> bool:
        """Whether it may leave; a status that cannot be read counts as if it may."""
        try:
            status = self.whole.value("status")
        except Unjudged:
            return True
        return status is None or status in ACTIVE_STATUSES

    @property
    def today(self) -> date | None:
        """The day that age-dependent checks take: London's at updated_at."""
        updated_at = self.whole.instant("updated_at")
        return None if updated_at is None else london_day(updated_at)

    @property
    def birth(self) -> date | None:
        return self.whole.part("young_person").date("birth_date")

    def is_aged(self, age: int) -> bool | None:
        """Whether that age is reached today; None where a date is missing."""
        if self.today is None or self.birth is None:
            return None
        return self.today >= birthday(self.birth, age)

    @property
    def move(self) -> date | None:
        """The move: its actual date, or the planned one until there is one."""
        transition = self.whole.part("transition")
        return transition.date("actual_date") or transition.date("planned_date")

    @cached_property
    def recipients(self) -> list[Part]:
        """The recipients; Unjudged where an active record lacks them."""
        found = self.whole.part("consent_and_sharing").items("recipients")
        if not found and self.is_active:
            raise Unjudged
        return found


Check = Callable[[Part, Facts], Iterator[Finding]]
Rule = tuple[str, Check]
"""A declared path ("" for the record) and what is asked of each part there."""


def required(place: Place, why: str, *, code: str = "E_SCHEMA") -> Finding:
    """Something is not there that something else calls for."""
    return Finding(place, Fault(code, f"required {why}", absent=True))


def wrong(code: str, place: Place, message: str) -> Finding:
    """Something is there that may not be so."""
    return Finding(place, Fault(code, message))


@dataclass(frozen=True)
class RequiredWhen:
    """A check that asks for ``wanted`` when ``name`` has one of the ``calling`` values.

    A value of its own and no closure, so that the JSON Schema can say the same.
    """

    wanted: tuple[str, ...]
    name: str
    calling: tuple[str, ...]
    why: str

    def __call__(self, part: Part, _: Facts) -> Iterator[Finding]:
        if part.value(self.name) in self.calling:
            yield from require(part, self.wanted, self.why)


def require_when(names: str, name: str, values: str, why: str) -> RequiredWhen:
    """The check of these words: ``names`` and ``values`` with spaces between."""
    return RequiredWhen(tuple(names.split()), name, tuple(values.split()), why)


def require(
    part: Part, names: Iterable[str], why: str, *, code: str = "E_SCHEMA"
) -> Iterator[Finding]:
    """A finding for each of these that is not there; one at fault is there."""
    for name in names:
        if part.lacks(name):
            yield required(part.at(name), why, code=code)
