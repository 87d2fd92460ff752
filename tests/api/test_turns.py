"""A rush of records: some wait, some are told to come again, nobody is lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from api_house import House, record_of

from adapter.api.problems import TooManyRequests
from adapter.api.turns import Turns


def test_a_turn_that_comes_free_is_taken() -> None:
    turns = Turns(1, patience=timedelta(seconds=5))
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.taken():
            begun.set()
            done.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(5)
    threading.Timer(0.05, done.set).start()
    with turns.taken():
        pass
    holder.join()


def test_who_finds_no_turn_is_told_to_come_again() -> None:
    turns = Turns(1, patience=timedelta(milliseconds=10))
    with turns.taken(), pytest.raises(TooManyRequests), turns.taken():
        pass
    with turns.taken():
        pass


def test_a_busy_adapter_answers_429_with_retry_after_and_goes_on_reading(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapter.api import records

    full, let_go = threading.Semaphore(0), threading.Event()

    def slow(*args: object, **named: object) -> None:
        full.release()
        let_go.wait(10)
        raise TooManyRequests("ended")

    monkeypatch.setattr(records, "accept", slow)
    record = record_of("planned-handover")

    def post() -> None:
        house.client("ward").post("/records", json=record)

    rush = [threading.Thread(target=post) for _ in range(3)]
    for each in rush:
        each.start()
    for _ in rush:
        assert full.acquire(timeout=10)
    answer = house.client("ward").post("/records", json=record)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert house.client("ward").get("/deliveries").status_code == 200
    let_go.set()
    for each in rush:
        each.join()
