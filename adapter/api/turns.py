"""Turns at taking records in, so that a rush of them leaves room for everybody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from adapter.api.problems import TooManyRequests

PATIENCE = timedelta(seconds=2)


class Turns:
    """At most so many records are taken in at once; safe to share between threads."""

    def __init__(self, at_once: int, patience: timedelta = PATIENCE) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience.total_seconds()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A turn, waited for a little while. TooManyRequests when none came free."""
        if not self._free.acquire(timeout=self._patience):
            raise TooManyRequests("too many records are being taken in just now")
        try:
            yield
        finally:
            self._free.release()
