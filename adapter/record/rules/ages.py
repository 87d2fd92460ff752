"""What an age makes unusual, or calls for.

Age-dependent checks take the London date of updated_at (record model, section 14).
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.record.ages import (
    MONTHS_AT_17_AND_A_HALF,
    age_on,
    birthday,
    day_after_months,
)
from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, wrong

_ASSESSED = ("has_capacity", "lacks_capacity", "in_doubt")


def check_usual_age(whole: Part, facts: Facts) -> Iterator[Finding]:
    """A move out of children's services at an age that is rare there.

    Source: W_AGE_UNUSUAL.
    """
    transition = whole.part("transition")
    kind, planned = transition.value("transition_type"), transition.date("planned_date")
    if kind is None or planned is None or facts.birth is None:
        return
    if kind.startswith(("inpatient_cyp", "cyp")) and not (
        10 <= age_on(facts.birth, planned) <= 25
    ):
        yield wrong(
            "W_AGE_UNUSUAL",
            whole.at("young_person", "birth_date"),
            "outside 10 to 25 on the planned date, for this type of transition",
        )


def check_gillick_age(competence: Part, facts: Facts) -> Iterator[Finding]:
    """Gillick marked not applicable, yet under 16. Source: W_COMPETENCE_AGE."""
    if (
        competence.value("gillick") == "not_applicable_16_or_over"
        and facts.is_aged(16) is False
    ):
        yield wrong("W_COMPETENCE_AGE", competence.at("gillick"), "under 16 today")


def _check_capacity_age(part: Part, name: str, facts: Facts) -> Iterator[Finding]:
    outcome = part.value(name)
    if outcome == "not_applicable_under_16" and facts.is_aged(16):
        yield wrong("W_COMPETENCE_AGE", part.at(name), "16 or over today")
    assessed = part.date("assessed_on")
    if outcome not in _ASSESSED or assessed is None or facts.birth is None:
        return
    if assessed < birthday(facts.birth, 16):
        yield wrong(
            "W_COMPETENCE_AGE",
            part.at("assessed_on"),
            "capacity assessed before the 16th birthday does not count",
        )


def check_capacity_age(competence: Part, facts: Facts) -> Iterator[Finding]:
    """Capacity that is marked, or was assessed, at the wrong age.

    Source: W_COMPETENCE_AGE.
    """
    return _check_capacity_age(competence, "capacity", facts)


def check_other_capacity_age(other: Part, facts: Facts) -> Iterator[Finding]:
    """The same for a decision other than sharing. Source: W_COMPETENCE_AGE."""
    return _check_capacity_age(other, "outcome", facts)


def check_change_at_18(sharing: Part, facts: Facts) -> Iterator[Finding]:
    """What changes at 18 is talked about in time.

    Source: W_CHANGE_AT_18_NOT_DISCUSSED.
    """
    change = sharing.part("change_at_18")
    name = "discussed_with_young_person_on"
    if facts.today is None or facts.birth is None or not change.lacks(name):
        return
    if facts.today >= day_after_months(facts.birth, MONTHS_AT_17_AND_A_HALF):
        yield wrong(
            "W_CHANGE_AT_18_NOT_DISCUSSED",
            change.at(name),
            "aged 17 years 6 months or more, and not discussed",
        )


def check_parental_decision_used(decision: Part, facts: Facts) -> Iterator[Finding]:
    """A PR holder's decision about someone who decides for themselves.

    Source: W_CONSENT_PR_DECISION_NOT_USED; capacity counts only when assessed from 16
    on (disclosure rules, section 2).
    """
    if decision.value("decided_by") != "person_with_pr":
        return
    competence = facts.whole.part("consent_and_sharing", "competence")
    aged_16 = facts.is_aged(16)
    if aged_16 is None or facts.birth is None:
        return
    if aged_16:
        assessed = competence.date("assessed_on")
        counts = assessed is not None and assessed >= birthday(facts.birth, 16)
        decides = competence.known("capacity") != "lacks_capacity" or not counts
    else:
        decides = competence.known("gillick") == "competent"
    if decides:
        yield wrong(
            "W_CONSENT_PR_DECISION_NOT_USED",
            decision.at("decided_by"),
            "the young person decides this; kept, shown and not acted on",
        )


RULES: tuple[Rule, ...] = (
    ("", check_usual_age),
    ("consent_and_sharing.competence", check_gillick_age),
    ("consent_and_sharing.competence", check_capacity_age),
    ("consent_and_sharing.competence.other[]", check_other_capacity_age),
    ("consent_and_sharing", check_change_at_18),
    ("consent_and_sharing.decisions[]", check_parental_decision_used),
)
