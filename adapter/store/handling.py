"""How people handle the worklist: list it, take an item, close it with a reason.

Whoever acts is named, and what was done stands in the audit trail by the same
transaction. What people write is kept in payloads only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, literal, select, tuple_, update

from adapter.clock import format_instant
from adapter.errors import Conflict, UnknownRecord
from adapter.store import audit, payload
from adapter.store.audit import Entry
from adapter.store.engine import Store
from adapter.store.paging import Page, cursor, marks_of, page
from adapter.store.payload import pack
from adapter.store.schema import from_microseconds, to_microseconds, worklist
from adapter.store.worklist import Item, item_of

OPEN, TAKEN, CLOSED = "open", "taken", "closed"
STATES = (OPEN, TAKEN, CLOSED)

_UNDATED = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """Who acts: a name and a role, as they gave them."""

    name: str
    role: str


Alongside = Callable[[Connection, Item], None]
"""What is written in the same transaction as what is done to an item."""


def list_items(
    store: Store,
    ods_code: str | None,
    *,
    state: str | None = None,
    purpose: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Item]:
    """A sender's items, soonest due first and undated last, a page at a time.

    ``ods_code`` None: of every sender. ``state`` None: what is not closed.
    """
    due = func.coalesce(worklist.c.due, literal(_UNDATED, worklist.c.due.type))
    order = (due, worklist.c.opened_at, worklist.c.id)
    question = select(worklist)
    if ods_code is not None:
        question = question.where(worklist.c.ods_code == ods_code)
    if state == CLOSED:
        question = question.where(worklist.c.closed_at.is_not(None))
    else:
        question = question.where(worklist.c.closed_at.is_(None))
    if state == OPEN:
        question = question.where(worklist.c.taken_at.is_(None))
    if state == TAKEN:
        question = question.where(worklist.c.taken_at.is_not(None))
    if purpose is not None:
        question = question.where(worklist.c.purpose == purpose)
    if after is not None:
        since, opened, last_id = marks_of(after, int, int, str)
        place = (
            literal(from_microseconds(int(since)), worklist.c.due.type),
            literal(from_microseconds(int(opened)), worklist.c.opened_at.type),
            literal(str(last_id)),
        )
        question = question.where(tuple_(*order) > tuple_(*place))
    with store.reading() as connection:
        rows = connection.execute(question.order_by(*order).limit(limit + 1)).all()
    place_of_last = _place(rows[limit - 1]) if len(rows) > limit else None
    return page([item_of(row) for row in rows], limit, place_of_last)


def find_item(store: Store, item_id: str, ods_code: str | None) -> Item:
    """That item. UnknownRecord when there is none, or it is another sender's."""
    with store.reading() as connection:
        return _read(connection, item_id, ods_code)


def take(
    store: Store,
    item_id: str,
    ods_code: str | None,
    person: Person,
    *,
    actor: str,
    at: datetime,
) -> Item:
    """The item, which that person sees to from now on; another may take it over.

    Raises UnknownRecord, and Conflict when it is closed.
    """
    return _act(store, item_id, ods_code, "take", person, None, actor, at)


def close(
    store: Store,
    item_id: str,
    ods_code: str | None,
    person: Person,
    reason: str,
    *,
    actor: str,
    at: datetime,
    verb: str = "close",
    alongside: Alongside | None = None,
) -> Item:
    """The item, closed: what it is about does not come again, only what is new.

    Raises UnknownRecord, and Conflict when it is closed already.
    """
    return _act(store, item_id, ods_code, verb, person, reason, actor, at, alongside)


def _act(
    store: Store,
    item_id: str,
    ods_code: str | None,
    verb: str,
    person: Person,
    reason: str | None,
    actor: str,
    at: datetime,
    alongside: Alongside | None = None,
) -> Item:
    with store.writing() as connection:
        item = _read(connection, item_id, ods_code, for_update=True)
        if item.closed_at is not None:
            raise Conflict("the item is closed")
        if alongside is not None:
            alongside(connection, item)
        act = {
            "verb": verb,
            "name": person.name,
            "role": person.role,
            "at": format_instant(at),
            "reason": reason,
        }
        history = pack(orjson.dumps([*item.history, act]))
        change: dict[str, Any] = {"changed_at": at}
        if verb == "take":
            change["taken_at"] = at
        else:
            change |= {"closed_at": at, "closed_by": actor}
            change["settled"] = [*_settled(connection, item_id), *item.about]
        connection.execute(
            update(worklist)
            .where(worklist.c.id == item_id)
            .values(**change, **payload.columns("history", history))
        )
        audit.append(connection, [_entry(item, verb, person, actor, at)])
        return _read(connection, item_id, ods_code)


def _read(
    connection: Connection,
    item_id: str,
    ods_code: str | None,
    *,
    for_update: bool = False,
) -> Item:
    question = select(worklist).where(worklist.c.id == item_id)
    if ods_code is not None:
        question = question.where(worklist.c.ods_code == ods_code)
    if for_update:
        question = question.with_for_update()
    row = connection.execute(question).one_or_none()
    if row is None:
        raise UnknownRecord("no such item")
    return item_of(row)


def _settled(connection: Connection, item_id: str) -> list[dict[str, Any]]:
    found = connection.execute(
        select(worklist.c.settled).where(worklist.c.id == item_id)
    ).scalar_one()
    return list(found or ())


def _place(row: Any) -> str:
    return cursor(
        to_microseconds(row.due or _UNDATED), to_microseconds(row.opened_at), row.id
    )


def _entry(item: Item, verb: str, person: Person, actor: str, at: datetime) -> Entry:
    first = item.about[0] if item.about else {}
    return Entry(
        event=audit.WORKLIST_HANDLED,
        at=at,
        actor=actor,
        ods_code=item.ods_code,
        record_id=first.get("record_id"),
        record_version=first.get("record_version"),
        recipient_id=first.get("recipient_id"),
        delivery_id=first.get("delivery_id"),
        detail={
            "item": item.id,
            "purpose": item.purpose,
            "verb": verb,
            "by": {"name": person.name, "role": person.role},
        },
    )
