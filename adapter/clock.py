"""Time as an input: aware instants, and the London day they fall on.

Nothing else in the adapter reads a clock. An instant is an aware datetime, kept in UTC;
a day is a civil date in Europe/London (record model, section 0).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

LONDON = ZoneInfo("Europe/London")

_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>[0-9]{1,5})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?"
    r"(?:(?P<minutes>[0-9]{1,8})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?"
)


def system_clock() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def shifted(clock: Clock, offset: Callable[[], timedelta]) -> Clock:
    """A clock that runs as far ahead of another as ``offset`` says at that moment."""

    def read() -> datetime:
        return clock() + offset()

    return read


def check_aware(instant: datetime) -> datetime:
    """The instant itself; ValueError when it carries no zone."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("an instant must carry its zone")
    return instant


def london_day(instant: datetime) -> date:
    """The civil date in Europe/London at that instant."""
    return check_aware(instant).astimezone(LONDON).date()


def london_midnight(day: date) -> datetime:
    """The instant, in UTC, at which that day begins in Europe/London."""
    return datetime.combine(day, time.min, tzinfo=LONDON).astimezone(UTC)


def parse_instant(text: str) -> datetime:
    """The instant that an RFC 3339 text names, in UTC.

    ValueError when it is not such a text or names no offset. The text is not echoed.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("not an RFC 3339 instant") from None
    return check_aware(instant).astimezone(UTC)


def parse_duration(text: str) -> timedelta:
    """The time that an ISO 8601 duration names, such as ``P1DT2H30M`` or ``P2W``.

    ValueError for anything else, and for months and years, which have no one length.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not an ISO 8601 duration of weeks, days, hours and less")
    given = found.groupdict()
    return timedelta(**{unit: int(count) for unit, count in given.items() if count})


def format_instant(instant: datetime) -> str:
    """The instant as a FHIR instant in UTC: ``2026-11-05T09:00:00.000Z``."""
    utc = check_aware(instant).astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
