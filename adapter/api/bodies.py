"""Request bodies: read to a bound and no further, whatever their coding says.

A body that says it is too long is refused unread; one that does not say (chunked, or
gzip) is read until it passes the bound.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import orjson
from flask import request

from adapter.api.problems import BodyTooLarge, MediaTypeRefused
from adapter.errors import Issue, UnreadableRequest

CHUNK = 65_536
GZIP_WINDOW = 16 + zlib.MAX_WBITS


def check_media_type(*allowed: str) -> None:
    """Refuse a body that is not one of these media types, in UTF-8."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype not in allowed or charset not in {"utf-8", "utf8"}:
        raise MediaTypeRefused(f"the body must be {' or '.join(allowed)}, in UTF-8")


def read_body(limit: int) -> bytes:
    """The body of this request, inflated when it comes as gzip.

    ``limit`` bounds it in bytes, as sent and as inflated. Raises BodyTooLarge,
    MediaTypeRefused for another coding, UnreadableRequest for broken gzip.
    """
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", ""}:
        raise MediaTypeRefused("the body may come as it is or as gzip")
    length = request.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    sent = _chunks()
    if coding == "gzip":
        sent = _inflated(sent, limit)
    body = bytearray()
    for chunk in sent:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def read_json(limit: int) -> Any:
    """The JSON value that the body holds. Raises UnreadableRequest without its text."""
    try:
        return orjson.loads(read_body(limit))
    except orjson.JSONDecodeError:
        raise UnreadableRequest("the body is not JSON") from None


def _too_large(limit: int) -> BodyTooLarge:
    detail = f"at most {limit} bytes are taken here"
    return BodyTooLarge(detail, issues=[Issue("error", "E_LIMIT", "", detail)])


def _chunks() -> Iterable[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk


def _inflated(sent: Iterable[bytes], limit: int) -> Iterable[bytes]:
    """What a gzip stream inflates to, in pieces no larger than one chunk."""
    inflate = zlib.decompressobj(GZIP_WINDOW)
    read = 0
    try:
        for chunk in sent:
            read += len(chunk)
            if read > limit:
                raise _too_large(limit)
            waiting = chunk
            while waiting:
                if inflate.eof:
                    raise UnreadableRequest("something follows the gzip body")
                yield inflate.decompress(waiting, CHUNK)
                waiting = inflate.unconsumed_tail or inflate.unused_data
        while rest := inflate.decompress(b"", CHUNK):
            yield rest
    except zlib.error:
        raise UnreadableRequest("the body is not gzip") from None
    if not inflate.eof:
        raise UnreadableRequest("the gzip body is cut short")
