"""What a recipient's own system may hold of ours, by what was sent and what arrived.

A version that was sent even once may have arrived; one counts as arrived only where an
attempt was answered so, since a person may accept what they pulled. Source: design,
section 6, Retirement and Task.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from adapter.delivery.model import Outcome
from adapter.store.schema import (
    attempts,
    deliveries,
    supersessions,
    view_versions,
    views,
)

ARRIVALS = (Outcome.OK.value, Outcome.DUPLICATE.value)

HAS_ARRIVED = (
    exists()
    .where(attempts.c.delivery_id == deliveries.c.id, attempts.c.outcome.in_(ARRIVALS))
    .label("arrived")
)
"""Whether an attempt at the delivery was answered as taken in."""


@dataclass(frozen=True)
class Holdings:
    """What one recipient's own system may hold of some views.

    ``held`` is, by "Flag/<uuid>", the view that it was last sent with; ``ended`` what a
    bundle that arrived has ended; ``sent`` the views of which anything was ever sent.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    sent: tuple[str, ...] = ()


Whose = tuple[str | None, str]
"""Who a recipient is, whatever a record's id for it: ODS code, if any, and kind."""


def sent_to(whose: Whose) -> ColumnElement[bool]:
    """Whether a delivery was to that recipient: an id may have named another before."""
    ods_code, kind = whose
    return and_(
        deliveries.c.recipient_ods.is_not_distinct_from(ods_code),
        deliveries.c.recipient_kind == kind,
    )


def read_holdings(
    connection: Connection,
    view_ids: Sequence[str],
    *,
    whose: Whose,
    without: str = "",
) -> Holdings:
    """What the recipient ``whose`` these views are may hold of them now.

    ``without`` is a delivery that is known never to have been sent.
    """
    if not view_ids:
        return Holdings()
    rows = connection.execute(
        select(
            deliveries.c.number,
            deliveries.c.view_id,
            deliveries.c.patient,
            deliveries.c.retires,
            view_versions.c.resources,
            HAS_ARRIVED,
        )
        .join(
            view_versions,
            (view_versions.c.view_id == deliveries.c.view_id)
            & (view_versions.c.version == deliveries.c.view_version),
        )
        .where(
            deliveries.c.view_id.in_(list(view_ids)),
            sent_to(whose),
            deliveries.c.attempts > 0,
            deliveries.c.id != without,
        )
        .order_by(deliveries.c.number)
    ).all()
    held: dict[str, str] = {}
    ended: set[str] = set()
    for row in rows:
        for reference in row.resources:
            # A Patient that the receiver was asked to match may be its own.
            if row.patient == "own" or not reference.startswith("Patient/"):
                held[reference] = row.view_id
                ended.discard(reference)
        for reference in (row.retires or ()) if row.arrived else ():
            held.pop(reference, None)
            ended.add(reference)
    sent = {row.view_id for row in rows}
    in_order = tuple(view_id for view_id in view_ids if view_id in sent)
    return Holdings(held, frozenset(ended), in_order)


def may_have_pulled(connection: Connection, view_id: str) -> bool:
    """Whether somebody may have it who was never sent it: pulled, printed, answered."""
    return (
        connection.execute(
            select(deliveries.c.id)
            .where(
                deliveries.c.view_id == view_id,
                deliveries.c.attempts == 0,
                or_(
                    deliveries.c.endpoint.is_(None) & deliveries.c.body.is_not(None),
                    deliveries.c.state.in_(
                        ["delivered", "matched", "opened", "accepted", "declined"]
                    ),
                ),
            )
            .limit(1)
        ).first()
        is not None
    )


def superseded_by(connection: Connection, ods_code: str, record_id: str) -> str | None:
    """The record of the same sender that has taken this one's place, or None."""
    return connection.execute(
        select(supersessions.c.by_record_id).where(
            supersessions.c.ods_code == ods_code,
            supersessions.c.record_id == record_id,
        )
    ).scalar_one_or_none()


def predecessors(
    connection: Connection,
    ods_code: str,
    record_id: str,
    *,
    also: Collection[str] = (),
) -> list[str]:
    """The records whose place this one has taken, the nearest first, all the way.

    ``also`` are those whose place it is about to take.
    """
    found: list[str] = sorted(also)
    newest = [record_id, *found]
    while newest:
        rows = connection.execute(
            select(supersessions.c.record_id)
            .where(
                supersessions.c.ods_code == ods_code,
                supersessions.c.by_record_id.in_(newest),
            )
            .order_by(supersessions.c.record_id)
        ).scalars()
        newest = [each for each in rows if each not in found and each != record_id]
        found += newest
    return found


def record_supersession(
    connection: Connection,
    ods_code: str,
    record_id: str,
    *,
    by_record_id: str,
    by_version: int,
    at: datetime,
) -> None:
    """Nothing; that record is superseded from now on. Said twice, the first stands."""
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        build(supersessions)
        .values(
            ods_code=ods_code,
            record_id=record_id,
            by_record_id=by_record_id,
            by_version=by_version,
            at=at,
        )
        .on_conflict_do_nothing()
    )


def views_of_same_recipient(
    connection: Connection,
    ods_code: str,
    record_ids: Collection[str],
    recipient_ods: str | None,
    recipient_kind: str,
) -> list[Any]:
    """The views of these records that went to the same organisation and kind.

    Rows of view_id, record_id and recipient_id; none for a recipient without an ODS
    code, who is known only within one record.
    """
    if recipient_ods is None or not record_ids:
        return []
    return list(
        connection.execute(
            select(views.c.view_id, views.c.record_id, views.c.recipient_id)
            .where(
                views.c.ods_code == ods_code,
                views.c.record_id.in_(sorted(record_ids)),
                views.c.recipient_ods == recipient_ods,
                views.c.recipient_kind == recipient_kind,
            )
            .order_by(views.c.view_id)
        )
    )
