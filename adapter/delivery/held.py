"""Writes what waits for people, in the transaction of what it is about.

What has to wait is decided in ``adapter.delivery.review``; how people release and
refuse it is in ``adapter.delivery.verdict``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.delivery.model import State
from adapter.delivery.planned import Release
from adapter.store import audit, deliveries, holds, worklist
from adapter.store.audit import Entry
from adapter.store.deliveries import Delivery
from adapter.store.heads import EMPTY, Moved
from adapter.store.worklist import Duty


def check_holds(connection: Connection, releases: Sequence[Release]) -> None:
    """Nothing when what waits is what waited when the plan was made. Moved if not."""
    were = {
        each.before.head.view_id: each.before.hold
        for each in releases
        if each.before.head is not None
    }
    now = holds.read_holds(connection, were)
    if any(now.get(view_id) != was for view_id, was in were.items()):
        raise Moved


def end_holds(
    connection: Connection, releases: Sequence[Release], at: datetime
) -> list[Delivery]:
    """The deliveries that waited and are over, as they then stand."""
    gone = []
    for release in releases:
        hold = release.ended_hold
        if hold is None:
            continue
        is_empty = release.head.standing == EMPTY and release.hold is None
        to = State.WITHDRAWN if is_empty else State.SUPERSEDED
        if not deliveries.move(connection, hold.delivery.id, to, at=at):
            raise Moved
        gone.append(replace(hold.delivery, state=to, reason=None))
    return gone


def keep_holds(connection: Connection, releases: Sequence[Release]) -> None:
    """Nothing; what waits from now on is kept with its delivery, without any bytes."""
    added = [each.new_hold for each in releases if each.new_hold is not None]
    deliveries.insert_deliveries(connection, [(each.delivery, None) for each in added])
    holds.insert_holds(connection, added)


def duty_of(release: Release, person_keys: Mapping[str, str]) -> Duty | None:
    """What people have to do about what waits from now on; None if nothing does."""
    hold = release.new_hold
    if hold is None:
        return None
    delivery = hold.delivery
    return Duty(
        purpose=worklist.RELEASE_VIEW,
        person_key=person_keys[delivery.record_id],
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        reason=delivery.reason or worklist.RELEASE_VIEW,
        delivery_id=delivery.id,
        due=delivery.moves_at,
    )


def entry_of(release: Release, actor: str, at: datetime) -> Entry | None:
    """The audit entry of what waits from now on; None if nothing does."""
    hold = release.new_hold
    if hold is None:
        return None
    delivery = hold.delivery
    return Entry(
        event=audit.VIEW_HELD,
        at=at,
        actor=actor,
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        view_id=delivery.view_id,
        delivery_id=delivery.id,
        correlation_id=delivery.correlation_id,
        detail={"rule": delivery.reason, "persons": hold.persons},
    )
