"""Time as an input: aware instants, and the London day they fall on.

Nothing else in the adapter reads a clock. An instant is an aware datetime, kept in UTC;
a day is a civil date in Europe/London (record model, section 0).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

LONDON = ZoneInfo("Europe/London")


def system_clock() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def shifted(clock: Clock, offset: timedelta) -> Clock:
    """A clock that runs ``offset`` ahead of another: for testers only."""

    def read() -> datetime:
        return clock() + offset

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


def format_instant(instant: datetime) -> str:
    """The instant as a FHIR instant in UTC: ``2026-11-05T09:00:00.000Z``."""
    utc = check_aware(instant).astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
