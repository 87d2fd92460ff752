"""A record's issues by section, with how each code is mended: what an answer adds.

Issues stay one list in document order; the groups are a second way to read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapter.errors import Issue
from adapter.record.codes import ISSUE_CODES
from adapter.record.declarations import DECLARATIONS

WHOLE = "record"
ENVELOPE = "envelope"

_OF_THE_ENVELOPE = ("source_system", "supersedes", "co_production", "declared_gaps")
SECTIONS = tuple(
    name
    for path, found in DECLARATIONS.items()
    if "." not in path and found.is_container
    if (name := path.removesuffix("[]")) not in _OF_THE_ENVELOPE
)
"""The sections of the model after its first, in order."""

_ENVELOPE = frozenset(
    path.removesuffix("[]") for path in DECLARATIONS if "." not in path
) - frozenset(SECTIONS)


def section_of(path: str) -> str:
    """The section of an issue's path: ``safety``, ``envelope``; else ``record``.

    ``record`` is for what has no path, or stands nowhere in the model.
    """
    first = path.split(".", 1)[0].split("[", 1)[0]
    if first in SECTIONS:
        return first
    return ENVELOPE if first in _ENVELOPE else WHOLE


def group(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """The issues by section and code, as an answer tells them.

    ``[{"section", "errors", "warnings", "codes": [{"code", "severity",
    "how_to_mend", "paths"}]}]``: sections in the model's order, codes as they first
    occur, errors before warnings. Issues of codes that are none of the record model's
    are left out.
    """
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for issue in issues:
        if issue.code in ISSUE_CODES:
            home = issue.path if issue.record_path is None else issue.record_path
            codes = found.setdefault(section_of(home), {})
            codes.setdefault((issue.severity, issue.code), []).append(issue.path)
    return [
        _told(section, found[section])
        for section in (WHOLE, ENVELOPE, *SECTIONS)
        if section in found
    ]


def _told(section: str, codes: dict[tuple[str, str], list[str]]) -> dict[str, Any]:
    def count(wanted: str) -> int:
        return sum(len(paths) for (level, _), paths in codes.items() if level == wanted)

    return {
        "section": section,
        "errors": count("error"),
        "warnings": count("warning"),
        "codes": [
            {
                "code": code,
                "severity": severity,
                "how_to_mend": ISSUE_CODES[code].mend,
                "paths": paths,
            }
            for (severity, code), paths in sorted(
                codes.items(), key=lambda entry: entry[0][0]
            )
        ],
    }
