"""Deliveries and their attempts: the outbox, written with what it is about.

Only ``adapter.delivery.leases`` leases and sends; here stand the rows, the questions
asked of them, and the one way to move a delivery from state to state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Update,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from adapter.delivery.model import TRANSITIONS, UNDELIVERED, State
from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.paging import Page, cursor, marks_of, page
from adapter.store.payload import Payload
from adapter.store.schema import attempts as attempts_table
from adapter.store.schema import deliveries

SHARE = "share"
WITHDRAWAL = "withdrawal"

ARRIVAL = "arrival"
ACCEPTANCE = "acceptance"


@dataclass(frozen=True)
class Delivery:
    """One version of a view on its way to one recipient, without its bytes.

    What is held is no version yet: its ``view_version`` is 0 until it is released.

    ``reason`` says why it stands where it stands (a code), None where nothing needs
    saying. ``issues`` are the faults of a bundle that may not leave: code and place.
    ``purpose`` is ``share``, or ``withdrawal`` for what ends what was sent; ``patient``
    how its body speaks of the person; ``retires`` what the body ends ("Flag/<uuid>");
    ``moves_at`` when clinical responsibility moves, None where the record is silent;
    ``watched_for`` what the clock watches it for until then (``arrival``, later
    ``acceptance``), None for nothing more; ``alarmed_at`` when a person was last told
    that it is late.
    """

    id: str
    ods_code: str
    record_id: str
    record_version: int
    recipient_id: str
    recipient_kind: str
    recipient_ods: str | None
    view_id: str
    view_version: int
    lane: str | None
    sequence: int | None
    endpoint: str | None
    state: State
    reason: str | None
    issues: tuple[dict[str, str], ...]
    request_id: str
    correlation_id: str
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    state_since: datetime
    purpose: str = SHARE
    patient: str = "own"
    retires: tuple[str, ...] = ()
    moves_at: datetime | None = None
    alarmed_at: datetime | None = None
    watched_for: str | None = None

    @property
    def is_told_late(self) -> bool:
        """Whether a person was told that it is late in what it was watched for."""
        return self.alarmed_at is not None and self.watched_for is None


_FIELDS = tuple(Delivery.__dataclass_fields__)


@dataclass(frozen=True)
class Attempt:
    """One request: when, how long, and what it came to. ``attempt`` counts from 1."""

    delivery_id: str
    attempt: int
    started_at: datetime
    duration: timedelta
    outcome: str
    reason: str
    http_status: int | None
    worker: str


def list_deliveries(
    store: Store,
    ods_code: str,
    *,
    state: State | None = None,
    record_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Delivery]:
    """A sender's deliveries, newest first, a page at a time."""
    question = select(deliveries).where(deliveries.c.ods_code == ods_code)
    if state is not None:
        question = question.where(deliveries.c.state == state.value)
    if record_id is not None:
        question = question.where(deliveries.c.record_id == record_id)
    if after is not None:
        question = question.where(deliveries.c.number < marks_of(after, int)[0])
    with store.reading() as connection:
        rows = connection.execute(
            question.order_by(deliveries.c.number.desc()).limit(limit + 1)
        ).all()
    last = rows[limit - 1].number if len(rows) > limit else 0
    return page([delivery_of(row) for row in rows], limit, cursor(last))


def find_delivery(
    store: Store, delivery_id: str, *, ods_code: str | None = None
) -> Delivery | None:
    """The delivery of that id, or None; with ``ods_code`` only that sender's own."""
    with store.reading() as connection:
        found = read_delivery(connection, delivery_id)
    if found is None or (ods_code is not None and found.ods_code != ods_code):
        return None
    return found


def deliveries_of_record(
    store: Store, ods_code: str, record_id: str, version: int | None = None
) -> list[Delivery]:
    """The deliveries of a record, or of one version of it, oldest first."""
    question = select(deliveries).where(
        deliveries.c.ods_code == ods_code, deliveries.c.record_id == record_id
    )
    if version is not None:
        question = question.where(deliveries.c.record_version == version)
    with store.reading() as connection:
        rows = connection.execute(question.order_by(deliveries.c.number)).all()
    return [delivery_of(row) for row in rows]


