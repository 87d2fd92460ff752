"""Dates that lie in the future, before birth, or the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from adapter.clock import london_day, parse_instant
from adapter.record.declarations import DECLARATIONS
from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Check, Facts, Rule, wrong

_TOLERANCE = timedelta(minutes=5)

PAIRS = (
    ("", "authored_at", "updated_at"),
    ("young_person.neurodevelopmental", "referred_on", "expected_by"),
    ("transition", "admission_date", "planned_date"),
    ("transition", "admission_date", "actual_date"),
    ("transition.therapies[]", "last_on", "next_on"),
    ("safeguarding.concerns[]", "raised_on", "decided_on"),
    ("safeguarding.concerns[]", "raised_on", "closed_on"),
    ("safeguarding.concerns[].investigation", "started_on", "ended_on"),
    ("safeguarding.review_points[]", "on", "next_on"),
    ("step_down_plan.phases[]", "starts_on", "ends_on"),
    ("consent_and_sharing.decisions[]", "effective_from", "effective_to"),
    ("consent_and_sharing.decisions[]", "decided_at", "withdrawn_at"),
    ("consent_and_sharing.overrides[]", "decided_at", "expires_at"),
    ("care_team.members[]", "from_on", "until_on"),
    ("communications[]", "sent_at", "acknowledged_at"),
    ("outcomes_monitoring.death", "date_of_discharge", "date_of_death"),
)
"""Where, the earlier, the later. Source: record model, 14.2."""


def _read(text: str) -> date | datetime:
    return parse_instant(text) if "T" in text else date.fromisoformat(text)


def _in_order(earlier: str, later: str) -> Check:
    def check(part: Part, _: Facts) -> Iterator[Finding]:
        first, second = part.value(earlier), part.value(later)
        if first is None or second is None or _read(first) <= _read(second):
            return
        yield wrong("E_DATE_ORDER", part.at(later), f"on or after {earlier}")

    return check


def _not_in_future(name: str) -> Check:
    def check(part: Part, facts: Facts) -> Iterator[Finding]:
        text = part.value(name)
        if text is None:
            return
        when = _read(text)
        if isinstance(when, datetime):
            is_future = when - facts.now > _TOLERANCE
        else:
            is_future = when > london_day(facts.now)
        if is_future:
            yield wrong("E_DATE_FUTURE", part.at(name), "not after the present")

    return check


def _not_before_birth(*names: str) -> Check:
    def check(part: Part, facts: Facts) -> Iterator[Finding]:
        birth = facts.birth
        for name in names:
            if part.is_readable(name) and birth and _is_before(part.value(name), birth):
                yield wrong("E_DATE_BEFORE_BIRTH", part.at(name), "not before birth")

    return check


def _is_before(text: str | None, birth: date) -> bool:
    if text is None:
        return False
    when = _read(text)
    return (london_day(when) if isinstance(when, datetime) else when) < birth


def _consent_dates() -> Iterator[Rule]:
    """Any date under consent_and_sharing. Source: E_DATE_BEFORE_BIRTH."""
    names: dict[str, list[str]] = {}
    for path, found in DECLARATIONS.items():
        if found.type in ("date", "datetime") and path.startswith(
            "consent_and_sharing"
        ):
            container, _, name = path.rpartition(".")
            names.setdefault(container, []).append(name)
    for container, dates in names.items():
        yield container, _not_before_birth(*dates)


RULES: tuple[Rule, ...] = (
    ("", _not_in_future("authored_at")),
    ("", _not_in_future("updated_at")),
    ("young_person", _not_in_future("birth_date")),
    ("outcomes_monitoring.death", _not_in_future("date_of_death")),
    ("transition", _not_before_birth("planned_date", "actual_date", "admission_date")),
    ("outcomes_monitoring.death", _not_before_birth("date_of_death")),
    *_consent_dates(),
    *((where, _in_order(earlier, later)) for where, earlier, later in PAIRS),
)
