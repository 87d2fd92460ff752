"""Code maps: a sender's local code and the codings that it becomes, row by row.

A map is one CSV file, named for the map, that a terminologist edits and that is also
published as a ConceptMap. Several rows may stand for one local code: several codings.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.canonical import CANONICAL
from adapter.errors import Issue, MappingInvalid
from adapter.record.vocabulary import BANNED_NAMES, BANNED_VALUES

COLUMNS = ("code", "system", "target", "display", "equivalence", "comment")

# Source: FHIR R4, ConceptMapEquivalence.
EQUIVALENCES = (
    "relatedto",
    "equivalent",
    "equal",
    "wider",
    "subsumes",
    "narrower",
    "specializes",
    "inexact",
    "unmatched",
    "disjoint",
)

# Source: record model, section 0.2, the first ban: either list as a map's target.
STRATIFICATION = BANNED_NAMES | BANNED_VALUES


@dataclass(frozen=True)
class Row:
    """One row of a code map, with the line of its file on which it stands."""

    code: str
    system: str
    target: str
    display: str
    equivalence: str
    comment: str
    line: int

    @property
    def coding(self) -> dict[str, str]:
        coding = {"system": self.system, "code": self.target}
        if self.display:
            coding["display"] = self.display
        return coding


@dataclass(frozen=True)
class CodeMap:
    """The rows of one map, in file order; ``codings`` by local code.

    A row whose equivalence is ``unmatched`` says that a local code has, knowingly, no
    coding: the code is known and its list of codings is empty.
    """

    name: str
    file: str
    rows: tuple[Row, ...]
    codings: Mapping[str, list[dict[str, str]]] = field(compare=False)

    def rows_for(self, code: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.code == code)


class Unmapped(str):
    """A local code that its code map does not have, where codes are not required to."""

    __slots__ = ()


class CodeMaps(Mapping[str, CodeMap]):
    """The code maps by name; ``version`` names their texts.

    Where they are not ``strict``, a code without a row does not end what is being made:
    it becomes an ``Unmapped``, for whoever asked to tell of all of them at once.
    """

    def __init__(
        self, maps: Mapping[str, CodeMap], version: str = "", *, strict: bool = True
    ) -> None:
        self._maps = dict(maps)
        self.version = version
        self.strict = strict

    def __getitem__(self, name: str) -> CodeMap:
        return self._maps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._maps)

    def __len__(self) -> int:
        return len(self._maps)


def load_code_maps(files: Mapping[str, str], *, strict: bool = True) -> CodeMaps:
    """The code maps that these files hold: file name (``risk-domain.csv``) to its text.

    The map's name is the file's name without its folder and ``.csv``. Raises
    MappingInvalid with every fault, its path written ``file:line``.
    """
    maps: dict[str, CodeMap] = {}
    faults: list[Issue] = []
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file}\0{files[file]}\0".encode())
        name = file.rpartition("/")[2].removesuffix(".csv")
        if name in maps:
            faults.append(_fault(file, 1, "another file holds a map of this name"))
            continue
        rows, found = _read(file, files[file])
        faults.extend(found)
        codings: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            known = codings.setdefault(row.code, [])
            if row.target:
                known.append(row.coding)
        maps[name] = CodeMap(name, file, tuple(rows), codings)
    if faults:
        raise MappingInvalid("A code map is not valid", issues=faults)
    return CodeMaps(maps, digest.hexdigest(), strict=strict)


def concept_map(code_map: CodeMap) -> dict[str, Any]:
    """The code map as a FHIR R4 ConceptMap: one group for each target system.

    A code without a target stands in the first group. Source: DESIGN section 5; R4
    ConceptMap, whose invariant cmd-1 asks narrower and inexact for a comment.
    """
    groups: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in code_map.rows:
        target = {"code": row.target, "display": row.display}
        target |= {"equivalence": row.equivalence, "comment": row.comment}
        if row.equivalence in ("narrower", "inexact") and not row.comment:
            target["comment"] = "The nearest code that the target system has."
        told = {key: value for key, value in target.items() if value}
        system = row.system or next(
            (other.system for other in code_map.rows if other.system), ""
        )
        groups.setdefault(system, {}).setdefault(row.code, []).append(told)
    return {
        "resourceType": "ConceptMap",
        "id": code_map.name,
        "url": f"{CANONICAL}/ConceptMap/{code_map.name}",
        "name": code_map.name.title().replace("-", ""),
        "status": "active",
        "group": [
            {
                **({"target": system} if system else {}),
                "element": [
                    {"code": code, "target": targets}
                    for code, targets in elements.items()
                ],
            }
            for system, elements in groups.items()
        ],
    }


def _fault(file: str, line: int, reason: str) -> Issue:
    return Issue("error", "E_CODE_MAP", f"{file}:{line}", reason)


def _read(file: str, text: str) -> tuple[list[Row], list[Issue]]:
    rows: list[Row] = []
    faults: list[Issue] = []
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = tuple(next(reader, ()))
        if header != COLUMNS:
            return [], [_fault(file, 1, f"the columns are {','.join(COLUMNS)}")]
        seen: set[tuple[str, str, str]] = set()
        for cells in reader:
            if not cells:
                continue
            line = reader.line_num
            if len(cells) != len(COLUMNS):
                reason = f"{len(COLUMNS)} cells are needed, here are {len(cells)}"
                faults.append(_fault(file, line, reason))
                continue
            code, system, target, display, equivalence, comment = cells
            row = Row(code, system, target, display, equivalence, comment, line)
            faults.extend(_fault(file, line, reason) for reason in _reasons(row))
            key = (row.code, row.system, row.target)
            if key in seen:
                faults.append(_fault(file, line, "this row stands here already"))
            seen.add(key)
            rows.append(row)
    except csv.Error:
        faults.append(_fault(file, reader.line_num, "this is not CSV"))
    faults.extend(_unmatched_beside_others(file, rows))
    return rows, faults


def _reasons(row: Row) -> Iterator[str]:
    cells = (row.code, row.system, row.target, row.display, row.equivalence)
    if any(cell != cell.strip() for cell in cells):
        yield "a cell begins or ends with a space"
    if not row.code:
        yield "the local code is missing"
    if row.equivalence not in EQUIVALENCES:
        yield f"the equivalence is one of {', '.join(EQUIVALENCES)}"
    if row.equivalence == "unmatched":
        if row.target or row.system or row.display:
            yield "an unmatched code has no system, target or display"
    elif not row.target or not row.system:
        yield "a target and its system are needed, or the equivalence unmatched"
    if {_plain(row.target), _plain(row.display)} & STRATIFICATION:
        yield "a target that ranks risk does not load (record model, 0.2)"


def _plain(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def _unmatched_beside_others(file: str, rows: list[Row]) -> Iterator[Issue]:
    matched = {row.code for row in rows if row.equivalence != "unmatched"}
    for row in rows:
        if row.equivalence == "unmatched" and row.code in matched:
            reason = "a code cannot be unmatched beside a row with a target"
            yield _fault(file, row.line, reason)
