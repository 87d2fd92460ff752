"""Writes what was planned for a record's recipients, all of it in one transaction.

The caller has locked the record and hands in the connection. Lanes are locked before
any delivery is touched, as ``adapter.delivery.lanes`` orders it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy import Connection

from adapter.delivery import held, lanes, lateness
from adapter.delivery.before import outcomes_of, whose_view, with_holdings
from adapter.delivery.duties import (
    decided_by,
    duties_of,
    take_off_what_lapsed,
    withdrawals_of,
)
from adapter.delivery.entries import entries_of, moved
from adapter.delivery.model import State
from adapter.delivery.narrowing import (
    element_removed,
    outcome_lowered,
    resource_removed,
)
from adapter.delivery.planned import Release
from adapter.delivery.release import cancel
from adapter.store import (
    audit,
    deliveries,
    records,
    tasks,
    worklist,
)
from adapter.store.deliveries import Delivery
from adapter.store.heads import (
    EMPTY,
    Moved,
    NewVersion,
    ViewHead,
    read_texts,
    texts_of,
    write_heads,
    write_versions,
)


def save(
    connection: Connection,
    releases: Sequence[Release],
    *,
    actor: str,
    person_keys: Mapping[str, str],
    at: datetime,
) -> None:
    """Nothing; views, Tasks, deliveries, decisions, duties and audit are written.

    The releases are of one sender; ``person_keys`` are by record id. Moved when a Task
    was answered or something was sent meanwhile: then the caller plans again.
    """
    changed = [release for release in releases if release.is_new_version]
    last, overtaken = _lock_lanes(connection, changed)
    _check_holdings(connection, changed)
    held.check_holds(connection, releases)
    releases = [_narrowed(connection, release) for release in releases]
    changed = [release for release in releases if release.is_new_version]
    _save_views(connection, releases, at)
    gone = _supersede(connection, changed, overtaken, at)
    gone += held.end_holds(connection, releases, at)
    places = _queue(connection, changed, last)
    held.keep_holds(connection, releases)
    lanes.refresh(connection, *places, *{each.lane for each in gone if each.lane})
    entries = [
        entry for release in releases for entry in entries_of(release, actor, at)
    ]
    duties = [each for release in releases for each in duties_of(release, person_keys)]
    entries += [moved(each, each.state, None, actor, at) for each in gone]
    duties += withdrawals_of(connection, changed, person_keys)
    for record_id, person_key in sorted(person_keys.items()):
        over = [each for each in gone if each.record_id == record_id]
        if over:
            worklist.close_delivery_duties(
                connection,
                over[0].ods_code,
                person_key,
                [each.id for each in over],
                by=actor,
                at=at,
                purposes=worklist.HAS_STOPPED,
            )
    entries += lateness.follow(connection, releases, person_keys, by=actor, at=at)
    worklist.add_duties(connection, duties, at)
    take_off_what_lapsed(connection, releases, person_keys, actor, at)
    for record_id in sorted(person_keys):
        of_record = [each for each in releases if each.head.record_id == record_id]
        made = [each.decision for each in of_record if each.decision]
        if made:
            ods_code = of_record[0].head.ods_code
            records.insert_decisions(connection, ods_code, record_id, made)
    audit.append(connection, entries)


def _lock_lanes(
    connection: Connection, changed: Sequence[Release]
) -> tuple[dict[str, int], dict[str, list[Delivery]]]:
    """The last places in the lanes, locked, and what the changed views overtake."""
    ids = [release.head.view_id for release in changed if release.before.head]
    wanted = {
        delivery.lane: delivery.endpoint
        for release in changed
        for delivery, _ in release.queued
        if delivery.lane and delivery.endpoint
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


def _check_holdings(connection: Connection, changed: Sequence[Release]) -> None:
    """Nothing when the recipients may hold what they might when the plan was made.

    The lanes are locked, so nothing is being sent that was not then. Moved otherwise.
    """
    for release in changed:
        before = release.before
        if before.head is None and not before.earlier:
            continue
        whose = whose_view(release.head)
        now = with_holdings(connection, before, before.earlier, whose)
        if now.at_the_recipient != before.at_the_recipient:
            raise Moved


def _narrowed(connection: Connection, release: Release) -> Release:
    """The release, its view served from this version on where it lets less leave.

    And where an id names another recipient than before, who was never given it.
    """
    old, head = release.before.head, release.head
    if old is None or head.served_from == head.version:
        return release
    if (
        whose_view(old) != whose_view(head)
        or outcome_lowered(outcomes_of(connection, old), decided_by(release))
        or (release.is_new_version and _lost_something(connection, old, release))
    ):
        return replace(release, head=replace(head, served_from=head.version))
    return release


def _lost_something(connection: Connection, old: ViewHead, release: Release) -> bool:
    rows = {f"{row.type}/{row.id}": row for row in release.resources}
    if resource_removed(old.resources, rows):
        return True
    changed = [
        reference
        for reference, stamp in old.resources.items()
        if rows[reference].content_hash != stamp.content_hash
    ]
    if not changed:
        return False
    before = read_texts(connection, old)
    now = texts_of(release.collection, release.resources)
    return any(
        element_removed(orjson.loads(before[reference]), orjson.loads(now[reference]))
        for reference in changed
    )


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
                also_sent=release.also_sent,
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
    queued = [(release, *each) for release in changed for each in release.queued]
    for release, delivery, body in queued:
        if delivery.lane is not None:
            place = places.get(delivery.lane, last[delivery.lane]) + 1
            places[delivery.lane] = place
            delivery = replace(delivery, sequence=place)
        if release.released is None or release.released.id != delivery.id:
            added.append((delivery, body))
        elif not deliveries.release_delivery(connection, delivery, body):
            raise Moved
    deliveries.insert_deliveries(connection, added)
    lanes.take_places(connection, places)
    return places
