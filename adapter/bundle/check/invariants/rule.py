"""An invariant, and the words in which its test is written.

A test is given an object whose structure is sound, and says whether the rule holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapter.bundle.check.faults import INVARIANT, Extra, Faults, Scope

Node = Mapping[str, Any]

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"


@dataclass(frozen=True)
class Invariant:
    """One rule: R4's key, the type it stands on, its words, and the test.

    ``given`` names an element without which the rule holds, so that it is not asked.
    """

    key: str
    on: str
    words: str
    holds: Callable[[Node], bool]
    given: str | None = None

    def as_extra(self) -> Extra:
        """The rule as a part of the check of its type."""
        message = f"{self.key}: {self.words}"
        holds = self.holds

        def check(value: Any, scope: Scope) -> Faults:
            return None if holds(value) else [("", INVARIANT, message)]

        return self.given, check


def has(node: Node, name: str) -> bool:
    """Whether an element is there: in one of its types if it is a choice."""
    if name in node or f"_{name}" in node:
        return True
    return any(
        key.lstrip("_").startswith(name) and key.lstrip("_")[len(name) :][:1].isupper()
        for key in node
    )


def codings(node: Node, name: str) -> Iterator[tuple[Any, Any]]:
    concepts = node.get(name, ())
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        for coding in concept.get("coding", ()) if concept else ():
            yield coding.get("system"), coding.get("code")


def is_coded(node: Node, name: str, system: str, *codes: str) -> bool:
    return any(
        found == _TERMINOLOGY + system and code in codes
        for found, code in codings(node, name)
    )


def implies(node: Node, name: str, other: str) -> bool:
    return name not in node or other in node


def is_not_after(start: str, end: str) -> bool:
    """Whether one FHIR dateTime is surely not after another.

    As FHIRPath has it: compared as far as both are precise, and where they differ in
    precision only, not known, so not held.
    """
    if "T" in start and "T" in end:
        first, last = _instant(start), _instant(end)
        return first <= last if first and last else start <= end
    start, end = _utc_day(start), _utc_day(end)
    shared = min(len(start), len(end))
    if start[:shared] != end[:shared]:
        return start[:shared] < end[:shared]
    return len(start) == len(end) and "T" not in start + end


def _utc_day(text: str) -> str:
    """A date as it is; of an instant, its day in UTC and a T, as more precise."""
    instant = _instant(text) if "T" in text else None
    if instant is None:
        return text
    return instant.astimezone(UTC).date().isoformat() + "T"


def _instant(text: str) -> datetime | None:
    head, _, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    fraction = (rest[:digits] + "000000")[:6]
    zone = rest[digits:] if rest else ""
    try:
        if not rest:
            return datetime.fromisoformat(text)
        return datetime.fromisoformat(f"{head}.{fraction}{zone}")
    except ValueError:
        return None
