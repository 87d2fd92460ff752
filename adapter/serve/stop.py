"""How a process is told to stop, and how it learns that its parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

ORPHAN_GRACE = timedelta(seconds=3)
"""How long a child whose parent is gone may take to end."""


class Stop:
    """Whether to stop: first by draining, and on a second call at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.hurry = threading.Event()

    def __call__(self, *_: object) -> None:
        if self.asked.is_set():
            self.hurry.set()
        self.asked.set()


def stop_by_signals() -> Stop:
    """A Stop that SIGTERM and SIGINT ask for."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stop


def end_with_parent(parent_is_gone: Callable[[], Any]) -> None:
    """From now on, end this process once ``parent_is_gone`` returns."""

    def watch() -> None:
        parent_is_gone()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_GRACE.total_seconds() + 1)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def pipe_closed() -> None:
    """Return when standard input, a pipe from the parent, closes."""
    while os.read(0, 1):
        pass
