"""What the receiver saw: ids, statuses and ordered faults, never a body or a query."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 50_000


@dataclass(frozen=True)
class Seen:
    """One request under /fhir; ``status`` None when it was never answered."""

    at: str
    method: str
    path: str
    request_id: str | None
    correlation_id: str | None
    status: int | None
    fault: str | None
    view: str | None
    view_version: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Journal:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[Seen] = deque(maxlen=KEPT)

    def note(self, seen: Seen) -> None:
        with self._lock:
            self._seen.append(seen)

    def listed(self) -> list[Seen]:
        with self._lock:
            return list(self._seen)
