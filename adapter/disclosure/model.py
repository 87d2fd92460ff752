"""A disclosure decision: what one recipient may get at one instant, and why.

Shapes only; the rules that fill them stand in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.clock import format_instant
from adapter.disclosure.reasons import explain
from adapter.policy import Outcome
from adapter.record.vocabulary import HEALTH_KINDS

__all__ = [
    "HEALTH_KINDS",
    "SILENT_KINDS",
    "CategoryDecision",
    "Decision",
    "ItemDecision",
    "Obligation",
    "Outcome",
    "is_silent_kind",
]

# Who may be told that something was left out: health kinds and the two council kinds.
# Everyone else, and any kind that is not known, learns nothing of it (section 8).
_TOLD_KINDS = frozenset({*HEALTH_KINDS, "la_safeguarding", "social_care"})
SILENT_KINDS = frozenset(
    {
        "family_member",
        "housing",
        "voluntary_sector",
        "education_provider",
        "community_placement_carer",
        "care_provider",
        "placement_scheme",
        "substance_use_service",
        "advocate",
        "young_person",
        "commissioner",
        "regulator",
    }
)


def is_silent_kind(kind: str) -> bool:
    """True for a kind that must not learn that anything was left out."""
    return kind not in _TOLD_KINDS


@dataclass(frozen=True)
class CategoryDecision:
    """The outcome for one category, with its one reason, its rule and its settings."""

    outcome: Outcome
    reason: str
    why: str
    rule: str
    policies: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.value,
            "reason": self.reason,
            "why": self.why,
            "rule": self.rule,
            "policies": list(self.policies),
        }


@dataclass(frozen=True)
class ItemDecision:
    """What happens to one item whose outcome is not simply that of its category.

    ``path`` is concrete (``safety.risks[1]``) and speaks of the record, so it goes to
    the sender and the audit trail only.
    """

    path: str
    outcome: Outcome
    reason: str
    rule: str

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "why": explain(self.reason),
            "rule": self.rule,
        }


@dataclass(frozen=True)
class Obligation:
    """A duty that comes with a decision; ``due`` None where the rules name no date."""

    code: str
    due: datetime | None
    detail: str

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "due": format_instant(self.due) if self.due else None,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class Decision:
    """What one recipient may get at ``at``; it holds until ``valid_until``.

    ``valid_until`` None: nothing in the record makes it turn out differently later, or
    a gate that reads no clock ended the matter. ``gate`` names the gate that matched
    (G4b too, which ends nothing). Source: disclosure rules, section 3.
    """

    recipient_id: str
    kind: str
    record_version: int
    at: datetime
    policy_version: str
    categories: Mapping[str, CategoryDecision]
    items: tuple[ItemDecision, ...]
    obligations: tuple[Obligation, ...]
    valid_until: datetime | None
    gate: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The decision in the shape of the ``decide`` command."""
        return {
            "kind": self.kind,
            "record_version": self.record_version,
            "at": format_instant(self.at),
            "policy_version": self.policy_version,
            "categories": {
                name: decided.as_json() for name, decided in self.categories.items()
            },
            "items": [item.as_json() for item in self.items],
            "obligations": [duty.as_json() for duty in self.obligations],
            "valid_until": (
                format_instant(self.valid_until) if self.valid_until else None
            ),
        }

    def outcome(self, category: str) -> Outcome:
        """The outcome for a category; withhold for one that the rules do not know."""
        decided = self.categories.get(category)
        return decided.outcome if decided else Outcome.WITHHOLD

    @property
    def is_silent(self) -> bool:
        """True for a recipient who must not learn that anything was left out."""
        return is_silent_kind(self.kind)

    @property
    def withholds_all(self) -> bool:
        """True when nothing may leave."""
        return all(
            decided.outcome is Outcome.WITHHOLD for decided in self.categories.values()
        )
