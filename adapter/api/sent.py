"""What a sender posts: a record, or an export of its own that becomes one.

Which of them, the sender's registration says (``source`` in the callers file), or the
header ``X-Source-Format`` for one request: the name of a source mapping, or ``record``.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from adapter.api.answers import JSON
from adapter.api.auth import Caller
from adapter.api.bodies import check_media_type, read_body
from adapter.api.parameters import refuse
from adapter.archive import read_archive
from adapter.sources.source import Given, Source, Tell

HEADER = "X-Source-Format"
RECORD = "record"
ZIP = "application/zip"


def source_of(sources: Mapping[str, Source], caller: Caller) -> Source | None:
    """The source mapping of this request; None for a record as the model has it.

    Raises UnreadableRequest for a name that is none; what was sent is not repeated.
    """
    named = request.headers.get(HEADER, "").strip() or caller.source or RECORD
    if named == RECORD:
        return None
    if named not in sources:
        known = ", ".join([RECORD, *sorted(sources)])
        raise refuse(HEADER, f"one of: {known}")
    return sources[named]


def read_sent(source: Source | None, limit: int) -> Given:
    """The body of this request, or the texts of the files in its zip.

    ``limit`` bounds the body, and what a zip holds, in bytes. Raises MediaTypeRefused,
    BodyTooLarge and UnreadableRequest.
    """
    in_tables = source is not None and source.in_tables
    check_media_type(ZIP if in_tables else JSON)
    body = read_body(limit)
    return read_archive(body, limit=limit) if in_tables else body


def as_record(source: Source | None, sent: Given) -> tuple[bytes, Tell | None]:
    """A record's bytes, and how its issues are told when a source made them.

    Raises InvalidRecord for an export that is not JSON.
    """
    if source is None:
        assert isinstance(sent, bytes)
        return sent, None
    converted = source.convert(sent)
    return converted.body, converted.tell
