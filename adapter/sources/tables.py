"""A set of CSV files as one tree: each file a list of its rows, by column.

An empty cell is a value that is not there. Every declared file and column must be: a
file that was left out is not the same as one without rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.record.faults import DUPLICATE_KEY, Fault, Finding, Place
from adapter.sources.fields import Branch
from adapter.sources.places import HEADER

MOST_ROWS = 2_000

NOT_CSV = Fault("E_SCHEMA", "not CSV from this row on, or a cell of over 128 KiB")
NO_FILE = Fault("E_SCHEMA", "required, and missing; without rows it has its header")
NO_COLUMN = Fault("E_SCHEMA", "a column that is required, and missing")
TOO_MANY_CELLS = Fault("E_SCHEMA", "has not as many cells as the header")
TOO_MANY_ROWS = Fault("E_LIMIT", f"a file holds at most {MOST_ROWS} rows")
NO_NAME = Fault("E_SCHEMA", "a column without a name")


def read_tables(
    texts: Mapping[str, str], declared: Branch
) -> tuple[dict[str, list[dict[str, Any]]], list[Finding]]:
    """The rows of each file, by the file's name without ``.csv``, and what is wrong.

    Rows keep their places: one that is at fault is an empty row.
    """
    tree: dict[str, list[dict[str, Any]]] = {}
    findings: list[Finding] = []
    for name in declared.below:
        if f"{name}.csv" not in texts:
            findings.append(Finding((name,), NO_FILE))
    for file, text in texts.items():
        name = file.removesuffix(".csv")
        columns = declared.below.get(name, Branch()).below
        rows: list[dict[str, Any]] = []
        for each in _read(name, text, columns):
            if isinstance(each, Finding):
                findings.append(each)
            else:
                rows.append(each)
        tree[name] = rows
    return tree, findings


def _read(
    table: str, text: str, columns: Mapping[str, Branch]
) -> Iterator[dict[str, Any] | Finding]:
    # strict: what is quoted wrongly is told of, not guessed at
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    reader = csv.reader(lines, strict=True)
    number = HEADER
    try:
        header = next(reader, [])
        yield from _header_findings(table, header, columns)
        for cells in reader:
            number += 1
            place: Place = (table, number)
            if number >= MOST_ROWS:
                yield Finding((table,), TOO_MANY_ROWS)
                return
            if cells and len(cells) != len(header):
                yield Finding(place, TOO_MANY_CELLS)
                cells = []
            yield {
                name: cell
                for name, cell in zip(header, cells, strict=False)
                if name and cell
            }
    except csv.Error:
        yield Finding((table, number + 1), NOT_CSV)


def _header_findings(
    table: str, header: list[str], columns: Mapping[str, Branch]
) -> Iterator[Finding]:
    seen: set[str] = set()
    for name in header:
        if not name:
            yield Finding((table, HEADER), NO_NAME)
        elif name in seen:
            yield Finding((table, HEADER, name), DUPLICATE_KEY)
        seen.add(name)
    for name in columns:
        if name not in seen:
            yield Finding((table, HEADER, name), NO_COLUMN)
