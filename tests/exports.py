"""Writes a record as a supplier would export it: a source mapping read backwards.

So that any record, drawn or written by hand, can be sent in a supplier's form and must
come back the same. It knows the few shapes of expression that the invented suppliers'
mappings have, and fails on any other.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from adapter.clock import LONDON, parse_instant
from adapter.mapping.expressions import (
    Call,
    Constant,
    Expression,
    Field,
    Variable,
)
from adapter.mapping.nodes import Block, List, Literal, Node, Object, Value
from adapter.sources.fields import SourceField
from adapter.sources.forms import DateForm, YesNo
from adapter.sources.load import load_source
from adapter.sources.source import Source

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
SUPPLIERS = ("invented-quill", "invented-tarn")


def shipped_source(name: str) -> Source:
    """A source mapping of mappings/sources."""
    codes = sorted((MAPPINGS / "codes" / name).glob("*.csv"))
    return load_source(
        name,
        template=(MAPPINGS / "sources" / f"{name}.yaml").read_text(),
        fields=(MAPPINGS / "sources" / f"{name}.csv").read_text(),
        code_maps={path.name: path.read_text() for path in codes},
    )


def export(source: Source, record: dict[str, Any]) -> dict[str, Any]:
    """The tree that a supplier sends of a record: sections, or tables of rows."""
    (block,) = source.templates[0].resources
    writer = _Writer(source)
    names: dict[str, Any] = {}
    for name, expression in block.lets:
        names[name] = writer.row(expression, names)
    writer.node(block.body, record, names)
    return writer.tree


def write_tables(source: Source, tree: dict[str, Any]) -> dict[str, str]:
    """The texts of the CSV files by name, with every declared column."""
    texts = {}
    for table, branch in source.declared.below.items():
        lines = io.StringIO(newline="")
        writer = csv.DictWriter(lines, list(branch.below), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(tree.get(table, []))
        texts[f"{table}.csv"] = lines.getvalue()
    return texts


class _Writer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tree: dict[str, Any] = {}

    def node(self, node: Node, given: Any, names: dict[str, Any]) -> None:
        match node:
            case Literal():
                return
            case Value(expression=expression):
                self.put(expression, given, names)
            case Object(entries=entries):
                # plain values first: the rows below may name this one's key
                for key, below in sorted(
                    entries, key=lambda entry: isinstance(entry[1], List)
                ):
                    if key in given:
                        self.node(below, given[key], names)
            case List(items=(Block() as block,)):
                assert block.loop is not None
                name, listed = block.loop
                for item in given:
                    row = self.row(listed, names)
                    self.node(block.body, item, {**names, name: row})
            case _:
                raise AssertionError(f"line {node.line} cannot be read backwards")

    def row(self, node: Expression, names: dict[str, Any]) -> dict[str, Any]:
        """A new row of a list, or the first of one, as the expression would find it."""
        match node:
            case Call(function="where", arguments=(rows, Constant(value=name), wanted)):
                made = self.row(rows, names)
                made[str(name)] = self.value(wanted, names)
                return made
            case Call(function="first", arguments=(rows,)):
                return self.row(rows, names)
            case Variable(name=name):
                return _added(self.tree.setdefault(name, []))
            case Field(base=base, name=name):
                return _added(self.object(base, names).setdefault(name, []))
        raise AssertionError("a list that cannot be read backwards")

    def object(self, node: Expression, names: dict[str, Any]) -> dict[str, Any]:
        match node:
            case Variable(name=name):
                found = names[name] if name in names else self.tree.setdefault(name, {})
            case Field(base=base, name=name):
                found = self.object(base, names).setdefault(name, {})
            case _:
                raise AssertionError("an object that cannot be read backwards")
        assert isinstance(found, dict)
        return found

    def value(self, node: Expression, names: dict[str, Any]) -> Any:
        match node:
            case Constant(value=value):
                return value
            case Field(base=base, name=name):
                return self.object(base, names)[name]
        raise AssertionError("a value that cannot be read backwards")

    def put(self, node: Expression, given: Any, names: dict[str, Any]) -> None:
        match node:
            case Call(function="mapped", arguments=(Constant(value=name), local)):
                rows = self.source.code_maps[str(name)].rows
                codes = {row.target: row.code for row in rows}
                many = isinstance(given, list)
                local_codes = [codes[each] for each in given] if many else codes[given]
                self.put(local, local_codes, names)
            case Call(function="each", arguments=(rows, Constant(value=name))):
                for each in given:
                    self.row(rows, names)[str(name)] = each
            case Field(base=base, name=name):
                (path,) = node.shape.paths
                declared = self.source.fields[path]
                self.object(base, names)[name] = self.written(declared, given)
            case _:
                raise AssertionError("a value that cannot be read backwards")

    def written(self, declared: SourceField, given: Any) -> Any:
        if isinstance(declared.form, DateForm):
            return _dated(declared.form, given)
        if isinstance(declared.form, YesNo):
            return declared.form.yes if given else declared.form.no
        return str(given) if self.source.in_tables else given


def _added(rows: list[dict[str, Any]]) -> dict[str, Any]:
    rows.append({})
    return rows[-1]


def _dated(form: DateForm, given: str) -> str:
    day: date = date.fromisoformat(given[:10])
    if form.has_time:
        day = parse_instant(given).astimezone(LONDON)
    codes = {
        "YYYY": "%Y",
        "MMM": "%b",
        "MM": "%m",
        "DD": "%d",
        "hh": "%H",
        "mm": "%M",
        "ss": "%S",
    }
    pattern = form.form
    for token, code in codes.items():
        pattern = pattern.replace(token, code)
    return day.strftime(pattern)
