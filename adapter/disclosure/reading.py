"""A record at an instant: what deciding asks of it for every recipient alike.

One reading serves all the recipients of a record, so that each answer is worked out
once. Nothing here is about any one recipient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from adapter.clock import check_aware
from adapter.disclosure import ages, consent, overrides
from adapter.disclosure.ages import Standing
from adapter.disclosure.consent import Standpoint
from adapter.disclosure.model import HEALTH_KINDS
from adapter.disclosure.walk import Known
from adapter.policy import Policy
from adapter.record.model import Record

Item = Mapping[str, Any]
Turning = list[tuple[Item, list[datetime]]]
"""Decisions, or overrides, each with the instants at which it turns."""


@dataclass(frozen=True)
class Reading:
    """A record as it stands at ``at`` under a policy. ValueError for a naive ``at``.

    ``known`` is what its walks have taken so far; None where one alone is made.
    """

    record: Record
    at: datetime
    policy: Policy
    known: Known | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_aware(self.at)

    @property
    def tree(self) -> Mapping[str, Any]:
        return self.record.tree

    @cached_property
    def born(self) -> date | None:
        """The young person's birth date; None when it cannot be read."""
        return ages.birth_date_of(self.tree)

    @cached_property
    def standing(self) -> Standing:
        """The young person's age and ability."""
        return ages.standing(self.tree, self.at, self.policy)

    @cached_property
    def seen(self) -> Standpoint:
        """From where the record's decisions are looked at."""
        return Standpoint(self.at, self.standing, self.record.find, self.policy)

    @cached_property
    def adult_since(self) -> datetime | None:
        """The instant of the 18th birthday; None where it has not passed."""
        return self._birthdays[-1] if self.standing.age >= 18 else None

    def valid_until(self, recipient: Item) -> datetime | None:
        """The first instant at which a decision for this recipient could turn out
        differently; None when there is none.

        Source: disclosure rules, section 3, valid_until.
        """
        later = [each for each in self._turning(recipient) if each > self.at]
        return min(later) if later else None

    def _turning(self, recipient: Item) -> Iterator[datetime]:
        yield from self._birthdays
        all_count = recipient["kind"] in HEALTH_KINDS  # C1 sends them those in force
        for decision, instants in self._decisions:
            if all_count or consent.names_recipient(decision, recipient):
                yield from instants
        for override, instants in self._overrides:
            if all_count or override.get("recipient_ref") == recipient["id"]:
                yield from instants

    @cached_property
    def _birthdays(self) -> list[datetime]:
        return ages.turning_instants(self.born) if self.born else []

    @cached_property
    def _sharing(self) -> Mapping[str, Any]:
        sharing: Mapping[str, Any] = self.tree.get("consent_and_sharing", {})
        return sharing

    @cached_property
    def _decisions(self) -> Turning:
        return [
            (each, consent.turning_instants(each))
            for each in self._sharing.get("decisions", ())
        ]

    @cached_property
    def _overrides(self) -> Turning:
        return [
            (each, overrides.turning_instants(each, self.policy))
            for each in self._sharing.get("overrides", ())
        ]
