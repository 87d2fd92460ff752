"""What a recipient answers with the acceptance Task, and what it does to a delivery.

A receiver may change status, statusReason, businessStatus, owner with what it contains,
and note; everything else of the Task stays as it was given out. ``accepted`` and
``rejected`` count from every state before an answer, and need a person's name and role.
An ordinary no is returned with its reasons. Source: design, section 6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.bundle.build import to_bytes
from adapter.canonical import CODE_SYSTEM
from adapter.clock import format_instant
from adapter.delivery import lanes, lateness
from adapter.delivery.duties import failure
from adapter.delivery.entries import moved
from adapter.delivery.model import ARRIVED, STOPPED, UNDELIVERED, State
from adapter.errors import Issue, UnknownRecord
from adapter.store import Store, audit, deliveries, records, tasks, worklist
from adapter.store.audit import Entry
from adapter.store.deliveries import Delivery
from adapter.store.heads import EMPTY, read_head
from adapter.store.payload import pack
from adapter.store.tasks import StoredTask
from adapter.store.worklist import Duty

TASK_CHANGE = "TASK_CHANGE"
TASK_STATUS = "TASK_STATUS"
TASK_OWNER = "TASK_OWNER"
TASK_REASON = "TASK_REASON"
TASK_BUSINESS_STATUS = "TASK_BUSINESS_STATUS"

CHANGEABLE = frozenset(
    {"status", "statusReason", "businessStatus", "owner", "contained", "note"}
)
OURS_TO_STAMP = frozenset({"meta", "lastModified"})
"""The adapter writes these itself; what comes back in them does not count."""

NEXT_STATUSES: Mapping[str, frozenset[str]] = {
    "requested": frozenset({"requested", "received", "accepted", "rejected"}),
    "received": frozenset({"received", "accepted", "rejected"}),
    "accepted": frozenset({"completed"}),
    "rejected": frozenset(),
    "completed": frozenset(),
    "cancelled": frozenset(),
}
BUSINESS_STATUSES: Mapping[str, State] = {
    "matched": State.MATCHED,
    "opened": State.OPENED,
}
CONTAINED = frozenset({"Practitioner", "PractitionerRole"})


@dataclass(frozen=True)
class Answered:
    """The Task as it stands after the change; ``changed`` False: it stood so before."""

    task: StoredTask
    changed: bool


@dataclass(frozen=True)
class Refused:
    """The change may not be made; every reason with its place."""

    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class VersionMoved:
    """The change was made to another version than the present one."""

    present: int


def apply_task_answer(
    store: Store,
    task_id: str,
    new: Mapping[str, Any],
    *,
    caller_ods: str,
    kinds: Collection[str] | None,
    expected_version: int,
    actor: str,
    at: datetime,
    correlation_id: str | None = None,
) -> Answered | Refused | VersionMoved:
    """What came of it; when it was taken, Task, delivery, duties and audit are durable.

    ``new`` is the whole Task as the receiver would have it, R4 in its shape. Raises
    UnknownRecord for a Task that is not there, not the caller's, or of a view from
    which nothing may leave any more.
    """
    with store.writing() as connection:
        task = _own_task(connection, task_id, caller_ods, kinds)
        delivery = deliveries.delivery_of_version(
            connection, task.view_id, task.view_version
        )
        if delivery is not None and delivery.lane and delivery.endpoint:
            lanes.lock(connection, {delivery.lane: delivery.endpoint})
            # Before the lane was ours a worker may have moved them.
            delivery = deliveries.read_delivery(connection, delivery.id)
            task = _own_task(connection, task_id, caller_ods, kinds)
        if task.version != expected_version:
            return VersionMoved(task.version)
        old = orjson.loads(task.body.plain())
        issues = check_answer(old, new)
        if issues:
            return Refused(tuple(issues))
        if not _differs(old, new):
            return Answered(task, changed=False)
        answered = _answered(task, old, new, at)
        if not tasks.replace_task(
            connection,
            task_id,
            expected_version,
            status=answered.status,
            body=answered.body,
            at=at,
        ):
            return VersionMoved(expected_version + 1)
        _move(connection, delivery, new, actor, at)
        entry = _entry(answered, delivery, new, actor, at)
        audit.append(connection, [replace(entry, correlation_id=correlation_id)])
        return Answered(answered, changed=True)


def check_answer(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Issue]:
    """Every reason why the Task may not be changed from ``old`` to ``new``."""
    issues = [
        _issue(TASK_CHANGE, name, "may not be changed by a receiver")
        for name in sorted(set(old) | set(new))
        if name not in CHANGEABLE | OURS_TO_STAMP and old.get(name) != new.get(name)
    ]
    before, after = str(old.get("status")), str(new.get("status"))
    if not _differs(old, new):
        return issues
    if after not in NEXT_STATUSES.get(before, frozenset()):
        issues.append(
            _issue(TASK_STATUS, "status", f"cannot go on from {before} like this")
        )
    if after == "completed":
        issues += [
            _issue(TASK_CHANGE, name, "may not be changed once it is decided")
            for name in sorted(CHANGEABLE - {"status", "note"})
            if old.get(name) != new.get(name)
        ]
        return issues
    issues += _check_contained(new)
    if after in {"accepted", "rejected"} and not _has_person(new):
        issues.append(
            _issue(
                TASK_OWNER,
                "owner",
                "must be a contained PractitionerRole with a role, whose contained "
                "Practitioner has a name",
            )
        )
    if after == "rejected" and not _has_text(new.get("statusReason")):
        issues.append(_issue(TASK_REASON, "statusReason", "must say why"))
    if new.get("businessStatus") is not None and _business_status(new) is None:
        issues.append(
            _issue(TASK_BUSINESS_STATUS, "businessStatus", "must be matched or opened")
        )
    return issues


def _own_task(
    connection: Connection,
    task_id: str,
    caller_ods: str,
    kinds: Collection[str] | None,
) -> StoredTask:
    task = tasks.find_task(connection, task_id)
    if task is None or not tasks.is_own(task, caller_ods, kinds):
        raise UnknownRecord("no such Task")
    head = read_head(connection, task.view_id)
    if head is None or head.standing == EMPTY:
        raise UnknownRecord("no such Task")
    return task


def _answered(
    task: StoredTask, old: Mapping[str, Any], new: Mapping[str, Any], at: datetime
) -> StoredTask:
    instant, version = format_instant(at), task.version + 1
    kept = {name: old[name] for name in old if name not in CHANGEABLE}
    given = {name: new[name] for name in new if name in CHANGEABLE}
    meta = {**old.get("meta", {}), "versionId": str(version), "lastUpdated": instant}
    body = {**kept, **given, "meta": meta, "lastModified": instant}
    return replace(
        task,
        status=str(new["status"]),
        version=version,
        last_updated=at,
        body=pack(to_bytes(body)),
    )


def _move(
    connection: Connection,
    delivery: Delivery | None,
    new: Mapping[str, Any],
    actor: str,
    at: datetime,
) -> None:
    if delivery is None:
        return
    status, only_from = new["status"], None
    business = _business_status(new)
    if status == "accepted":
        to = State.ACCEPTED
    elif status == "rejected":
        to = State.DECLINED
    elif status == "completed":
        return
    elif business is not None:
        # What still waits to be sent goes on its way: only an answer stops it.
        to, only_from = BUSINESS_STATUSES[business], STOPPED | ARRIVED
    elif status == "received":
        to, only_from = State.DELIVERED, STOPPED
    else:
        return
    if not deliveries.move(connection, delivery.id, to, at=at, only_from=only_from):
        return
    audit.append(connection, [moved(delivery, to, None, actor, at)])
    if delivery.lane is not None:
        lanes.refresh(connection, delivery.lane)
    person_key = records.read_person_key(
        connection, delivery.ods_code, delivery.record_id
    )
    is_answer = to in (State.ACCEPTED, State.DECLINED)
    worklist.close_delivery_duties(
        connection,
        delivery.ods_code,
        person_key,
        [delivery.id],
        by=actor,
        at=at,
        purposes=worklist.OF_DELIVERIES if is_answer else worklist.HAS_STOPPED,
    )
    if not is_answer and delivery.state in UNDELIVERED and delivery.is_told_late:
        lateness.arrived(connection, delivery, person_key, actor, at)
    if to is State.DECLINED:
        declined = replace(delivery, reason="declined")
        duty: Duty = failure(declined, person_key, worklist.HANDOVER_DECLINED)
        worklist.add_duties(connection, [duty], at)


def _entry(
    task: StoredTask,
    delivery: Delivery | None,
    new: Mapping[str, Any],
    actor: str,
    at: datetime,
) -> Entry:
    return Entry(
        event=audit.TASK_ANSWERED,
        at=at,
        actor=actor,
        ods_code=delivery.ods_code if delivery else None,
        record_id=delivery.record_id if delivery else None,
        record_version=delivery.record_version if delivery else None,
        recipient_id=delivery.recipient_id if delivery else None,
        view_id=task.view_id,
        view_version=task.view_version,
        delivery_id=delivery.id if delivery else None,
        task_id=task.id,
        detail={
            "status": task.status,
            "version": task.version,
            "business_status": _business_status(new),
        },
    )


def _differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return any(old.get(name) != new.get(name) for name in CHANGEABLE)


def _check_contained(new: Mapping[str, Any]) -> list[Issue]:
    contained = _dicts(new.get("contained"))
    issues = [
        _issue(
            TASK_CHANGE,
            f"contained[{place}]",
            "must be a Practitioner or a PractitionerRole",
        )
        for place, each in enumerate(contained)
        if each.get("resourceType") not in CONTAINED
    ]
    ids = [each.get("id") for each in contained]
    if len(set(ids)) != len(ids):
        issues.append(_issue(TASK_CHANGE, "contained", "two have the same id"))
    return issues


def _has_person(new: Mapping[str, Any]) -> bool:
    """Whether the owner is a person with a name and a role."""
    role = _contained(new, new.get("owner"), "PractitionerRole")
    if role is None or not any(_has_text(code) for code in _dicts(role.get("code"))):
        return False
    person = _contained(new, role.get("practitioner"), "Practitioner")
    names = _dicts(person.get("name")) if person else []
    return any(
        _is_text(name.get("text")) or _is_text(name.get("family")) for name in names
    )


def _contained(
    new: Mapping[str, Any], reference: object, resource_type: str
) -> Mapping[str, Any] | None:
    if not isinstance(reference, Mapping):
        return None
    for each in _dicts(new.get("contained")):
        if (
            each.get("resourceType") == resource_type
            and reference.get("reference") == f"#{each.get('id')}"
        ):
            return each
    return None


def _business_status(new: Mapping[str, Any]) -> str | None:
    concept = new.get("businessStatus")
    for coding in _dicts(concept.get("coding")) if isinstance(concept, Mapping) else ():
        code = coding.get("code")
        if coding.get("system") == CODE_SYSTEM and code in BUSINESS_STATUSES:
            return str(code)
    return None


def _has_text(concept: object) -> bool:
    """Whether a CodeableConcept says anything that a person can read."""
    if not isinstance(concept, Mapping):
        return False
    return _is_text(concept.get("text")) or any(
        _is_text(coding.get("display")) or _is_text(coding.get("code"))
        for coding in _dicts(concept.get("coding"))
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _dicts(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, Mapping)]


def _issue(code: str, name: str, message: str) -> Issue:
    return Issue("error", code, f"Task.{name}", message)
