"""Pages and the opaque cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from adapter.errors import UnreadableRequest

T = TypeVar("T")
Mark = str | int


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items in order; ``next`` is the cursor of what follows, None at the end."""

    items: tuple[T, ...]
    next: str | None


def cursor(*marks: Mark) -> str:
    """An opaque text that stands for a place in an order."""
    return base64.urlsafe_b64encode(orjson.dumps(marks)).decode().rstrip("=")


def marks_of(text: str, *kinds: type[Mark]) -> tuple[Mark, ...]:
    """What ``cursor`` was given. UnreadableRequest when the text is not one of ours."""
    try:
        padded = text + "=" * (-len(text) % 4)
        marks = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        marks = None
    if (
        not isinstance(marks, list)
        or len(marks) != len(kinds)
        or not all(type(mark) is kind for mark, kind in zip(marks, kinds, strict=True))
    ):
        raise UnreadableRequest("the cursor is not one that was given out here")
    return tuple(marks)


def page(items: Sequence[T], limit: int, place: str | None) -> Page[T]:
    """A page of up to ``limit`` of the items; one more than that shows there is more.

    ``place`` is the cursor of the last item that is kept.
    """
    if len(items) <= limit:
        return Page(tuple(items), None)
    return Page(tuple(items[:limit]), place)
