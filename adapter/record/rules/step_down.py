"""Phases follow each other without a cliff edge, and each step has its number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Check, Facts, Rule, required, wrong

_PER_26_WEEKS = {"day": 182, "week": 26, "fortnight": 13, "month": 6}


def _phases(plan: Part) -> list[Part]:
    """The phases in their order; Unjudged where an order cannot be read."""
    return sorted(plan.items("phases"), key=lambda phase: int(phase.known("order")))


def check_cover(plan: Part, facts: Facts) -> Iterator[Finding]:
    """The phases cover every day from the move on, but for one between two of them.

    Source: record model, ``step_down_plan.phases[].starts_on``; E_PHASE_GAP.
    """
    phases = _phases(plan)
    for earlier, later in pairwise(phases):
        if not (earlier.is_readable("ends_on") and later.is_readable("starts_on")):
            continue
        ends, starts = earlier.date("ends_on"), later.date("starts_on")
        if ends and starts and not 1 <= (starts - ends).days <= 2:
            yield _gap(
                later, "follows the phase before, with no more than a day between"
            )
    if phases and phases[0].is_readable("starts_on"):
        first, move = phases[0].date("starts_on"), facts.move
        if first and move and first > move:
            yield _gap(phases[0], "the first phase starts by the day of the move")


def _gap(phase: Part, why: str) -> Finding:
    return required(phase.at("starts_on"), f"so that {why}", code="E_PHASE_GAP")


def check_ends(plan: Part, _: Facts) -> Iterator[Finding]:
    """``ends_on``: absent only on the last phase."""
    for phase in _phases(plan)[:-1]:
        if phase.lacks("ends_on"):
            yield required(phase.at("ends_on"), "on every phase but the last")


def check_counts(plan: Part, _: Facts) -> Iterator[Finding]:
    """``contacts.count``: 0 only in the last phase."""
    for phase in _phases(plan)[:-1]:
        if phase.is_readable("contacts") and phase.part("contacts").shows("count", 0):
            yield wrong(
                "E_SCHEMA", phase.at("contacts", "count"), "0 only in the last phase"
            )


def check_contact_drop(plan: Part, _: Facts) -> Iterator[Finding]:
    """Contact that falls by more than half at once. Source: W_CONTACT_DROP."""
    phases = _phases(plan)
    for earlier, later in pairwise(phases):
        before, after = _rate(earlier), _rate(later)
        if before is not None and after is not None and after * 2 < before:
            yield wrong(
                "W_CONTACT_DROP",
                later.at("contacts"),
                "less than half the contact of the phase before",
            )


def _rate(phase: Part) -> int | None:
    contacts = phase.part("contacts")
    count, period = contacts.value("count"), contacts.value("period")
    if count is None or period is None:
        return None
    return int(count) * _PER_26_WEEKS[period]


def check_first_contact(whole: Part, facts: Facts) -> Iterator[Finding]:
    """The first contact comes soon. Source: W_FIRST_CONTACT_LATE; policy P-14."""
    moves = whole.part("transition").instant("clinical_responsibility_moves_at")
    plan = whole.part("step_down_plan")
    contact = plan.instant("first_contact_after_move")
    longest = timedelta(hours=facts.policy.first_contact_hours)
    if moves and contact and contact - moves > longest:
        yield wrong(
            "W_FIRST_CONTACT_LATE",
            plan.at("first_contact_after_move"),
            "later after the move than the policy's hours",
        )


def _unique(items: str, name: str) -> Check:
    """A check that a number stands once among the items of a list."""

    def check(part: Part, _: Facts) -> Iterator[Finding]:
        seen = set()
        for item in part.items(items):
            if item.is_readable(name) and item.has(name):
                if item.value(name) in seen:
                    yield wrong("E_SCHEMA", item.at(name), "each number stands once")
                seen.add(item.value(name))

    return check


RULES: tuple[Rule, ...] = (
    ("safeguarding", _unique("escalation_pathway", "step")),
    ("step_down_plan", _unique("phases", "order")),
    ("step_down_plan", check_cover),
    ("step_down_plan", check_ends),
    ("step_down_plan", check_counts),
    ("step_down_plan", check_contact_drop),
    ("", check_first_contact),
)
