"""What templates make: FHIR resources here, records in ``adapter/sources``.

A target says how an entry of a template file is written, and what is wrong with what
was made of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

import yaml

from adapter.mapping.nodes import Literal, Object


def entries_of(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """What stands in a YAML object, by name; nothing for any other node."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {
        key.value: below
        for key, below in node.value
        if isinstance(key, yaml.ScalarNode)
    }


def line_of(node: yaml.Node) -> int:
    """The line on which a node begins, from 1."""
    return int(node.start_mark.line) + 1


class Target(Protocol):
    """What the templates of a file make.

    ``key`` is the name under which it stands in an entry, ``beside`` the literals that
    an entry may have besides. ``faults`` gives lines and reasons for what was made of
    an entry, whose YAML nodes it is handed.
    """

    @property
    def key(self) -> str: ...
    @property
    def beside(self) -> tuple[str, ...]: ...
    def faults(
        self, body: Object, entries: dict[str, yaml.Node]
    ) -> Iterable[tuple[int, str]]: ...


@dataclass(frozen=True)
class Resources:
    """FHIR resources: each with a literal type, and a symbolic id of that type.

    ``endable`` are the types that can be ended at a receiver, None for any: what could
    never be taken back is not sent. Source: design, section 6, Retirement.
    """

    endable: Collection[str] | None = None
    key: ClassVar[str] = "resource"
    beside: ClassVar[tuple[str, ...]] = ()

    def faults(
        self, body: Object, entries: dict[str, yaml.Node]
    ) -> Iterator[tuple[int, str]]:
        node = entries[self.key]
        kind = dict(body.entries).get("resourceType")
        if not isinstance(kind, Literal):
            yield line_of(node), "a resource needs its resourceType, as a literal"
            return
        if self.endable is not None and kind.value not in self.endable:
            place = entries_of(node).get("resourceType", node)
            yield line_of(place), f"{kind.value} has no end status to retire it with"
        written = entries_of(node).get("id")
        match = (
            re.match(r"\{\s*id\(\s*['\"](\w+)", written.value)
            if isinstance(written, yaml.ScalarNode)
            else None
        )
        if match is None or match[1] != kind.value:
            place = written if written is not None else node
            yield line_of(place), f"its id is written {{id('{kind.value}', …)}}"


RESOURCES = Resources()
