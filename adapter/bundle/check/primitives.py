"""R4's primitive types as tests on a JSON value: None if it is one, else what is wrong.

Source: FHIR R4 (4.0.1), Data Types, primitive types; and, where the specification's
pattern lets through what its words refuse (control characters, a 30th of February), the
words. A test is at least as strict as fhir.resources' own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from adapter.bundle.check.faults import Scope, Test

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_CODE = re.compile(r"[^\s\x00-\x1f]+( [^\s\x00-\x1f]+)*").fullmatch
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_URI = re.compile(r"[^\s\x00-\x1f]+").fullmatch
_ABSOLUTE = re.compile(r"(#|[A-Za-z][A-Za-z0-9+.\-]*:.)").match
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+").fullmatch
_URN_UUID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
).fullmatch
_UUID4 = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
).fullmatch
_BASE64 = re.compile(
    r"(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
).fullmatch
_YEAR = r"(?!0000)([0-9]{4})"
_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?").fullmatch
_DATE_TIME = re.compile(
    rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T{_CLOCK}{_ZONE})?)?)?"
).fullmatch
_INSTANT = re.compile(rf"{_YEAR}-{_DAY}T{_CLOCK}{_ZONE}").fullmatch
_TIME = re.compile(_CLOCK).fullmatch


def _string(value: Any, scope: Scope) -> str | None:
    if value.__class__ is not str:
        return "must be a string"
    if not value or value.isspace():
        return "must not be empty"
    if not value.isprintable() and _CONTROL(value):
        return "must not hold control characters"
    return None


def _boolean(value: Any, scope: Scope) -> str | None:
    return None if value.__class__ is bool else "must be true or false"


def _decimal(value: Any, scope: Scope) -> str | None:
    if value.__class__ is int:
        return None
    if value.__class__ is float and math.isfinite(value):
        return None
    return "must be a number"


def _whole(lowest: int, highest: int) -> Test:
    def test(value: Any, scope: Scope) -> str | None:
        if value.__class__ is int and lowest <= value <= highest:
            return None
        return f"must be a whole number from {lowest} to {highest}"

    return test


def _text(fits: Callable[[str], Any], message: str) -> Test:
    def test(value: Any, scope: Scope) -> str | None:
        return None if value.__class__ is str and fits(value) else message

    return test


def _uri(value: Any, scope: Scope) -> str | None:
    if value.__class__ is not str or not _URI(value):
        return "must be a URI"
    if value[:4] == "urn:":
        if value[:9] == "urn:uuid:" and not _URN_UUID(value):
            return "must be a lower-case UUID after urn:uuid:"
        if value[:8] == "urn:oid:" and not _OID(value):
            return "must be an OID after urn:oid:"
    elif value[:5] in ("uuid:", "oid:") or value[:4] == "oid:":
        return "must say urn: before its scheme"
    return None


def _canonical(value: Any, scope: Scope) -> str | None:
    problem = _uri(value, scope)
    if problem is None and not _ABSOLUTE(value):
        return "must be an absolute URI, or a fragment"
    return problem


def _dated(fits: Callable[[str], Any], message: str) -> Test:
    def test(value: Any, scope: Scope) -> str | None:
        if value.__class__ is not str or not fits(value):
            return message
        if len(value) >= 10 and value[8:10] > "28":
            try:
                date(int(value[:4]), int(value[5:7]), int(value[8:10]))
            except ValueError:
                return "must be a day that there is"
        return None

    return test


PRIMITIVES: dict[str, Test] = {
    "base64Binary": _text(_BASE64, "must be base64"),
    "boolean": _boolean,
    "canonical": _canonical,
    "code": _text(_CODE, "must be a code without outer or double spaces"),
    "date": _dated(_DATE, "must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(_DATE_TIME, "must be a date, or a date and time with zone"),
    "decimal": _decimal,
    "id": _text(_ID, "must be an id: 1 to 64 of A-Z a-z 0-9 - ."),
    "instant": _dated(_INSTANT, "must be an instant with seconds and zone"),
    "integer": _whole(-2147483648, 2147483647),
    "markdown": _string,
    "oid": _text(_OID, "must be an OID after urn:oid:"),
    "positiveInt": _whole(1, 2147483647),
    "string": _string,
    "time": _text(_TIME, "must be a time: hh:mm:ss"),
    "unsignedInt": _whole(0, 2147483647),
    "uri": _uri,
    "url": _uri,
    "uuid": _text(_UUID4, "must be a lower-case UUID of version 4 after urn:uuid:"),
    "xhtml": _string,
}
