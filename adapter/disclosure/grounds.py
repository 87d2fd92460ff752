"""On what the outcomes for one recipient rest, for the obligations to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapter.disclosure.consent import Acting

Item = Mapping[str, Any]


@dataclass
class Grounds:
    """What was followed and relied on while the categories were decided.

    ``followed``: permits that opened something and refusals that closed it, by id.
    ``overrides``: those that raised an outcome, by id. ``concerns``: those that call
    for the local authority. ``review_points``: when safeguarding is looked at again.
    ``adult_since``: the 18th birthday where it has passed. ``is_refused``: somebody
    entitled has said no to something, whatever came after. ``is_direct_care``: a health
    service with a part in the person's care. ``denied_by_court``: categories.
    """

    followed: dict[str, Acting] = field(default_factory=dict)
    overrides: dict[str, Item] = field(default_factory=dict)
    concerns: Sequence[Item] = ()
    review_points: Sequence[Item] = ()
    adult_since: datetime | None = None
    is_refused: bool = False
    is_direct_care: bool = False
    denied_by_court: set[str] = field(default_factory=set)

    @property
    def permits(self) -> list[Item]:
        """The permits that were relied on."""
        return [each.decision for each in self.followed.values() if not each.refuses]

    def follow(self, acting: Acting) -> None:
        """Note a decision that was followed."""
        self.followed[str(acting.decision.get("id"))] = acting
        self.is_refused |= acting.refuses

    def rely_on(self, overrides: Sequence[Item]) -> None:
        """Note overrides that raised an outcome."""
        self.overrides.update((str(each.get("id")), each) for each in overrides)
