"""How a supplier writes dates, times, numbers and yes or no, and what the record has.

A form is written as people write it: ``DD/MM/YYYY hh:mm``, ``DD-MMM-YYYY``, ``Y/N``.
A time without an offset is a time in Europe/London.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from adapter.clock import LONDON

_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MMM": rf"(?P<month>{'|'.join(_MONTHS)})",
    "MM": r"(?P<month>[0-9]{2})",
    "DD": r"(?P<day>[0-9]{2})",
    "hh": r"(?P<hour>[0-9]{2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})",
}
_TOKEN = re.compile("|".join(_TOKENS))
_DAY = {"year", "month", "day"}
_TIME = {"hour", "minute"}
_DIGITS = re.compile(r"-?[0-9]{1,18}")


class Unreadable(Exception):
    """A value is not written in its form; the message says how it should be."""


class BadForm(Exception):
    """A form cannot be read; the message says why."""


@dataclass(frozen=True)
class Read:
    """A value as the record writes it; ``is_twice`` for a time that a night has twice.

    Of the two, the earlier is taken.
    """

    value: str
    is_twice: bool = False


@dataclass(frozen=True)
class DateForm:
    """One way of writing dates, or local times."""

    form: str
    pattern: re.Pattern[str]
    has_time: bool

    def read(self, text: str) -> Read:
        """An ISO date, or an RFC 3339 time with London's offset. Raises Unreadable."""
        match = self.pattern.fullmatch(text)
        if match is None:
            raise Unreadable(self._expected())
        found = match.groupdict()
        month = found["month"]
        number = int(month) if month.isdigit() else _MONTHS.index(month) + 1
        try:
            day = date(int(found["year"]), number, int(found["day"]))
            if not self.has_time:
                return Read(day.isoformat())
            second = int(found.get("second") or 0)
            hour, minute = int(found["hour"]), int(found["minute"])
            local = datetime(
                day.year, day.month, day.day, hour, minute, second, tzinfo=LONDON
            )
        except ValueError:
            raise Unreadable(self._expected()) from None
        if local.astimezone(UTC).astimezone(LONDON).replace(fold=0) != local:
            raise Unreadable("a time that the clocks in London leave out")
        later = local.replace(fold=1)
        return Read(local.isoformat(), later.utcoffset() != local.utcoffset())

    def _expected(self) -> str:
        what = "a time in London" if self.has_time else "a date"
        return f"must be {what} written as {self.form}"


def date_form(form: str, *, has_time: bool) -> DateForm:
    """The form of dates that is written so. Raises BadForm."""
    pattern, position, named = "", 0, set()
    for token in _TOKEN.finditer(form):
        pattern += re.escape(form[position : token.start()])
        part = _TOKENS[token[0]]
        name = part[4 : part.index(">")]
        if name in named:
            raise BadForm(f"{token[0]} stands twice, or beside another of its kind")
        named.add(name)
        pattern += part
        position = token.end()
    pattern += re.escape(form[position:])
    if not named >= (_DAY | _TIME if has_time else _DAY):
        raise BadForm(
            "a form is made of YYYY, MM or MMM, DD"
            + (", hh, mm and perhaps ss" if has_time else "")
        )
    if not has_time and named - _DAY:
        raise BadForm("a date has no hours; declare a datetime")
    return DateForm(form, re.compile(pattern, re.ASCII), has_time)


@dataclass(frozen=True)
class YesNo:
    """Two texts, one for true and one for false."""

    yes: str
    no: str

    def read(self, text: str) -> bool:
        """Raises Unreadable for any other text."""
        if text not in (self.yes, self.no):
            raise Unreadable(f"must be {self.yes} or {self.no}")
        return text == self.yes


def yes_no(form: str) -> YesNo:
    """The form ``Y/N``. Raises BadForm."""
    yes, slash, no = form.partition("/")
    if not (yes and slash and no) or yes == no:
        raise BadForm("a boolean's form is two texts, true first, such as Y/N")
    return YesNo(yes, no)


def read_number(text: str) -> int:
    """A whole number written in digits. Raises Unreadable."""
    if not _DIGITS.fullmatch(text):
        raise Unreadable("must be a whole number")
    return int(text)
