"""The audit trail is a chain: what was changed, removed or reordered shows."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from builders import NOON
from handovers import SENDER, SmallParts, post
from sqlalchemy import delete, insert, select, update

from adapter.store import Store
from adapter.store.audit import Entry, append, audit_trail, record_audit
from adapter.store.chain import Break, verify
from adapter.store.schema import audit, audit_chain


def entry(event: str = "view-read", **more: object) -> Entry:
    return Entry(event, NOON, "someone", ods_code=SENDER, **more)  # type: ignore[arg-type]


@pytest.fixture
def filled(store: Store) -> Store:
    for number in range(1, 7):
        record_audit(store, entry(detail={"count": number, "b": 1, "a": ["x"]}))
    return store


def breaks(store: Store) -> tuple[Break, ...]:
    found = verify(store)
    assert found.is_whole is not bool(found.breaks)
    return found.breaks


def test_a_trail_that_nobody_touched_is_whole(parts: SmallParts) -> None:
    post(parts)
    record_audit(parts.store, entry(), entry(detail={"types": {"Flag": 2}}))
    found = verify(parts.store)
    assert found.is_whole
    assert found.head is not None
    assert found.head.number == found.rows > 3


def test_a_store_without_a_trail_is_whole(store: Store) -> None:
    assert verify(store).is_whole


def test_a_transaction_that_fails_leaves_no_row(filled: Store) -> None:
    def fail() -> None:
        with filled.writing() as connection:
            append(connection, [entry()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert verify(filled).rows == 6


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "another"},
        {"event": "record-read"},
        {"at": NOON.replace(year=2025)},
        {"detail": {"count": 4, "b": 2, "a": ["x"]}},
        {"ods_code": None},
        {"view_id": "x"},
        {"hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_shows(filled: Store, change: dict[str, object]) -> None:
    with filled.writing() as connection:
        connection.execute(update(audit).where(audit.c.number == 4).values(**change))
    assert breaks(filled)[0] == Break(4, "changed")


def remove(*numbers: int) -> Callable[[Store], None]:
    def tamper(store: Store) -> None:
        with store.writing() as connection:
            connection.execute(delete(audit).where(audit.c.number.in_(numbers)))

    return tamper


def remove_and_renumber(store: Store) -> None:
    remove(3)(store)
    with store.writing() as connection:
        for number in (4, 5, 6):
            connection.execute(
                update(audit).where(audit.c.number == number).values(number=number - 1)
            )


def swap(store: Store) -> None:
    with store.writing() as connection:
        for was, to in ((3, 99), (4, 3), (99, 4)):
            connection.execute(
                update(audit).where(audit.c.number == was).values(number=to)
            )


def add(store: Store) -> None:
    with store.writing() as connection:
        row = connection.execute(select(audit).where(audit.c.number == 6)).one()
        connection.execute(insert(audit).values({**row._mapping, "number": 7}))


def forget_head(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(delete(audit_chain))


def move_beginning(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(audit_chain).values(first_number=5))


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (remove(3), Break(3, "removed")),
        (remove(1, 2), Break(1, "removed")),
        (remove(6), Break(6, "removed")),
        (remove(1, 2, 3, 4, 5, 6), Break(1, "removed")),
        (remove_and_renumber, Break(3, "reordered")),
        (swap, Break(3, "reordered")),
        (add, Break(7, "added")),
        (forget_head, Break(6, "head")),
        (move_beginning, Break(1, "head")),
    ],
    ids=[
        "one removed",
        "the first removed",
        "the last removed",
        "all removed",
        "removed and numbered anew",
        "two reordered",
        "one added",
        "the head removed",
        "the beginning moved",
    ],
)
def test_what_was_done_to_the_trail_shows_where_it_was(
    filled: Store, tamper: Callable[[Store], None], where: Break
) -> None:
    tamper(filled)
    assert breaks(filled)[0] == where


def test_what_follows_a_break_does_not_hide_it(filled: Store) -> None:
    remove(3)(filled)
    record_audit(filled, entry())
    assert breaks(filled) == (Break(3, "removed"),)


def test_a_chain_begun_anew_is_told_by_a_hash_that_was_noted(store: Store) -> None:
    record_audit(store, entry(), entry())
    head = verify(store).head
    assert head is not None
    record_audit(store, entry())
    assert verify(store, noted=head.hash).is_whole
    with store.writing() as connection:
        connection.execute(delete(audit))
        connection.execute(delete(audit_chain))
    record_audit(store, entry("record-read"), entry())
    assert verify(store).is_whole
    assert not verify(store, noted=head.hash).is_whole


def test_rows_older_than_the_chain_are_counted_apart(store: Store) -> None:
    with store.writing() as connection:
        for number in (1, 2):
            connection.execute(
                insert(audit).values(
                    number=number, at=NOON, event="old", actor="a", detail={}
                )
            )
    record_audit(store, entry())
    found = verify(store)
    assert (found.is_whole, found.before, found.rows) == (True, 2, 1)


def test_the_chain_holds_with_many_writers_at_once(store: Store) -> None:
    def write(name: str) -> None:
        for count in range(10):
            with store.writing() as connection:
                append(connection, [entry(detail={"by": name, "count": count})])
                append(connection, [entry("record-read", detail={"by": name})])

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = verify(store)
    assert found.is_whole
    assert found.rows == 80
    trail = audit_trail(store, SENDER, limit=80).items
    # Those of one transaction stand together, in their order.
    assert [each.event for each in trail] == ["view-read", "record-read"] * 40
