"""The states of a delivery, what moves it between them, and what an attempt answers.

The states are a table: the diagram in docs/reference/delivery.md and the test that
every state has its row are made from it. No I/O belongs here, and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands; DESIGN.md section 8 names them."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    MATCHED = "matched"
    OPENED = "opened"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def words(self) -> str:
        """What the state means, for people and for the reference page."""
        return MEANINGS[self]


MEANINGS: Mapping[State, str] = {
    State.HELD: "waits for a person to release or refuse it; nobody can have it yet",
    State.QUEUED: "waits for its turn in its lane",
    State.SENDING: "a worker has leased its lane to send it",
    State.DELIVERED: "the recipient's system has it",
    State.MATCHED: "the recipient has found the person it is about",
    State.OPENED: "somebody at the recipient has opened it",
    State.ACCEPTED: "a named person at the recipient has taken the handover on",
    State.DECLINED: "a named person at the recipient has refused the handover",
    State.FAILED: "it cannot be delivered as it is; the reason says why",
    State.SUPERSEDED: "a later version goes in its place",
    State.WITHDRAWN: "it may no longer leave",
    State.EXPIRED: "the time for trying again has run out",
}

_ANSWERS = frozenset({State.ACCEPTED, State.DECLINED})
_SEEN = frozenset({State.DELIVERED, State.MATCHED, State.OPENED})
_ENDS = frozenset({State.SUPERSEDED, State.WITHDRAWN})

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.HELD: _ENDS | {State.QUEUED, State.FAILED},
    State.QUEUED: _ANSWERS | _ENDS | {State.SENDING, State.FAILED},
    State.SENDING: _ANSWERS
    | _ENDS
    | {State.DELIVERED, State.QUEUED, State.FAILED, State.EXPIRED},
    State.DELIVERED: _ANSWERS | {State.MATCHED, State.OPENED},
    State.MATCHED: _ANSWERS | {State.OPENED},
    State.OPENED: _ANSWERS,
    State.ACCEPTED: frozenset(),
    State.DECLINED: frozenset(),
    State.FAILED: _ANSWERS | _SEEN | _ENDS | {State.QUEUED},
    State.SUPERSEDED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.EXPIRED: _ANSWERS | _SEEN | _ENDS | {State.QUEUED},
}

BEGINNINGS = (State.HELD, State.QUEUED, State.FAILED)
"""The states in which a delivery begins."""

WAITING = frozenset({State.QUEUED, State.SENDING})
"""A worker still has something to do for it."""

STOPPED = frozenset({State.FAILED, State.EXPIRED})
"""Nothing moves until a person acts; what follows in the same lane waits behind it."""

UNDELIVERED = WAITING | STOPPED
"""In a lane, or kept from it by a fault; a later version takes its place.

What is held is not among them: it is no version of its view and in no lane yet.
"""

ARRIVED = _SEEN | _ANSWERS
"""The recipient has it, by push or by pull."""

REDRIVABLE = STOPPED
"""A person may put it into the queue again."""


def may_move(now: State, to: State) -> bool:
    """Whether the table lets a delivery go from one state to the other."""
    return to in TRANSITIONS[now]


class Outcome(StrEnum):
    """What an attempt came to; the first three are FHIR response codes."""

    OK = "ok"
    TRANSIENT = "transient-error"
    FATAL = "fatal-error"
    ENDPOINT_FAULT = "endpoint-fault"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Answer:
    """What one request came to: outcome, a code for the reason, and how long it took.

    ``reason`` is a code (``http_503``, ``timeout``, ``refused``), never text that the
    other side wrote. ``http_status`` is None when no answer came; ``retry_after`` is
    what the other side asked for, None when it asked for nothing.
    """

    outcome: Outcome
    reason: str
    http_status: int | None = None
    retry_after: timedelta | None = None
    duration: timedelta = timedelta()
