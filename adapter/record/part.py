"""A view of one object of a record for the rules that look at several fields.

What the schemas already refused cannot be looked at: reading it raises ``Unjudged``,
and the rule that needed it is not judged. What is absent reads as None or as nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import date, datetime
from typing import Any

from adapter.clock import parse_instant
from adapter.record.faults import Place


class Unjudged(Exception):
    """A rule met an input that is itself at fault."""


class Part:
    """One object of the record, at its place."""

    __slots__ = ("_faulted", "_node", "place")

    def __init__(
        self, node: Mapping[str, Any] | None, place: Place, faulted: Set[Place]
    ) -> None:
        self._node = node or {}
        self._faulted = faulted
        self.place = place

    @property
    def is_there(self) -> bool:
        return bool(self._node)

    def at(self, *steps: str | int) -> Place:
        """The place of something under this part."""
        return (*self.place, *steps)

    def has(self, name: str) -> bool:
        """Whether something stands there; an empty list is nothing."""
        return self.value(name) not in (None, [])

    def value(self, name: str) -> Any:
        """The plain value, None where it is absent."""
        if not self.is_readable(name):
            raise Unjudged
        return self._node.get(name)

    def lacks(self, name: str) -> bool:
        """Whether nothing stands there, not even something at fault."""
        if self._faulted and self.place in self._faulted:
            raise Unjudged
        return self._node.get(name) in (None, []) and self.at(name) not in self._faulted

    def shows(self, name: str, *values: Any) -> bool:
        """Whether one of these values stands there, whatever else is at fault."""
        return self.is_readable(name) and self._node.get(name) in values

    def is_readable(self, name: str) -> bool:
        """Whether what stands there, or its absence, can be judged."""
        faulted = self._faulted
        return not faulted or (
            self.place not in faulted and self.at(name) not in faulted
        )

    def known(self, name: str) -> Any:
        """The value of what must be there; Unjudged where it is absent."""
        found = self.value(name)
        if found is None:
            raise Unjudged
        return found

    def values(self, name: str) -> list[Any]:
        """The plain values of a list, none where it is absent."""
        found = self.value(name) or []
        if self._faulted and any(
            self.at(name, position) in self._faulted for position in range(len(found))
        ):
            raise Unjudged
        return list(found)

    def date(self, name: str) -> date | None:
        found = self.value(name)
        return None if found is None else date.fromisoformat(found)

    def instant(self, name: str) -> datetime | None:
        found = self.value(name)
        return None if found is None else parse_instant(found)

    def part(self, *names: str) -> Part:
        """The object under these names; one with nothing in it where it is absent."""
        found = self
        for name in names:
            found = Part(found.value(name), found.at(name), self._faulted)
        return found

    def items(self, name: str) -> list[Part]:
        """The objects of a list; an item that is none is there, and cannot be read."""
        return [
            Part(
                item if isinstance(item, dict) else None,
                self.at(name, position),
                self._faulted,
            )
            for position, item in enumerate(self.value(name) or [])
        ]

    def names(self) -> Iterator[str]:
        """The names of what stands in this object, in document order."""
        return iter(self._node)

    def under(self, selector: str) -> list[Part]:
        """The parts that a declared path names: ``safety.risks[]``; "" for itself.

        Lists and objects that cannot be read have none.
        """
        found = [self]
        for step in selector.split(".") if selector else ():
            found = [inner for part in found for inner in part._step(step)]
        return found

    def _step(self, step: str) -> list[Part]:
        try:
            if step.endswith("[]"):
                return self.items(step[:-2])
            inner = self.part(step)
        except Unjudged:
            return []
        return [inner] if inner.is_there else []
