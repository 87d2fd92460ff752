"""What needs a person: one open item for each person and purpose, ids and codes only.

An item is merged across recipients and record versions, so that four questions are one
conversation. Source: disclosure rules, section 8; design, section 8.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from adapter.clock import format_instant, parse_instant
from adapter.store.engine import Store
from adapter.store.schema import worklist

SENDING_TEAM = "sending_team"

DELIVERY_FAILED = "DELIVERY_FAILED"
DELIVERY_EXPIRED = "DELIVERY_EXPIRED"
ENDPOINT_STOPPED = "ENDPOINT_STOPPED"
HANDOVER_DECLINED = "HANDOVER_DECLINED"
WITHDRAW_FROM_HOLDER = "WITHDRAW_FROM_HOLDER"
DECLARED_GAP = "DECLARED_GAP"

WITHOUT_WORK = frozenset({"RECORD", "MARK_INCOMPLETE", "SILENT_OMISSION"})
"""Obligations that are met by what the adapter does itself."""

_ABOUT = ("record_id", "record_version", "recipient_id", "delivery_id", "reason")


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
    """One thing for a person to do, before it is merged with what they have already."""

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


@dataclass(frozen=True)
class Item:
    """One item of the worklist: what for, whose, by when, and what it is about."""

    id: str
    ods_code: str
    purpose: str
    person_key: str
    owner: str
    due: datetime | None
    about: tuple[dict[str, Any], ...]
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None


def add_duties(connection: Connection, duties: Sequence[Duty], at: datetime) -> None:
    """Nothing; each duty stands in the one open item of its person and purpose.

    The item keeps the earliest due time. What it says already is not said twice.
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
    return [
        Item(
            id=row.id,
            ods_code=row.ods_code,
            purpose=row.purpose,
            person_key=row.person_key,
            owner=row.owner,
            due=row.due,
            about=tuple(row.about),
            opened_at=row.opened_at,
            changed_at=row.changed_at,
            closed_at=row.closed_at,
        )
        for row in rows
    ]


def close_delivery_duties(
    connection: Connection,
    ods_code: str,
    person_key: str,
    delivery_ids: Sequence[str],
    *,
    by: str,
    at: datetime,
) -> None:
    """Nothing; the open items no longer speak of these deliveries.

    An item that then speaks of nothing is closed: a later version, a redrive or an
    answer has dealt with it.
    """
    gone = set(delivery_ids)
    rows = connection.execute(
        select(worklist.c.id, worklist.c.about)
        .where(
            worklist.c.ods_code == ods_code,
            worklist.c.person_key == person_key,
            worklist.c.purpose.in_([DELIVERY_FAILED, DELIVERY_EXPIRED]),
            worklist.c.closed_at.is_(None),
        )
        .order_by(worklist.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        rest = [each for each in row.about if each.get("delivery_id") not in gone]
        if len(rest) == len(row.about):
            continue
        change: dict[str, Any] = {"about": rest or row.about, "changed_at": at}
        if not rest:
            change |= {"closed_at": at, "closed_by": by}
        connection.execute(
            update(worklist).where(worklist.c.id == row.id).values(**change)
        )


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
    found = connection.execute(
        select(worklist.c.id, worklist.c.about)
        .where(
            worklist.c.ods_code == ods_code,
            worklist.c.person_key == person_key,
            worklist.c.purpose == DECLARED_GAP,
            worklist.c.closed_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    told = found.about if found else ()
    about = [each for each in told if each["record_id"] != record_id]
    about += [_gap_entry(gap, record_id, record_version) for gap in gaps]
    if found is None and not about:
        return
    values: dict[str, Any] = {"about": about or told, "changed_at": at}
    if about:
        values["due"] = min(parse_instant(each["due"]) for each in about)
    else:
        values |= {"closed_at": at, "closed_by": by}
    if found is not None:
        question = update(worklist).where(worklist.c.id == found.id)
        connection.execute(question.values(**values))
        return
    connection.execute(
        insert(worklist).values(
            id=str(uuid.uuid4()),
            ods_code=ods_code,
            purpose=DECLARED_GAP,
            person_key=person_key,
            owner=SENDING_TEAM,
            opened_at=at,
            **values,
        )
    )


def _gap_entry(gap: Gap, record_id: str, record_version: int) -> dict[str, Any]:
    entry = {
        "record_id": record_id,
        "record_version": record_version,
        "reason": "declared_gap",
        "gap_id": gap.id,
        "who_fills_ref": gap.who_fills_ref,
        "due": format_instant(gap.due),
    }
    return entry if gap.path is None else {**entry, "path": gap.path}


def _merge(connection: Connection, duties: Sequence[Duty], at: datetime) -> None:
    first = duties[0]
    found = connection.execute(
        select(worklist.c.id, worklist.c.about, worklist.c.due)
        .where(
            worklist.c.ods_code == first.ods_code,
            worklist.c.person_key == first.person_key,
            worklist.c.purpose == first.purpose,
            worklist.c.closed_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    about: list[dict[str, Any]] = list(found.about) if found else []
    for duty in duties:
        entry = {
            name: value for name in _ABOUT if (value := getattr(duty, name)) is not None
        }
        if entry not in about:
            about.append(entry)
    dues = [duty.due for duty in duties if duty.due is not None]
    if found is not None and found.due is not None:
        dues.append(found.due)
    due = min(dues, default=None)
    if found is None:
        connection.execute(
            insert(worklist).values(
                id=str(uuid.uuid4()),
                ods_code=first.ods_code,
                purpose=first.purpose,
                person_key=first.person_key,
                owner=first.owner,
                due=due,
                about=about,
                opened_at=at,
                changed_at=at,
            )
        )
    elif about != list(found.about) or due != found.due:
        connection.execute(
            update(worklist)
            .where(worklist.c.id == found.id)
            .values(about=about, due=due, changed_at=at)
        )
