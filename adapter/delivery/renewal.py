"""Prepares a view again when it is no longer current, and puts deliveries back.

A view is current while it is made from the newest accepted version that is no draft,
its ``valid_until`` has not passed, and policy and directory are those in force. What is
not current is prepared again before any byte of it leaves, by push and by pull.
Source: design, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.bundle.ids import lane_key
from adapter.delivery import lanes, outbox
from adapter.delivery.before import read_before_view, whose_view
from adapter.delivery.duties import failure
from adapter.delivery.entries import moved
from adapter.delivery.model import REDRIVABLE, WAITING, State
from adapter.delivery.release import (
    NO_ENDPOINT,
    Circumstances,
    Pushed,
    Release,
    plan,
    reformed,
)
from adapter.delivery.supersede import as_superseded
from adapter.errors import Conflict, NotReady, UnknownRecord
from adapter.intake import TIMES_TO_PLAN, Parts, recipient_of
from adapter.prepare import Prepared, prepare
from adapter.store import audit, deliveries, holdings, records, worklist
from adapter.store.deliveries import Delivery
from adapter.store.heads import (
    EMPTY,
    INVALID,
    Moved,
    Present,
    ViewHead,
    find_head,
    read_head,
)
from adapter.store.holds import find_hold
from adapter.store.payload import Payload
from adapter.store.records import StoredRecord

STILL_INVALID = "the bundle still fails the adapter's own check"


def present_of(parts: Parts, at: datetime) -> Present:
    """The instant with the versions of policy and directory that are in force."""
    return Present(at, parts.policy.version, parts.directory.version)


def renew(
    view_id: str, parts: Parts, at: datetime, *, actor: str = audit.WORKER
) -> ViewHead | None:
    """The view as it now stands, prepared again if need be; None if there is no such.

    When it returns, decision, view, delivery and audit are committed. A view that lets
    nothing leave has the standing ``empty``.
    """
    head = find_head(parts.store, view_id)
    if head is None or head.is_fresh(present_of(parts, at)):
        return head
    return _prepare_again(head, parts, at, actor)


def redrive(
    delivery_id: str,
    parts: Parts,
    at: datetime,
    *,
    actor: str,
    ods_code: str | None = None,
) -> Delivery:
    """The delivery that now waits in its lane: this one, or a newer in its place.

    What it carries is prepared again first. Raises UnknownRecord for a delivery that is
    not there or not of ``ods_code``; Conflict when it is in no state to be redriven,
    when nothing may leave any more, when the bundle still fails the check, or when the
    directory still has no endpoint for the recipient.
    """
    delivery = deliveries.find_delivery(parts.store, delivery_id, ods_code=ods_code)
    if delivery is None:
        raise UnknownRecord("no such delivery")
    if delivery.state is State.HELD:
        raise Conflict("a delivery that is held is released or refused, not redriven")
    if delivery.state not in REDRIVABLE:
        raise Conflict(f"a delivery that is {delivery.state} cannot be redriven")
    head = find_head(parts.store, delivery.view_id)
    if head is None:
        raise UnknownRecord("no such delivery")
    head = _prepare_again(head, parts, at, actor)
    is_withdrawal = (
        delivery.purpose == deliveries.WITHDRAWAL
        and head.version == delivery.view_version
    )
    if head.standing == EMPTY and not is_withdrawal:
        raise Conflict("nothing of it may leave any more")
    if head.standing == INVALID and not is_withdrawal:
        raise Conflict(STILL_INVALID)
    is_same = head.version == delivery.view_version
    if is_same:
        if not deliveries.has_body(parts.store, delivery.id):
            raise Conflict(STILL_INVALID)
        place(delivery, parts, at, actor=actor)
    with parts.store.reading() as connection:
        now_standing = (
            deliveries.read_delivery(connection, delivery.id)
            if is_same
            else deliveries.newest_delivery(connection, delivery.view_id)
        )
    if now_standing is None or now_standing.state not in WAITING:
        raise Conflict("the directory has no endpoint for this recipient")
    return now_standing


@dataclass(frozen=True)
class Preview:
    """What a redrive, or a release, would send now; nothing was changed to find out.

    ``would`` is ``send_again``, ``send_new_version`` or ``send_withdrawal``, and where
    nothing would be sent ``wait_for_release``, ``nothing_may_leave``,
    ``bundle_invalid`` or ``no_endpoint``. ``bundle`` is the transaction as it would be
    sent, None where none would be. For a delivery that is held it is what people are
    asked to release, whether there is an endpoint or not: ``send_once_released``.
    """

    delivery: Delivery
    would: str
    endpoint: str | None
    view_version: int
    issues: tuple[dict[str, str], ...]
    bundle: Payload | None


def preview_redrive(
    delivery_id: str, parts: Parts, at: datetime, *, ods_code: str | None = None
) -> Preview:
    """What a redrive, or a release, of that delivery would send at this instant.

    Raises UnknownRecord and Conflict as ``redrive`` does for a delivery that is not
    there or is in no state to be redriven.
    """
    delivery = deliveries.find_delivery(parts.store, delivery_id, ods_code=ods_code)
    if delivery is None:
        raise UnknownRecord("no such delivery")
    if delivery.state not in REDRIVABLE | {State.HELD}:
        raise Conflict(f"a delivery that is {delivery.state} cannot be redriven")
    head = find_head(parts.store, delivery.view_id)
    hold = find_hold(parts.store, delivery_id)
    if head is None:
        raise UnknownRecord("no such delivery")
    approved = hold.content_hash if hold and hold.is_open else ""
    planned = plan_again(head, parts, at, approved=approved)
    release = planned.release
    endpoint = parts.directory.endpoint_for(
        delivery.recipient_ods, delivery.recipient_kind
    )
    body, standing = release.body, release.head.standing
    is_same = release.head.version == delivery.view_version
    if is_same:
        with parts.store.reading() as connection:
            body = deliveries.read_body(connection, delivery.id)
        pushed = _reformed(release, planned.prepared, planned.around)
        body = pushed.body if pushed else body
    would = "send_new_version" if release.is_new_version else "send_again"
    is_withdrawal = is_same and delivery.purpose == deliveries.WITHDRAWAL
    if standing == EMPTY or is_withdrawal:
        would = "send_withdrawal"
    if standing == EMPTY and body is None and not is_withdrawal:
        would = "nothing_may_leave"
    elif standing == INVALID and not is_withdrawal:
        would, body = "bundle_invalid", None
    elif release.hold is not None and release.body is None:
        would, body = "wait_for_release", None
    elif body is None and (is_same or release.is_new_version):
        would = "bundle_invalid"
    if release.released is not None:
        would = "send_once_released"
    elif body is not None and endpoint is None:
        would, body = "no_endpoint", None
    return Preview(
        delivery=delivery,
        would=would,
        endpoint=endpoint.name if endpoint else None,
        view_version=release.head.version,
        issues=release.issues or delivery.issues,
        bundle=body,
    )


def place(
    delivery: Delivery, parts: Parts, at: datetime, *, actor: str
) -> Delivery | None:
    """The delivery in the lane of the endpoint that the directory names now.

    One that has stopped goes to the end of its queue; one that is queued changes lanes
    when the endpoint has changed. None when the directory names no endpoint: what was
    queued has then failed with ``no_endpoint``. One that is being sent stays.
    """
    endpoint = parts.directory.endpoint_for(
        delivery.recipient_ods, delivery.recipient_kind
    )
    if endpoint is None:
        _without_endpoint(delivery, parts, at, actor)
        return None
    key = _lane(delivery, endpoint.name, parts)
    wanted = {key: endpoint.name}
    if delivery.lane is not None and delivery.endpoint is not None:
        wanted.setdefault(delivery.lane, delivery.endpoint)
    with parts.store.writing() as connection:
        last = lanes.lock(connection, wanted)
        found = deliveries.read_delivery(connection, delivery.id)
        if found is None or found.state not in REDRIVABLE | {State.QUEUED}:
            return found
        sequence = found.sequence
        if found.lane != key:
            sequence = last[key] + 1
            lanes.take_places(connection, {key: sequence})
        deliveries.queue_again(
            connection,
            delivery.id,
            at=at,
            lane=key,
            sequence=sequence,
            endpoint=endpoint.name,
        )
        lanes.refresh(connection, *wanted)
        _mended(connection, found, actor, at)
        return deliveries.read_delivery(connection, delivery.id)


def _prepare_again(head: ViewHead, parts: Parts, at: datetime, actor: str) -> ViewHead:
    for _ in range(TIMES_TO_PLAN):
        try:
            release = _try_to_prepare(head, parts, at, actor)
        except Moved:
            continue
        newest = release.before.newest
        if not release.is_new_version and newest is not None:
            _follow_directory(newest, parts, at, actor)
        return release.head
    raise NotReady("the record is being changed by others just now")


@dataclass(frozen=True)
class Replan:
    """What preparing a view again changes, with what it was read and made from."""

    stored: StoredRecord
    head: ViewHead
    release: Release
    prepared: Prepared | None
    around: Circumstances


def plan_again(
    head: ViewHead, parts: Parts, at: datetime, *, approved: str = ""
) -> Replan:
    """What preparing that view again would change; nothing is written.

    ``approved`` is the hash of content that people have released. Moved when there is
    no such view any more.
    """
    key = (head.ods_code, head.record_id)
    with parts.store.reading() as connection:
        stored = records.read_record(connection, *key)
        found = read_head(connection, head.view_id)
        if stored is None or found is None:
            raise Moved
        before = read_before_view(connection, found, policy=parts.policy)
        is_over = holdings.superseded_by(connection, *key) is not None
    record = as_superseded(stored.record()) if is_over else stored.record()
    recipient = record.recipient(head.recipient_id)
    prepared = None
    if recipient is not None:
        prepared = prepare(record, head.recipient_id, at=at, tools=parts.tools)
    around = Circumstances(
        record=record,
        correlation_id=stored.correlation_id,
        at=at,
        tools=parts.tools,
        directory=parts.directory,
        base_url=parts.settings.public_base_url,
    )
    who = recipient or recipient_of(before)
    release = plan(prepared, who, before, around, approved=approved)
    return Replan(stored, found, release, prepared, around)


def save_again(
    connection: Connection, planned: Replan, *, actor: str, at: datetime
) -> None:
    """Nothing; what was planned is written. Moved when anything has changed since."""
    stored, head = planned.stored, planned.head
    key = (head.ods_code, head.record_id)
    records.lock_record(connection, *key)
    newest = records.read_newest(connection, *key, standing=True)
    now_head = read_head(connection, head.view_id)
    if (
        now_head is None
        or newest != stored.version
        or now_head.revision != head.revision
    ):
        raise Moved
    keys = {stored.record_id: stored.person_key}
    outbox.save(connection, [planned.release], actor=actor, person_keys=keys, at=at)


def _try_to_prepare(head: ViewHead, parts: Parts, at: datetime, actor: str) -> Release:
    planned = plan_again(head, parts, at)
    release, prepared = planned.release, planned.prepared
    with parts.store.writing() as connection:
        save_again(connection, planned, actor=actor, at=at)
        if not release.is_new_version and release.hold is None:
            is_ours = actor == audit.WORKER
            _reform(connection, release, prepared, planned.around, is_ours=is_ours)
    return release


def _reform(
    connection: Connection,
    release: Release,
    prepared: Prepared | None,
    around: Circumstances,
    *,
    is_ours: bool,
) -> None:
    """Nothing; what waits speaks of the person as the directory now asks, and what
    failed our own check and passes it now can be sent.
    """
    newest = release.before.newest
    if newest is None:
        return
    if newest.attempts - is_ours == 0:
        views_there = [*release.before.earlier, release.head.view_id]
        whose = whose_view(release.head)
        held = holdings.read_holdings(
            connection, views_there, whose=whose, without=newest.id
        )
        before = replace(release.before, holdings=held)
        release = replace(release, before=before)
    pushed = _reformed(release, prepared, around)
    if pushed is None:
        return
    if newest.lane is not None and newest.endpoint is not None:
        lanes.lock(connection, {newest.lane: newest.endpoint})
    deliveries.replace_body(
        connection,
        newest.id,
        pushed.body,
        patient=pushed.patient,
        retires=pushed.retires,
        is_ours=is_ours,
    )


def _reformed(
    release: Release, prepared: Prepared | None, around: Circumstances
) -> Pushed | None:
    recipient = around.record.recipient(release.head.recipient_id)
    content = prepared.content if prepared else None
    return reformed(release, content, recipient or recipient_of(release.before), around)


def _follow_directory(newest: Delivery, parts: Parts, at: datetime, actor: str) -> None:
    if newest.state is not State.QUEUED:
        return
    endpoint = parts.directory.endpoint_for(newest.recipient_ods, newest.recipient_kind)
    if endpoint is None or endpoint.name != newest.endpoint:
        place(newest, parts, at, actor=actor)


def _lane(delivery: Delivery, endpoint: str, parts: Parts) -> str:
    stored = records.load_record(
        parts.store, delivery.ods_code, delivery.record_id, delivery.record_version
    )
    if stored is None:
        raise UnknownRecord("the delivery's record is not kept any more")
    # Not the record's own: a withdrawal goes to those that its version names no more.
    recipient = {"id": delivery.recipient_id, "kind": delivery.recipient_kind}
    if delivery.recipient_ods:
        recipient["ods_code"] = delivery.recipient_ods
    return lane_key(parts.tools.key, stored.record(), recipient, endpoint)


def _without_endpoint(
    delivery: Delivery, parts: Parts, at: datetime, actor: str
) -> None:
    with parts.store.writing() as connection:
        if delivery.lane is not None and delivery.endpoint is not None:
            lanes.lock(connection, {delivery.lane: delivery.endpoint})
        if not deliveries.move(
            connection,
            delivery.id,
            State.FAILED,
            at=at,
            reason=NO_ENDPOINT,
            only_from=[State.QUEUED],
        ):
            return
        if delivery.lane is not None:
            lanes.refresh(connection, delivery.lane)
        failed = replace(delivery, state=State.FAILED, reason=NO_ENDPOINT)
        person_key = records.read_person_key(
            connection, delivery.ods_code, delivery.record_id
        )
        duty = failure(failed, person_key, worklist.DELIVERY_FAILED)
        worklist.add_duties(connection, [duty], at)
        audit.append(connection, [moved(failed, State.FAILED, NO_ENDPOINT, actor, at)])


def _mended(
    connection: Connection, delivery: Delivery, actor: str, at: datetime
) -> None:
    person_key = records.read_person_key(
        connection, delivery.ods_code, delivery.record_id
    )
    worklist.close_delivery_duties(
        connection,
        delivery.ods_code,
        person_key,
        [delivery.id],
        by=actor,
        at=at,
        purposes=worklist.HAS_STOPPED,
    )
    entry = moved(delivery, State.QUEUED, None, actor, at)
    audit.append(connection, [replace(entry, event=audit.DELIVERY_REDRIVEN)])
