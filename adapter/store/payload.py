"""Payloads as they lie in the store: bytes, and beside them how they are encoded."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, NamedTuple

from sqlalchemy import Row

GZIP = "gzip"
_LEVEL = 1
_SMALL = 4096
"""A resource is about 1 KB: setting up the usual window would be most of the work."""


class Payload(NamedTuple):
    """Bytes with their encoding: ``gzip`` now."""

    data: bytes
    encoding: str

    def plain(self) -> bytes:
        """The bytes as they were before they were encoded."""
        if self.encoding == GZIP:
            return gzip.decompress(self.data)
        raise ValueError(f"no such encoding: {self.encoding}")


def pack(plain: bytes) -> Payload:
    """The payload of these bytes; the same bytes always give the same payload."""
    if len(plain) > _SMALL:
        return Payload(gzip.compress(plain, _LEVEL, mtime=0), GZIP)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + 12, 5)
    return Payload(packer.compress(plain) + packer.flush(), GZIP)


def columns(name: str, payload: Payload | None) -> dict[str, Any]:
    """The two columns of a payload of that name, to be written."""
    if payload is None:
        return {name: None, f"{name}_encoding": None}
    return {name: payload.data, f"{name}_encoding": payload.encoding}


def read(row: Row[*tuple[Any, ...]], name: str) -> Payload:
    """The payload of that name in a row."""
    return Payload(bytes(row._mapping[name]), str(row._mapping[f"{name}_encoding"]))


def read_optional(row: Row[*tuple[Any, ...]], name: str) -> Payload | None:
    """The payload of that name in a row, or None where the row has none."""
    return None if row._mapping[name] is None else read(row, name)
