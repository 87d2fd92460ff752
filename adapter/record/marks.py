"""How grave a finding is: the marks C and I, drafts, and declared gaps.

Source: record model, section 14 (Mark) and 14.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapter.errors import Issue, Severity
from adapter.record.declarations import DECLARATIONS
from adapter.record.faults import Fault, Finding, Place, write_path
from adapter.record.vocabulary import ACTIVE_STATUSES

COMPLETENESS_CODES = frozenset(
    {
        "E_SAFETY_MINIMUM",
        "E_NO_24H_CONTACT",
        "E_PHASE_GAP",
        "E_MITIGATION_OWNER_MISSING",
        "E_MITIGATION_OWNER_AFTER_MISSING",
        "E_SAFEGUARDING_LEAD_MISSING",
        "E_SAFEGUARDING_REVIEW_INCOMPLETE",
        "E_HOST_NOT_BRIEFED",
        "E_RECEIVING_SERVICE_NOT_RECIPIENT",
    }
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


def _steps(path: str) -> list[str]:
    return _STEP.findall(path)


def _gaps(tree: Any) -> dict[int, list[str]]:
    """The path of each declared gap that has one, in steps, by its position."""
    gaps = tree.get("declared_gaps") if isinstance(tree, Mapping) else None
    found = {}
    for position, gap in enumerate(gaps if isinstance(gaps, list) else ()):
        path = gap.get("path") if isinstance(gap, dict) else None
        if isinstance(path, str) and (steps := _steps(path)):
            found[position] = steps
    return found


def _covers(gap: list[str], finding: Finding) -> bool:
    """Whether the gap names the finding's path or a parent of it, by segments."""
    return _steps(write_path(finding.place))[: len(gap)] == gap


def unneeded_gaps(tree: Any, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Declared gaps that cover nothing that is missing. Source: W_GAP_NOT_NEEDED."""
    missing = [finding for finding in findings if is_completeness(finding)]
    for position, gap in _gaps(tree).items():
        if not any(_covers(gap, finding) for finding in missing):
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
    gaps = _gaps(tree).values()
    issues = []
    for finding in findings:
        code, message = finding.fault.code, finding.fault.message
        severity: Severity = "warning" if code.startswith("W_") else "error"
        if severity == "error" and is_completeness(finding):
            if not is_active:
                severity = "warning"
            elif any(_covers(gap, finding) for gap in gaps):
                severity, code = "warning", "W_DECLARED_GAP"
                message = "not there yet; a declared gap says who adds it and when"
        issues.append(Issue(severity, code, write_path(finding.place), message))
    return issues


def _counts_as_active(status: object) -> bool:
    """Whether the record may leave; a status that says nothing is taken to say so."""
    return status in ACTIVE_STATUSES or status not in _STATUSES
