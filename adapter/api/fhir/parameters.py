"""A search as it was asked, read from its parameters.

Each parameter is read only where R4 defines it for the type; any other, a modifier, a
prefix or a form that is not taken here is refused by name. A parameter that repeats
narrows (and), a comma widens (or), as R4 has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapter.api.fhir.types import (
    CONTROLS,
    COUNT,
    CURSOR,
    FORMAT,
    ID,
    IDENTIFIER,
    INCLUDE,
    LAST_UPDATED,
    PATIENT,
    PATIENT_IDENTIFIER,
    STATUS,
    TypeOffer,
)
from adapter.canonical import NHS_NUMBER_SYSTEM
from adapter.clock import london_midnight, parse_instant
from adapter.errors import Issue, UnreadableRequest

DEFAULT_COUNT = 50
LARGEST_COUNT = 200
LONGEST_VALUE = 2000
LONGEST_CURSOR = 8000

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
PARAMETER_NAME = re.compile(r"[A-Za-z_.:-]{1,64}")
CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
PREFIXED = re.compile(r"(eq|ge|le|gt|lt)?(\d{4}.*)")
DAY = re.compile(r"\d{4}(-\d{2}){0,2}")

Given = tuple[str, str, bool]
"""A parameter's name, its value, and whether it stood in the body."""


@dataclass(frozen=True)
class Search:
    """What a caller searches for, each condition None where it was not asked.

    ``updated_from`` counts itself in, ``updated_before`` does not. ``nhs_number`` is
    the number as it was sent, for hashing only: it is never logged nor given back.
    """

    ids: frozenset[str] | None = None
    patients: frozenset[str] | None = None
    nhs_number: str | None = None
    statuses: frozenset[str] | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None
    includes: tuple[str, ...] = ()
    count: int = DEFAULT_COUNT
    cursor: str | None = None
    form: str | None = None


def refuse(parameter: str, message: str) -> UnreadableRequest:
    """The refusal of one search parameter, by its name."""
    issue = Issue("error", "SEARCH_PARAMETER", parameter, message)
    return UnreadableRequest(message, issues=[issue])


def read_search(
    offer: TypeOffer, parameters: Iterable[Given], *, base_url: str
) -> Search:
    """The search that these parameters ask for. Raises UnreadableRequest.

    An NHS number is taken from a body only; a cursor stands alone, for it is a whole
    search.
    """
    reader = _Reader(offer, base_url)
    for name, value, in_body in parameters:
        reader.take(name, value, in_body)
    return reader.search()


