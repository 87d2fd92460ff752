"""What preparing for one recipient changes: view, resources, Task, delivery.

``plan`` works it out from what was prepared and from what stood before, without
touching the store; ``adapter.delivery.outbox`` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from adapter.bundle.build import (
    Collected,
    Content,
    Stamp,
    acceptance_task,
    cancelled_task,
    collect,
    to_bytes,
    transaction_bytes,
)
from adapter.bundle.content import reference_to
from adapter.bundle.ids import Ids, lane_key, nhs_number_hash
from adapter.bundle.person import (
    OWN,
    REFERENCE,
    number_of,
    patient_of,
    way_of_naming,
    with_person,
)
from adapter.bundle.retirement import end_resources, with_ends
from adapter.delivery.endings import (
    end_what_is_gone,
    endings,
    faults,
    task_is_whole,
    withdraw,
)
from adapter.delivery.model import State
from adapter.delivery.planned import (
    BUNDLE_INVALID,
    NO_ENDPOINT,
    Before,
    Circumstances,
    Release,
    moves_at,
    new_delivery,
)
from adapter.delivery.review import hold_for, must_wait, takes_away, what_still_stands
from adapter.prepare import Prepared
from adapter.store.deliveries import SHARE, WITHDRAWAL
from adapter.store.heads import CURRENT, EMPTY, INVALID, ResourceRow, ViewHead
from adapter.store.payload import Payload, pack
from adapter.store.tasks import CANCELLED, StoredTask

__all__ = [
    "BUNDLE_INVALID",
    "NO_ENDPOINT",
    "Before",
    "Circumstances",
    "Release",
    "cancel",
    "plan",
    "reformed",
]


def plan(
    prepared: Prepared | None,
    recipient: Mapping[str, Any],
    before: Before,
    around: Circumstances,
    *,
    is_carried: bool = False,
    approved: str = "",
) -> Release:
    """What changes for this recipient; ``prepared`` None: no longer named, so nothing.

    Same content as before: the version, its stamps and bytes stay as they were.
    ``is_carried``: what was sent is ended by the Bundle of a record that supersedes
    this one. ``approved`` is the hash of content that people have released. Source:
    design, section 6.
    """
    content = prepared.content if prepared else None
    found = faults(prepared.issues) if prepared else ()
    standing = EMPTY if content is None else INVALID if found else CURRENT
    if (
        prepared is not None
        and content is not None
        and standing == CURRENT
        and must_wait(content, recipient["kind"], before, around, approved)
    ):
        return _held(prepared, content, recipient, before, around)
    stands = _stands(standing, content, around)
    head = _head(prepared, recipient, before.head, around, stands)
    release = Release(
        before=before,
        head=head,
        decision=prepared.decision if prepared else None,
        is_new_version=head.version != (before.head.version if before.head else 0),
        issues=found,
        moves_at=moves_at(around.record),
    )
    if not release.is_new_version:
        return release
    if content is None:
        return release if is_carried else withdraw(release, recipient, around)
    if standing == INVALID:
        delivery = new_delivery(head, around, None, State.FAILED, BUNDLE_INVALID)
        release = replace(release, delivery=replace(delivery, issues=found))
        return end_what_is_gone(release, content, recipient, around)
    release = _with_bytes(release, content, recipient, around)
    if before.hold is not None and content.hash == approved and release.delivery:
        same_id = replace(release.delivery, id=before.hold.delivery.id)
        release = replace(release, delivery=same_id)
    return release


def _held(
    prepared: Prepared,
    content: Content,
    recipient: Mapping[str, Any],
    before: Before,
    around: Circumstances,
) -> Release:
    """What changes while the content waits for people: nothing that is new leaves.

    The version that stands goes on standing, unless it has what the recipient is to
    have no longer: then only that of it stands which is the same in the content, or
    nothing, and the rest is ended at once.
    """
    old, left = before.head, None
    stands = _stood(old)
    is_narrower = stands.standing == CURRENT and (
        before.given is None or takes_away(before.given, prepared.decision, content)
    )
    if old is not None and (is_narrower or stands.standing == INVALID):
        left = what_still_stands(old, content) if before.given is not None else None
        if left is not None and not _is_sound(left, around):
            left = None
        stands = _stands(CURRENT, left, around) if left else _stood(None)
    head = _head(prepared, recipient, old, around, stands)
    release = Release(
        before=before,
        head=head,
        decision=prepared.decision,
        is_new_version=old is not None and head.version != old.version,
        moves_at=moves_at(around.record),
    )
    if release.is_new_version:
        release = (
            _with_bytes(release, left, recipient, around)
            if left
            else withdraw(release, recipient, around)
        )
    hold = hold_for(
        content, head, before, around, is_new_version=release.is_new_version
    )
    return replace(release, hold=hold)


def _is_sound(content: Content, around: Circumstances) -> bool:
    return not faults(around.tools.checker.content(content))


@dataclass(frozen=True)
class _Standing:
    """What of a view stands: as what, which content, and by which number it is found"""

    standing: str = EMPTY
    content_hash: str | None = None
    nhs_hash: str | None = None


def _stood(old: ViewHead | None) -> _Standing:
    if old is None:
        return _Standing()
    return _Standing(old.standing, old.content_hash, old.nhs_hash)


def _stands(standing: str, content: Content | None, around: Circumstances) -> _Standing:
    if content is None:
        return _Standing(standing)
    number = number_of(patient_of(content)) if standing == CURRENT else None
    found_by = nhs_number_hash(around.tools.key, number) if number else None
    return _Standing(standing, content.hash, found_by)


def _head(
    prepared: Prepared | None,
    recipient: Mapping[str, Any],
    old: ViewHead | None,
    around: Circumstances,
    stands: _Standing,
) -> ViewHead:
    record, was = around.record, _stood(old)
    standing, new_hash = stands.standing, stands.content_hash
    changed = (standing, new_hash) != (was.standing, was.content_hash)
    version = old.version if old else 0
    stamped_at = old.stamped_at if old else None
    ids = Ids(around.tools.key, *record.key, recipient["id"])
    return ViewHead(
        view_id=ids.view_id(),
        ods_code=record.ods_code,
        record_id=record.record_id,
        recipient_id=recipient["id"],
        recipient_kind=recipient["kind"],
        recipient_ods=recipient.get("ods_code"),
        standing=standing,
        version=version + 1 if changed else version,
        content_hash=new_hash,
        stamped_at=around.at if changed else stamped_at,
        record_version=record.version,
        prepared_at=around.at,
        valid_until=prepared.decision.valid_until if prepared else None,
        policy_version=around.tools.policy.version,
        directory_version=around.directory.version,
        mapping_version=around.tools.mapping.version,
        revision=old.revision + 1 if old else 1,
        served_from=old.served_from if old else 1,
        patient_id=ids.of("Patient"),
        nhs_hash=stands.nhs_hash,
        resources=old.resources if old else {},
    )


def _with_bytes(
    release: Release,
    content: Content,
    recipient: Mapping[str, Any],
    around: Circumstances,
) -> Release:
    head = release.head
    hashes = content.members.hashes()
    stamps = {
        reference: (known.version, known.last_updated)
        for reference, known in head.resources.items()
        if hashes.get(reference) == known.content_hash
    }
    stamp = Stamp(head.view_id, head.version, around.at, stamps)
    ids = Ids(around.tools.key, *around.record.key, head.recipient_id)
    task = acceptance_task(content, ids, stamp, around.base_url)
    pulled = collect(content, stamp, around.base_url, task=task)
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    pushed = pushed_body(release.before, head, content, stamp, task, around)
    if pushed.issues:
        delivery = new_delivery(head, around, None, State.FAILED, BUNDLE_INVALID)
    elif endpoint is None:
        delivery = new_delivery(head, around, None, State.FAILED, NO_ENDPOINT)
    else:
        key = lane_key(around.tools.key, around.record, recipient, endpoint.name)
        delivery = replace(
            new_delivery(head, around, endpoint.name, State.QUEUED, None),
            lane=key,
            next_attempt_at=around.at,
        )
    return replace(
        release,
        resources=_rows(content, pulled, hashes, stamp),
        collection=pack(pulled.text),
        task=_task(task, head, around.at) if task else None,
        delivery=replace(
            delivery,
            patient=pushed.patient,
            retires=pushed.retires,
            issues=pushed.issues,
        ),
        body=None if pushed.issues else pushed.body,
        is_beyond_us=pushed.is_beyond_us,
    )


@dataclass(frozen=True)
class Pushed:
    """What is sent: its bytes, how they speak of the person, and what they end.

    With ``issues`` it must not be sent: what ends things fails the check.
    """

    body: Payload
    patient: str
    retires: tuple[str, ...]
    issues: tuple[dict[str, str], ...] = ()
    is_beyond_us: bool = False


def pushed_body(
    before: Before,
    head: ViewHead,
    content: Content,
    stamp: Stamp,
    task: dict[str, Any] | None,
    around: Circumstances,
) -> Pushed:
    """What is sent of a version, as its endpoint is to have it.

    It ends what the recipient may still hold and the version does not have, and the
    Tasks of earlier versions that nobody answered.
    """
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    person = around.record.tree.get("young_person", {})
    how = way_of_naming(
        endpoint.patient if endpoint else OWN,
        content,
        is_verified=person.get("nhs_number_status") == "verified",
    )
    present = set(content.members.references)
    open_tasks = [_read(each.body) for each in before.left_open]
    whole = [each for each in open_tasks if task_is_whole(each, present)]
    broken = [reference_to(each) for each in open_tasks if each not in whole]
    if how == REFERENCE:
        present = {each for each in present if not each.startswith("Patient/")}
    ends = endings(before, head, around, present, also=broken)
    text = transaction_bytes(
        content, stamp, around.base_url, task=task, undecided=whole
    )
    if how != OWN or ends.held:
        bundle = with_person(orjson.loads(text), patient_of(content), how)
        text = to_bytes(with_ends(bundle, ends.held))
    # The content was checked when it was made; what ends things has not been yet.
    ended = end_resources(ends.held)
    issues = faults(around.tools.checker.resources(ended)) if ended else ()
    return Pushed(pack(text), how, ends.references, issues, ends.is_more)


def reformed(
    release: Release,
    content: Content | None,
    recipient: Mapping[str, Any],
    around: Circumstances,
) -> Pushed | None:
    """What is to be sent of a version that stands, made anew; None: it stays as it is.

    Where its endpoint now wants the person spoken of in another way than the waiting
    delivery does, or where that failed our own check and passes it now.
    """
    head, newest = release.head, release.before.newest
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    if (
        endpoint is None
        or newest is None
        or newest.view_version != head.version
        or head.stamped_at is None
    ):
        return None
    has_failed = newest.state is State.FAILED and newest.reason == BUNDLE_INVALID
    if newest.purpose == WITHDRAWAL and has_failed:
        again = withdraw(release, recipient, around)
        if again.delivery is None or again.body is None:
            return None
        return Pushed(again.body, newest.patient, again.delivery.retires)
    if newest.purpose != SHARE or head.standing != CURRENT or content is None:
        return None
    stamp = Stamp(head.view_id, head.version, head.stamped_at)
    ids = Ids(around.tools.key, *around.record.key, head.recipient_id)
    task = acceptance_task(content, ids, stamp, around.base_url)
    own = {head.version}
    before = replace(
        release.before,
        left_open=tuple(
            each for each in release.before.left_open if each.view_version not in own
        ),
    )
    pushed = pushed_body(before, head, content, stamp, task, around)
    if pushed.issues or (pushed.patient == newest.patient and not has_failed):
        return None
    return pushed


def cancel(task: StoredTask, at: datetime) -> StoredTask:
    """The Task of an earlier version, cancelled by a newer one and one version on."""
    body = cancelled_task(_read(task.body), at)
    return replace(
        task,
        status=CANCELLED,
        version=task.version + 1,
        last_updated=at,
        body=pack(to_bytes(body)),
    )


def _task(
    task: Mapping[str, Any],
    head: ViewHead,
    at: datetime,
) -> StoredTask:
    return StoredTask(
        id=task["id"],
        view_id=head.view_id,
        view_version=head.version,
        recipient_ods=head.recipient_ods,
        recipient_kind=head.recipient_kind,
        status=task["status"],
        version=1,
        authored_on=at,
        last_updated=at,
        body=pack(to_bytes(task)),
    )


def _rows(
    content: Content, pulled: Collected, hashes: Mapping[str, str], stamp: Stamp
) -> tuple[ResourceRow, ...]:
    stamps = stamp.resource_stamps or {}
    as_the_view = stamp.version, stamp.stamped_at
    rows = []
    members = content.members
    for reference, form in zip(members.references, members.forms, strict=True):
        kind, _, name = reference.partition("/")
        version, at = stamps.get(reference, as_the_view)
        starts_at, length = pulled.places[reference]
        rows.append(
            ResourceRow(
                type=kind,
                id=name,
                version=version,
                last_updated=at,
                status=form.status,
                content_hash=hashes[reference],
                starts_at=starts_at,
                length=length,
            )
        )
    return tuple(rows)


def _read(body: Payload) -> dict[str, Any]:
    resource: dict[str, Any] = orjson.loads(body.plain())
    return resource
