"""Where each FHIR element comes from, and which declared fields no template reads.

The templates are walked here the plain way, with every read noted; what comes out is
the same as what the compiled mapping gives, and a test holds them to it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from adapter.mapping.codes import CodeMaps
from adapter.mapping.evaluate import Evaluator, Named
from adapter.mapping.nodes import (
    Block,
    List,
    Literal,
    Node,
    Object,
    Template,
    Text,
    Value,
    has_values,
    in_text,
    is_constant,
    is_mere_literal,
)
from adapter.mapping.shapes import Declared

COLUMNS = ["path", "reason"]

# What the context says in its own names, by the declared fields that it says it of.
# Source: disclosure rules, C1 (author, recipient) and section 8 (gaps).
STANDS_FOR: Mapping[str, tuple[str, ...]] = {
    "author.name": ("author_ref",),
    "author.role": ("author_ref",),
    "gaps[].path": ("declared_gaps[].path",),
    "gaps[].by": ("declared_gaps[].by",),
    "gaps[].name": ("declared_gaps[].who_fills_ref",),
    "gaps[].role": ("declared_gaps[].who_fills_ref",),
    "gaps[].text": (
        "declared_gaps[].path",
        "declared_gaps[].by",
        "declared_gaps[].who_fills_ref",
    ),
    "recipient.id": ("consent_and_sharing.recipients[].id",),
    "recipient.kind": ("consent_and_sharing.recipients[].kind",),
    "recipient.name": ("consent_and_sharing.recipients[].name",),
    "recipient.ods_code": ("consent_and_sharing.recipients[].ods_code",),
}


@dataclass(frozen=True)
class Trace:
    """Where one element of one resource comes from.

    ``resource`` is the symbolic id, ``element`` the path within the resource.
    ``record`` are the places of the record that gave the value, ``because`` those that
    an ``if`` around it looked at, and ``code_rows`` the rows (``file:line``) of code
    maps; each is empty for a literal that stands on nothing.
    """

    resource: str
    element: str
    file: str
    line: int
    record: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    code_rows: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "element": self.element,
            "template": f"{self.file}:{self.line}",
            "record": list(self.record),
            "because": list(self.because),
            "code_rows": list(self.code_rows),
        }


class Explainable(Protocol):
    """What is asked of a mapping here: its checked templates and its code maps."""

    @property
    def templates(self) -> tuple[Template, ...]: ...
    @property
    def code_maps(self) -> CodeMaps: ...
    def paths_read(self) -> frozenset[str]: ...


def explain(mapping: Explainable, context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each element of each resource with its template line, record paths and code rows.

    In the order of the resources and of their elements; the shape is Trace.as_json.
    Literals are told of too.
    """
    return [
        trace.as_json() for _, traces in rebuild(mapping, context) for trace in traces
    ]


def rebuild(
    mapping: Explainable, context: Mapping[str, Any]
) -> list[tuple[dict[str, Any], list[Trace]]]:
    """The resources that the mapping gives, each with where its elements come from."""
    evaluator = Evaluator(context)
    return [
        made
        for template in mapping.templates
        for block in template.resources
        for made in _Walk(template.file, mapping.code_maps, evaluator).resources(block)
    ]


def coverage(
    mapping: Explainable, declarations: Mapping[str, Declared], not_carried: str
) -> dict[str, Any]:
    """Which declared fields no template reads, and which of them are listed as such.

    ``not_carried`` is the text of not-carried.csv (path, reason). The answer counts the
    declared fields and those read, and lists: ``not_carried`` with their reasons,
    ``unread`` that are neither read nor listed, and ``stale`` rows of the list with
    what is wrong with them. ``complete`` is true when the last two are empty.
    Source: DESIGN section 2, promise 3, and section 5.
    """
    fields = [
        path
        for path, declaration in declarations.items()
        if declaration.type not in ("object", "list")
    ]
    read = set(mapping.paths_read())
    for own in read & set(STANDS_FOR):
        read.update(STANDS_FOR[own])
    listed: dict[str, str] = {}
    stale: list[dict[str, Any]] = []
    for line, path, reason in _rows(not_carried):
        wrong = _wrong_with(path, reason, fields, read, listed)
        if wrong:
            stale.append({"line": line, "path": path, "why": wrong})
        else:
            listed[path] = reason
    unread = [path for path in fields if path not in read and path not in listed]
    return {
        "complete": not unread and not stale,
        "declared": len(fields),
        "read": sum(path in read for path in fields),
        "not_carried": [
            {"path": path, "reason": listed[path]} for path in fields if path in listed
        ],
        "unread": unread,
        "stale": stale,
    }


def _rows(text: str) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    for number, cells in enumerate(reader):
        if number == 0 and cells == COLUMNS:
            continue
        if cells:
            yield reader.line_num, cells[0], ",".join(cells[1:]).strip()


def _wrong_with(
    path: str,
    reason: str,
    fields: Sequence[str],
    read: set[str],
    listed: Mapping[str, str],
) -> str:
    if path not in fields:
        return "no declaration has this path"
    if path in read:
        return "a template reads it"
    if path in listed:
        return "it stands here already"
    return "" if reason else "the reason is missing"


