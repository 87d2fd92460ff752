"""What was sent and reached no part of the record: told of, never dropped.

A field that nobody declared, or that no template reads and no reason excuses, is a
warning; a value that the mapping reads elsewhere, and not here (a row of a kind that it
does not know, a note on an item that is not there), is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from adapter.mapping.explain import Trace
from adapter.record.faults import Fault, Finding, Place
from adapter.sources.fields import Branch, SourceField
from adapter.sources.places import read_place

_STEP = re.compile(r"[.\[]")

UNREAD_FIELD = Fault(
    "W_UNREAD_FIELD",
    "the mapping of this source does not read this, nor says why it is not carried",
)
UNREAD_VALUE = Fault(
    "E_UNREAD_VALUE",
    "nothing of the record is made from this: it is of a kind, or belongs to an item, "
    "that the mapping of this source does not find",
)


class Declares(Protocol):
    """What is asked of a source here."""

    @property
    def declared(self) -> Branch: ...
    @property
    def homes(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def reads(self) -> frozenset[str]: ...


def unread_findings(
    source: Declares,
    tree: Mapping[str, Any],
    unknown: Sequence[Place],
    traces: Sequence[Trace],
) -> list[Finding]:
    """Each unread field once, at its first place; each unread value, or whole row."""
    used = {place for trace in traces for place in trace.record}
    walk = _Walk(source, used)
    found = [*walk.object(tree, source.declared, "", "")]
    found += [Finding(place, UNREAD_FIELD) for place in unknown]
    once: dict[tuple[Any, Fault], Finding] = {}
    for each in found:
        field = tuple(step for step in each.place if isinstance(step, str))
        key = field if each.fault is UNREAD_FIELD else each.place
        once.setdefault((key, each.fault), each)
    return list(once.values())


class _Walk:
    def __init__(self, source: Declares, used: set[str]) -> None:
        self._used = used
        self._around_used = {
            place[: step.start()] for place in used for step in _STEP.finditer(place)
        }
        self._reads = source.reads
        self._gives = {path for paths in source.homes.values() for path in paths}

    def object(
        self, node: Mapping[str, Any], branch: Branch, at: str, path: str
    ) -> Iterator[Finding]:
        for name, value in node.items():
            below = branch.below[name]
            here = f"{at}.{name}" if at else name
            spelt = f"{path}.{name}" if path else name
            if not below.is_list:
                yield from self._one(value, below, here, spelt)
                continue
            if here in self._used:
                continue
            for position, item in enumerate(value):
                there = f"{here}[{position}]"
                if item is not None:
                    yield from self._item(item, below, there, f"{spelt}[]")

    def _item(self, item: Any, branch: Branch, at: str, path: str) -> Iterator[Finding]:
        found = list(self._one(item, branch, at, path))
        if isinstance(item, Mapping) and item:
            values = sum(each.fault is UNREAD_VALUE for each in found)
            if values and at not in self._around_used:
                found = [each for each in found if each.fault is UNREAD_FIELD]
                found.insert(0, Finding(read_place(at), UNREAD_VALUE))
        yield from found

    def _one(self, value: Any, branch: Branch, at: str, path: str) -> Iterator[Finding]:
        if branch.leaf is None:
            yield from self.object(value, branch, at, path)
        elif not self._is_fine(branch.leaf, at, path):
            known = path in self._gives
            yield Finding(read_place(at), UNREAD_VALUE if known else UNREAD_FIELD)

    def _is_fine(self, field: SourceField, at: str, path: str) -> bool:
        if field.not_carried or at in self._used:
            return True
        # A key or a condition is read, and given by nothing.
        return path in self._reads and path not in self._gives
