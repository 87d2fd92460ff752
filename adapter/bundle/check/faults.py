"""What the parts of the check hand each other: faults, their codes, and the scope.

A part answers None when it finds nothing, else faults whose paths are relative to what
it was given; whoever holds it puts its own name in front. So a sound resource costs no
path at all.
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


def below(name: str, faults: list[Fault]) -> list[Fault]:
    """The faults, as seen from one step further up."""
    return [(join(name, path), code, message) for path, code, message in faults]


def join(head: str, path: str) -> str:
    if not head or not path:
        return head or path
    return f"{head}{path}" if path[0] == "[" else f"{head}.{path}"