def list_attempts(store: Store, delivery_id: str) -> list[Attempt]:
    """The requests made for a delivery, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            select(attempts_table)
            .where(attempts_table.c.delivery_id == delivery_id)
            .order_by(attempts_table.c.attempt)
        ).all()
    return [
        Attempt(
            delivery_id=row.delivery_id,
            attempt=row.attempt,
            started_at=row.started_at,
            duration=timedelta(microseconds=row.duration_us),
            outcome=row.outcome,
            reason=row.reason,
            http_status=row.http_status,
            worker=row.worker,
        )
        for row in rows
    ]


def count_by_state(store: Store) -> dict[State, int]:
    """How many deliveries stand in each state; every state is in it."""
    with store.reading() as connection:
        rows = connection.execute(
            select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        ).all()
    found = {row[0]: int(row[1]) for row in rows}
    return {state: found.get(state.value, 0) for state in State}


def keep_attempts(connection: Connection, made: Sequence[Attempt]) -> None:
    """Nothing; the requests are in the trail of their deliveries."""
    rows = [
        {
            "delivery_id": each.delivery_id,
            "attempt": each.attempt,
            "started_at": each.started_at,
            "duration_us": each.duration // timedelta(microseconds=1),
            "outcome": each.outcome,
            "reason": each.reason,
            "http_status": each.http_status,
            "worker": each.worker,
        }
        for each in made
    ]
    if rows:
        connection.execute(_KEEP_ATTEMPTS, rows)


def read_delivery(connection: Connection, delivery_id: str) -> Delivery | None:
    """The delivery of that id, or None."""
    row = connection.execute(
        select(deliveries).where(deliveries.c.id == delivery_id)
    ).one_or_none()
    return delivery_of(row) if row is not None else None


def read_body(connection: Connection, delivery_id: str) -> Payload | None:
    """The bytes that are sent, the same at each attempt; None when there are none."""
    row = connection.execute(
        select(deliveries.c.body, deliveries.c.body_encoding).where(
            deliveries.c.id == delivery_id
        )
    ).one_or_none()
    return payload.read_optional(row, "body") if row is not None else None


def has_body(store: Store, delivery_id: str) -> bool:
    """Whether there are bytes to send."""
    with store.reading() as connection:
        return read_body(connection, delivery_id) is not None


def newest_delivery(connection: Connection, view_id: str) -> Delivery | None:
    """The newest delivery of a version of a view, or None when it never had one."""
    row = connection.execute(
        select(deliveries)
        .where(deliveries.c.view_id == view_id, deliveries.c.view_version > 0)
        .order_by(deliveries.c.number.desc())
        .limit(1)
    ).one_or_none()
    return delivery_of(row) if row is not None else None


def delivery_of_version(
    connection: Connection, view_id: str, view_version: int
) -> Delivery | None:
    """The newest delivery of that version of a view, or None."""
    row = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.view_id == view_id, deliveries.c.view_version == view_version
        )
        .order_by(deliveries.c.number.desc())
        .limit(1)
    ).one_or_none()
    return delivery_of(row) if row is not None else None


def ever_sent(connection: Connection, view_id: str) -> list[Delivery]:
    """The deliveries of a view that the recipient may hold, oldest first."""
    rows = connection.execute(
        select(deliveries)
        .where(deliveries.c.view_id == view_id, deliveries.c.attempts > 0)
        .order_by(deliveries.c.number)
    ).all()
    return [delivery_of(row) for row in rows]


def undelivered(connection: Connection, view_ids: Collection[str]) -> list[Delivery]:
    """The deliveries of these views that have not arrived and may still do so."""
    rows = connection.execute(
        select(deliveries)
        .where(
            deliveries.c.view_id.in_(sorted(view_ids)),
            deliveries.c.state.in_([state.value for state in UNDELIVERED]),
        )
        .order_by(deliveries.c.number)
    ).all()
    return [delivery_of(row) for row in rows]


def insert_deliveries(
    connection: Connection, added: Sequence[tuple[Delivery, Payload | None]]
) -> None:
    """Nothing; the deliveries are in the outbox once the caller commits."""
    rows = [
        {**_columns(delivery, body), "tries": 0, "few_tries": 0}
        for delivery, body in added
    ]
    if rows:
        connection.execute(insert(deliveries), rows)


def release_delivery(
    connection: Connection, delivery: Delivery, body: Payload | None
) -> bool:
    """Whether what was held under its id is this delivery now.

    It is as old as it was, and told or watched as before.
    """
    as_before = ("created_at", "alarmed_at", "watched_for")
    kept = {name: deliveries.c[name] for name in as_before}
    changed = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.state == State.HELD.value)
        .values(**{**_columns(delivery, body), **kept})
    )
    return changed.rowcount == 1


def _columns(delivery: Delivery, body: Payload | None) -> dict[str, Any]:
    return {
        **{name: getattr(delivery, name) for name in _FIELDS},
        "state": delivery.state.value,
        "issues": list(delivery.issues) or None,
        "retires": list(delivery.retires) or None,
        **payload.columns("body", body),
    }


def move(
    connection: Connection,
    delivery_id: str,
    to: State,
    *,
    at: datetime,
    reason: str | None = None,
    only_from: Collection[State] | None = None,
    **changes: Any,
) -> bool:
    """Whether the delivery went to that state; False where the table forbids it.

    ``only_from`` narrows further what it may come from. ``changes`` are other columns
    to be written with it.
    """
    allowed = frozenset(state for state in State if to in TRANSITIONS[state])
    if only_from is not None:
        allowed &= frozenset(only_from)
    changed = connection.execute(
        _move(allowed, frozenset(changes)),
        {
            "delivery": delivery_id,
            "to": to.value,
            "at": at,
            "why": reason,
            **{f"new_{name}": value for name, value in changes.items()},
        },
    )
    return changed.rowcount == 1


@dataclass(frozen=True)
class Move:
    """One delivery that is to go to another state, why, and what changes with it."""

    delivery_id: str
    reason: str | None
    changes: Mapping[str, Any]


def move_all(
    connection: Connection,
    moves: Sequence[Move],
    only_from: State,
    to: State,
    *,
    at: datetime,
) -> frozenset[str]:
    """The ids of those that were in ``only_from`` and have gone to that state.

    All of them name the same ``changes``. LookupError where the table forbids the move.
    """
    if to not in TRANSITIONS[only_from]:
        raise LookupError(f"nothing goes from {only_from} to {to}")
    found = connection.execute(
        _IN_STATE,
        {"ids": sorted(each.delivery_id for each in moves), "state": only_from.value},
    )
    there = frozenset(found.scalars())
    rows = [
        {
            "delivery": each.delivery_id,
            "to": to.value,
            "at": at,
            "why": each.reason,
            **{f"new_{name}": value for name, value in each.changes.items()},
        }
        for each in moves
        if each.delivery_id in there
    ]
    if rows:
        changes = frozenset(moves[0].changes)
        connection.execute(_move(frozenset({only_from}), changes), rows)
    return there


@cache
def _move(allowed: frozenset[State], changes: frozenset[str]) -> Update:
    return (
        update(deliveries)
        .where(
            deliveries.c.id == bindparam("delivery"),
            # No IN: a statement that is run for many at once cannot hold a list.
            or_(*(deliveries.c.state == state.value for state in sorted(allowed))),
        )
        .values(
            state=bindparam("to"),
            reason=bindparam("why"),
            state_since=bindparam("at"),
            **{name: bindparam(f"new_{name}") for name in changes},
        )
    )


_IN_STATE = (
    select(deliveries.c.id)
    .where(
        deliveries.c.id.in_(bindparam("ids", expanding=True)),
        deliveries.c.state == bindparam("state"),
    )
    .order_by(deliveries.c.id)
    .with_for_update()
)
_KEEP_ATTEMPTS = insert(attempts_table)


def watch(connection: Connection, delivery_id: str, **changes: Any) -> None:
    """Nothing; ``watched_for``, ``alarmed_at`` or ``moves_at`` are as ``changes``."""
    connection.execute(
        update(deliveries).where(deliveries.c.id == delivery_id).values(**changes)
    )


def told_late(connection: Connection, delivery_ids: Collection[str]) -> set[str]:
    """Those of these deliveries that a person was told are late, and still are."""
    if not delivery_ids:
        return set()
    found = connection.execute(
        select(deliveries.c.id).where(
            deliveries.c.id.in_(sorted(delivery_ids)),
            deliveries.c.alarmed_at.is_not(None),
            deliveries.c.watched_for.is_(None),
        )
    )
    return set(found.scalars())


def watched(
    store: Store, watched_for: str, moves_by: datetime, *, limit: int
) -> list[Delivery]:
    """The deliveries that are watched for that and move by then, soonest first.

    One that is being sent just now is not among them: it is about to be known.
    """
    question = (
        select(deliveries)
        .where(
            deliveries.c.watched_for == watched_for,
            deliveries.c.moves_at <= moves_by,
            deliveries.c.state != State.SENDING.value,
        )
        .order_by(deliveries.c.moves_at)
        .limit(limit)
    )
    with store.reading() as connection:
        return [delivery_of(row) for row in connection.execute(question)]


def replace_body(
    connection: Connection,
    delivery_id: str,
    body: Payload,
    *,
    patient: str,
    retires: Sequence[str],
    is_ours: bool,
) -> None:
    """Nothing; what waits to be sent says it in another way. What is being sent stays.

    The caller has locked its lane. ``is_ours``: the caller has leased it, and has not
    sent it yet.
    """
    waiting = {State.QUEUED, State.FAILED, State.EXPIRED}
    if is_ours:
        waiting.add(State.SENDING)
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.state.in_(sorted(state.value for state in waiting)),
        )
        .values(
            patient=patient,
            retires=list(retires) or None,
            **payload.columns("body", body),
        )
    )


def queue_again(
    connection: Connection,
    delivery_id: str,
    *,
    at: datetime,
    lane: str,
    sequence: int | None,
    endpoint: str,
) -> None:
    """Nothing; the delivery waits in that lane, with all its time and tries again."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(
            state=State.QUEUED.value,
            reason=None,
            state_since=at,
            lane=lane,
            sequence=sequence,
            endpoint=endpoint,
            next_attempt_at=at,
            tries=0,
            few_tries=0,
            retry_since=None,
        )
    )


def delivery_of(row: Row[*tuple[Any, ...]]) -> Delivery:
    """The delivery of a whole row of the table."""
    values = {name: row._mapping[name] for name in _FIELDS}
    values["state"] = State(values["state"])
    values["issues"] = tuple(values["issues"] or ())
    values["retires"] = tuple(values["retires"] or ())
    return Delivery(**values)
