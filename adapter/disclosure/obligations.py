"""The duties that come with a decision, each with words that hold no value.

Source: disclosure rules, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapter.disclosure.model import (
    SILENT_KINDS,
    CategoryDecision,
    Obligation,
    Outcome,
    is_silent_kind,
)
from adapter.disclosure.reasons import NOT_DECIDED_YET
from adapter.record.vocabulary import RSK

_REVIEWED_GATES = frozenset({"G2", "G2a", "G3", "G4", "G4b"})
_REVIEWED_REASONS = frozenset(
    {
        "CONSENT_REFUSED",
        "CONSENT_WITHDRAWN",
        "COMPETENCE_NOT_ASSESSED",
        "CAPACITY_IN_DOUBT",
        "NO_BEST_INTERESTS_DECISION",
        "OVERRIDE_NOT_AVAILABLE",
        "CEILING_EXCEEDED",
        "DECIDER_NOT_AUTHORISED",
        "OWN_INFORMATION_LIMITED",
        NOT_DECIDED_YET,
    }
)
_UNASKED = frozenset({"NO_CONSENT_RECORDED"})
_ANSWERED = frozenset({"CONSENT_REFUSED", "CONSENT_WITHDRAWN"})
_PLACEMENTS = frozenset({"community_placement_carer", "care_provider"})


def obligations(
    kind: str,
    categories: Mapping[str, CategoryDecision],
    *,
    is_incomplete: bool = False,
    to_ring: Sequence[str] = (),
) -> tuple[Obligation, ...]:
    """The duties in the order of the rules' table; RECORD always.

    ``is_incomplete``: something is sent, and a value was really removed. ``to_ring``:
    the places of safety-critical items that became the pointer.
    """
    duties = [
        Obligation(
            "RECORD", None, "Write down who was told what, why, when, of which version."
        )
    ]
    unasked = [name for name, each in categories.items() if each.reason in _UNASKED]
    if unasked and not any(each.reason in _ANSWERED for each in categories.values()):
        duties.append(
            Obligation("SEEK_CONSENT", None, f"Ask about: {', '.join(unasked)}.")
        )
    if detail := _to_review(categories):
        duties.append(Obligation("HUMAN_REVIEW", None, detail))
    if kind in _PLACEMENTS and categories[RSK].outcome is Outcome.WITHHOLD:
        duties.append(
            Obligation(
                "PLACEMENT_SAFETY_REVIEW",
                None,
                "They would get no risk_and_mitigation: the placement should not "
                "start until a person has looked.",
            )
        )
    if is_incomplete and not is_silent_kind(kind):
        duties.append(
            Obligation(
                "MARK_INCOMPLETE",
                None,
                "The bundle says that it is not complete and gives a number to ring.",
            )
        )
    if to_ring:
        duties.append(
            Obligation(
                "RING_SENDER",
                None,
                f"Offer the recipient a call about: {', '.join(sorted(to_ring))}.",
            )
        )
    less = any(each.outcome is not Outcome.SHARE for each in categories.values())
    if kind in SILENT_KINDS and less:
        duties.append(
            Obligation(
                "SILENT_OMISSION",
                None,
                "Nothing may tell the recipient that something was left out.",
            )
        )
    return tuple(duties)


def _to_review(categories: Mapping[str, CategoryDecision]) -> str:
    """What a person has to look at, by reason code; "" when nothing."""
    by_reason: dict[str, list[str]] = {}
    for category, decided in categories.items():
        if decided.reason in _REVIEWED_REASONS or decided.rule in _REVIEWED_GATES:
            by_reason.setdefault(decided.reason, []).append(category)
    return " ".join(
        f"{reason}."
        if len(named) == len(categories)
        else f"{reason}: {', '.join(named)}."
        for reason, named in by_reason.items()
    )
