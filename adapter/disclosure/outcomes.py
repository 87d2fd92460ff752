"""The outcome of each category for one recipient at one instant, in order of rules.

Gates, then the default outcomes of the route, then what was refused. Permits and
overrides have no effect yet. Source: disclosure rules, sections 3 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.clock import check_aware
from adapter.disclosure import ages, consent, gates, overrides
from adapter.disclosure.model import HEALTH_KINDS, CategoryDecision, Outcome
from adapter.disclosure.reasons import NOT_DECIDED_YET
from adapter.disclosure.routes import category_decision, default_outcomes
from adapter.policy import Policy
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES, SGD

NOT_LISTED = "unknown"
"""The kind of a recipient that the record does not list."""


@dataclass(frozen=True)
class Outcomes:
    """What the categories came to, before any item was looked at.

    ``ended_by_gate``: a gate withheld everything. ``gate`` may be G4b as well, which
    ends nothing.
    """

    recipient: Mapping[str, Any] | None
    kind: str
    gate: str | None
    ended_by_gate: bool
    categories: dict[str, CategoryDecision]
    valid_until: datetime | None


def decide_outcomes(
    record: Record, recipient_id: str, *, at: datetime, policy: Policy
) -> Outcomes:
    """The outcome of every category for a recipient that the record lists, or not."""
    check_aware(at)
    recipient = record.recipient(recipient_id)
    kind = str(recipient.get("kind", NOT_LISTED)) if recipient else NOT_LISTED
    matched = gates.first_gate(record.tree, recipient)
    if recipient is None or matched is not None:
        gate, reason = matched or ("G2", "RECIPIENT_UNKNOWN")
        withheld = category_decision(Outcome.WITHHOLD, reason, gate)
        everything = dict.fromkeys(CATEGORIES, withheld)
        return Outcomes(recipient, kind, gate, True, everything, None)
    standing = ages.standing(record.tree, at)
    categories = default_outcomes(record, recipient, standing, policy)
    sharing = record.tree.get("consent_and_sharing", {})
    if kind not in HEALTH_KINDS:
        for category in _perhaps_opened(sharing, recipient):
            if category in categories and kind != "young_person":
                categories[category] = category_decision(
                    Outcome.WITHHOLD, NOT_DECIDED_YET, "section 3"
                )
    named = [
        decision
        for decision in sharing.get("decisions", ())
        if consent.names_recipient(decision, recipient)
    ]
    for category, (reason, rule) in consent.refused_categories(named, at).items():
        categories[category] = category_decision(Outcome.WITHHOLD, reason, rule)
    implicated = None
    if gates.is_implicated_organisation(record.tree, recipient):
        implicated = "G4b"
        categories[SGD] = category_decision(
            Outcome.WITHHOLD, "RECIPIENT_IMPLICATED", implicated
        )
    later = [each for each in _turning_instants(record, recipient, policy) if each > at]
    return Outcomes(
        recipient, kind, implicated, False, categories, min(later) if later else None
    )


def _perhaps_opened(
    sharing: Mapping[str, Any], recipient: Mapping[str, Any]
) -> Iterator[str]:
    """Categories that a permit or an override names for this recipient, whenever."""
    for decision in sharing.get("decisions", ()):
        if decision.get("decision") != "deny" and consent.names_recipient(
            decision, recipient
        ):
            yield from decision.get("categories", ())
    for override in sharing.get("overrides", ()):
        if override.get("recipient_ref") == recipient["id"]:
            yield from override.get("categories", ())


def _turning_instants(
    record: Record, recipient: Mapping[str, Any], policy: Policy
) -> Iterator[datetime]:
    """Every instant at which a decision for this recipient could turn out differently.

    Source: disclosure rules, section 3, valid_until.
    """
    born = ages.birth_date_of(record.tree)
    if born is not None:
        yield from ages.turning_instants(born)
    sharing = record.tree.get("consent_and_sharing", {})
    all_count = recipient["kind"] in HEALTH_KINDS  # C1 sends them those in force
    for decision in sharing.get("decisions", ()):
        if all_count or consent.names_recipient(decision, recipient):
            yield from consent.turning_instants(decision)
    for override in sharing.get("overrides", ()):
        if all_count or override.get("recipient_ref") == recipient["id"]:
            yield from overrides.turning_instants(override, policy)
