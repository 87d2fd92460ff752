"""Gives memory back to the system after a large body.

A record of 5 MB becomes many millions of small values; when they are gone, the C
library keeps what they stood in. Where it has no such call, nothing is done.
"""

from __future__ import annotations

import ctypes
import gc

from flask import Flask, Response, request

LARGE = 500_000
"""Bodies from so many bytes on, a hundred times an ordinary record."""


def give_back_after_large_bodies(app: Flask) -> None:
    """After the answer to a large body has left, free what it stood in."""
    trim = _find_trim()

    @app.after_request
    def plan(answer: Response) -> Response:
        if trim is not None and (request.content_length or 0) >= LARGE:
            answer.call_on_close(_give_back)
        return answer

    def _give_back() -> None:
        gc.collect()
        if trim is not None:
            trim(0)


def _find_trim() -> ctypes._NamedFuncPointer | None:
    """The C library's ``malloc_trim``; None where it has none."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
