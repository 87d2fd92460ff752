"""Writes that are asked for at one time share a transaction, and only that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from builders import NOON
from sqlalchemy import Connection, event, insert, select

from adapter.store import Store, audit
from adapter.store.audit import Entry
from adapter.store.chain import verify
from adapter.store.schema import meta


def ask_at_once(store: Store, asks: list[Callable[[], None]]) -> int:
    """How many transactions were committed for these, all asked for at one time."""
    commits: list[Connection] = []
    crew = [threading.Thread(target=ask) for ask in asks]
    begun = threading.Event()
    together = store._together
    count = commits.append

    def hold(_connection: Connection) -> None:
        if not begun.is_set():
            begun.set()
            deadline = time.monotonic() + 20
            while len(together._waiting) < len(asks) and time.monotonic() < deadline:
                time.sleep(0.001)

    first = threading.Thread(target=store.write_together, args=(hold,))
    event.listen(store.engine, "commit", count)
    first.start()
    assert begun.wait(20)
    for thread in crew:
        thread.start()
    for thread in (first, *crew):
        thread.join(20)
    event.remove(store.engine, "commit", count)
    return len(commits) - 1


def entry(number: int) -> Entry:
    return Entry(audit.VIEW_READ, NOON, f"reader-{number}", ods_code="ZZ9A1")


def test_readers_of_one_time_wait_for_one_commit(store: Store) -> None:
    asks = [
        lambda number=number: audit.record_audit(store, entry(number))  # type: ignore[misc]
        for number in range(5)
    ]
    assert ask_at_once(store, asks) == 1
    kept = audit.audit_trail(store, "ZZ9A1").items
    assert {each.actor for each in kept} == {f"reader-{number}" for number in range(5)}
    assert verify(store).is_whole


def test_the_fault_of_one_is_told_to_that_one_alone(store: Store) -> None:
    told: list[str] = []

    def keep(name: str) -> None:
        def write(connection: Connection) -> None:
            connection.execute(insert(meta).values(name=name, value=name))
            if name == "wrong":
                raise ValueError(name)

        try:
            store.write_together(write)
        except ValueError as error:
            told.append(str(error))

    names = ["one", "wrong", "two"]
    ask_at_once(store, [lambda name=name: keep(name) for name in names])  # type: ignore[misc]
    assert told == ["wrong"]
    with store.reading() as connection:
        kept = connection.execute(
            select(meta.c.name).where(meta.c.name.in_(names)).order_by(meta.c.name)
        ).scalars()
        assert list(kept) == ["one", "two"]


def test_one_alone_is_told_its_own_fault(store: Store) -> None:
    def write(_connection: Connection) -> None:
        raise LookupError("alone")

    with pytest.raises(LookupError, match="alone"):
        store.write_together(write)
