"""What the unattended sweep keeps: its lease, what is due, and when to look again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.engine import Store
from adapter.store.heads import Present
from adapter.store.schema import records, reminders, sweeps, views

NAME = "sweep"
BIRTHDAY = "birthday"
GAPS = "gaps"


@dataclass(frozen=True)
class Swept:
    """The policy and directory with which the last whole sweep was made."""

    policy_version: str | None
    directory_version: str | None


@dataclass(frozen=True)
class Reminder:
    """A record that has to be looked at although nobody sends anything."""

    ods_code: str
    record_id: str
    purpose: str
    due: datetime


def lease(
    store: Store, owner: str, *, length: timedelta, interval: timedelta
) -> Swept | None:
    """How the last sweep was made; the next is the caller's for so long.

    None when another sweeps just now, or the last one is not long enough ago.
    """
    with store.reading() as connection:
        row = connection.execute(select(sweeps).where(_IS_IT)).one_or_none()
        now = store.now(connection)
        if row is not None and not _is_free(row, now, interval):
            return None
    build = sqlite.insert if store.is_sqlite else postgresql.insert
    with store.writing() as connection:
        connection.execute(build(sweeps).values(name=NAME).on_conflict_do_nothing())
        row = connection.execute(select(sweeps).where(_IS_IT).with_for_update()).one()
        now = store.now(connection)
        if not _is_free(row, now, interval):
            return None
        connection.execute(
            update(sweeps)
            .where(_IS_IT)
            .values(lease_owner=owner, lease_until=now + length)
        )
        return Swept(row.policy_version, row.directory_version)


def end(store: Store, owner: str, made_with: Swept) -> None:
    """Nothing; the sweep is over, if it was still the owner's."""
    with store.writing() as connection:
        connection.execute(
            update(sweeps)
            .where(_IS_IT, sweeps.c.lease_owner == owner)
            .values(
                lease_owner=None,
                lease_until=None,
                swept_at=store.now(connection),
                policy_version=made_with.policy_version,
                directory_version=made_with.directory_version,
            )
        )


def stale_views(
    store: Store,
    present: Present,
    *,
    everything: bool,
    seen: Collection[str],
    limit: int,
) -> list[str]:
    """The ids of views to be prepared again, whoever receives them; none of ``seen``.

    Those whose time has passed; with ``everything`` also those that were made with
    another policy or directory, for which every view is read.
    """
    reason = views.c.valid_until <= present.at
    if everything:
        reason = or_(
            reason,
            views.c.policy_version != present.policy_version,
            views.c.directory_version != present.directory_version,
        )
    question = select(views.c.view_id).where(reason).order_by(views.c.view_id)
    with store.reading() as connection:
        found = connection.execute(question.limit(limit + len(seen))).scalars().all()
    return [view_id for view_id in found if view_id not in seen][:limit]


def due_reminders(store: Store, at: datetime, *, limit: int) -> list[Reminder]:
    """The records that have to be looked at by now, the longest overdue first."""
    with store.reading() as connection:
        rows = connection.execute(
            select(reminders)
            .where(reminders.c.due <= at)
            .order_by(reminders.c.due, reminders.c.ods_code, reminders.c.record_id)
            .limit(limit)
        ).all()
    return [Reminder(**row._mapping) for row in rows]


def keep_reminders(
    connection: Connection, ods_code: str, record_id: str, due: Mapping[str, datetime]
) -> None:
    """Nothing; the record is looked at then and for that, and for nothing else."""
    connection.execute(
        delete(reminders).where(
            reminders.c.ods_code == ods_code, reminders.c.record_id == record_id
        )
    )
    if due:
        connection.execute(
            insert(reminders),
            [
                {
                    "ods_code": ods_code,
                    "record_id": record_id,
                    "purpose": purpose,
                    "due": instant,
                }
                for purpose, instant in due.items()
            ],
        )


def remind_all(store: Store, purpose: str, at: datetime) -> None:
    """Nothing; every record with a reminder of that purpose is looked at now."""
    with store.writing() as connection:
        connection.execute(
            update(reminders)
            .where(reminders.c.purpose == purpose, reminders.c.due > at)
            .values(due=at)
        )


def look_at_all(connection: Connection, at: datetime) -> None:
    """Nothing; every record is looked at now, and what it waits for is found anew."""
    every = select(
        records.c.ods_code,
        records.c.record_id,
        literal(BIRTHDAY),
        literal(at, reminders.c.due.type),
    ).distinct()
    connection.execute(delete(reminders))
    connection.execute(
        insert(reminders).from_select(
            ["ods_code", "record_id", "purpose", "due"], every
        )
    )


def _is_free(row: object, now: datetime, interval: timedelta) -> bool:
    lease_until: datetime | None = getattr(row, "lease_until", None)
    swept_at: datetime | None = getattr(row, "swept_at", None)
    is_leased = lease_until is not None and lease_until > now
    return not is_leased and (swept_at is None or swept_at + interval <= now)


_IS_IT = sweeps.c.name == NAME
