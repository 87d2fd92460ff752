"""Places in what a sender sent, and how an issue writes them.

In JSON as everywhere: ``patient.risks[2].typeCode``. In a set of CSV files by file, row
and column: ``risks.csv row 3 column domain``, where row 1 is the header, as a
spreadsheet shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from adapter.record.faults import Place, write_path

HEADER = -1
ANY_ROW = -2
_STEP = re.compile(r"\[(\d*)\]|[^.\[\]]+")


def read_place(path: str) -> Place:
    """The place that a path names: ``risks[0].id``; ``[]`` becomes ANY_ROW."""
    return tuple(
        step[0] if not step[0].startswith("[") else int(step[1] or ANY_ROW)
        for step in _STEP.finditer(path)
    )


def write_place(place: Place, *, in_tables: bool) -> str:
    """The place as its sender would look for it."""
    if not in_tables:
        return write_path(place)
    if not place:
        return ""
    table, *rest = place
    words = [f"{write_path((table,))}.csv"]
    for step in rest:
        if isinstance(step, str):
            words.append(f"column {write_path((step,))}")
        elif step != ANY_ROW:
            words.append(f"row {step + 2}")
    return " ".join(words)


def is_under(place: Place, places: Set[Place]) -> bool:
    """Whether a place is one of these, or lies under one."""
    return any(place[:length] in places for length in range(len(place) + 1))


def common_part(places: Sequence[Place]) -> Place:
    """How far all these places go the same way."""
    if not places:
        return ()
    first = places[0]
    length = min(map(len, places))
    for index in range(length):
        if any(place[index] != first[index] for place in places):
            return first[:index]
    return first[:length]
