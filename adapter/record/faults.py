"""What is wrong at one place, before it is known how grave that is there.

A fault becomes an ``Issue`` in ``parse``, where the record's status and its declared
gaps decide the severity. Messages say what is allowed and never what was sent.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Place = tuple[str | int, ...]
"""Where in the tree: property names, and positions in lists from 0."""

_SHOWABLE = re.compile(r"[A-Za-z0-9_@$:-]{1,64}").fullmatch


class Fault(NamedTuple):
    """A code of section 14 and why, in words that hold no value.

    ``absent`` is true where something required is not there: the completeness half of
    E_SCHEMA.
    """

    code: str
    message: str
    absent: bool = False


class Finding(NamedTuple):
    """A fault at its place."""

    place: Place
    fault: Fault


ABSENT = Fault("E_SCHEMA", "required, and missing", absent=True)
NULL = Fault("E_SCHEMA", "null is not a value here; leave the property out")
EMPTY_TEXT = Fault("E_SCHEMA", "an empty text is not a value; leave the property out")
EMPTY_OBJECT = Fault("E_SCHEMA", "an empty object is not a value; leave it out")
NOT_AN_OBJECT = Fault("E_SCHEMA", "must be an object")
NOT_A_LIST = Fault("E_SCHEMA", "must be a list")
NOT_A_TEXT = Fault("E_SCHEMA", "must be a text")
LIST_TOO_LONG = Fault("E_LIMIT", "a list holds at most 500 items")
UNKNOWN_FIELD = Fault("E_UNKNOWN_FIELD", "not a property of the record model")
DUPLICATE_KEY = Fault("E_DUPLICATE_KEY", "this property stands twice in one object")
STRATIFICATION = Fault(
    "E_RISK_STRATIFICATION", "no level, rating, score or colour may rank risk"
)


def write_path(place: Place) -> str:
    """The place as issues write it: ``safety.risks[0].domain``, "" for the record.

    A property name that is no name at all (free text, a lone surrogate) is written as
    ``?``, for it could hold what a message must not repeat.
    """
    written = ""
    for step in place:
        written = _one_further(written, step)
    return written


class Paths:
    """Writes places as ``write_path`` does, what many have in common only once."""

    def __init__(self) -> None:
        self._written: dict[Place, str] = {}

    def __call__(self, place: Place) -> str:
        if not place:
            return ""
        parent = place[:-1]
        written = self._written.get(parent)
        if written is None:
            self._written[parent] = written = write_path(parent)
        return _one_further(written, place[-1])


def _one_further(written: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{written}[{step}]"
    name = step if _SHOWABLE(step) else "?"
    return f"{written}.{name}" if written else name
