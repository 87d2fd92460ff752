"""How grave a finding is: the marks C and I, drafts, and declared gaps.

Source: record model, section 14 (Mark) and 14.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapter.errors import Issue, Severity
from adapter.record.codes import ISSUE_CODES
from adapter.record.declarations import DECLARATIONS
from adapter.record.faults import Fault, Finding, Paths, Place, write_path
from adapter.record.vocabulary import ACTIVE_STATUSES

COMPLETENESS_CODES = frozenset(
    each.code for each in ISSUE_CODES.values() if each.mark == "C"
)
"""Codes marked C, beside E_SCHEMA where something required is missing."""

_STATUSES = DECLARATIONS["status"].codes

_IDENTITY = frozenset(
    {
        "nhs_number",
        "nhs_number_status",
        "local_patient_id",
        "names",
        "administrative_gender",
        "birth_date",
    }
)
_ENVELOPE = frozenset(
    {"source_system", "supersedes", "declared_gaps"}
    | {
        path
        for path, found in DECLARATIONS.items()
        if "." not in path and not found.is_container and found.category is None
    }
)


def is_completeness(finding: Finding) -> bool:
    """Whether something is merely not there yet (C), rather than wrong (I)."""
    code = finding.fault.code
    if code == "E_SCHEMA":
        return finding.fault.absent and not _is_integral(finding.place)
    return code in COMPLETENESS_CODES


def _is_integral(place: Place) -> bool:
    """Whether even the absence of this may not be guessed at: identity, envelope and
    consent."""
    if not place:
        return True
    top = place[0]
    return (
        place[-1] == "id"
        or top in _ENVELOPE
        or top == "consent_and_sharing"
        or (top == "young_person" and (len(place) == 1 or place[1] in _IDENTITY))
    )


_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


Steps = tuple[str, ...]


def _steps(path: str) -> Steps:
    return tuple(_STEP.findall(path))


def _gaps(tree: Any) -> dict[int, Steps]:
    """The path of each declared gap that has one, in steps, by its position."""
    gaps = tree.get("declared_gaps") if isinstance(tree, Mapping) else None
    found = {}
    for position, gap in enumerate(gaps if isinstance(gaps, list) else ()):
        path = gap.get("path") if isinstance(gap, dict) else None
        if isinstance(path, str) and (steps := _steps(path)):
            found[position] = steps
    return found


def _coverable(finding: Finding) -> list[Steps]:
    """The paths by which a gap covers this finding: its own, and each parent's."""
    steps = _steps(write_path(finding.place))
    return [steps[:length] for length in range(1, len(steps) + 1)]


def unneeded_gaps(tree: Any, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Declared gaps that cover nothing that is missing. Source: W_GAP_NOT_NEEDED."""
    gaps = _gaps(tree)
    if not gaps:
        return
    needed = {
        steps
        for finding in findings
        if is_completeness(finding)
        for steps in _coverable(finding)
    }
    for position, gap in gaps.items():
        if gap not in needed:
            yield Finding(
                ("declared_gaps", position, "path"),
                Fault("W_GAP_NOT_NEEDED", "nothing is missing there"),
            )


def grade(tree: Any, findings: Iterable[Finding]) -> list[Issue]:
    """The issues of these findings, in their order, each with its severity.

    On an active record a completeness error that a declared gap covers becomes
    W_DECLARED_GAP; in any other status it is a warning under its own code.
    """
    is_active = not isinstance(tree, Mapping) or _counts_as_active(tree.get("status"))
    gaps = set(_gaps(tree).values())
    issues = []
    write = Paths()
    for finding in findings:
        code, message = finding.fault.code, finding.fault.message
        severity: Severity = "warning" if code.startswith("W_") else "error"
        if severity == "error" and is_completeness(finding):
            if not is_active:
                severity = "warning"
            elif not gaps.isdisjoint(_coverable(finding)):
                severity, code = "warning", "W_DECLARED_GAP"
                message = "not there yet; a declared gap says who adds it and when"
        issues.append(Issue(severity, code, write(finding.place), message))
    return issues


def _counts_as_active(status: object) -> bool:
    """Whether the record may leave; a status that says nothing is taken to say so."""
    return status in ACTIVE_STATUSES or status not in _STATUSES
