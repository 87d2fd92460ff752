"""Takes a record in: prepares every recipient's share, saves all of it, answers once.

The receipt leaves only when record, decisions, views, deliveries, Tasks, duties and
audit are committed; the same version with the same content gets the same bytes again.
Source: design, sections 2 and 9.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson
from sqlalchemy import Connection

from adapter.bundle.ids import keyed_digest, nhs_number_hash
from adapter.clock import format_instant, parse_instant
from adapter.delivery import outbox
from adapter.delivery.before import read_before
from adapter.delivery.release import Before, Circumstances, Release, plan
from adapter.delivery.reminders import first_looks, gap_times
from adapter.delivery.supersede import (
    CHANGED,
    Over,
    as_superseded,
    check_over,
    plan_over,
    read_over,
    save_over,
    tell_a_person,
)
from adapter.directory.model import Directory
from adapter.errors import Conflict, InvalidRecord, Issue, NotPermitted, NotReady
from adapter.policy import Policy
from adapter.prepare import Prepared, Tools, prepare_all
from adapter.record.declarations import is_declared
from adapter.record.grouping import group
from adapter.record.model import Record
from adapter.record.parse import check, parse
from adapter.settings import Settings
from adapter.store import Store, audit, holdings, records, sweeps, worklist
from adapter.store.audit import Entry
from adapter.store.heads import Moved, check_unmoved
from adapter.store.payload import pack
from adapter.store.records import AlreadyAccepted, StoredRecord
from adapter.store.worklist import Gap

Tell = Callable[[Sequence[Issue]], list[Issue]]
"""How the parser's issues are told: every issue, at its place in what was sent."""

TIMES_TO_PLAN = 5
"""How often a plan is made anew when somebody else was quicker."""


class Parts(Protocol):
    """What taking a record in needs of a running adapter."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def tools(self) -> Tools: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def directory(self) -> Directory: ...


@dataclass(frozen=True)
class Accepted:
    """The receipt's bytes, and whether they were answered before."""

    receipt_bytes: bytes
    status: Literal["accepted", "repeated"]


def accept(
    body: bytes,
    *,
    caller_ods: str,
    parts: Parts,
    at: datetime,
    tell: Tell | None = None,
) -> Accepted:
    """The receipt of a record that is now kept, with all that follows from it.

    ``tell`` is given where the body was made from what a supplier sent.

    Raises InvalidRecord with every fault; NotPermitted when the record is of another
    organisation than the caller; Conflict when the version is held with other content,
    or is older than one that is held.
    """
    record = _parse_own(body, caller_ods, parts, at, tell)
    content_hash = hash_of(record)
    repeated = _repeated(record, content_hash, parts.store)
    if repeated is not None:
        return repeated
    key = person_key(record, parts.tools.key)
    for _ in range(TIMES_TO_PLAN):
        with parts.store.reading() as connection:
            stood = _read_stood(connection, record, key, parts.policy)
        standing, before = stood.standing(record), stood.before
        prepared = prepare_all(standing, at=at, tools=parts.tools)
        releases = _plan_all(
            standing, prepared, before, stood.correlation_id, parts, at
        )
        receipt = _receipt(record, prepared, releases, parts, at)
        releases += _plan_over(stood.over, releases, parts, at)
        stored = StoredRecord(
            ods_code=record.ods_code,
            record_id=record.record_id,
            version=record.version,
            status=record.status,
            content_hash=content_hash,
            person_key=key,
            correlation_id=stood.correlation_id,
            accepted_at=at,
            body=pack(orjson.dumps(record.tree)),
        )
        try:
            _save(
                stored,
                receipt,
                prepared,
                releases,
                stood,
                record,
                first_looks(record, gap_times(record), parts.policy, at),
                parts.store,
            )
        except Moved:
            continue
        except AlreadyAccepted:
            repeated = _repeated(record, content_hash, parts.store)
            if repeated is not None:
                return repeated
            continue
        return Accepted(receipt, "accepted")
    raise NotReady("the record is being changed by others just now")


