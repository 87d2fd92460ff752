"""What of a supplier's export is mapped, knowingly not carried, and neither.

For the supplier and the trust to read together. Source: DESIGN section 2, promise 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapter.errors import Issue
from adapter.record.declarations import DECLARATIONS
from adapter.sources.source import Source


def coverage(source: Source, issues: Sequence[Issue] | None = None) -> dict[str, Any]:
    """The report as a JSON value; ``in_file`` when the issues of one export are given.

    ``mapped`` says for each field which record paths it fills (none for one that only
    says where others belong), ``not_carried`` why, ``unmapped`` lists the rest, and
    ``not_filled`` the record's fields that this source never has. ``stale`` are fields
    that are said not to be carried and yet are read.
    """
    fills: dict[str, list[str]] = {path: [] for path in source.fields}
    for home, paths in source.homes.items():
        for path in paths:
            fills[path].append(home)
    listed = [each for each in source.fields.values() if each.not_carried]
    unmapped = [
        path
        for path, each in source.fields.items()
        if path not in source.reads and not each.not_carried
    ]
    stale = [each.path for each in listed if each.path in source.reads]
    report: dict[str, Any] = {
        "source": source.name,
        "version": source.version,
        "complete": not unmapped and not stale,
        "declared": len(source.fields),
        "mapped": [
            {"path": path, "fills": fills[path]}
            for path in source.fields
            if path in source.reads
        ],
        "not_carried": [
            {"path": each.path, "reason": each.not_carried} for each in listed
        ],
        "unmapped": unmapped,
        "stale": stale,
        "not_filled": [
            path
            for path, declared in DECLARATIONS.items()
            if not declared.is_container and path not in source.homes
        ],
    }
    if issues is not None:
        report["in_file"] = [issue.as_json() for issue in issues]
    return report
