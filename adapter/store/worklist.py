"""What needs a person: one open item for each person and purpose, ids and codes only.

An item is merged across recipients and record versions, so that four questions are one
conversation. One that was closed is opened again by what a person has not dealt with
yet: another version, reason or recipient. How people list, take and close items is in
``adapter.store.handling``. Source: disclosure rules, section 8; design, section 8.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from adapter.clock import format_instant, parse_instant
from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.schema import worklist

SENDING_TEAM = "sending_team"

TURNING_18 = "TURNING_18"

DELIVERY_FAILED = "DELIVERY_FAILED"
DELIVERY_EXPIRED = "DELIVERY_EXPIRED"
ENDPOINT_STOPPED = "ENDPOINT_STOPPED"
HANDOVER_DECLINED = "HANDOVER_DECLINED"
WITHDRAW_FROM_HOLDER = "WITHDRAW_FROM_HOLDER"
DECLARED_GAP = "DECLARED_GAP"
SUPERSESSION = "SUPERSESSION"
DELIVERY_LATE = "DELIVERY_LATE"
RELEASE_VIEW = "RELEASE_VIEW"

HAS_STOPPED = frozenset({DELIVERY_FAILED, DELIVERY_EXPIRED, RELEASE_VIEW})
"""Purposes that say of a delivery that a person has to move it."""

OF_DELIVERIES = HAS_STOPPED | {DELIVERY_LATE}
"""Purposes that speak of one delivery, until it is over."""

WITHOUT_WORK = frozenset({"RECORD", "MARK_INCOMPLETE", "SILENT_OMISSION"})
"""Obligations that are met by what the adapter does itself."""

ONCE = frozenset({TURNING_18})
"""What another version of the record does not ask for again."""

NO_LONGER_NEEDED = "no_longer_needed"
"""Why an item was closed by itself: what asked for it asks for it no longer."""

NARROWED = "narrowed"
"""Why a holder is spoken to who may go on having something: less than before."""

DECLARED_GAP_REASON = "declared_gap"
DECLARED_GAP_OVERDUE = "declared_gap_overdue"

_ABOUT = (
    "record_id",
    "record_version",
    "recipient_id",
    "delivery_id",
    "reason",
    "cause",
)

Entry = dict[str, Any]
"""One thing that an item is about: ids and codes only."""


@dataclass(frozen=True)
class Gap:
    """What a record declares to be missing: where, who fills it and by when.

    ``path`` is None where what the sender wrote is no place of the record model.
    """

    id: str
    path: str | None
    who_fills_ref: str
    due: datetime


@dataclass(frozen=True)
class Duty:
    """One thing for a person to do, before it is merged with what they have already.

    ``cause`` stands for all that the reason says; another cause is another thing to do.
    """

    purpose: str
    person_key: str
    ods_code: str
    record_id: str
    record_version: int
    recipient_id: str | None
    reason: str
    due: datetime | None = None
    delivery_id: str | None = None
    owner: str = SENDING_TEAM
    cause: str | None = None


@dataclass(frozen=True)
class Item:
    """One item of the worklist: what for, whose, by when, and what it is about.

    ``history`` tells who took and closed it, when and why, oldest first.
    """

    id: str
    ods_code: str
    purpose: str
    person_key: str
    owner: str
    due: datetime | None
    about: tuple[Entry, ...]
    opened_at: datetime
    changed_at: datetime
    taken_at: datetime | None
    closed_at: datetime | None
    history: tuple[dict[str, Any], ...] = ()

    @property
    def state(self) -> str:
        """open, taken or closed."""
        if self.closed_at is not None:
            return "closed"
        return "open" if self.taken_at is None else "taken"


def item_of(row: Row[*tuple[Any, ...]]) -> Item:
    """The item of a whole row of the table."""
    history = payload.read_optional(row, "history")
    return Item(
        id=row.id,
        ods_code=row.ods_code,
        purpose=row.purpose,
        person_key=row.person_key,
        owner=row.owner,
        due=row.due,
        about=tuple(row.about),
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        taken_at=row.taken_at,
        closed_at=row.closed_at,
        history=tuple(orjson.loads(history.plain())) if history else (),
    )


def add_duties(connection: Connection, duties: Sequence[Duty], at: datetime) -> None:
    """Nothing; each duty stands in the one item of its person and purpose.

    The item keeps the earliest due time. What it says already is not said twice, what
    an earlier version of the record asked for is not kept beside what this one asks
    for, and what a person has closed does not come again.
    """
    grouped: dict[tuple[str, str, str], list[Duty]] = {}
    for duty in duties:
        key = (duty.ods_code, duty.person_key, duty.purpose)
        grouped.setdefault(key, []).append(duty)
    for key in sorted(grouped):
        _merge(connection, grouped[key], at)


def open_items(
    store: Store, ods_code: str, *, purpose: str | None = None, limit: int = 500
) -> list[Item]:
    """The open items of a sending organisation, soonest due first, undated last."""
    question = select(worklist).where(
        worklist.c.ods_code == ods_code, worklist.c.closed_at.is_(None)
    )
    if purpose is not None:
        question = question.where(worklist.c.purpose == purpose)
    question = question.order_by(
        worklist.c.due.is_(None), worklist.c.due, worklist.c.opened_at, worklist.c.id
    ).limit(limit)
    with store.reading() as connection:
        rows = connection.execute(question).all()
    return [item_of(row) for row in rows]


def close_delivery_duties(
    connection: Connection,
    ods_code: str,
    person_key: str,
    delivery_ids: Sequence[str],
    *,
    by: str,
    at: datetime,
    purposes: Collection[str],
) -> None:
    """Nothing; the items of these purposes no longer speak of these deliveries.

    An item that then speaks of nothing is closed: a later version, a redrive, an
    arrival or an answer has dealt with it. Should one fail once more, it comes again.
    """
    gone = set(delivery_ids)
    rows = connection.execute(
        select(worklist)
        .where(
            worklist.c.ods_code == ods_code,
            worklist.c.person_key == person_key,
            worklist.c.purpose.in_(sorted(purposes)),
        )
        .order_by(worklist.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        change: dict[str, Any] = {}
        settled = row.settled or []
        still = [each for each in settled if each.get("delivery_id") not in gone]
        if len(still) != len(settled):
            change["settled"] = still
        rest = [each for each in row.about if each.get("delivery_id") not in gone]
        if row.closed_at is None and len(rest) != len(row.about):
            change |= {"about": rest or row.about, "changed_at": at}
            if not rest:
                change |= {"closed_at": at, "closed_by": by}
        if change:
            connection.execute(
                update(worklist).where(worklist.c.id == row.id).values(**change)
            )


def hand_on(connection: Connection, delivery_id: str, duty: Duty, at: datetime) -> bool:
    """Whether an open item spoke of that delivery, and now of the duty's in its place.

    The item stays whose it is, and keeps its history.
    """
    key = (duty.ods_code, duty.person_key, duty.purpose)
    found = _find(connection, *key)
    if found is None or found.closed_at is not None:
        return False
    if not any(each.get("delivery_id") == delivery_id for each in found.about):
        return False
    new = _entry(duty)
    about = [each for each in found.about if each != new]
    about = [new if each.get("delivery_id") == delivery_id else each for each in about]
    due = min((each for each in (found.due, duty.due) if each), default=None)
    _write(connection, found, key, about, found.settled or [], due, found.owner, at)
    return True


def keep_gaps(
    connection: Connection,
    gaps: Sequence[Gap],
    *,
    ods_code: str,
    person_key: str,
    record_id: str,
    record_version: int,
    by: str,
    at: datetime,
) -> None:
    """Nothing; the open item of declared gaps says what this version of a record says.

    Gaps that an earlier version declared, and this one does not, have been filled: an
    item that then speaks of none is closed. Source: record model, 1.1 and 14.1.
    """
    found = _find(connection, ods_code, person_key, DECLARED_GAP)
    told = found.about if found and found.closed_at is None else []
    settled = [
        each
        for each in (found.settled if found else None) or []
        if each["record_id"] != record_id or each["record_version"] >= record_version
    ]
    about = [each for each in told if each["record_id"] != record_id]
    entries = [_gap_entry(gap, record_id, record_version) for gap in gaps]
    about += [each for each in entries if each not in settled]
    if not about:
        if found is not None and found.closed_at is None:
            _close(connection, found.id, by, at)
        return
    due = min(parse_instant(each["due"]) for each in about)
    key = (ods_code, person_key, DECLARED_GAP)
    _write(connection, found, key, about, settled, due, SENDING_TEAM, at)


def tell_overdue_gaps(
    connection: Connection,
    gap_ids: Sequence[str],
    *,
    ods_code: str,
    person_key: str,
    record_id: str,
    record_version: int,
    at: datetime,
) -> bool:
    """Whether these gaps are told as overdue now that were not told so before.

    An item that a person has closed is opened again: the time is over and the gap is
    still declared.
    """
    found = _find(connection, ods_code, person_key, DECLARED_GAP)
    if found is None:
        return False
    was_open = found.closed_at is None
    settled = found.settled or []
    about = []
    changed = False
    for each in [*found.about, *(() if was_open else settled)]:
        is_overdue = (
            each["record_id"] == record_id
            and each["record_version"] == record_version
            and each["gap_id"] in gap_ids
        )
        late = {**each, "reason": DECLARED_GAP_OVERDUE}
        if is_overdue and each != late and late not in about and late not in settled:
            about.append(late)
            changed = True
        elif was_open and each not in about:
            about.append(each)
    if changed:
        due = min(parse_instant(each["due"]) for each in about)
        key = (ods_code, person_key, DECLARED_GAP)
        _write(connection, found, key, about, settled, due, SENDING_TEAM, at)
    return changed


def _gap_entry(gap: Gap, record_id: str, record_version: int) -> dict[str, Any]:
    entry = {
        "record_id": record_id,
        "record_version": record_version,
        "reason": DECLARED_GAP_REASON,
        "gap_id": gap.id,
        "who_fills_ref": gap.who_fills_ref,
        "due": format_instant(gap.due),
    }
    return entry if gap.path is None else {**entry, "path": gap.path}


def cause_of(words: str) -> str:
    """A short digest that stands for words which may be too long to be repeated."""
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _merge(connection: Connection, duties: Sequence[Duty], at: datetime) -> None:
    first = duties[0]
    key = (first.ods_code, first.person_key, first.purpose)
    found = _find(connection, *key)
    is_open = found is not None and found.closed_at is None
    settled = list((found.settled if found else None) or [])
    fresh: list[Entry] = []
    dues = []
    for duty in duties:
        entry = _entry(duty)
        if not any(_is_same(first.purpose, entry, old) for old in settled):
            fresh.append(entry)
            dues.append(duty.due)
    if not fresh:
        return
    told = list(found.about) if found and is_open else []
    about = [old for old in told if not any(_replaces(new, old) for new in fresh)]
    about += [
        each for place, each in enumerate(fresh) if each not in [*about, *fresh[:place]]
    ]
    settled = [old for old in settled if not any(_replaces(new, old) for new in fresh)]
    if found and is_open:
        dues.append(found.due)
    due = min((each for each in dues if each is not None), default=None)
    if found and is_open and about == told and due == found.due:
        return
    _write(connection, found, key, about, settled, due, first.owner, at)


def _entry(duty: Duty) -> Entry:
    return {
        name: value for name in _ABOUT if (value := getattr(duty, name)) is not None
    }


def _is_same(purpose: str, new: Entry, old: Entry) -> bool:
    """Whether what a person has dealt with is this: once in ONCE, else by version."""
    if purpose not in ONCE:
        return new == old
    return {**new, "record_version": 0} == {**old, "record_version": 0}


def _replaces(new: Entry, old: Entry) -> bool:
    """Whether an entry says anew what another said of an earlier deciding."""
    same = all(new.get(name) == old.get(name) for name in ("record_id", "recipient_id"))
    return (
        same
        and new != old
        and "delivery_id" not in {*new, *old}
        and bool(new["record_version"] >= old["record_version"])
    )


def _find(
    connection: Connection, ods_code: str, person_key: str, purpose: str
) -> Row[*tuple[Any, ...]] | None:
    """The item of that person and purpose, open or closed, which is the caller's now.

    The open one where there is one, else the one that was opened last.
    """
    return connection.execute(
        select(worklist)
        .where(
            worklist.c.ods_code == ods_code,
            worklist.c.person_key == person_key,
            worklist.c.purpose == purpose,
        )
        .order_by(worklist.c.closed_at.is_not(None), worklist.c.opened_at.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def _write(
    connection: Connection,
    found: Row[*tuple[Any, ...]] | None,
    key: tuple[str, str, str],
    about: Sequence[Entry],
    settled: Sequence[Entry],
    due: datetime | None,
    owner: str,
    at: datetime,
) -> None:
    values: dict[str, Any] = {
        "about": list(about),
        "settled": list(settled) or None,
        "due": due,
        "changed_at": at,
    }
    if found is None:
        ods_code, person_key, purpose = key
        connection.execute(
            insert(worklist).values(
                id=str(uuid.uuid4()),
                ods_code=ods_code,
                person_key=person_key,
                purpose=purpose,
                owner=owner,
                opened_at=at,
                **values,
            )
        )
        return
    if found.closed_at is not None:
        values |= {"opened_at": at, "taken_at": None, "owner": owner}
        values |= {"closed_at": None, "closed_by": None}
    connection.execute(
        update(worklist).where(worklist.c.id == found.id).values(**values)
    )


def _close(connection: Connection, item_id: str, by: str, at: datetime) -> None:
    connection.execute(
        update(worklist)
        .where(worklist.c.id == item_id)
        .values(closed_at=at, closed_by=by, changed_at=at)
    )
