"""From a place in the record back to the place in what the sender sent.

What the record has is told by the mapping's trace. For what it lacks, the template says
where it would have come from, and what stands around it says in which item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapter.errors import Issue, Severity
from adapter.mapping.explain import Trace
from adapter.record.faults import Finding, Place
from adapter.record.walk import DocumentOrder
from adapter.sources.places import (
    ANY_ROW,
    common_part,
    is_under,
    read_place,
    write_place,
)


class Back:
    """Works places back for one export and the record made of it."""

    def __init__(
        self,
        tree: Any,
        traces: Sequence[Trace],
        homes: Mapping[str, tuple[str, ...]],
        *,
        in_tables: bool,
    ) -> None:
        self._tree = tree
        self._homes = homes
        self._in_tables = in_tables
        self._places = {
            read_place(trace.element): tuple(map(read_place, trace.record))
            for trace in traces
            if trace.record
        }
        self._fills: dict[str, list[str]] = {}
        for path, sources in homes.items():
            for source in sources:
                self._fills.setdefault(source, []).append(path)
        self._below: dict[Place, list[Place]] = {}
        for made, places in self._places.items():
            for length in range(len(made)):
                self._below.setdefault(made[:length], []).extend(places)
        self._found: dict[Place, Place] = {}

    def tell(self, findings: Sequence[Finding], issues: Sequence[Issue]) -> list[Issue]:
        """Every issue at the sender's place, once, in the order of what was sent.

        What follows from a value that was told of already is left out.
        """
        told = [(found.place, self._issue(found)) for found in findings]
        faulted = {place for place, issue in told if issue.severity == "error"}
        for issue in issues:
            place = self.locate(read_place(issue.path)) if issue.path else ()
            if not (place and is_under(place, faulted)):
                told.append((place, issue._replace(record_path=issue.path)))
        order = DocumentOrder(self._tree)
        told.sort(key=lambda each: order(_standing(each[0])))
        written: dict[tuple[str, ...], Issue] = {}
        for place, issue in told:
            path = write_place(place, in_tables=self._in_tables)
            same = (issue.severity, issue.code, path, issue.message)
            written.setdefault(same, issue._replace(path=path))
        return list(written.values())

    def locate(self, place: Place) -> Place:
        """The place in what was sent; () when none of it tells of that place."""
        exact = self._places.get(place)
        if exact:
            return self._item_of(exact[0], place)
        found = self._found.get(place)
        if found is None:
            found = self._found[place] = self._around_or_missing(place)
        return found

    def _issue(self, found: Finding) -> Issue:
        code = found.fault.code
        severity: Severity = "warning" if code.startswith("W_") else "error"
        homes = self._fills.get(_declared(found.place), ())
        home = _declared(common_part([read_place(path) for path in homes]))
        return Issue(severity, code, "", found.fault.message, record_path=home)

    def _around_or_missing(self, place: Place) -> Place:
        below = self._below.get(place)
        if below:
            return _cut(common_part(below), _positions(place))
        return self._missing(place)

    def _item_of(self, found: Place, place: Place) -> Place:
        """The item itself, where a whole list of plain values was taken over."""
        node = self._tree
        for step in found:
            try:
                node = node[step]
            except (LookupError, TypeError):
                return found
        is_item = bool(place) and isinstance(place[-1], int)
        return (*found, place[-1]) if isinstance(node, list) and is_item else found

    def _missing(self, place: Place) -> Place:
        homes = list(self._homes_of(place))
        if not homes:
            return self.locate(place[:-1]) if len(place) > 1 else ()
        if len(homes) == 1:
            home = homes[0]
        else:
            home = _cut(common_part(homes), _positions(place))
        for around in self._around(place):
            shared = max((_shared(home, near) for near in around), key=len, default=())
            if shared:
                return self._told((*shared, *home[len(shared) :]))
        return self._told(home)

    def _homes_of(self, place: Place) -> Iterator[Place]:
        written = _declared(place)
        for path, sources in self._homes.items():
            if path in (written, f"{written}[]"):
                yield from map(read_place, sources[:1])
                return
        for path, sources in self._homes.items():
            if path.startswith((f"{written}.", f"{written}[].")):
                yield from map(read_place, sources)

    def _around(self, place: Place) -> Iterator[list[Place]]:
        """What stands in the same item, nearest first."""
        for length in range(len(place) - 1, -1, -1):
            if any(isinstance(step, int) for step in place[length:]):
                return
            yield self._below.get(place[:length], [])

    def _told(self, place: Place) -> Place:
        """The place up to where it is not known which item is meant."""
        if ANY_ROW not in place or self._in_tables:
            return place
        return place[: place.index(ANY_ROW)]


def _standing(place: Place) -> Place:
    """The place up to a header, or to a row that is not known: they stand first."""
    for index, step in enumerate(place):
        if isinstance(step, int) and step < 0:
            return place[:index]
    return place


def _declared(place: Place) -> str:
    return "".join(
        "[]" if isinstance(step, int) else f".{step}" for step in place
    ).removeprefix(".")


def _positions(place: Place) -> int:
    return sum(isinstance(step, int) for step in place)


def _cut(place: Place, positions: int) -> Place:
    """The place up to as many positions as were asked for."""
    for index, step in enumerate(place):
        if isinstance(step, int):
            if positions == 0:
                return place[:index]
            positions -= 1
    return place


def _shared(home: Place, near: Place) -> Place:
    """How far a concrete place goes the way of a home, positions and all."""
    shared: list[str | int] = []
    for wanted, step in zip(home, near, strict=False):
        if wanted != step and not (wanted == ANY_ROW and isinstance(step, int)):
            break
        shared.append(step)
    return tuple(shared)
