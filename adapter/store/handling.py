"""How people handle the worklist: list it, take an item, close it with a reason.

Releasing and refusing what is held is in ``adapter.delivery.verdict``. Whoever acts is
named, and what was done stands in the audit trail by the same transaction. What people
write is kept in payloads only.
"""

from __future__ import annotations

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
from adapter.store.worklist import RELEASE_VIEW, Item, item_of

OPEN, TAKEN, CLOSED = "open", "taken", "closed"
STATES = (OPEN, TAKEN, CLOSED)

_UNDATED = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """Who acts: a name and a role, as they gave them."""

    name: str
    role: str


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
) -> Item:
    """The item, closed: what it is about does not come again, only what is new.

    Raises UnknownRecord, and Conflict when it is closed already, or is about what
    must be released or refused.
    """
    return _act(store, item_id, ods_code, "close", person, reason, actor, at)


def act_on_held(
    connection: Connection,
    item_id: str,
    ods_code: str | None,
    verb: str,
    person: Person,
    reason: str | None,
    *,
    delivery_id: str,
    is_over: bool,
    actor: str,
    at: datetime,
) -> Item:
    """The item, after that person released or refused the held delivery.

    ``is_over``: it is held no longer, so the item is not about it any more, and is
    closed where it is about nothing else. Raises UnknownRecord, and Conflict when the
    item is closed or not about that delivery.
    """
    item = _read(connection, item_id, ods_code, for_update=True)
    check_about(item, delivery_id)
    change: dict[str, Any] = {}
    rest = [each for each in item.about if each.get("delivery_id") != delivery_id]
    if is_over and rest:
        change = {"about": rest}
    elif is_over:
        change = {"closed_at": at, "closed_by": actor}
    return _keep(connection, item, verb, person, reason, change, actor, at, delivery_id)


def check_about(item: Item, delivery_id: str) -> None:
    """Nothing where people may release or refuse that delivery by the item.

    Conflict otherwise.
    """
    if item.purpose != RELEASE_VIEW:
        raise Conflict("the item is not about anything that is held")
    if item.closed_at is not None:
        raise Conflict("the item is closed")
    if all(each.get("delivery_id") != delivery_id for each in item.about):
        raise Conflict("the item is not about this delivery, or not any more")


def _act(
    store: Store,
    item_id: str,
    ods_code: str | None,
    verb: str,
    person: Person,
    reason: str | None,
    actor: str,
    at: datetime,
) -> Item:
    with store.writing() as connection:
        item = _read(connection, item_id, ods_code, for_update=True)
        if item.closed_at is not None:
            raise Conflict("the item is closed")
        change: dict[str, Any] = {"taken_at": at}
        if verb == "close":
            if item.purpose == RELEASE_VIEW:
                raise Conflict("what is held must be released or refused")
            change = {"closed_at": at, "closed_by": actor}
            change["settled"] = [*_settled(connection, item_id), *item.about]
        return _keep(connection, item, verb, person, reason, change, actor, at)


def _keep(
    connection: Connection,
    item: Item,
    verb: str,
    person: Person,
    reason: str | None,
    change: dict[str, Any],
    actor: str,
    at: datetime,
    delivery_id: str | None = None,
) -> Item:
    """The item as it then stands, with what was done in its history and the trail."""
    act = {
        "verb": verb,
        "name": person.name,
        "role": person.role,
        "at": format_instant(at),
        "reason": reason,
        "delivery_id": delivery_id,
    }
    history = pack(orjson.dumps([*item.history, act]))
    connection.execute(
        update(worklist)
        .where(worklist.c.id == item.id)
        .values(**change, changed_at=at, **payload.columns("history", history))
    )
    audit.append(connection, [_entry(item, verb, person, actor, at, delivery_id)])
    return _read(connection, item.id, None)


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


def _entry(
    item: Item,
    verb: str,
    person: Person,
    actor: str,
    at: datetime,
    delivery_id: str | None,
) -> Entry:
    of_delivery = [
        each
        for each in item.about
        if delivery_id is None or each.get("delivery_id") == delivery_id
    ]
    first = of_delivery[0] if of_delivery else {}
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
