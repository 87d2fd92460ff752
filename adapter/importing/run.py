"""Each record taken in as if it had been posted; what became of it, told in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from adapter import logs
from adapter.archive import read_archive
from adapter.clock import Clock
from adapter.errors import AdapterError, InvalidRecord, Issue, NotReady
from adapter.importing.lines import Line
from adapter.importing.report import Report
from adapter.intake import Parts, Tell, accept
from adapter.sources.source import Source


class ImportParts(Parts, Protocol):
    """What importing needs beside what taking a record in needs: the clock."""

    @property
    def clock(self) -> Clock: ...


STATUSES = ("accepted", "repeated", "refused", "failed")


@dataclass
class Counts:
    """How many records were read, and what became of them, by status."""

    read: int = 0
    by_status: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(STATUSES, 0)
    )

    def add(self, status: str) -> None:
        self.read += 1
        self.by_status[status] += 1

    @property
    def all_taken(self) -> bool:
        return not (self.by_status["refused"] or self.by_status["failed"])


def import_records(
    lines: Iterator[Line],
    report: Report,
    parts: ImportParts,
    *,
    source: Source | None = None,
    ods_code: str | None = None,
    progress: Callable[[Counts], None] = lambda counts: None,
) -> Counts:
    """What became of the records that the report does not tell of yet.

    ``ods_code`` is on whose behalf it is done: a record of another organisation is
    refused; None: each record's own. One that fails for a fault of the adapter is told
    of as ``failed`` and logged. NotReady ends it, for the store may answer later: what
    was told of is kept.
    """
    counts = Counts()
    for line in report.not_told(lines):
        outcome = _take_in(line, parts, source, ods_code)
        report.tell(line, outcome)
        counts.add(outcome["status"])
        progress(counts)
    return counts


def _take_in(
    line: Line, parts: ImportParts, source: Source | None, ods_code: str | None
) -> dict[str, Any]:
    limit = parts.settings.max_body_bytes
    if line.body is None:
        reason = f"at most {limit} bytes are taken"
        return _refused([Issue("error", "E_LIMIT", "", reason)])
    try:
        body, tell = _as_record(line.body, source, limit)
        accepted = accept(
            body,
            caller_ods=ods_code or _own_ods_code(body),
            parts=parts,
            at=parts.clock(),
            tell=tell,
        )
    except NotReady:
        raise
    except InvalidRecord as error:
        return _refused(error.issues)
    except AdapterError as error:
        code = type(error).__name__
        return _refused(error.issues or [Issue("error", code, "", error.detail)])
    except Exception as error:
        # A fault of ours in one record must not keep the others out.
        name = type(error).__name__
        logs.get_logger(line=line.number).error(logs.REQUEST_FAILED, error=name)
        return {"status": "failed", "issues": []}
    receipt = orjson.loads(accepted.receipt_bytes)
    return {
        "status": accepted.status,
        "record_id": receipt["record_id"],
        "record_version": receipt["record_version"],
        "issues": receipt["warnings"],
    }


def _as_record(
    body: bytes, source: Source | None, limit: int
) -> tuple[bytes, Tell | None]:
    if source is None:
        return body, None
    given = read_archive(body, limit=limit) if source.in_tables else body
    converted = source.convert(given)
    return converted.body, converted.tell


def _own_ods_code(body: bytes) -> str:
    """The record's own organisation; empty where there is none, which is refused."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    source = tree.get("source_system") if isinstance(tree, Mapping) else None
    found = source.get("ods_code") if isinstance(source, Mapping) else None
    return found if isinstance(found, str) else ""


def _refused(issues: Any) -> dict[str, Any]:
    return {"status": "refused", "issues": [issue.as_json() for issue in issues]}
