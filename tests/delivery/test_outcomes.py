"""What each answer does: the table of the design's section 8, end to end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from handovers import (
    BUSY,
    CONFLICT,
    KNOWN_ALREADY,
    LOCKED_OUT,
    OK,
    REFUSED,
    SENDER,
    Receivers,
    SmallParts,
    delivery_to,
    endpoint,
    make_parts,
    make_worker,
    post,
)

from adapter.delivery import breaker
from adapter.delivery.model import Answer, Outcome, State
from adapter.delivery.renewal import redrive
from adapter.delivery.worker import run_once
from adapter.errors import Conflict, UnknownRecord
from adapter.store import worklist
from adapter.store.deliveries import count_by_state, list_attempts, list_deliveries

ONE = (endpoint("fenwick", "ZZ9B1", "adult_mh_service"),)


@pytest.fixture
def parts(parts: SmallParts) -> SmallParts:
    """Only one recipient has an endpoint."""
    return make_parts(parts.store, parts.clock, endpoints=ONE)


def sent(parts: SmallParts, *answers: Answer) -> Receivers:
    transport = Receivers(*answers)
    run_once(parts, transport, worker=make_worker(parts, transport))
    return transport


def test_ok_is_delivered(parts: SmallParts) -> None:
    post(parts)
    sent(parts, OK)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
    (attempt,) = list_attempts(parts.store, delivery.id)
    assert (attempt.attempt, attempt.outcome, attempt.http_status) == (1, "ok", 200)


def test_a_duplicate_is_delivered(parts: SmallParts) -> None:
    post(parts)
    sent(parts, KNOWN_ALREADY)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.DELIVERED, "duplicate")


def test_a_transient_fault_is_tried_again_with_the_same_bytes(
    parts: SmallParts,
) -> None:
    post(parts)
    first = sent(parts, BUSY)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.QUEUED, "http_503")
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at > parts.clock()
    assert sent(parts).sent == []
    parts.clock.advance(seconds=2)
    second = sent(parts)
    assert second.sent == first.sent
    assert delivery_to(parts, "r-amh").attempts == 2


def test_retry_after_is_honoured(parts: SmallParts) -> None:
    post(parts)
    sent(
        parts,
        Answer(Outcome.TRANSIENT, "http_429", 429, retry_after=timedelta(minutes=7)),
    )
    assert delivery_to(parts, "r-amh").next_attempt_at == (
        parts.clock() + timedelta(minutes=7)
    )


def test_after_three_days_a_person_is_told(parts: SmallParts) -> None:
    post(parts)
    sent(parts, BUSY)
    parts.clock.advance(hours=72)
    sent(parts, BUSY)
    assert delivery_to(parts, "r-amh").state is State.EXPIRED
    (item,) = worklist.open_items(
        parts.store, SENDER, purpose=worklist.DELIVERY_EXPIRED
    )
    assert item.about[0]["reason"] == "http_503"


def test_a_conflict_is_tried_five_times(parts: SmallParts) -> None:
    post(parts)
    for tries in range(1, 6):
        sent(parts, CONFLICT)
        state = delivery_to(parts, "r-amh").state
        assert state is (State.QUEUED if tries < 5 else State.FAILED)
        parts.clock.advance(minutes=20)
    assert delivery_to(parts, "r-amh").reason == "http_409"


def test_a_fatal_answer_fails_and_tells_a_person(parts: SmallParts) -> None:
    post(parts)
    sent(parts, REFUSED)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.FAILED, "http_422")
    (item,) = worklist.open_items(parts.store, SENDER, purpose=worklist.DELIVERY_FAILED)
    assert delivery.id in {each.get("delivery_id") for each in item.about}


def test_a_fault_of_the_transport_itself_is_tried_again(parts: SmallParts) -> None:
    class Broken(Receivers):
        def send(self, *args: object, **named: object) -> Answer:
            raise RuntimeError("with a secret in it")

    post(parts)
    run_once(parts, Broken())
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.QUEUED, "transport_fault")


def test_an_endpoint_at_fault_stops_until_a_probe_gets_through(
    parts: SmallParts,
) -> None:
    for number in range(3):
        post(parts, record_id=f"tr-{number}", young_person__nhs_number=NUMBERS[number])
    transport = sent(parts, LOCKED_OUT)
    assert len(transport.sent) == 1, "one alarm, and nothing else goes there"
    (stopped,) = breaker.breakers(parts.store)
    assert (stopped.endpoint, stopped.reason) == ("fenwick", "http_401")
    states = count_by_state(parts.store)
    assert states[State.QUEUED] == 3

    parts.clock.advance(days=4)
    probe = sent(parts, LOCKED_OUT)
    assert len(probe.sent) == 1
    assert count_by_state(parts.store)[State.QUEUED] == 3, "waiting uses up no time"

    parts.clock.advance(minutes=6)
    assert len(sent(parts).sent) == 3
    assert breaker.breakers(parts.store) == []
    assert count_by_state(parts.store)[State.DELIVERED] == 3


def test_a_row_of_failures_opens_the_breaker_too(parts: SmallParts) -> None:
    for number in range(3):
        post(parts, record_id=f"tr-{number}", young_person__nhs_number=NUMBERS[number])
    for _ in range(20):
        sent(parts, *[BUSY] * 50)
        parts.clock.advance(seconds=1)
        if breaker.breakers(parts.store)[0].stopped_at:
            break
    (stopped,) = breaker.breakers(parts.store)
    assert stopped.failures == breaker.FAILURES_BEFORE_STOP
    parts.clock.advance(minutes=1)
    assert len(sent(parts).sent) == 3, "the probe gets through, and all others follow"


def test_a_redriven_delivery_goes_again(parts: SmallParts) -> None:
    post(parts)
    sent(parts, REFUSED)
    failed = delivery_to(parts, "r-amh")
    parts.clock.advance(hours=1)
    again = redrive(failed.id, parts, parts.clock(), actor="ops", ods_code=SENDER)
    assert (again.id, again.state) == (failed.id, State.QUEUED)
    assert [
        each
        for item in worklist.open_items(parts.store, SENDER)
        for each in item.about
        if each.get("delivery_id") == failed.id
    ] == []
    transport = sent(parts)
    assert transport.sent[0][1] == failed.request_id
    assert delivery_to(parts, "r-amh").state is State.DELIVERED


def test_an_endpoint_that_comes_later_is_found_by_redriving(
    parts: SmallParts,
) -> None:
    post(parts)
    failed = delivery_to(parts, "r-gp")
    assert failed.reason == "no_endpoint"
    with pytest.raises(Conflict):
        redrive(failed.id, parts, parts.clock(), actor="ops")
    more = parts.with_endpoints(*ONE, endpoint("surgery", "ZZ9G1", "gp"))
    assert redrive(failed.id, more, parts.clock(), actor="ops").state is State.QUEUED
    sent(more)
    assert delivery_to(parts, "r-gp").state is State.DELIVERED


def test_only_what_has_stopped_is_redriven(parts: SmallParts) -> None:
    post(parts)
    queued = delivery_to(parts, "r-amh")
    with pytest.raises(Conflict):
        redrive(queued.id, parts, parts.clock(), actor="ops")
    with pytest.raises(UnknownRecord):
        redrive(queued.id, parts, parts.clock(), actor="ops", ods_code="ZZ9X9")
    with pytest.raises(UnknownRecord):
        redrive("nothing", parts, parts.clock(), actor="ops")


def test_deliveries_are_listed_newest_first_a_page_at_a_time(
    parts: SmallParts,
) -> None:
    for number in range(3):
        post(parts, record_id=f"tr-{number}")
    first = list_deliveries(parts.store, SENDER, limit=4)
    rest = list_deliveries(parts.store, SENDER, limit=50, after=first.next)
    every = [each.id for each in (*first.items, *rest.items)]
    assert len(every) == len(set(every)) == 12
    assert rest.next is None
    queued = list_deliveries(parts.store, SENDER, state=State.QUEUED)
    assert {each.recipient_id for each in queued.items} == {"r-amh"}
    assert list_deliveries(parts.store, "ZZ9X9").items == ()


NUMBERS = ("9990000018", "9990000026", "9990000034")
