"""Takes off the worklist what a decision asked for once, and asks for no longer.

An item that then speaks of nothing is closed by itself, unless a person has taken it:
then it stays theirs, with a note. What was shared was shared, so telling the young
person and the Caldicott Guardian of it stays a duty. Source: disclosure rules, section
8; design, section 8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from adapter.clock import format_instant
from adapter.store import audit, payload
from adapter.store.audit import Entry
from adapter.store.payload import pack
from adapter.store.schema import worklist
from adapter.store.worklist import NO_LONGER_NEEDED, Item, item_of

_INSTEAD = {
    "TELL_YOUNG_PERSON": "TELL_YOUNG_PERSON_DEFERRED",
    "TELL_YOUNG_PERSON_DEFERRED": "TELL_YOUNG_PERSON",
}
"""Telling ends as a duty only where the other one takes its place."""

_LAPSING = (
    "HUMAN_REVIEW",
    "PLACEMENT_SAFETY_REVIEW",
    "RECONFIRM_AT_18",
    "REVIEW_BY",
    "RING_SENDER",
    "SEEK_CONSENT",
)

SOFTWARE = {"name": "transition-adapter", "role": "software"}


def take_off_what_lapsed(
    connection: Connection,
    ods_code: str,
    person_key: str,
    record_id: str,
    asked: Mapping[str, Collection[str]],
    *,
    actor: str,
    at: datetime,
) -> None:
    """Nothing; no open item speaks of what these recipients no longer ask for.

    ``asked`` are the purposes that the newest decision asks for, by recipient id; of
    other recipients, and of other records, nothing is changed. An entry of an item that
    a person has taken stays, with the reason ``no_longer_needed``.
    """
    rows = connection.execute(
        select(worklist)
        .where(
            worklist.c.ods_code == ods_code,
            worklist.c.person_key == person_key,
            worklist.c.purpose.in_([*_LAPSING, *_INSTEAD]),
            worklist.c.closed_at.is_(None),
        )
        .order_by(worklist.c.id)
        .with_for_update()
    ).all()
    for row in rows:
        item = item_of(row)
        lapsed = [
            entry
            for entry in item.about
            if entry["record_id"] == record_id
            and entry.get("recipient_id") in asked
            and entry["reason"] != NO_LONGER_NEEDED
            and _has_lapsed(item.purpose, asked[entry["recipient_id"]])
        ]
        if lapsed:
            _take_off(connection, item, lapsed, actor, at)


def _has_lapsed(purpose: str, asked: Collection[str]) -> bool:
    if purpose in asked:
        return False
    return purpose not in _INSTEAD or _INSTEAD[purpose] in asked


def _take_off(
    connection: Connection,
    item: Item,
    lapsed: list[dict[str, Any]],
    actor: str,
    at: datetime,
) -> None:
    rest = [entry for entry in item.about if entry not in lapsed]
    change: dict[str, Any] = {"changed_at": at}
    if item.taken_at is not None:
        change["about"] = [
            {**entry, "reason": NO_LONGER_NEEDED} if entry in lapsed else entry
            for entry in item.about
        ]
        verb = "note"
    elif rest:
        change["about"] = rest
        verb = "shorten"
    else:
        change |= {"closed_at": at, "closed_by": actor}
        verb = "close"
    if verb != "shorten":
        act = {"verb": verb, **SOFTWARE, "at": format_instant(at)}
        act["reason"] = NO_LONGER_NEEDED
        history = pack(orjson.dumps([*item.history, act]))
        change |= payload.columns("history", history)
    connection.execute(
        update(worklist).where(worklist.c.id == item.id).values(**change)
    )
    audit.append(connection, [_entry(item, verb, lapsed[0], actor, at)])


def _entry(
    item: Item, verb: str, lapsed: Mapping[str, Any], actor: str, at: datetime
) -> Entry:
    return Entry(
        event=audit.WORKLIST_HANDLED,
        at=at,
        actor=actor,
        ods_code=item.ods_code,
        record_id=lapsed["record_id"],
        record_version=lapsed["record_version"],
        recipient_id=lapsed["recipient_id"],
        detail={
            "item": item.id,
            "purpose": item.purpose,
            "verb": verb,
            "reason": NO_LONGER_NEEDED,
        },
    )
