"""R4's primitive types, value by value."""

from __future__ import annotations

import pytest

from adapter.bundle.check.faults import Scope
from adapter.bundle.check.primitives import PRIMITIVES

UUID4 = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
GOOD = {
    "base64Binary": ["YQ==", "YWI=", "YWJj"],
    "boolean": [True, False],
    "canonical": ["https://a.test/x|1", "#here", "urn:x:y"],
    "code": ["a", "a b", "<="],
    "date": ["2026", "2026-11", "2026-11-05", "2024-02-29"],
    "dateTime": [
        "2026",
        "2026-11",
        "2026-11-05",
        "2026-11-05T09:00:00Z",
        "2026-11-05T09:00:00.123+14:00",
        "2016-12-31T23:59:60Z",
    ],
    "decimal": [0, -1.5, 10**30],
    "id": ["a", "A-1.b", "a" * 64],
    "instant": ["2026-11-05T09:00:00.000Z", "2026-11-05T09:00:00-01:00"],
    "integer": [0, -(2**31), 2**31 - 1],
    "markdown": ["# a\n\n b"],
    "oid": ["urn:oid:1.2.840"],
    "positiveInt": [1],
    "string": ["a", "a\tb\r\nc", " a ", "é\u2028", "\u00a0x"],
    "time": ["09:00:00", "23:59:60"],
    "unsignedInt": [0],
    "uri": ["a", "http://a.test/?x|y", UUID4, "urn:oid:1.2"],
    "url": ["https://a.test", "mailto:a@a.test"],
    "uuid": [UUID4],
    "xhtml": ["<div/>"],
}
BAD = {
    "base64Binary": ["", "YQ", "YQ=", "Y Q=", "é===", 1],
    "boolean": ["true", 0, 1, None],
    "canonical": ["x", "/x", "", None],
    "code": ["", " a", "a ", "a  b", "a\tb", "a\x00", 1],
    "date": ["26", "2026-13", "2026-00", "2026-02-29", "2026-11-31", "0000", 2026],
    "dateTime": [
        "2026-11-05T09:00Z",
        "2026-11-05T09:00:00",
        "2026-11-05 09:00:00Z",
        "2026-11-05T24:00:00Z",
        "2026-11-05T09:00:00+15:00",
        "2026-02-30T09:00:00Z",
    ],
    "decimal": ["1", True, float("nan"), float("inf"), None],
    "id": ["", "a_b", "a" * 65, "a/b", "a\n"],
    "instant": ["2026-11-05", "2026-11-05T09:00:00", "2026-11-31T09:00:00Z"],
    "integer": [1.0, "1", True, 2**31],
    "markdown": ["", "\n "],
    "oid": ["1.2", "urn:oid:3.1", "urn:oid:1.02"],
    "positiveInt": [0, True],
    "string": ["", " ", "\n", "a\x00", "a\x0c", "\x1f", 1, None, ["a"]],
    "time": ["9:00:00", "09:00", "24:00:00"],
    "unsignedInt": [-1],
    "uri": ["", "a b", "a\n", "a\x01", "urn:uuid:X", "urn:oid:x", "oid:1.2", "uuid:x"],
    "url": ["", "a b"],
    "uuid": ["53fefa32-fcbb-4ff8-8a92-55ee120877b7", UUID4.upper()],
    "xhtml": ["", 1],
}


def each(table):
    return [(kind, value) for kind, values in table.items() for value in values]


def test_every_primitive_is_asked():
    assert set(GOOD) == set(BAD) == set(PRIMITIVES)


@pytest.mark.parametrize(("kind", "value"), each(GOOD))
def test_what_is_well_formed_passes(kind, value):
    assert PRIMITIVES[kind](value, Scope()) is None


@pytest.mark.parametrize(("kind", "value"), each(BAD))
def test_what_is_not_is_told_in_words(kind, value):
    assert PRIMITIVES[kind](value, Scope())
