"""Cases moved to another day: every date of a fixture shifts with the others.

The cases of fixtures/ happen on one day. Put to another, all their dates shift by the
same whole number of days, and so what lies between two of them. An instant keeps its
time of day in London, also where the clocks change in between. A birth date keeps the
age and what is left until the next birthday, since a year is no whole number of days
that could be shifted: earlier and later birthdays may lie a day elsewhere.

What a text says of a date in words stays as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from adapter.clock import LONDON
from adapter.record.ages import age_on, birthday

DAY_OF_THE_CASES = date(2026, 11, 5)
"""The day, in London, on which each case of fixtures/ happens."""

INSTANT_OF_THE_CASES = datetime(2026, 11, 5, 9, tzinfo=LONDON).astimezone(UTC)
"""For which its expected issues and decisions are told, unless they name another."""

FIRST, LAST = date(1970, 1, 1), date(2150, 12, 31)
"""The anchors that leave every date of a life within the calendar."""

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_VALUE = re.compile(
    rf'(?P<birth>"birth_date"\s*:\s*)?"(?P<day>{_DATE})(?P<time>T[0-9:.]+[Z0-9:+-]+)?"'
)


def shift_text(text: str, anchor: date) -> str:
    """The JSON text of a case as if it happened on ``anchor``; the same on its own day.

    A date is a JSON string that is one, whole; what cannot be read as a date stays, and
    so does everything else, to the last space. So what is not JSON can be shifted too.
    """
    days = anchor - DAY_OF_THE_CASES
    if not days:
        return text

    def moved(found: re.Match[str]) -> str:
        day, time_of_day = found["day"], found["time"]
        try:
            if time_of_day is not None:
                to = _instant_text(day + time_of_day, days)
            elif found["birth"]:
                return f'{found["birth"]}"{_shift_birth(day, days)}"'
            else:
                to = str(date.fromisoformat(day) + days)
        except (ValueError, OverflowError):
            return found[0]
        return f'{found["birth"] or ""}"{to}"'

    return _VALUE.sub(moved, text)


def shift_instant(instant: datetime, anchor: date) -> datetime:
    """The same time of day in London, so many days later or earlier, in UTC.

    A time that the clocks leave out that night is the one an hour later.
    """
    days = anchor - DAY_OF_THE_CASES
    return _shift(instant, days).astimezone(UTC) if days else instant


def _shift(instant: datetime, days: timedelta) -> datetime:
    there = instant.astimezone(LONDON)
    time_of_day = there.time().replace(fold=0)
    moved = datetime.combine(there.date() + days, time_of_day, LONDON)
    return moved.astimezone(UTC).astimezone(LONDON)


def _instant_text(text: str, days: timedelta) -> str:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no instant without its offset")
    moved = _shift(instant, days).isoformat()
    return moved.replace("+00:00", "Z") if text.endswith("Z") else moved


def _shift_birth(text: str, days: timedelta) -> date:
    born = date.fromisoformat(text)
    age = age_on(born, DAY_OF_THE_CASES) + 1
    reached = birthday(born, age) + days
    try:
        return reached.replace(year=reached.year - age)
    except ValueError:  # 29 February, and no leap year
        return date(reached.year - age, 3, 1)
