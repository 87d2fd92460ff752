"""Opaque cursors: where a page ended, signed so that nobody else can write one.

A cursor carries the whole search as it was first asked, with an NHS number only as its
keyed hash, so that a link to the next page needs nothing else and names nobody.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any

import orjson

from adapter.bundle.ids import keyed_digest
from adapter.errors import Issue, UnreadableRequest

SIGNATURE_BYTES = 16


def seal(key: bytes, purpose: str, value: Any) -> str:
    """The cursor that holds this JSON value; ``purpose`` names list and caller."""
    text = orjson.dumps(value)
    signature = keyed_digest(key, "cursor", purpose, text.decode())[:SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(signature + text).rstrip(b"=").decode()


def unseal(key: bytes, purpose: str, cursor: str) -> Any:
    """What the cursor holds. UnreadableRequest when it is not one of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sealed = base64.b64decode(padded.encode("ascii"), b"-_", validate=True)
        signature, text = sealed[:SIGNATURE_BYTES], sealed[SIGNATURE_BYTES:]
        wanted = keyed_digest(key, "cursor", purpose, text.decode())[:SIGNATURE_BYTES]
    except (ValueError, binascii.Error):
        raise _refused() from None
    if not hmac.compare_digest(signature, wanted):
        raise _refused()
    return orjson.loads(text)


def _refused() -> UnreadableRequest:
    message = "not a cursor that was given out for this list and this caller"
    return UnreadableRequest(
        message, issues=[Issue("error", "CURSOR_INVALID", "cursor", message)]
    )
