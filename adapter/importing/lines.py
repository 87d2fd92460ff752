"""Records from a file, one at a time and each bounded, however large the file is."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase, BufferedReader
from pathlib import Path

from adapter.errors import UnreadableRequest

CHUNK = 65_536
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Line:
    """One record as it lies in the file, with its number there, from 1.

    ``body`` is None for one that is larger than may be taken. ``digest`` tells it from
    another: 16 hexadecimal digits of its SHA-256.
    """

    number: int
    body: bytes | None
    digest: str


def read_lines(file: BufferedReader, limit: int) -> Iterator[Line]:
    """The records of an NDJSON file, gzip or not; lines with nothing on them left out.

    Raises UnreadableRequest where gzip is broken or cut short, after all before it.
    """
    if file.peek(len(GZIP))[: len(GZIP)] != GZIP:
        yield from _lines(file, limit)
        return
    try:
        with gzip.GzipFile(fileobj=file) as plain:
            yield from _lines(plain, limit)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UnreadableRequest("the gzip is broken or cut short") from None


def _lines(file: BufferedIOBase, limit: int) -> Iterator[Line]:
    number = 0
    while start := file.readline(limit + 2):
        number += 1
        digest = hashlib.sha256(start)
        whole = start.endswith(b"\n") or len(start) < limit + 2
        piece = start
        while not piece.endswith(b"\n") and (piece := file.readline(CHUNK)):
            digest.update(piece)
        body = start.rstrip(b"\r\n")
        if body.strip() or not whole:
            fits = whole and len(body) <= limit
            yield Line(number, body if fits else None, digest.hexdigest()[:16])


def read_zips(path: Path, limit: int) -> Iterator[Line]:
    """A zip as one record, or each zip of a folder in the order of their names."""
    files = sorted(path.glob("*.zip")) if path.is_dir() else [path]
    for number, each in enumerate(files, 1):
        with each.open("rb") as file:
            body = file.read(limit + 1)
        digest = hashlib.sha256(body).hexdigest()[:16]
        yield Line(number, body if len(body) <= limit else None, digest)
