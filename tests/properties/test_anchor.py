"""A case moved to another day is the same case: valid, and decided in the same way."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.clock import LONDON, london_day, london_midnight, parse_instant
from adapter.disclosure.model import Decision
from adapter.disclosure.redact import disclose
from adapter.generate.anchor import (
    DAY_OF_THE_CASES,
    INSTANT_OF_THE_CASES,
    shift_instant,
    shift_text,
)
from adapter.policy import DEFAULT_POLICY
from adapter.record.ages import age_on, birthday
from adapter.record.model import Record
from adapter.record.parse import check, parse

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
EVERY = sorted(
    str(found.parent.relative_to(FIXTURES))
    for found in FIXTURES.rglob("record.json")
    # Its fault is a single day before the birth, and a birth may lie a day elsewhere.
    if found.parent.name != "E_DATE_BEFORE_BIRTH"
)
STORIES = sorted(
    found.parents[1].name for found in FIXTURES.glob("*/expected/decisions.json")
)
ANCHORS = [
    DAY_OF_THE_CASES,
    date(2026, 3, 28),  # the clocks go forward that night, and between
    date(2026, 3, 29),
    date(2026, 10, 24),  # and back
    date(2026, 10, 25),
    date(2027, 7, 1),
    date(2028, 2, 29),
    date(2024, 3, 1),
    date(2031, 12, 31),
    date(2099, 6, 15),
]


def told(body: str, at: datetime) -> list[dict[str, str]]:
    _, issues = check(body.encode(), policy=DEFAULT_POLICY, now=at)
    return [
        {name: getattr(issue, name) for name in ("severity", "code", "path")}
        for issue in issues
    ]


@pytest.mark.parametrize("anchor", ANCHORS, ids=str)
@pytest.mark.parametrize("case", EVERY)
def test_each_case_has_the_same_issues_on_any_day(case: str, anchor: date) -> None:
    body = (FIXTURES / case / "record.json").read_text()
    expected = json.loads((FIXTURES / case / "expected" / "issues.json").read_text())
    at = shift_instant(INSTANT_OF_THE_CASES, anchor)
    assert london_day(at) == anchor
    assert told(shift_text(body, anchor), at) == expected


def check_decisions(case: str, anchor: date) -> None:
    """The independently expected decisions, shifted, are what is decided."""
    folder = FIXTURES / case
    shifted = shift_text((folder / "record.json").read_text(), anchor)
    at = shift_instant(INSTANT_OF_THE_CASES, anchor)
    record = parse(shifted.encode(), policy=DEFAULT_POLICY, now=at)
    text = (folder / "expected" / "decisions.json").read_text()
    for instant, recipients in json.loads(shift_text(text, anchor)).items():
        for recipient, expected in recipients.items():
            decision, _ = disclose(
                record, recipient, at=parse_instant(instant), policy=DEFAULT_POLICY
            )
            until = expected.pop("valid_until")
            assert as_expected(decision) == expected, (recipient, instant)
            check_until(record, anchor, decision, until and parse_instant(until))


def check_until(
    record: Record, anchor: date, decision: Decision, expected: datetime | None
) -> None:
    """As expected; a birthday after the next one may lie a day elsewhere."""
    until = decision.valid_until
    if until != expected:
        assert until is not None
        assert expected is not None
        born = date.fromisoformat(record.tree["young_person"]["birth_date"])
        age = age_on(born, london_day(until))
        assert london_midnight(birthday(born, age)) == until
        assert age > age_on(born, anchor) + 1
        assert abs(until - expected) <= timedelta(hours=25)


def as_expected(decision: Decision) -> dict[str, Any]:
    return {
        "kind": decision.kind,
        "categories": {
            name: {"outcome": decided.outcome, "reason": decided.reason}
            for name, decided in decision.categories.items()
        },
        "obligations": sorted(duty.code for duty in decision.obligations),
    }


@pytest.mark.parametrize("anchor", ANCHORS, ids=str)
@pytest.mark.parametrize("case", STORIES)
def test_each_story_is_decided_in_the_same_way(case: str, anchor: date) -> None:
    check_decisions(case, anchor)


@examples(40)
@given(st.sampled_from(STORIES), st.dates(date(1980, 1, 1), date(2140, 12, 31)))
def test_each_story_is_decided_in_the_same_way_on_any_day(
    case: str, anchor: date
) -> None:
    check_decisions(case, anchor)


@pytest.mark.parametrize("anchor", ANCHORS, ids=str)
@pytest.mark.parametrize("case", STORIES)
def test_nothing_but_dates_changes_and_each_by_as_many_days(
    case: str, anchor: date
) -> None:
    body = (FIXTURES / case / "record.json").read_text()
    before, after = json.loads(body), json.loads(shift_text(body, anchor))
    days = anchor - DAY_OF_THE_CASES
    seen = []
    for path, was, now in pairs(before, after):
        if path.endswith(".birth_date"):
            seen.append(path)
            ages = age_on(date.fromisoformat(was), DAY_OF_THE_CASES)
            assert age_on(date.fromisoformat(now), anchor) == ages
        elif was != now or is_date(was):
            seen.append(path)
            assert london_time(now) - london_time(was) == days, path
    assert len(seen) > 20


def pairs(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    if isinstance(before, dict):
        assert list(before) == list(after)
        below = [(f"{path}.{name}", before[name], after[name]) for name in before]
    elif isinstance(before, list):
        below = [(path, *both) for both in zip(before, after, strict=True)]
    else:
        return [(path, before, after)]
    return [found for name, was, now in below for found in pairs(was, now, name)]


def is_date(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def london_time(text: str) -> datetime:
    """As clocks in London show it, without its offset; midnight for a date."""
    instant = datetime.fromisoformat(text)
    return (instant.astimezone(LONDON) if instant.tzinfo else instant).replace(
        tzinfo=None
    )


@examples(100)
@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.times(),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
)
def test_an_instant_keeps_its_time_of_day_in_london(
    day: date, time_of_day: time, anchor: date
) -> None:
    instant = datetime.combine(day, time_of_day, LONDON).astimezone(UTC)
    before = instant.astimezone(LONDON).replace(tzinfo=None)
    moved = shift_instant(instant, anchor).astimezone(LONDON).replace(tzinfo=None)
    days = anchor - DAY_OF_THE_CASES
    # The hour that the clocks leave out, and nothing else, is moved on by one.
    if moved - before != days:
        assert moved - before == days + timedelta(hours=1)
        assert (moved.month, moved.hour) == (3, 2)


def test_what_is_no_date_stays_to_the_last_space() -> None:
    text = (
        '{"a":  "2026-11-05", "b": "on 2026-11-05", "c": "2026-13-05", \n'
        '"d": "2026-11-05T09:00:00", "e": "2026-07-01T09:00:00Z", "f": 20261105,'
        '"g": "2026-11-05T09:00:00.250Z", "2026-11-05": 1'
    )
    assert shift_text(text, date(2026, 11, 6)) == (
        '{"a":  "2026-11-06", "b": "on 2026-11-05", "c": "2026-13-05", \n'
        '"d": "2026-11-05T09:00:00", "e": "2026-07-02T10:00:00+01:00", "f": 20261105,'
        '"g": "2026-11-06T09:00:00.250000Z", "2026-11-06": 1'
    )
    assert shift_text(text, DAY_OF_THE_CASES) == text


def test_who_is_born_on_29_february_keeps_the_age() -> None:
    text = '{"birth_date": "2008-02-29"}'
    assert shift_text(text, date(2030, 11, 5)) == '{"birth_date": "2012-03-01"}'
    assert shift_text('{"birth_date": "2009-11-05"}', date(2027, 3, 1)) == (
        '{"birth_date": "2010-03-01"}'
    )
