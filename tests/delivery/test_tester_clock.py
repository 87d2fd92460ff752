"""A clock that a tester moves: everybody follows, what waits comes due, and back again.

On each database; on PostgreSQL the store's time here is handed in too, so that it
stands still.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from handovers import (
    BUSY,
    SENDER,
    Receivers,
    SmallParts,
    TestClock,
    claim,
    delivery_to,
    ids_of,
    make_worker,
    post,
)
from sqlalchemy import event, text
from structlog.testing import capture_logs

from adapter import logs
from adapter.clock import london_midnight, shifted
from adapter.delivery import leases
from adapter.delivery.leases import Claimed, LeaseLost, give_back
from adapter.delivery.model import State
from adapter.delivery.renewal import present_of
from adapter.delivery.sweep import LEASE, sweep_once
from adapter.delivery.worker import run_once
from adapter.store import Store, sweeps
from adapter.store.handling import list_items
from adapter.store.heads import find_head
from adapter.store.tester_clock import (
    TRUSTED_FOR,
    LiveOffset,
    following,
    move_clock,
)
from adapter.store.worklist import TURNING_18

DAY = timedelta(days=1)
BORN = {"young_person.birth_date": "2009-11-05"}
TURNS = london_midnight(date(2027, 11, 5))


class Monotonic:
    """Monotonic time that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that the store's database is asked meanwhile."""
    asked: list[str] = []

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(store.engine, "before_cursor_execute", note)
    yield asked
    event.remove(store.engine, "before_cursor_execute", note)


@pytest.fixture
def moved(parts: SmallParts, clock: TestClock) -> SmallParts:
    """The parts as they are wired outside production, always reading the store."""

    def always() -> float:
        monotonic.now += 1
        return monotonic.now

    monotonic = Monotonic()
    store = replace(parts.store, offset=LiveOffset(parts.store, always))
    return replace(parts, store=store, clock=shifted(clock, store.offset))


def move(parts: SmallParts, to: timedelta) -> None:
    move_clock(parts.store, to, actor="ward")


def claim_all(parts: SmallParts, owner: str) -> list[Claimed]:
    return list(iter(lambda: claim(parts.store, owner), None))


def test_another_process_follows_and_asks_the_store_only_now_and_then(
    store: Store,
) -> None:
    monotonic = Monotonic()
    offset = LiveOffset(store, monotonic)
    assert offset() == timedelta()
    move_clock(store, 3 * DAY, actor="ward")
    with counted(store) as asked:
        assert {offset() for _ in range(1000)} == {timedelta()}
    assert asked == []
    monotonic.now += TRUSTED_FOR.total_seconds()
    with counted(store) as asked:
        assert {offset() for _ in range(1000)} == {3 * DAY}
    assert len([each for each in asked if each.startswith("SELECT")]) == 1


def test_a_change_is_logged_once_and_so_is_its_end(store: Store) -> None:
    monotonic = Monotonic()
    offset = LiveOffset(store, monotonic)
    with capture_logs() as told:
        for to in (timedelta(), DAY, DAY, timedelta()):
            move_clock(store, to, actor="ward")
            monotonic.now += 1
            offset()
            offset()
    assert told == [
        {"event": logs.CLOCK_SHIFTED, "log_level": "warning", "offset_seconds": 86400},
        {"event": logs.CLOCK_RELEASED, "log_level": "warning"},
    ]


def test_a_store_that_is_away_leaves_the_clock_as_it_is_known(
    parts: SmallParts,
) -> None:
    if not parts.store.is_sqlite:
        return  # the tests' PostgreSQL is shared: its tables must stay
    monotonic = Monotonic()
    offset = LiveOffset(parts.store, monotonic)
    move(parts, DAY)
    assert offset() == DAY
    with parts.store.writing() as connection:
        connection.execute(text("ALTER TABLE meta RENAME TO away"))
    monotonic.now += 1
    assert offset() == DAY


def test_without_a_tester_no_offset_is_heeded(store: Store, clock: TestClock) -> None:
    move_clock(store, DAY, actor="ward")
    with store.reading() as connection:
        assert store.now(connection) == clock()
        assert following(store).now(connection) == clock() + DAY


def test_what_backs_off_comes_due_and_back_again_waits_what_is_left(
    moved: SmallParts, clock: TestClock
) -> None:
    post(moved)
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [BUSY] * 7
    worker = make_worker(moved, transport)
    run_once(moved, transport, worker=worker)
    for tries in range(1, 7):
        before = delivery_to(moved, "r-amh")
        assert (before.state, before.attempts) == (State.QUEUED, tries)
        move(moved, tries * DAY / 3)
        run_once(moved, transport, worker=worker)
    waiting = delivery_to(moved, "r-amh")
    left = waiting.next_attempt_at - moved.clock()
    assert timedelta(seconds=60) < left < timedelta(minutes=15)

    move(moved, timedelta())
    assert delivery_to(moved, "r-amh").next_attempt_at - moved.clock() == left
    assert run_once(moved, transport, worker=worker) == 0
    clock.now += left
    assert run_once(moved, transport, worker=worker) == 1
    assert delivery_to(moved, "r-amh").state is State.DELIVERED


def test_a_lease_runs_out_forward_and_keeps_what_is_left_of_it_back(
    moved: SmallParts, clock: TestClock
) -> None:
    post(moved)
    first = claim_all(moved, "w1")
    assert len(first) == 3
    move(moved, DAY)
    assert len(claim_all(moved, "w2")) == 3
    with pytest.raises(LeaseLost):
        give_back(moved.store, first[0])

    move(moved, timedelta())
    assert claim_all(moved, "w3") == []
    clock.now += leases.LEASE
    assert len(claim_all(moved, "w3")) == 3


def test_a_sweep_that_was_made_later_does_not_keep_the_next_away(
    moved: SmallParts, clock: TestClock
) -> None:
    move(moved, 365 * DAY)
    assert sweep_once(moved, "w1") is not None
    interval = timedelta(minutes=1)
    assert sweeps.lease(moved.store, "w1", length=LEASE, interval=interval) is None
    move(moved, timedelta())
    clock.now += interval
    assert sweep_once(moved, "w1") is not None


def test_the_birthday_comes_when_the_clock_is_set_to_it_and_again_after_going_back(
    moved: SmallParts, clock: TestClock
) -> None:
    def told() -> list[str]:
        found = list_items(moved.store, SENDER, purpose=TURNING_18, limit=9).items
        return [about["reason"] for item in found for about in item.about]

    post(moved, BORN)
    sweep_once(moved, "w1")
    young = find_head(moved.store, ids_of("r-amh").view_id())
    assert young is not None
    assert told() == []

    move(moved, TURNS - clock())
    assert sweep_once(moved, "w1") is not None
    assert told() == ["birthday_in_0_days"]
    adult = find_head(moved.store, young.view_id)
    assert adult is not None
    assert adult.valid_until is None or adult.valid_until > TURNS

    move(moved, timedelta())
    seen = find_head(moved.store, young.view_id)
    assert seen is not None
    assert not seen.is_fresh(present_of(moved, moved.clock()))
    clock.now += timedelta(minutes=1)
    swept = sweep_once(moved, "w1")
    assert swept is not None
    assert swept.renewed > 0
    again = find_head(moved.store, young.view_id)
    assert again is not None
    assert again.valid_until == young.valid_until

    move(moved, TURNS - clock() - 180 * DAY)
    swept = sweep_once(moved, "w1")
    assert swept is not None
    assert swept.reminded == 1
