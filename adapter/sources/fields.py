"""What a supplier's export holds, field by field: what its mapping may read.

``mappings/sources/<supplier>.csv`` has the columns ``path,type,form,not_carried``. A
path is written as the mapping reads it (``patient.risks[].triggers[]``), or, in a set
of CSV files, as file and column (``risks[].domain``). The last column says why a field
knowingly goes nowhere.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from adapter.errors import Issue
from adapter.sources.forms import BadForm, DateForm, YesNo, date_form, yes_no

COLUMNS = ["path", "type", "form", "not_carried"]
TYPES = ("text", "number", "boolean", "date", "datetime", "any")
_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_PATH = re.compile(rf"{_NAME}(\[\])?(\.{_NAME}(\[\])?)*")


@dataclass(frozen=True)
class SourceField:
    """One field of a supplier's export; ``path``, ``type``, ``many`` and ``codes`` are
    what the mapping language asks of any declaration.

    ``not_carried`` is the reason why it knowingly goes nowhere, or empty. The type
    ``any`` is for such a field alone: all that may stand under it.
    """

    path: str
    source_type: str
    not_carried: str
    line: int
    form: DateForm | YesNo | None = None
    codes: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        return "integer" if self.source_type == "number" else self.source_type

    @property
    def many(self) -> bool:
        return self.path.endswith("[]")


@dataclass
class Branch:
    """A place of the export: what stands below it by name, or the field that it is."""

    is_list: bool = False
    leaf: SourceField | None = None
    below: dict[str, Branch] = field(default_factory=dict)


def load_fields(file: str, text: str) -> tuple[dict[str, SourceField], list[Issue]]:
    """The declared fields by path, and every fault with its line."""
    fields: dict[str, SourceField] = {}
    faults: list[Issue] = []
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)

    def fault(reason: str) -> None:
        place = f"{file}:{reader.line_num or 1}"
        faults.append(Issue("error", "E_SOURCE_FIELDS", place, reason))

    try:
        if next(reader, None) != COLUMNS:
            fault(f"the columns are {','.join(COLUMNS)}")
            return {}, faults
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(COLUMNS):
                fault(f"{len(COLUMNS)} cells are needed, here are {len(cells)}")
                continue
            path, kind, form, reason = cells
            found = [*_reasons(path, kind, reason)]
            if path in fields:
                found.append("this path stands here already")
            try:
                read = _form(kind, form)
            except BadForm as error:
                found.append(str(error))
            for each in found:
                fault(each)
            if not found:
                fields[path] = SourceField(path, kind, reason, reader.line_num, read)
    except csv.Error:
        fault("this is not CSV")
    faults.extend(_both_field_and_container(file, fields))
    return fields, faults


def _reasons(path: str, kind: str, reason: str) -> Iterator[str]:
    if not _PATH.fullmatch(path):
        yield "a path is names with dots between them, and [] after a list's"
    if kind not in TYPES:
        yield f"a type is one of {', '.join(TYPES)}"
    if kind == "any" and not reason.strip():
        yield "any is for what is not carried, with its reason"


def _form(kind: str, form: str) -> DateForm | YesNo | None:
    if kind in ("date", "datetime"):
        return date_form(form, has_time=kind == "datetime")
    if form and kind == "boolean":
        return yes_no(form)
    if form:
        raise BadForm("only dates, times and booleans have a form")
    return None


def _both_field_and_container(
    file: str, fields: Mapping[str, SourceField]
) -> Iterator[Issue]:
    for path, declared in fields.items():
        above = path.rpartition(".")[0]
        while above:
            if above in fields or above.removesuffix("[]") in fields:
                yield Issue(
                    "error",
                    "E_SOURCE_FIELDS",
                    f"{file}:{declared.line}",
                    "it stands under what is itself a field",
                )
            above = above.rpartition(".")[0]


def branch_of(fields: Mapping[str, SourceField]) -> Branch:
    """The declared fields as a tree of places."""
    root = Branch()
    for path, declared in fields.items():
        node = root
        for step in path.split("."):
            name = step.removesuffix("[]")
            node = node.below.setdefault(name, Branch(is_list=step.endswith("[]")))
        node.leaf = declared
    return root