def preview(
    body: bytes,
    *,
    caller_ods: str,
    parts: Parts,
    at: datetime,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """What would be shared with whom and why, and the bundles; nothing is kept.

    A record whose place another has taken would let nothing leave. Raises as ``accept``
    does.
    """
    record = _parse_own(body, caller_ods, parts, at, tell)
    _repeated(record, hash_of(record), parts.store)
    with parts.store.reading() as connection:
        by = holdings.superseded_by(connection, *record.key)
    record = _standing(record, by)
    prepared = prepare_all(record, at=at, tools=parts.tools)
    releases = {
        release.head.recipient_id: release
        for release in _plan_all(record, prepared, {}, "", parts, at, as_released=True)
    }
    recipients = []
    for recipient in record.recipients:
        share = prepared[recipient["id"]]
        release = releases.get(recipient["id"])
        pulled = release.collection if release else None
        recipients.append(
            {
                "ref": recipient["id"],
                "release": parts.policy.release_to(recipient["kind"]).value,
                "decision": share.decision.as_json(),
                "issues": [issue.as_json() for issue in share.issues],
                "bundle": orjson.loads(pulled.plain()) if pulled else None,
            }
        )
    return {
        "ods_code": record.ods_code,
        "record_id": record.record_id,
        "record_version": record.version,
        "warnings": [issue.as_json() for issue in record.warnings],
        "sections": group(record.warnings),
        "recipients": recipients,
    }


def hash_of(record: Record) -> str:
    """SHA-256 of the parsed record, keys sorted: how it was written does not count."""
    text = orjson.dumps(record.tree, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def person_key(record: Record, key: bytes) -> str:
    """What stands for the young person in the worklist: 64 hex digits, keyed.

    Of the NHS number, or of sender and local id where there is none.
    """
    person = record.tree["young_person"]
    number = person.get("nhs_number")
    if number:
        return nhs_number_hash(key, number)
    local = person.get("local_patient_id", record.record_id)
    return keyed_digest(key, "person", record.ods_code, local).hex()


def _parse_own(
    body: bytes, caller_ods: str, parts: Parts, at: datetime, tell: Tell | None
) -> Record:
    if tell is None:
        record = parse(body, policy=parts.policy, now=at)
    else:
        record = _parse_told(body, parts, at, tell)
    if record.ods_code != caller_ods:
        raise NotPermitted("the record is of another organisation than the caller")
    return record


def _parse_told(body: bytes, parts: Parts, at: datetime, tell: Tell) -> Record:
    """The record, its issues told with those found before there was a record."""
    record, issues = check(body, policy=parts.policy, now=at)
    told = tell(issues)
    if record is None or any(issue.severity == "error" for issue in told):
        raise InvalidRecord(told)
    return replace(record, warnings=tuple(told))


def _repeated(record: Record, content_hash: str, store: Store) -> Accepted | None:
    """The receipt given before, None for a version that may be taken. Conflict else."""
    with store.reading() as connection:
        held = records.read_receipt(connection, *record.key, record.version)
        newest = records.read_newest(connection, *record.key)
    if held is not None:
        if held.content_hash != content_hash:
            raise Conflict("this version of the record is held with other content")
        return Accepted(held.bytes, "repeated")
    _check_newer(record.version, newest)
    return None


def _check_newer(version: int, newest: int | None) -> None:
    if newest is not None and newest > version:
        raise Conflict("a newer version of the record is held already")


@dataclass(frozen=True)
class _Stood:
    """How a record's recipients, and the records it speaks of, stood before it came.

    ``superseded_by`` is the record that has taken this one's place; ``over`` the one
    whose place this takes.
    """

    before: Mapping[str, Before]
    correlation_id: str
    superseded_by: str | None
    over: Over | None

    def standing(self, record: Record) -> Record:
        """The record as it counts now."""
        return _standing(record, self.superseded_by)


def _standing(record: Record, superseded_by: str | None) -> Record:
    """The record as it counts: one whose place is taken lets nothing leave."""
    if superseded_by is None or record.status == records.DRAFT:
        return record
    return as_superseded(record)


def _read_stood(
    connection: Connection, record: Record, person: str, policy: Policy
) -> _Stood:
    before: Mapping[str, Before] = {}
    over = None
    by = holdings.superseded_by(connection, *record.key)
    if record.status != records.DRAFT:
        over = read_over(connection, record, person, policy) if by is None else None
        before = read_before(
            connection,
            *record.key,
            record.recipients,
            policy=policy,
            superseding=over.taken if over else (),
        )
    known = records.read_correlation_id(connection, *record.key)
    return _Stood(before, known or str(uuid.uuid4()), by, over)


def _plan_over(
    over: Over | None, releases: Sequence[Release], parts: Parts, at: datetime
) -> list[Release]:
    def plan_old(
        record: Record,
        before: Mapping[str, Before],
        correlation_id: str,
        carried: frozenset[str],
    ) -> list[Release]:
        prepared = prepare_all(record, at=at, tools=parts.tools)
        return _plan_all(
            record, prepared, before, correlation_id, parts, at, carried=carried
        )

    return plan_over(over, releases, plan_old)


def _plan_all(
    record: Record,
    prepared: Mapping[str, Prepared],
    before: Mapping[str, Before],
    correlation_id: str,
    parts: Parts,
    at: datetime,
    *,
    carried: frozenset[str] = frozenset(),
    as_released: bool = False,
) -> list[Release]:
    """What changes for each recipient; nothing for a draft, which reaches nobody.

    What the recipients ``carried`` hold is ended by another record's Bundles.
    ``as_released``: as if nothing had to wait for people.
    """
    if record.status == records.DRAFT:
        return []
    around = Circumstances(
        record=record,
        correlation_id=correlation_id,
        at=at,
        tools=parts.tools,
        directory=parts.directory,
        base_url=parts.settings.public_base_url,
    )
    releases = [
        plan(
            prepared[each["id"]],
            each,
            before.get(each["id"], Before()),
            around,
            is_carried=each["id"] in carried,
            approved=_hash(prepared[each["id"]]) if as_released else "",
        )
        for each in record.recipients
    ]
    for recipient_id, stood in before.items():
        if recipient_id not in prepared and stood.head is not None:
            is_carried = recipient_id in carried
            releases.append(
                plan(None, recipient_of(stood), stood, around, is_carried=is_carried)
            )
    return releases


def _hash(prepared: Prepared) -> str:
    return prepared.content.hash if prepared.content else ""


def recipient_of(before: Before) -> dict[str, Any]:
    """The recipient of a view that the record no longer names, as far as kept."""
    head = before.head
    if head is None:
        raise LookupError("a recipient without a view is not known")
    recipient = {"id": head.recipient_id, "kind": head.recipient_kind}
    return recipient | ({"ods_code": head.recipient_ods} if head.recipient_ods else {})


def _save(
    stored: StoredRecord,
    receipt: bytes,
    prepared: Mapping[str, Prepared],
    releases: Sequence[Release],
    stood: _Stood,
    record: Record,
    looks: Mapping[str, datetime],
    store: Store,
) -> None:
    key = (stored.ods_code, stored.record_id)
    over = stood.over
    with store.writing() as connection:
        # In one order, so that two records that name each other do not wait in a ring.
        for record_id in sorted({key[1], *(over.taken if over else ())}):
            records.lock_record(connection, key[0], record_id)
        if records.read_receipt(connection, *key, stored.version) is not None:
            raise AlreadyAccepted
        _check_newer(stored.version, records.read_newest(connection, *key))
        known = records.read_correlation_id(connection, *key)
        if known is not None and known != stored.correlation_id:
            raise Moved
        records.insert_record(connection, stored, pack(receipt))
        audit.append(connection, [_accepted_entry(stored)])
        if stored.status == records.DRAFT:
            made = [share.decision for share in prepared.values()]
            records.insert_decisions(connection, *key, made)
            return
        if holdings.superseded_by(connection, *key) != stood.superseded_by:
            raise Moved
        check_over(connection, over, key[0])
        heads = [each.head for each in stood.before.values() if each.head is not None]
        check_unmoved(connection, *key, heads)
        person_keys = {stored.record_id: stored.person_key}
        if over is not None and over.stored is not None:
            person_keys[over.record_id] = over.stored.person_key
        outbox.save(
            connection,
            releases,
            actor=stored.ods_code,
            person_keys=person_keys,
            at=stored.accepted_at,
        )
        save_over(connection, over, record, stored.person_key, stored.accepted_at)
        if stood.superseded_by is not None and record.is_active:
            tell_a_person(
                connection, CHANGED, record, stored.person_key, stored.accepted_at
            )
        worklist.keep_gaps(
            connection,
            gaps_of(record),
            ods_code=stored.ods_code,
            person_key=stored.person_key,
            record_id=stored.record_id,
            record_version=stored.version,
            by=stored.ods_code,
            at=stored.accepted_at,
        )
        sweeps.keep_reminders(connection, *key, looks)


def gaps_of(record: Record) -> list[Gap]:
    """What an active record declares to be missing, for the worklist of its sender."""
    if not record.is_active:
        return []
    return [
        Gap(
            id=gap["id"],
            path=gap["path"] if is_declared(gap["path"]) else None,
            who_fills_ref=gap["who_fills_ref"],
            due=parse_instant(gap["by"]),
        )
        for gap in record.tree.get("declared_gaps", ())
    ]


def _accepted_entry(stored: StoredRecord) -> Entry:
    return Entry(
        event=audit.RECORD_ACCEPTED,
        at=stored.accepted_at,
        actor=stored.ods_code,
        ods_code=stored.ods_code,
        record_id=stored.record_id,
        record_version=stored.version,
        correlation_id=stored.correlation_id,
        detail={"status": stored.status, "content_hash": stored.content_hash},
    )


def _receipt(
    record: Record,
    prepared: Mapping[str, Prepared],
    releases: Sequence[Release],
    parts: Parts,
    at: datetime,
) -> bytes:
    by_recipient = {release.head.recipient_id: release for release in releases}
    base_url = parts.settings.public_base_url
    recipients = []
    for recipient in record.recipients:
        decision = prepared[recipient["id"]].decision
        release = by_recipient.get(recipient["id"])
        delivery = release.newest_delivery if release else None
        recipients.append(
            {
                "ref": recipient["id"],
                "kind": recipient["kind"],
                "outcomes": {
                    name: decided.outcome.value
                    for name, decided in decision.categories.items()
                },
                "delivery": {
                    "id": delivery.id,
                    "url": f"{base_url}/deliveries/{delivery.id}",
                    "state": delivery.state.value,
                }
                if delivery
                else None,
            }
        )
    return orjson.dumps(
        {
            "ods_code": record.ods_code,
            "record_id": record.record_id,
            "record_version": record.version,
            "accepted_at": format_instant(at),
            "warnings": [issue.as_json() for issue in record.warnings],
            "sections": group(record.warnings),
            "recipients": recipients,
        }
    )
