"""The alarm before clinical responsibility moves: what nobody there has accepted yet.

A delivery is watched for its arrival, then for its acceptance. Each comes to a person
once, in the one item of that young person (``DELIVERY_LATE``), due when responsibility
moves; arrival, an answer or a later version closes it by itself. Source: design,
sections 2 (promise 5) and 8; decision 0009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapter import logs
from adapter.delivery import lanes
from adapter.delivery.model import ARRIVED, UNDELIVERED, State
from adapter.delivery.planned import Release
from adapter.settings import Settings
from adapter.store import Store, audit, deliveries, records, tasks, worklist
from adapter.store.audit import Entry
from adapter.store.deliveries import ACCEPTANCE, ARRIVAL, SHARE, Delivery
from adapter.store.heads import read_head
from adapter.store.worklist import DELIVERY_LATE, Duty

REASONS: Mapping[str, str] = {
    ARRIVAL: "not_arrived_before_move",
    ACCEPTANCE: "not_accepted_before_move",
}


def leads(settings: Settings) -> dict[str, timedelta]:
    """How long before responsibility moves a person is told, by what is watched for."""
    return {
        ARRIVAL: timedelta(hours=settings.arrival_alarm_hours),
        ACCEPTANCE: timedelta(hours=settings.acceptance_alarm_hours),
    }


def raise_alarms(store: Store, settings: Settings, at: datetime, *, limit: int) -> int:
    """How many deliveries that are late a person is told of now, each committed."""
    raised = 0
    for watched_for, lead in leads(settings).items():
        due = deliveries.watched(store, watched_for, at + lead, limit=limit)
        raised += sum(_look_at(each, store, at) for each in due)
    return raised


def no_longer_late(
    connection: Connection, delivery: Delivery, person_key: str, by: str, at: datetime
) -> None:
    """Nothing; no item says any more that this delivery is late."""
    worklist.close_delivery_duties(
        connection,
        delivery.ods_code,
        person_key,
        [delivery.id],
        by=by,
        at=at,
        purposes=[DELIVERY_LATE],
    )


def arrived(
    connection: Connection, delivery: Delivery, person_key: str, by: str, at: datetime
) -> None:
    """Nothing; no item says any more that it has not arrived, and the clock watches for
    its acceptance.
    """
    deliveries.watch(connection, delivery.id, watched_for=ACCEPTANCE)
    no_longer_late(connection, delivery, person_key, by, at)


def follow(
    connection: Connection,
    releases: Sequence[Release],
    person_keys: Mapping[str, str],
    *,
    by: str,
    at: datetime,
) -> list[Entry]:
    """What the trail says of it; the alarms are those of the deliveries that now stand.

    A later version takes an alarm over, unless responsibility moves later than it did.
    The caller has written the releases.
    """
    entries = []
    replaced = [pair for release in releases for pair in _replaced(release)]
    late = deliveries.told_late(connection, {earlier.id for earlier, _ in replaced})
    for earlier, new in replaced:
        person_key = person_keys[earlier.record_id]
        if earlier.id not in late:
            continue
        if new is None or not _is_as_soon(new, earlier):
            no_longer_late(connection, earlier, person_key, by, at)
        elif worklist.hand_on(
            connection, earlier.id, _duty(new, ARRIVAL, person_key), at
        ):
            deliveries.watch(connection, new.id, alarmed_at=at, watched_for=None)
            entries.append(_entry(new, ARRIVAL, by, at))
    for release in releases:
        standing = release.before.newest
        if standing is not None and not release.is_new_version:
            person_key = person_keys[standing.record_id]
            _follow_the_move(connection, standing, release.moves_at, person_key, by, at)
    return entries


def _replaced(release: Release) -> list[tuple[Delivery, Delivery | None]]:
    """What this release takes the place of, with what stands in it, None for nothing.

    What waited for people gives way to what does so now, or to what goes.
    """
    pairs: list[tuple[Delivery, Delivery | None]] = []
    if release.is_new_version and release.before.newest is not None:
        pairs.append((release.before.newest, release.delivery))
    if release.ended_hold is not None:
        waits = release.hold.delivery if release.hold is not None else None
        pairs.append((release.ended_hold.delivery, waits or release.delivery))
    return pairs


def _is_as_soon(new: Delivery, earlier: Delivery) -> bool:
    """Whether what made the earlier one late makes the new one so."""
    moves = (new.moves_at, earlier.moves_at)
    return moves[0] is not None and moves[1] is not None and moves[0] <= moves[1]


def _follow_the_move(
    connection: Connection,
    delivery: Delivery,
    moves_at: datetime | None,
    person_key: str,
    by: str,
    at: datetime,
) -> None:
    """Nothing; what its recipient does not see of the move counts for its alarm too."""
    if delivery.purpose != SHARE or delivery.moves_at == moves_at:
        return
    watched_for = None if moves_at is None else ARRIVAL
    deliveries.watch(
        connection,
        delivery.id,
        moves_at=moves_at,
        alarmed_at=None,
        watched_for=watched_for,
    )
    no_longer_late(connection, delivery, person_key, by, at)


def _look_at(seen: Delivery, store: Store, at: datetime) -> bool:
    """Whether a person is told of it now: then it is committed."""
    with store.writing() as connection:
        records.lock_record(connection, seen.ods_code, seen.record_id)
        if seen.lane is not None and seen.endpoint is not None:
            lanes.lock(connection, {seen.lane: seen.endpoint})
        found = deliveries.read_delivery(connection, seen.id)
        # Before they were ours somebody may have moved them: the next sweep sees.
        if (
            found is None
            or found.state is State.SENDING
            or (found.lane, found.watched_for) != (seen.lane, seen.watched_for)
        ):
            return False
        watched_for = _next_step(connection, found)
        if watched_for is None or watched_for != found.watched_for:
            deliveries.watch(connection, found.id, watched_for=watched_for)
            return False
        deliveries.watch(connection, found.id, alarmed_at=at, watched_for=None)
        person_key = records.read_person_key(
            connection, found.ods_code, found.record_id
        )
        duty = _duty(found, watched_for, person_key)
        worklist.add_duties(connection, [duty], at)
        audit.append(connection, [_entry(found, watched_for, audit.WORKER, at)])
    logs.get_logger(delivery_id=found.id, correlation_id=found.correlation_id).warning(
        logs.DELIVERY_LATE, reason=REASONS[watched_for]
    )
    return True


def _next_step(connection: Connection, delivery: Delivery) -> str | None:
    """What it is still to be watched for; None when that is over."""
    if delivery.state is State.HELD:
        return ARRIVAL  # no version of its view yet
    head = read_head(connection, delivery.view_id)
    if head is None or head.version != delivery.view_version:
        return None
    if delivery.state in UNDELIVERED:
        return ARRIVAL
    is_open = delivery.state in ARRIVED - {State.ACCEPTED, State.DECLINED}
    if is_open and tasks.is_asked(connection, delivery.view_id, delivery.view_version):
        return ACCEPTANCE
    return None


def _duty(delivery: Delivery, watched_for: str, person_key: str) -> Duty:
    return Duty(
        purpose=DELIVERY_LATE,
        person_key=person_key,
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        reason=REASONS[watched_for],
        due=delivery.moves_at,
        delivery_id=delivery.id,
    )


def _entry(delivery: Delivery, watched_for: str, actor: str, at: datetime) -> Entry:
    return audit.of_delivery(
        delivery,
        audit.DELIVERY_LATE,
        actor,
        at,
        state=delivery.state.value,
        reason=REASONS[watched_for],
    )