class _Reader:
    def __init__(self, offer: TypeOffer, base_url: str) -> None:
        self.offer = offer
        self.base_url = base_url
        self.names: set[str] = set()
        self.sets: dict[str, frozenset[str]] = {}
        self.once: dict[str, str] = {}
        self.includes: list[str] = []
        self.updated_from: datetime | None = None
        self.updated_before: datetime | None = None

    def take(self, name: str, value: str, in_body: bool) -> None:
        allowed = {*self.offer.parameters, *CONTROLS}
        if self.offer.includes:
            allowed.add(INCLUDE)
        if name not in allowed:
            raise refuse(
                name if PARAMETER_NAME.fullmatch(name) else "",
                f"not a search parameter of {self.offer.name} here",
            )
        longest = LONGEST_CURSOR if name == CURSOR else LONGEST_VALUE
        if len(value) > longest or not value:
            raise refuse(name, "empty or too long")
        self.names.add(name)
        if name in {IDENTIFIER, PATIENT_IDENTIFIER}:
            self.take_number(name, value, in_body)
        elif name == LAST_UPDATED:
            self.narrow_instants(value)
        elif name == INCLUDE:
            if value not in self.offer.includes:
                raise refuse(name, f"only {', '.join(self.offer.includes)} is taken")
            self.includes.append(value)
        elif name in CONTROLS:
            self.take_once(name, value)
        else:
            self.narrow(name, frozenset(self.member(name, v) for v in value.split(",")))

    def take_once(self, name: str, value: str) -> None:
        if name in self.once:
            raise refuse(name, "may stand once only")
        self.once[name] = value

    def take_number(self, name: str, value: str, in_body: bool) -> None:
        if not in_body:
            raise refuse(
                name,
                f"a number of a person must not stand in an address: "
                f"POST {self.offer.name}/_search",
            )
        system, bar, number = value.partition("|")
        if system != NHS_NUMBER_SYSTEM or not bar or not number or "," in number:
            raise refuse(name, f"must be {NHS_NUMBER_SYSTEM}|(one NHS number)")
        self.take_once(name, number)

    def narrow(self, name: str, members: frozenset[str]) -> None:
        self.sets[name] = self.sets[name] & members if name in self.sets else members

    def member(self, name: str, value: str) -> str:
        """One of the alternatives that a comma separates, checked and bare."""
        if name == STATUS:
            if not CODE.fullmatch(value):
                raise refuse(name, "must be a code, without a system")
            return value
        if name == PATIENT:
            value = value.removeprefix(f"{self.base_url}/fhir/")
            value = value.removeprefix("Patient/")
        if not FHIR_ID.fullmatch(value):
            raise refuse(name, "must be an id of this server")
        return value

    def narrow_instants(self, value: str) -> None:
        match = PREFIXED.fullmatch(value)
        if match is None:
            raise refuse(LAST_UPDATED, "must be a date or an instant, after one of "
                         "eq, ge, le, gt, lt or nothing")  # fmt: skip
        prefix = match[1] or "eq"
        begin, end = span(match[2])
        lower = {"eq": begin, "ge": begin, "gt": end}.get(prefix)
        upper = {"eq": end, "le": end, "lt": begin}.get(prefix)
        if lower is not None:
            self.updated_from = max(self.updated_from or lower, lower)
        if upper is not None:
            self.updated_before = min(self.updated_before or upper, upper)

    def search(self) -> Search:
        if CURSOR in self.names and not self.names <= {CURSOR, FORMAT}:
            raise refuse(CURSOR, "is a whole search: nothing may stand beside it")
        return Search(
            ids=self.sets.get(ID),
            patients=self.sets.get(PATIENT),
            nhs_number=self.once.get(PATIENT_IDENTIFIER, self.once.get(IDENTIFIER)),
            statuses=self.sets.get(STATUS),
            updated_from=self.updated_from,
            updated_before=self.updated_before,
            includes=tuple(dict.fromkeys(self.includes)),
            count=_count(self.once.get(COUNT)),
            cursor=self.once.get(CURSOR),
            form=self.once.get(FORMAT),
        )


def _count(text: str | None) -> int:
    if text is None:
        return DEFAULT_COUNT
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise refuse(COUNT, "must be a whole number above 0")
    return min(int(text), LARGEST_COUNT)


def span(text: str) -> tuple[datetime, datetime]:
    """The instants that a date or instant of R4 covers: from the first, to before the
    second, both in UTC.

    A date without a time is a civil date in Europe/London; a time needs its offset, and
    covers its minute, second or millisecond, as precisely as it was written.
    """
    try:
        if DAY.fullmatch(text):
            return _span_of_days(text)
        begin = parse_instant(text)
    except (ValueError, OverflowError):
        raise refuse(
            LAST_UPDATED, "must be a date, or an instant with its offset"
        ) from None
    return begin, begin + _precision(text)


def _span_of_days(text: str) -> tuple[datetime, datetime]:
    parts = [int(part) for part in text.split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    first = datetime(year, month, day, tzinfo=UTC).date()
    if len(parts) == 1:
        after = first.replace(year=year + 1)
    elif len(parts) == 2:
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first + timedelta(days=1)
    return london_midnight(first), london_midnight(after)


def _precision(text: str) -> timedelta:
    clock_time = re.split(r"[+\-Z]", text.partition("T")[2])[0]
    if "." in clock_time:
        return timedelta(milliseconds=1)
    return timedelta(seconds=1 if clock_time.count(":") == 2 else 60)