def _under(kind: str, element: str) -> str:
    """The element's path; it begins with the type, which a record does not have."""
    return f"{kind}{element}" if kind else element.removeprefix(".")


@dataclass(frozen=True)
class _Made:
    """A value with the traces of its elements, which do not name the resource yet."""

    value: Any
    traces: tuple[Trace, ...] = ()


class _Walk:
    """Builds the resources of one block, noting where each element comes from."""

    def __init__(self, file: str, code_maps: CodeMaps, evaluator: Evaluator) -> None:
        self._file = file
        self._code_maps = code_maps
        self._evaluator = evaluator
        self._because: tuple[str, ...] = ()

    def resources(self, block: Block) -> Iterator[tuple[dict[str, Any], list[Trace]]]:
        for made in self._block(block, ""):
            resource = made.value
            name = str(resource.get("id", ""))
            kind = str(resource.get("resourceType", ""))
            yield (
                resource,
                [
                    replace(trace, resource=name, element=_under(kind, trace.element))
                    for trace in made.traces
                ],
            )

    def _block(
        self, block: Block, at: str, first: int | None = None
    ) -> Iterator[_Made]:
        """What a block gives; ``first`` is the index of its first item in a list."""
        outer = self._because
        rounds: list[Named | None] = [None]
        if block.loop is not None:
            rounds = list(self._evaluator.items(block.loop[1]))
        given = 0
        for item in rounds:
            if block.loop is not None and item is not None:
                self._evaluator.names[block.loop[0]] = item
            for name, expression in block.lets:
                self._evaluator.names[name] = self._evaluator.named(expression)
            if block.test is not None:
                tested = self._evaluator.named(block.test)
                if not tested.value:
                    continue
                self._because = (*outer, *tested.places)
            here = at if first is None else f"{at}[{first + given}]"
            made = self._node(block.body, here)
            self._because = outer
            if made is not None:
                given += 1
                yield made

    def _node(self, node: Node, at: str) -> _Made | None:
        match node:
            case Literal(value=value):
                return _Made(value, (self._trace(at, node.line),))
            case Value(expression=expression):
                self._evaluator.rows.clear()
                named = self._evaluator.named(expression)
                return self._scalar(named.value, at, node.line, named.places)
            case Text():
                return self._text(node, at)
            case Object():
                return self._object(node, at)
            case List():
                return self._list(node, at)

    def _scalar(
        self, value: Any, at: str, line: int, places: tuple[str, ...]
    ) -> _Made | None:
        if value is None or value == "" or value == [] or value == {}:
            return None
        trace = self._trace(at, line, places)
        if isinstance(value, list) and not at.endswith("]"):
            # One place for each item, where a list was gathered item by item.
            each = [(one,) for one in places] if len(places) == len(value) else None
            return _Made(
                value,
                tuple(
                    replace(
                        trace,
                        element=f"{at}[{n}]",
                        record=each[n] if each else places,
                    )
                    for n in range(len(value))
                ),
            )
        return _Made(value, (trace,))

    def _text(self, node: Text, at: str) -> _Made | None:
        self._evaluator.rows.clear()
        places: list[str] = []
        text = ""
        for part in node.parts:
            if isinstance(part, str):
                text += part
                continue
            named = self._evaluator.named(part)
            if named.value is None or named.value == "":
                return None
            places.extend(named.places)
            text += in_text(named.value)
        return self._scalar(text, at, node.line, tuple(dict.fromkeys(places)))

    def _object(self, node: Object, at: str) -> _Made | None:
        value: dict[str, Any] = {}
        traces: list[Trace] = []
        given = False
        for key, below in node.entries:
            made = self._node(below, f"{at}.{key}")
            if made is not None:
                value[key] = made.value
                traces.extend(made.traces)
                given = given or not is_constant(below)
        return self._unless_empty(node, value, traces, given)

    def _list(self, node: List, at: str) -> _Made | None:
        value: list[Any] = []
        traces: list[Trace] = []
        given = False
        for below in node.items:
            count = len(value)
            if isinstance(below, Block):
                for item in self._block(below, at, count):
                    value.append(item.value)
                    traces.extend(item.traces)
            else:
                made = self._node(below, f"{at}[{count}]")
                if made is not None and isinstance(made.value, list):
                    value.extend(made.value)
                    traces.extend(
                        replace(trace, element=f"{at}[{index}]")
                        for trace in made.traces
                        for index in range(count, len(value))
                    )
                elif made is not None:
                    value.append(made.value)
                    traces.extend(made.traces)
            given = given or (len(value) > count and not is_mere_literal(below))
        return self._unless_empty(node, value, traces, given)

    def _unless_empty(
        self, node: Node, value: Any, traces: list[Trace], given: bool
    ) -> _Made | None:
        if not value or (has_values(node) and not given):
            return None
        return _Made(value, tuple(traces))

    def _trace(self, at: str, line: int, places: tuple[str, ...] = ()) -> Trace:
        rows = tuple(
            f"{code_map.file}:{row.line}"
            for name, code in dict.fromkeys(self._evaluator.rows)
            for code_map in (self._code_maps[name],)
            for row in code_map.rows_for(code)
        )
        self._evaluator.rows.clear()
        because = tuple(dict.fromkeys(self._because))
        return Trace("", at, self._file, line, places, because, rows)
