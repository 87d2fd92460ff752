"""Writes what was planned for a record's recipients, all of it in one transaction.

The caller has locked the record and hands in the connection. Lanes are locked before
any delivery is touched, as ``adapter.delivery.lanes`` orders it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.delivery import lanes
from adapter.delivery.model import State
from adapter.delivery.release import Before, Release, cancel
from adapter.store import audit, deliveries, records, tasks, worklist
from adapter.store.audit import Entry
from adapter.store.deliveries import Delivery
from adapter.store.heads import (
    EMPTY,
    Moved,
    NewVersion,
    ViewHead,
    read_heads,
    write_heads,
    write_versions,
)
from adapter.store.worklist import Duty


def read_before(
    connection: Connection, ods_code: str, record_id: str
) -> dict[str, Before]:
    """What stands for each recipient of a record, by recipient id."""
    heads = read_heads(connection, ods_code, record_id)
    return {
        recipient_id: read_before_view(connection, head)
        for recipient_id, head in heads.items()
    }


def read_before_view(connection: Connection, head: ViewHead) -> Before:
    """What stands for the one recipient whose view this is."""
    return Before(
        head=head,
        undecided=tuple(tasks.undecided_tasks(connection, head.view_id)),
        left_open=tuple(tasks.tasks_left_open(connection, head.view_id)),
        newest=deliveries.newest_delivery(connection, head.view_id),
    )


def save(
    connection: Connection,
    releases: Sequence[Release],
    *,
    actor: str,
    person_key: str,
    at: datetime,
) -> None:
    """Nothing; views, Tasks, deliveries, decisions, duties and audit are written.

    The releases are of one record. Moved when a Task was answered meanwhile: then the
    caller plans again.
    """
    changed = [release for release in releases if release.is_new_version]
    last, overtaken = _lock_lanes(connection, changed)
    _save_views(connection, releases, at)
    gone = _supersede(connection, changed, overtaken, at)
    places = _queue(connection, changed, last)
    lanes.refresh(connection, *places, *{each.lane for each in gone if each.lane})
    entries = [entry for release in releases for entry in _entries(release, actor, at)]
    duties = [duty for release in releases for duty in _duties(release, person_key)]
    entries += [moved(each, each.state, None, actor, at) for each in gone]
    duties += _withdrawals(connection, changed, person_key)
    if gone:
        worklist.close_delivery_duties(
            connection,
            gone[0].ods_code,
            person_key,
            [each.id for each in gone],
            by=actor,
            at=at,
        )
    worklist.add_duties(connection, duties, at)
    if releases:
        first = releases[0].head
        made = [each.decision for each in releases if each.decision]
        records.insert_decisions(connection, first.ods_code, first.record_id, made)
    audit.append(connection, entries)


def _lock_lanes(
    connection: Connection, changed: Sequence[Release]
) -> tuple[dict[str, int], dict[str, list[Delivery]]]:
    """The last places in the lanes, locked, and what the changed views overtake."""
    ids = [release.head.view_id for release in changed if release.before.head]
    wanted = {
        release.delivery.lane: release.delivery.endpoint
        for release in changed
        if release.delivery and release.delivery.lane and release.delivery.endpoint
    }
    for each in deliveries.undelivered(connection, ids) if ids else ():
        if each.lane and each.endpoint:
            wanted[each.lane] = each.endpoint
    last = lanes.lock(connection, wanted)
    # Read once more: before the lanes were ours a worker may have moved them.
    overtaken: dict[str, list[Delivery]] = {}
    for each in deliveries.undelivered(connection, ids) if ids else ():
        overtaken.setdefault(each.view_id, []).append(each)
    return last, overtaken


def _save_views(
    connection: Connection, releases: Sequence[Release], at: datetime
) -> None:
    for are_new in (True, False):
        heads = [
            release.head
            for release in releases
            if (release.before.head is None) is are_new
        ]
        write_heads(connection, heads, are_new=are_new)
    changed = [release for release in releases if release.is_new_version]
    write_versions(
        connection,
        [
            NewVersion(
                release.head,
                at,
                release.resources,
                release.collection,
                is_first=release.before.head is None,
            )
            for release in changed
        ],
    )
    for task in (task for release in changed for task in release.before.undecided):
        cancelled = cancel(task, at)
        if not tasks.replace_task(
            connection,
            task.id,
            task.version,
            status=cancelled.status,
            body=cancelled.body,
            at=at,
        ):
            raise Moved
    tasks.insert_tasks(connection, [each.task for each in changed if each.task])


def _supersede(
    connection: Connection,
    changed: Sequence[Release],
    overtaken: Mapping[str, Sequence[Delivery]],
    at: datetime,
) -> list[Delivery]:
    """The earlier deliveries that end here, as they then stand.

    One that is being sent just now is left to its worker, which finds out.
    """
    gone = []
    for release in changed:
        to = State.WITHDRAWN if release.head.standing == EMPTY else State.SUPERSEDED
        for each in overtaken.get(release.head.view_id, ()):
            if each.state is not State.SENDING and deliveries.move(
                connection, each.id, to, at=at
            ):
                gone.append(replace(each, state=to, reason=None))
    return gone


def _queue(
    connection: Connection, changed: Sequence[Release], last: Mapping[str, int]
) -> dict[str, int]:
    """The places that the new deliveries took, by lane."""
    places: dict[str, int] = {}
    added = []
    for release in changed:
        delivery = release.delivery
        if delivery is None:
            continue
        if delivery.lane is not None:
            place = places.get(delivery.lane, last[delivery.lane]) + 1
            places[delivery.lane] = place
            delivery = replace(delivery, sequence=place)
        added.append((delivery, release.body))
    deliveries.insert_deliveries(connection, added)
    lanes.take_places(connection, places)
    return places


def _duties(release: Release, person_key: str) -> list[Duty]:
    head = release.head
    duties = [
        Duty(
            purpose=obligation.code,
            person_key=person_key,
            ods_code=head.ods_code,
            record_id=head.record_id,
            record_version=head.record_version,
            recipient_id=head.recipient_id,
            reason=obligation.code,
            due=obligation.due,
        )
        for obligation in (release.decision.obligations if release.decision else ())
        if obligation.code not in worklist.WITHOUT_WORK
    ]
    delivery = release.delivery
    if delivery is not None and delivery.state is State.FAILED:
        duties.append(failure(delivery, person_key, worklist.DELIVERY_FAILED))
    return duties


def failure(delivery: Delivery, person_key: str, purpose: str) -> Duty:
    """What a person has to do about a delivery that goes no further by itself."""
    return Duty(
        purpose=purpose,
        person_key=person_key,
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        reason=delivery.reason or purpose,
        delivery_id=delivery.id,
    )


def _withdrawals(
    connection: Connection, changed: Sequence[Release], person_key: str
) -> list[Duty]:
    """A person's duty for each recipient that holds what it may hold no longer."""
    duties = []
    for release in changed:
        head = release.head
        if head.standing == EMPTY and release.before.head is not None:
            duties += [
                replace(
                    failure(each, person_key, worklist.WITHDRAW_FROM_HOLDER),
                    reason="view_empty",
                )
                for each in deliveries.ever_sent(connection, head.view_id)
            ]
    return duties


