"""What a source mapping makes: one record, held to the record model when it is loaded.

An element that the model does not have, a literal that is none of its codes, a code map
with a target that the path cannot hold: each stops the start, with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml

from adapter.mapping.check import parts
from adapter.mapping.expressions import Call, Expression
from adapter.mapping.nodes import Block, List, Literal, Node, Object, Text, Value
from adapter.mapping.shapes import Shape
from adapter.mapping.signatures import Bound
from adapter.mapping.targets import line_of
from adapter.record.declarations import Declaration

FORMS = ("json", "csv")

MAKE_FHIR = frozenset(
    (
        "id",
        "ref",
        "identifier",
        "person",
        "kind_of",
        "our_extension",
        "code",
        "concept",
        "verified",
        "unverified",
        "contact_system",
        "instant",
        "repeat",
    )
)
"""Functions that make FHIR, or read a record's own sections."""


class RecordTarget:
    """One record; beside it stands ``from``, the form of what the supplier sends.

    ``homes`` are the record's paths that the mapping fills, each with the source paths
    that it is filled from.
    """

    key = "record"
    beside: tuple[str, ...] = ("from",)

    def __init__(self, declarations: Mapping[str, Declaration]) -> None:
        self._declarations = declarations
        self.form = ""
        self.homes: dict[str, tuple[str, ...]] = {}

    def faults(
        self, body: Object, entries: dict[str, yaml.Node]
    ) -> Iterable[tuple[int, str]]:
        """Lines and reasons."""
        written = entries.get("from")
        self.form = written.value if isinstance(written, yaml.ScalarNode) else ""
        if self.form not in FORMS:
            place = written if written is not None else entries[self.key]
            yield line_of(place), "beside `record` stands `from: json` or `from: csv`"
        if any(name in entries for name in ("for", "if")):
            yield line_of(entries[self.key]), "an export is one record"
        yield from self._object(body, "")

    def _object(self, node: Object, path: str) -> Iterator[tuple[int, str]]:
        for name, below in node.entries:
            spelt = f"{path}.{name}" if path else name
            if f"{spelt}[]" in self._declarations:
                yield from self._list(below, f"{spelt}[]")
            elif spelt in self._declarations:
                yield from self._one(below, spelt)
            else:
                yield below.line, f"the record model has no {spelt}"

    def _list(self, node: Node, path: str) -> Iterator[tuple[int, str]]:
        if isinstance(node, Value) and node.expression.shape.is_list:
            yield from self._one(node, path)
        elif not isinstance(node, List):
            yield node.line, f"{path} is a list"
        else:
            for item in node.items:
                body = item.body if isinstance(item, Block) else item
                yield from self._one(body, path)

    def _one(self, node: Node, path: str) -> Iterator[tuple[int, str]]:
        declaration = self._declarations[path]
        if declaration.is_container:
            if isinstance(node, Object):
                yield from self._object(node, path)
            else:
                yield node.line, f"{path} is an object"
            return
        match node:
            case Literal(value=value):
                if declaration.codes and value not in declaration.codes:
                    yield node.line, f"not one of the codes of {path}"
                self.homes.setdefault(path, ())
            case Value(expression=expression):
                yield from self._value(expression, node.line, declaration)
            case Text(parts=texts):
                read = [part for part in texts if not isinstance(part, str)]
                self.homes[path] = tuple(
                    each for part in read for each in source_paths(part)
                )
            case _:
                yield node.line, f"{path} is a single value"

    def _value(
        self, expression: Expression, line: int, declaration: Declaration
    ) -> Iterator[tuple[int, str]]:
        path = declaration.path
        known = self.homes.get(path, ())
        self.homes[path] = (*known, *source_paths(expression))
        shape = expression.shape.item or expression.shape
        if expression.shape.is_list and not declaration.many:
            yield line, f"{path} is a single value"
        kind = {"integer": "number", "boolean": "boolean"}.get(declaration.type, "text")
        if shape.kind not in (kind, "nothing", "scalar"):
            yield line, f"{path} is {Shape(kind).words}"
        for code_map, target in _targets(expression):
            if declaration.codes and target not in declaration.codes:
                yield line, f"code map {code_map} has a target that is no {path}"


def source_paths(node: Expression) -> tuple[str, ...]:
    """The declared source paths whose values the expression gives, in their order."""
    if node.shape.paths and not node.shape.fields:
        return tuple(sorted(node.shape.paths))
    found = (path for part in parts(node) for path in source_paths(part))
    return tuple(dict.fromkeys(found))


def _targets(node: Expression) -> Iterator[tuple[str, str]]:
    """Each target that a code map, looked up in the expression, may give."""
    bound = node.bound if isinstance(node, Call) else None
    if isinstance(bound, Bound) and bound.code_map is not None:
        for row in bound.code_map.rows:
            if row.target:
                yield bound.code_map.name, row.target
    for part in parts(node):
        yield from _targets(part)
