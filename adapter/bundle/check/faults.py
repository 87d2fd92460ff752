"""What the parts of the check hand each other: faults, their codes, and the scope.

A part answers None when it finds nothing, else faults whose paths are relative to what
it was given; whoever holds it puts its own name in front. So a sound resource costs no
path at all. A primitive's test answers with words alone: what is wrong with its form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapter.bundle.fhir import STRUCTURE

BINDING = "BUNDLE_BINDING"
TARGET = "BUNDLE_TARGET"
INVARIANT = "BUNDLE_INVARIANT"
PROFILE = "BUNDLE_PROFILE"
REFERENCE = "BUNDLE_REFERENCE"
CODES = (STRUCTURE, BINDING, TARGET, INVARIANT, PROFILE, REFERENCE)

#: path below what was given ("" for itself), code, message
Fault = tuple[str, str, str]
Faults = list[Fault] | None


class Scope:
    """Where references of one resource may lead.

    ``members`` is what the bundle holds, by fullUrl, and by "Type/id" where a fullUrl
    ends so: the type of each; None where a resource is looked at on its own and its
    references are not followed. ``contained`` is the same by "#id", for the resource
    itself; ``named`` are the "#id" that something in it refers to.
    """

    __slots__ = ("contained", "is_contained", "members", "named")

    def __init__(self, members: Mapping[str, str] | None = None) -> None:
        self.members = members
        self.contained: dict[str, str] = {}
        self.named: set[str] = set()
        self.is_contained = False


Check = Callable[[Any, Scope], Faults]
Test = Callable[[Any, Scope], str | None]
#: The check of what an element holds.
Field = Callable[[Any, Scope], list[Fault] | str | None]

#: What a type is held to besides, and the element without which there is no need to.
Extra = tuple[str | None, Check]

NULL = "must not be null"


def below(name: str, value: Any, found: list[Fault] | str) -> list[Fault]:
    """What was found about a value, as seen from what holds it by that name."""
    if isinstance(found, str):
        return [(name, STRUCTURE, NULL if value is None else found)]
    return under(name, found)


def under(name: str, faults: list[Fault]) -> list[Fault]:
    """The faults, as seen from one step further up."""
    return [(join(name, path), code, message) for path, code, message in faults]


def join(head: str, path: str) -> str:
    if not head or not path:
        return head or path
    return f"{head}{path}" if path[0] == "[" else f"{head}.{path}"
