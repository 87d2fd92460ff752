"""What leaves of the lists whose items have categories of their own.

Source: disclosure rules, section 2 (minimum sets, several categories, across
references) and section 9 (N8, N9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.disclosure.items import (
    ItemCategories,
    communication_categories,
    concern_categories,
)
from adapter.disclosure.model import HEALTH_KINDS, Outcome
from adapter.record.vocabulary import CLN, MED, RSK, SUB, SXG

if TYPE_CHECKING:
    from adapter.disclosure.walk import Walk

Item = Mapping[str, Any]


def take_risks(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    path = "safety.risks[]"
    kept = (
        walk.take_item(
            f"safety.risks[{position}]",
            path,
            risk,
            walk.risks[risk["id"]],
            is_safety_critical=True,
        )
        for position, risk in enumerate(values)
    )
    return [each for each in kept if each]


def take_mitigations(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    path = "safety.mitigations[]"
    kept = []
    for position, mitigation in enumerate(values):
        place = f"safety.mitigations[{position}]"
        categories = walk.mitigations[mitigation["id"]]
        is_critical = mitigation.get("safety_critical") is True
        if not is_critical and _is_reduced(walk, categories):
            walk.cut(place, Outcome.SHARE_MINIMUM, categories)
            continue
        kept.append(
            walk.take_item(
                place, path, mitigation, categories, is_safety_critical=is_critical
            )
        )
    return [each for each in kept if each]


def _is_reduced(walk: Walk, categories: ItemCategories) -> bool:
    """True where only the safety-critical mitigations are in the minimum."""
    return (
        walk.terms.least(categories.all) is Outcome.SHARE_MINIMUM
        and walk.terms.least(categories.all & {RSK, SUB, SXG}) is Outcome.SHARE_MINIMUM
        and not categories.is_confided
    )


def take_concerns(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    path = "safeguarding.concerns[]"
    kept = []
    for position, concern in enumerate(values):
        place = f"safeguarding.concerns[{position}]"
        is_alert = concern.get("kind") == "safeguarding_alert"
        if not is_alert and not _may_see_complaints(walk):  # N9
            walk.keep_back(place, "N9")
            continue
        kept.append(
            walk.take_item(
                place,
                path,
                concern,
                concern_categories(concern, walk.terms.kind),
                is_safety_critical=is_alert and concern.get("status") != "closed",
            )
        )
    return [each for each in kept if each]


def _may_see_complaints(walk: Walk) -> bool:
    kind = walk.terms.kind
    return kind in ("sending_provider", "young_person") or (
        kind == "advocate" and walk.is_instructed_advocate
    )


def take_communications(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    path = "communications[]"
    kept = []
    for position, communication in enumerate(values):
        place = f"communications[{position}]"
        own = communication.get("recipient_ref") == walk.recipient.get("id")
        if not own and walk.terms.kind not in HEALTH_KINDS:  # N8a
            walk.keep_back(place, "N8")
            continue
        categories = communication_categories(communication, walk.terms.kind)
        kept.append(walk.take_item(place, path, communication, categories))
    return [each for each in kept if each]


def take_conditions(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    path = "clinical_essentials.conditions[]"
    kept = []
    for position, condition in enumerate(values):
        place = f"clinical_essentials.conditions[{position}]"
        added = frozenset(condition.get("extra_categories", ()))
        categories = ItemCategories(added | {CLN}, added & {SUB, SXG})
        kept.append(walk.take_item(place, path, condition, categories))
    return [each for each in kept if each]


def take_medications(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    plan = walk.terms.plan("clinical_essentials.medications[]")
    reduced = walk.terms.outcomes[MED] is Outcome.SHARE_MINIMUM
    kept = []
    for medication in values:
        if reduced and medication.get("change_since_admission") == "stopped":
            walk.removed = True
        else:
            kept.append(walk.take(plan, medication))
    return [each for each in kept if each]


def take_reviews(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    """Mitigation reviews: each has its mitigation's categories."""
    path = "outcomes_monitoring.mitigation_reviews[]"
    kept = []
    for position, review in enumerate(values):
        place = f"outcomes_monitoring.mitigation_reviews[{position}]"
        of = walk.mitigations.get(review.get("mitigation_ref"))
        if of is None:
            walk.kept_back.append(place)
            continue
        kept.append(walk.take_item(place, path, review, of))
    return [each for each in kept if each]


def take_local(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    """Local extensions: whole under share of their category, else not at all."""
    kept = []
    for position, local in enumerate(values):
        place = f"local_extensions[{position}]"
        categories = ItemCategories(frozenset({local.get("category", "")}))
        outcome = walk.terms.least(categories.all)
        if outcome is Outcome.SHARE:
            names = ("id", "namespace", "name", "value")
            kept.append({name: local[name] for name in names if name in local})
            continue
        walk.cut(place, outcome, categories)
        if outcome is Outcome.SHARE_MINIMUM and categories.is_confided:
            walk.pointed = True
    return kept
