"""The duties that come with a decision, each with words that hold no value.

Source: disclosure rules, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from adapter.clock import london_midnight
from adapter.disclosure.grounds import Grounds
from adapter.disclosure.model import (
    SILENT_KINDS,
    CategoryDecision,
    Obligation,
    Outcome,
    is_silent_kind,
)
from adapter.disclosure.overrides import override_end
from adapter.disclosure.reasons import explain
from adapter.policy import Policy
from adapter.record.vocabulary import RSK

Categories = Mapping[str, CategoryDecision]

_REVIEWED_GATES = frozenset({"G2", "G2a", "G3", "G4", "G4b"})
_REVIEWED_REASONS = frozenset(
    {
        "COMPETENCE_NOT_ASSESSED",
        "CAPACITY_IN_DOUBT",
        "NO_BEST_INTERESTS_DECISION",
        "OVERRIDE_NOT_AVAILABLE",
        "CEILING_EXCEEDED",
        "DECIDER_NOT_AUTHORISED",
        "OWN_INFORMATION_LIMITED",
    }
)
_REFUSALS = frozenset({"CONSENT_REFUSED", "CONSENT_WITHDRAWN"})
_UNASKED = frozenset({"NO_CONSENT_RECORDED", "CONSENT_EXPIRED", "CONSENT_LAPSED_AT_18"})
_TOLD_OF = frozenset({"STATUTORY_SAFEGUARDING", "OVERRIDE_APPLIED"})
_PLACEMENTS = frozenset({"community_placement_carer", "care_provider"})


def obligations(
    kind: str,
    categories: Categories,
    grounds: Grounds,
    policy: Policy,
    *,
    is_incomplete: bool = False,
    to_ring: Sequence[str] = (),
) -> tuple[Obligation, ...]:
    """The duties in the order of the rules' table; RECORD always.

    ``is_incomplete``: something is sent, and a value was really removed. ``to_ring``:
    the places of safety-critical items that became the pointer. Due dates come from the
    record and never from the clock, so that duties hold until ``valid_until`` (T10).
    """
    found = [
        Obligation(
            "RECORD", None, "Write down who was told what, why, when, of which version."
        ),
        _tell(categories, grounds, policy),
        _review_by(grounds, policy),
        _notify_caldicott(grounds),
        _seek_consent(categories, grounds),
        _reconfirm(grounds),
        _human_review(categories, grounds),
        *_about_what_leaves(kind, categories, is_incomplete, to_ring),
    ]
    return tuple(duty for duty in found if duty is not None)


def _tell(
    categories: Categories, grounds: Grounds, policy: Policy
) -> Obligation | None:
    """TELL_YOUNG_PERSON, or its deferral where telling has been judged unsafe."""
    told_of = {each.reason for each in categories.values()} & _TOLD_OF
    by_best_interests = any(
        permit.get("decided_by") == "best_interests" for permit in grounds.permits
    )
    if not told_of and not by_best_interests:
        return None
    dates = list(_look_again(told_of, grounds, policy))
    if dates:
        known = [each for each in dates if each is not None]
        return Obligation(
            "TELL_YOUNG_PERSON_DEFERRED",
            min(known) if known else None,
            "Telling the young person has been judged unsafe: look again by this date.",
        )
    return Obligation(
        "TELL_YOUNG_PERSON",
        None,
        "Tell the young person what is shared with this recipient, and why.",
    )


def _look_again(
    told_of: set[str], grounds: Grounds, policy: Policy
) -> Iterator[datetime | None]:
    """When to look again at each judgement that telling is unsafe.

    For an override its end; for a concern the first safeguarding review that has not
    been done, None where there is none.
    """
    for override in grounds.overrides.values():
        if override.get("young_person_told") == "not_told_unsafe":
            yield override_end(override, policy)
    if "STATUTORY_SAFEGUARDING" in told_of and any(
        concern.get("explained_to_person") == "unsafe_to_explain"
        for concern in grounds.concerns
    ):
        undone = [
            _day(point["on"])
            for point in grounds.review_points
            if "on" in point and "done_on" not in point
        ]
        yield min(undone) if undone else None


def _review_by(grounds: Grounds, policy: Policy) -> Obligation | None:
    dates = [
        _day(permit["review_on"]) for permit in grounds.permits if "review_on" in permit
    ]
    dates += [override_end(each, policy) for each in grounds.overrides.values()]
    if not dates:
        return None
    return Obligation(
        "REVIEW_BY",
        min(dates),
        "Look again at what was relied on: an agreement, or a reason to share without.",
    )


def _notify_caldicott(grounds: Grounds) -> Obligation | None:
    if not grounds.overrides:
        return None
    return Obligation(
        "NOTIFY_CALDICOTT",
        None,
        "Tell the Caldicott Guardian that something is shared without agreement.",
    )


def _seek_consent(categories: Categories, grounds: Grounds) -> Obligation | None:
    """Never where somebody entitled has said no to this recipient: no pestering."""
    unasked = [name for name, each in categories.items() if each.reason in _UNASKED]
    if not unasked or grounds.is_refused:
        return None
    return Obligation("SEEK_CONSENT", None, f"Ask about: {_in_words(unasked)}.")


def _reconfirm(grounds: Grounds) -> Obligation | None:
    """An own decision of before 18 goes on, and is asked about again (D7)."""
    adult_since = grounds.adult_since
    if adult_since is None or not any(
        each.is_own and each.since < adult_since for each in grounds.followed.values()
    ):
        return None
    return Obligation(
        "RECONFIRM_AT_18",
        None,
        "Ask whether what was decided before 18 still stands.",
    )


def _human_review(categories: Categories, grounds: Grounds) -> Obligation | None:
    """What a person has to look at, by reason code."""
    by_reason: dict[str, list[str]] = {}
    for category, decided in categories.items():
        if (
            decided.reason in _REVIEWED_REASONS
            or decided.rule in _REVIEWED_GATES
            or (grounds.is_direct_care and decided.reason in _REFUSALS)
        ):
            by_reason.setdefault(decided.reason, []).append(category)
    if not by_reason:
        return None
    detail = " ".join(
        f"About {_about(named, categories)}: {explain(reason)}"
        for reason, named in by_reason.items()
    )
    return Obligation("HUMAN_REVIEW", None, detail)


def _about(named: Sequence[str], categories: Categories) -> str:
    return "everything" if len(named) == len(categories) else _in_words(named)


def _in_words(categories: Sequence[str]) -> str:
    """The names of categories as a sentence can have them."""
    return ", ".join(name.replace("_", " ") for name in categories)


def _about_what_leaves(
    kind: str, categories: Categories, is_incomplete: bool, to_ring: Sequence[str]
) -> Iterator[Obligation]:
    if kind in _PLACEMENTS and categories[RSK].outcome is Outcome.WITHHOLD:
        yield Obligation(
            "PLACEMENT_SAFETY_REVIEW",
            None,
            "They would get nothing about risks and what keeps people safe: the "
            "placement should not start until a person has looked.",
        )
    if is_incomplete and not is_silent_kind(kind):
        yield Obligation(
            "MARK_INCOMPLETE",
            None,
            "The bundle says that it is not complete and gives a number to ring.",
        )
    if to_ring:
        yield Obligation(
            "RING_SENDER",
            None,
            "Offer the recipient a call about what keeps people safe and was told in "
            f"confidence: {', '.join(sorted(to_ring))}.",
        )
    less = any(each.outcome is not Outcome.SHARE for each in categories.values())
    if kind in SILENT_KINDS and less:
        yield Obligation(
            "SILENT_OMISSION",
            None,
            "Nothing may tell the recipient that something was left out.",
        )


def _day(day: str) -> datetime:
    return london_midnight(date.fromisoformat(day))
