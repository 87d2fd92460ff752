"""A record takes the place of another of the same sender, which is then superseded.

What was sent of the old one is ended by the new one's Bundle to the same recipient, or
withdrawn where the new one sends nothing there. Source: record model, section 1,
``supersedes``; disclosure rules, W1a.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.delivery.before import read_before
from adapter.delivery.planned import Before, Release
from adapter.policy import Policy
from adapter.record.model import Record
from adapter.store import holdings, records, worklist
from adapter.store.heads import EMPTY, Moved, check_unmoved
from adapter.store.records import StoredRecord
from adapter.store.worklist import Duty

UNKNOWN = "supersedes_unknown_record"
OTHER_PERSON = "supersedes_record_of_another_person"
CHANGED = "superseded_record_changed"

Plan = Callable[[Record, Mapping[str, Before], str, frozenset[str]], list[Release]]
"""Plans a record's releases; what those recipients hold of it is ended elsewhere."""


@dataclass(frozen=True)
class Over:
    """What accepting a record does to another: the record whose place it takes.

    ``why_not`` is a code where it takes none: then a person has to look.
    """

    record_id: str
    stored: StoredRecord | None = None
    before: Mapping[str, Before] | None = None
    why_not: str | None = None

    @property
    def taken(self) -> tuple[str, ...]:
        """The id of the record whose place is taken, if one is."""
        return () if self.why_not else (self.record_id,)


def as_superseded(record: Record) -> Record:
    """The record as it stands once another has taken its place: nothing may leave."""
    return replace(record, tree={**record.tree, "status": "superseded"})


def target_of(record: Record) -> str | None:
    """The other record whose place this one says it takes; None for none.

    A draft takes no place, and so does a record of which nothing may leave.
    """
    named: str | None = record.tree.get("supersedes", {}).get("record_id")
    if named is None or named == record.record_id or not record.is_active:
        return None
    return named


def read_over(
    connection: Connection, record: Record, person_key: str, policy: Policy
) -> Over | None:
    """What the record says that it supersedes, as it stands; None if nothing new.

    A record about somebody else is not superseded: neither NHS number nor the sender's
    own number is the same, so that the sender must have meant another.
    """
    named = target_of(record)
    if named is None:
        return None
    by = holdings.superseded_by(connection, record.ods_code, named)
    if by is not None:
        return None
    if records.read_newest(connection, record.ods_code, named) is None:
        return Over(named, why_not=UNKNOWN)
    stored = records.read_record(connection, record.ods_code, named)
    if stored is None:
        return Over(named)  # drafts only: nobody holds anything of it
    if stored.person_key != person_key and not _is_same_person(stored.record(), record):
        return Over(named, why_not=OTHER_PERSON)
    before = read_before(connection, record.ods_code, named, policy=policy)
    return Over(named, stored, before)


def _is_same_person(one: Record, other: Record) -> bool:
    first, second = (
        each.tree["young_person"].get("local_patient_id") for each in (one, other)
    )
    return first is not None and first == second


def plan_over(over: Over | None, new: Sequence[Release], plan: Plan) -> list[Release]:
    """What changes for the recipients of the superseded record: nothing stands there.

    ``new`` are the releases of the record that takes its place.
    """
    if over is None or over.stored is None or over.before is None:
        return []
    record = as_superseded(over.stored.record())
    shared = {
        (release.head.recipient_ods, release.head.recipient_kind)
        for release in new
        if release.is_new_version and release.head.standing != EMPTY
    }
    carried = frozenset(
        recipient_id
        for recipient_id, before in over.before.items()
        if before.head is not None
        and before.head.recipient_ods is not None
        and (before.head.recipient_ods, before.head.recipient_kind) in shared
    )
    return plan(record, over.before, over.stored.correlation_id, carried)


def check_over(connection: Connection, over: Over | None, ods_code: str) -> None:
    """Nothing when the other record stands as it was read. Moved when not.

    The caller has locked both records.
    """
    if over is None or over.why_not == OTHER_PERSON:
        return
    if holdings.superseded_by(connection, ods_code, over.record_id) is not None:
        raise Moved
    newest = records.read_newest(connection, ods_code, over.record_id, standing=True)
    if newest != (over.stored.version if over.stored else None):
        raise Moved
    heads = [each.head for each in (over.before or {}).values() if each.head]
    check_unmoved(connection, ods_code, over.record_id, heads)


def save_over(
    connection: Connection,
    over: Over | None,
    record: Record,
    person_key: str,
    at: datetime,
) -> None:
    """Nothing; the supersession is kept, or a person is told why there is none."""
    if over is None:
        return
    if over.why_not is None:
        holdings.record_supersession(
            connection,
            record.ods_code,
            over.record_id,
            by_record_id=record.record_id,
            by_version=record.version,
            at=at,
        )
        return
    tell_a_person(connection, over.why_not, record, person_key, at)


def tell_a_person(
    connection: Connection,
    reason: str,
    record: Record,
    person_key: str,
    at: datetime,
) -> None:
    """Nothing; a person is told that two records do not stand as one of them says."""
    duty = Duty(
        purpose=worklist.SUPERSESSION,
        person_key=person_key,
        ods_code=record.ods_code,
        record_id=record.record_id,
        record_version=record.version,
        recipient_id=None,
        reason=reason,
    )
    worklist.add_duties(connection, [duty], at)
