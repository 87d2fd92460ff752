"""Acceptance Tasks: one for each version of a view, each with a version of its own.

``search_resources`` and ``read_resource`` of ``adapter.store.views`` find them too,
with the type Task. What a receiver may change is decided in
``adapter.delivery.acknowledge``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.holdings import HAS_ARRIVED, Whose, sent_to
from adapter.store.payload import Payload
from adapter.store.schema import deliveries, tasks

DECIDED = frozenset({"accepted", "rejected", "completed"})
"""A person has answered: no newer version of the view takes the Task back."""

CANCELLED = "cancelled"


@dataclass(frozen=True)
class StoredTask:
    """An acceptance Task as it stands; ``version`` is the one that If-Match names."""

    id: str
    view_id: str
    view_version: int
    recipient_ods: str | None
    recipient_kind: str
    status: str
    version: int
    authored_on: datetime
    last_updated: datetime
    body: Payload


_FIELDS = tuple(name for name in StoredTask.__dataclass_fields__ if name != "body")


def read_task(
    store: Store, task_id: str, caller_ods: str, kinds: Collection[str] | None
) -> StoredTask | None:
    """The acceptance Task of that id if it is the caller's own; else None."""
    with store.reading() as connection:
        task = find_task(connection, task_id)
    return task if task is not None and is_own(task, caller_ods, kinds) else None


def is_own(task: StoredTask, caller_ods: str, kinds: Collection[str] | None) -> bool:
    """Whether the Task is meant for that caller; ``kinds`` None: of any kind."""
    return task.recipient_ods == caller_ods and (
        kinds is None or task.recipient_kind in kinds
    )


def find_task(connection: Connection, task_id: str) -> StoredTask | None:
    """The acceptance Task of that id, whosever it is, or None."""
    row = connection.execute(select(tasks).where(tasks.c.id == task_id)).one_or_none()
    return _task(row) if row is not None else None


def is_asked(connection: Connection, view_id: str, view_version: int) -> bool:
    """Whether that version of a view asks somebody to accept it."""
    found = connection.execute(
        select(tasks.c.id).where(
            tasks.c.view_id == view_id, tasks.c.view_version == view_version
        )
    )
    return found.first() is not None


def insert_tasks(connection: Connection, added: Sequence[StoredTask]) -> None:
    """Nothing; the Tasks are kept."""
    rows = [
        {
            **{name: getattr(task, name) for name in _FIELDS},
            **payload.columns("body", task.body),
        }
        for task in added
    ]
    if rows:
        connection.execute(insert(tasks), rows)


def replace_task(
    connection: Connection,
    task_id: str,
    expected_version: int,
    *,
    status: str,
    body: Payload,
    at: datetime,
) -> bool:
    """Whether the Task was at the expected version and is now one further."""
    changed = connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id, tasks.c.version == expected_version)
        .values(
            status=status,
            version=expected_version + 1,
            last_updated=at,
            **payload.columns("body", body),
        )
    )
    return changed.rowcount == 1


def undecided_tasks(connection: Connection, view_id: str) -> list[StoredTask]:
    """The view's Tasks that nobody has decided and that are not cancelled yet."""
    rows = connection.execute(
        select(tasks)
        .where(
            tasks.c.view_id == view_id,
            tasks.c.status.not_in(sorted(DECIDED | {CANCELLED})),
        )
        .order_by(tasks.c.view_version)
    ).all()
    return [_task(row) for row in rows]


def tasks_left_open(
    connection: Connection, view_id: str, *, whose: Whose
) -> list[StoredTask]:
    """The view's undecided Tasks that the system of the recipient may hold open.

    Those are the Tasks of versions that were sent at least once and that no delivered
    bundle has cancelled since; a Task that is cancelled only here is among them.
    """
    sent = connection.execute(
        select(deliveries.c.view_version, HAS_ARRIVED).where(
            deliveries.c.view_id == view_id,
            sent_to(whose),
            deliveries.c.attempts > 0,
        )
    ).all()
    newest = max((version for version, arrived in sent if arrived), default=0)
    open_there = sorted({version for version, _ in sent if version >= newest})
    rows = connection.execute(
        select(tasks)
        .where(
            and_(
                tasks.c.view_id == view_id,
                tasks.c.view_version.in_(open_there),
                tasks.c.status.not_in(sorted(DECIDED)),
            )
        )
        .order_by(tasks.c.view_version)
    ).all()
    return [_task(row) for row in rows]


def _task(row: Row[*tuple[Any, ...]]) -> StoredTask:
    return StoredTask(
        **{name: getattr(row, name) for name in _FIELDS},
        body=payload.read(row, "body"),
    )
