"""The audit trail: what happened, to what, by whom; appended to and never changed.

A row holds ids and codes, and the name and role of staff who acted; nothing of a young
person. ``record_audit`` has committed when it returns, so that an answer can wait for
it. What holds the rows together is in ``adapter.store.chain``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from adapter.store import chain
from adapter.store.deliveries import Delivery
from adapter.store.engine import Store, leave_to_the_end
from adapter.store.paging import Page, cursor, marks_of, page
from adapter.store.schema import audit

RECORD_ACCEPTED = "record-accepted"
RECORD_REPEATED = "record-repeated"
DECISION_MADE = "decision-made"
VIEW_CHANGED = "view-changed"
VIEW_RENEWED = "view-renewed"
VIEW_HELD = "view-held"
DELIVERY_QUEUED = "delivery-queued"
DELIVERY_MOVED = "delivery-moved"
DELIVERY_REDRIVEN = "delivery-redriven"
DELIVERY_LATE = "delivery-late"
TASK_CANCELLED = "task-cancelled"
TASK_ANSWERED = "task-answered"
VIEW_READ = "view-read"
RESOURCES_READ = "resources-read"
RECORD_READ = "record-read"
BRAKE_ON = "brake-on"
BRAKE_OFF = "brake-off"
WORKLIST_HANDLED = "worklist-handled"
CLOCK_MOVED = "clock-moved"

WORKER = "worker"
"""The actor of what happens unattended; otherwise an ODS code or a caller's name."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened; ``detail`` holds ids, codes and counts only."""

    event: str
    at: datetime
    actor: str
    ods_code: str | None = None
    record_id: str | None = None
    record_version: int | None = None
    recipient_id: str | None = None
    view_id: str | None = None
    view_version: int | None = None
    delivery_id: str | None = None
    task_id: str | None = None
    correlation_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def of_delivery(
    delivery: Delivery, event: str, actor: str, at: datetime, **detail: Any
) -> Entry:
    """What happened to a delivery, which is named with all that it belongs to."""
    return Entry(
        event=event,
        at=at,
        actor=actor,
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        view_id=delivery.view_id,
        view_version=delivery.view_version,
        delivery_id=delivery.id,
        correlation_id=delivery.correlation_id,
        detail=detail,
    )


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Nothing; the entries stand at the end of the trail once the caller commits.

    All those of one transaction are written together, right before it commits.
    """
    if entries:
        leave_to_the_end(connection, _extend, entries)


def _extend(connection: Connection, entries: Sequence[Entry]) -> None:
    chain.extend(connection, [_row(entry) for entry in entries])


def _row(entry: Entry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return {**row, "detail": dict(entry.detail)}


def record_audit(store: Store, *entries: Entry) -> None:
    """Nothing; the entries are durable when this returns.

    What several readers are to be shown at one time is written in one transaction.
    """
    store.write_together(lambda connection: append(connection, entries))


def audit_trail(
    store: Store,
    ods_code: str,
    *,
    record_id: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Entry]:
    """What happened to a sender's records, oldest first, a page at a time."""
    question = select(audit).where(audit.c.ods_code == ods_code)
    if record_id is not None:
        question = question.where(audit.c.record_id == record_id)
    if after is not None:
        question = question.where(audit.c.number > marks_of(after, int)[0])
    with store.reading() as connection:
        rows = connection.execute(
            question.order_by(audit.c.number).limit(limit + 1)
        ).all()
    names = Entry.__dataclass_fields__
    entries = [Entry(**{name: row._mapping[name] for name in names}) for row in rows]
    last = rows[limit - 1].number if len(rows) > limit else 0
    return page(entries, limit, cursor(last))
