"""The report of an import: one line of JSON for each record, written as it is taken in.

It is also how far the import has come: started again with the same report, it goes on
behind the last whole line. A record that was taken in and not yet told of is taken in
again, and found to be held already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import orjson

from adapter.errors import Conflict
from adapter.importing.lines import Line


class Report:
    """An open report; leave it as a context to close it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _cut_torn_line(path)
        self._file: IO[bytes] = path.open("ab")

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def not_told(self, lines: Iterator[Line]) -> Iterator[Line]:
        """The lines that the report does not tell of yet.

        Conflict when it tells of another file.
        """
        with self._path.open("rb") as told:
            for written in told:
                entry = orjson.loads(written)
                line = next(lines, None)
                if line is None or entry.get("digest") != line.digest:
                    raise Conflict(
                        "the report is of another file: name a new one with --report"
                    )
        yield from lines

    def tell(self, line: Line, outcome: Mapping[str, Any]) -> None:
        """Add what became of a record, so that a kill cannot undo it."""
        entry = {"line": line.number, "digest": line.digest, **outcome}
        self._file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        self._file.flush()


def _cut_torn_line(path: Path) -> None:
    """What a kill left half written at the end is cut off."""
    if not path.exists():
        return
    whole = 0
    with path.open("rb") as file:
        for written in file:
            if not _is_entry(written):
                break
            whole += len(written)
    if whole < path.stat().st_size:
        with path.open("r+b") as file:
            if whole == 0 or file.seek(whole) and file.readline().endswith(b"\n"):
                raise Conflict("what is named as the report is no report of an import")
            file.truncate(whole)


def _is_entry(written: bytes) -> bool:
    try:
        entry = orjson.loads(written)
    except orjson.JSONDecodeError:
        return False
    return written.endswith(b"\n") and isinstance(entry, dict) and "digest" in entry
