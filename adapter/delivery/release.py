"""What preparing for one recipient changes: view, resources, Task, delivery.

``plan`` works it out from what was prepared and from what stood before, without
touching the store; ``adapter.delivery.outbox`` writes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from adapter.bundle.build import (
    Content,
    Stamp,
    acceptance_task,
    cancelled_task,
    collection,
    content_hash,
    to_bytes,
    transaction,
)
from adapter.bundle.ids import Ids, lane_key, nhs_number_hash
from adapter.canonical import NHS_NUMBER_SYSTEM
from adapter.delivery.model import State
from adapter.directory.model import Directory
from adapter.disclosure.model import Decision
from adapter.prepare import Prepared, Tools
from adapter.record.model import Record
from adapter.store.deliveries import Delivery
from adapter.store.heads import CURRENT, EMPTY, INVALID, ResourceRow, ViewHead
from adapter.store.payload import Payload, pack
from adapter.store.tasks import CANCELLED, StoredTask

NO_ENDPOINT = "no_endpoint"
BUNDLE_INVALID = "bundle_invalid"


@dataclass(frozen=True)
class Before:
    """What stood for one recipient when planning began.

    ``undecided`` are the Tasks to cancel here, ``left_open`` those that a new bundle
    must cancel at the recipient's; ``newest`` is the view's newest delivery.
    """

    head: ViewHead | None = None
    undecided: tuple[StoredTask, ...] = ()
    left_open: tuple[StoredTask, ...] = ()
    newest: Delivery | None = None


@dataclass(frozen=True)
class Circumstances:
    """What is the same for every recipient of one record at one instant."""

    record: Record
    correlation_id: str
    at: datetime
    tools: Tools
    directory: Directory
    base_url: str


@dataclass(frozen=True)
class Release:
    """The outcome for one recipient, ready to be saved.

    ``head`` is the view as it shall stand. ``is_new_version`` is True when its content
    changed; only then are there resources, a Task and a delivery. ``decision`` is None
    for a recipient whom the record no longer names.
    """

    before: Before
    head: ViewHead
    decision: Decision | None
    is_new_version: bool
    resources: tuple[ResourceRow, ...] = ()
    collection: Payload | None = None
    task: StoredTask | None = None
    delivery: Delivery | None = None
    body: Payload | None = None
    issues: tuple[dict[str, str], ...] = field(default=())

    @property
    def standing_delivery(self) -> Delivery | None:
        """The delivery that carries, or carried, what now stands."""
        return self.delivery or self.before.newest


def plan(
    prepared: Prepared | None,
    recipient: Mapping[str, Any],
    before: Before,
    around: Circumstances,
) -> Release:
    """What changes for this recipient; ``prepared`` None: no longer named, so nothing.

    Same content as before: the version, its stamps and bytes stay as they were.
    Source: design, section 6.
    """
    content = prepared.content if prepared else None
    issues = prepared.issues if prepared else ()
    faults = [issue for issue in issues if issue.severity == "error"]
    standing = EMPTY if content is None else INVALID if faults else CURRENT
    head = _head(prepared, recipient, before.head, around, standing, content)
    release = Release(
        before=before,
        head=head,
        decision=prepared.decision if prepared else None,
        is_new_version=head.version != (before.head.version if before.head else 0),
        issues=tuple({"code": fault.code, "path": fault.path} for fault in faults),
    )
    if not release.is_new_version or content is None:
        return release
    if standing == INVALID:
        delivery = _delivery(head, around, None, State.FAILED, BUNDLE_INVALID)
        return replace(release, delivery=replace(delivery, issues=release.issues))
    return _with_bytes(release, content, recipient, around)


def _head(
    prepared: Prepared | None,
    recipient: Mapping[str, Any],
    old: ViewHead | None,
    around: Circumstances,
    standing: str,
    content: Content | None,
) -> ViewHead:
    record = around.record
    new_hash = content.hash if content else None
    was = (old.standing, old.content_hash) if old else (EMPTY, None)
    changed = (standing, new_hash) != was
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
        resources=old.resources if old else {},
    )


def _with_bytes(
    release: Release,
    content: Content,
    recipient: Mapping[str, Any],
    around: Circumstances,
) -> Release:
    head = release.head
    hashes = {_reference(each): content_hash([each]) for each in content.resources}
    stamps = {
        reference: (known.version, known.last_updated)
        for reference, known in head.resources.items()
        if hashes.get(reference) == known.content_hash
    }
    stamp = Stamp(head.view_id, head.version, around.at, stamps)
    ids = Ids(around.tools.key, *around.record.key, head.recipient_id)
    task = acceptance_task(content, ids, stamp, around.base_url)
    patient_id, number = _person(content)
    nhs_hash = nhs_number_hash(around.tools.key, number) if number else None
    pulled = collection(content, stamp, around.base_url, task=task)
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    if endpoint is not None and endpoint.form == "collection":
        pushed = pulled
    else:
        pushed = transaction(
            content,
            stamp,
            around.base_url,
            task=task,
            undecided=[_read(each.body) for each in release.before.left_open],
        )
    if endpoint is None:
        delivery = _delivery(head, around, None, State.FAILED, NO_ENDPOINT)
    else:
        key = lane_key(around.tools.key, around.record, recipient, endpoint.name)
        delivery = replace(
            _delivery(head, around, endpoint.name, State.QUEUED, None),
            lane=key,
            next_attempt_at=around.at,
        )
    return replace(
        release,
        resources=tuple(
            _row(entry["resource"], hashes, stamp, patient_id, nhs_hash)
            for entry in pulled["entry"]
            if entry["resource"] is not task
        ),
        collection=pack(to_bytes(pulled)),
        task=_task(task, head, patient_id, nhs_hash, around.at) if task else None,
        delivery=delivery,
        body=pack(to_bytes(pushed)),
    )


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


def _delivery(
    head: ViewHead,
    around: Circumstances,
    endpoint: str | None,
    state: State,
    reason: str | None,
) -> Delivery:
    return Delivery(
        id=str(uuid.uuid4()),
        ods_code=head.ods_code,
        record_id=head.record_id,
        record_version=head.record_version,
        recipient_id=head.recipient_id,
        recipient_kind=head.recipient_kind,
        recipient_ods=head.recipient_ods,
        view_id=head.view_id,
        view_version=head.version,
        lane=None,
        sequence=None,
        endpoint=endpoint,
        state=state,
        reason=reason,
        issues=(),
        request_id=str(uuid.uuid4()),
        correlation_id=around.correlation_id,
        attempts=0,
        next_attempt_at=None,
        created_at=around.at,
        state_since=around.at,
    )


def _task(
    task: Mapping[str, Any],
    head: ViewHead,
    patient_id: str | None,
    nhs_hash: str | None,
    at: datetime,
) -> StoredTask:
    return StoredTask(
        id=task["id"],
        view_id=head.view_id,
        view_version=head.version,
        recipient_ods=head.recipient_ods,
        recipient_kind=head.recipient_kind,
        patient_id=patient_id,
        nhs_hash=nhs_hash,
        status=task["status"],
        version=1,
        authored_on=at,
        last_updated=at,
        body=pack(to_bytes(task)),
    )


def _row(
    resource: Mapping[str, Any],
    hashes: Mapping[str, str],
    stamp: Stamp,
    patient_id: str | None,
    nhs_hash: str | None,
) -> ResourceRow:
    reference = _reference(resource)
    stamps = stamp.resource_stamps or {}
    version, at = stamps.get(reference, (stamp.version, stamp.stamped_at))
    status = resource.get("status")
    return ResourceRow(
        type=resource["resourceType"],
        id=resource["id"],
        version=version,
        last_updated=at,
        status=status if isinstance(status, str) else None,
        patient_id=patient_id,
        nhs_hash=nhs_hash,
        content_hash=hashes[reference],
        body=pack(to_bytes(resource)),
    )


def _person(content: Content) -> tuple[str | None, str | None]:
    """The id of the view's Patient, and the NHS number where it is let go (N6)."""
    for resource in content.resources:
        if resource["resourceType"] == "Patient":
            numbers = [
                identifier.get("value")
                for identifier in resource.get("identifier", ())
                if identifier.get("system") == NHS_NUMBER_SYSTEM
            ]
            return resource["id"], next(iter(numbers), None)
    return None, None


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _read(body: Payload) -> dict[str, Any]:
    resource: dict[str, Any] = orjson.loads(body.plain())
    return resource