def _entries(release: Release, actor: str, at: datetime) -> list[Entry]:
    head, decision = release.head, release.decision
    base = Entry(
        event=audit.VIEW_RENEWED,
        at=at,
        actor=actor,
        ods_code=head.ods_code,
        record_id=head.record_id,
        record_version=head.record_version,
        recipient_id=head.recipient_id,
        view_id=head.view_id,
        view_version=head.version,
    )
    entries = []
    if decision is not None:
        outcomes = {
            name: decided.outcome.value for name, decided in decision.categories.items()
        }
        detail = {
            "outcomes": outcomes,
            "gate": decision.gate,
            "policy_version": decision.policy_version,
        }
        entries.append(replace(base, event=audit.DECISION_MADE, detail=detail))
    if release.is_new_version:
        detail = {"standing": head.standing}
        entries.append(replace(base, event=audit.VIEW_CHANGED, detail=detail))
        entries += [
            replace(base, event=audit.TASK_CANCELLED, task_id=task.id)
            for task in release.before.undecided
        ]
    if release.delivery is not None:
        entries.append(
            replace(
                base,
                event=audit.DELIVERY_QUEUED,
                delivery_id=release.delivery.id,
                correlation_id=release.delivery.correlation_id,
                detail={
                    "state": release.delivery.state.value,
                    "reason": release.delivery.reason,
                    "endpoint": release.delivery.endpoint,
                },
            )
        )
    return entries


def moved(
    delivery: Delivery, to: State, reason: str | None, actor: str, at: datetime
) -> Entry:
    """The audit entry of a delivery that went to another state."""
    return Entry(
        event=audit.DELIVERY_MOVED,
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
        detail={"state": to.value, "reason": reason},
    )
