"""Lanes: in order, leased to one worker at a time, and fenced against the late."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from handovers import (
    BUSY,
    OK,
    REFUSED,
    Receivers,
    SmallParts,
    claim,
    deliveries_to,
    delivery_to,
    endpoint,
    make_worker,
    post,
    settle,
)

from adapter.delivery.leases import LEASE, LeaseLost, may_still_send
from adapter.delivery.model import State
from adapter.delivery.worker import free_orphans, own_name, run, run_once
from adapter.store.deliveries import list_attempts

RISK = "safety.risks[0].behaviours"


def test_what_is_due_is_claimed_once(parts: SmallParts) -> None:
    post(parts)
    claimed = [claim(parts.store, f"w{number}") for number in range(4)]
    lanes_held = {each.lease.lane for each in claimed if each}
    assert len(lanes_held) == 3
    assert claimed[3] is None
    assert delivery_to(parts, "r-amh").state is State.SENDING


def test_threads_never_hold_one_delivery_at_once(parts: SmallParts) -> None:
    for number in range(6):
        post(
            parts, record_id=f"tr-{number}", young_person__local_patient_id=str(number)
        )
    held: list[str] = []
    gate = threading.Barrier(4)

    def work(name: str) -> None:
        gate.wait()
        while claimed := claim(parts.store, name):
            held.append(claimed.delivery.id)

    crew = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    # One young person: three recipients, three lanes; the rest wait behind them.
    assert len(held) == 3
    assert len(set(held)) == 3


def test_a_lane_goes_in_order(parts: SmallParts) -> None:
    post(parts)
    post(parts, record_id="tr-0002")
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [BUSY, OK, OK]
    worker = make_worker(parts, transport)
    run_once(parts, transport, worker=worker)
    first, second = deliveries_to(parts, "r-amh")
    assert (first.state, second.state) == (State.QUEUED, State.QUEUED)
    assert first.lane == second.lane
    assert second.attempts == 0, "it waits behind the first"
    parts.clock.advance(seconds=2)
    run_once(parts, transport, worker=worker)
    ids = [ids for name, ids, _ in transport.sent if name == "fenwick"]
    assert ids == [first.request_id, first.request_id, second.request_id]


def test_a_stale_token_is_refused_and_writes_nothing(parts: SmallParts) -> None:
    post(parts)
    late = claim(parts.store, "slow")
    assert late is not None
    parts.clock.advance(seconds=LEASE.total_seconds() + 1)
    taken = [claim(parts.store, "quick") for _ in range(3)]
    quick = next(each for each in taken if each and each.lease.lane == late.lease.lane)
    assert quick.delivery.id == late.delivery.id
    with pytest.raises(LeaseLost):
        settle(parts.store, late, OK)
    assert list_attempts(parts.store, late.delivery.id) == []
    settle(parts.store, quick, REFUSED)
    with pytest.raises(LeaseLost):
        settle(parts.store, late, OK)
    (attempt,) = list_attempts(parts.store, late.delivery.id)
    assert (attempt.worker, attempt.reason) == ("quick", "http_422")


def test_a_lease_that_has_run_out_still_counts_until_another_has_it(
    parts: SmallParts,
) -> None:
    post(parts)
    claimed = claim(parts.store, "w1")
    assert claimed is not None
    parts.clock.advance(hours=1)
    assert settle(parts.store, claimed, OK).state is State.DELIVERED


def test_what_a_killed_worker_left_is_sent_again_with_the_same_ids(
    parts: SmallParts,
) -> None:
    post(parts)
    killed = claim(parts.store, "killed")
    assert killed is not None
    transport = Receivers()
    run_once(parts, transport)
    assert killed.lease.endpoint not in {name for name, _, _ in transport.sent}
    parts.clock.advance(seconds=LEASE.total_seconds() + 1)
    run_once(parts, transport)
    again = [ids for name, ids, _ in transport.sent if name == killed.lease.endpoint]
    assert again == [killed.delivery.request_id]


def test_lanes_of_dead_processes_are_freed_at_the_start(parts: SmallParts) -> None:
    post(parts)
    dead, alive = own_name(11), own_name(12)
    first, second = claim(parts.store, dead), claim(parts.store, alive)
    assert first is not None
    assert second is not None
    assert free_orphans(parts.store, is_alive=lambda process: process == 12) == 1
    with pytest.raises(LeaseLost):
        settle(parts.store, first, OK)
    assert settle(parts.store, second, OK).state is State.DELIVERED
    again = claim(parts.store, "w3")
    assert again is not None


def test_a_failed_one_stops_its_own_lane_and_no_other(parts: SmallParts) -> None:
    post(parts)
    post(parts, record_id="tr-0002")
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [REFUSED]
    run_once(parts, transport)
    assert [each.state for each in deliveries_to(parts, "r-amh")] == [
        State.FAILED,
        State.QUEUED,
    ]
    assert [each.state for each in deliveries_to(parts, "r-gp")] == [
        State.DELIVERED,
        State.DELIVERED,
    ]


def test_a_correction_passes_the_failed_one_that_it_corrects(
    parts: SmallParts,
) -> None:
    post(parts)
    post(parts, record_id="tr-0002")
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [REFUSED]
    run_once(parts, transport)
    post(parts, {RISK: "Mended"}, record_version=2)
    run_once(parts, transport)
    by_record = {
        (each.record_id, each.view_version): each.state
        for each in deliveries_to(parts, "r-amh")
    }
    assert by_record == {
        ("tr-0001", 1): State.SUPERSEDED,
        ("tr-0001", 2): State.DELIVERED,
        ("tr-0002", 1): State.DELIVERED,
    }


def test_a_later_version_while_sending_takes_the_place_of_a_retry(
    parts: SmallParts,
) -> None:
    parts = parts.with_endpoints(endpoint("fenwick", "ZZ9B1", "adult_mh_service"))
    post(parts)
    transport = Receivers(BUSY)

    def correct() -> None:
        post(parts, {RISK: "Newer"}, record_version=2)

    transport.meanwhile = correct
    run_once(parts, transport, worker=make_worker(parts, transport))
    assert transport.versions("fenwick") == [1, 2]
    assert [each.state for each in deliveries_to(parts, "r-amh")] == [
        State.SUPERSEDED,
        State.DELIVERED,
    ]


def test_a_later_version_passes_what_a_killed_worker_left_sending(
    parts: SmallParts,
) -> None:
    post(parts)
    held = [claim(parts.store, "killed") for _ in range(3)]
    assert all(held)
    post(parts, {RISK: "Newer"}, record_version=2)
    parts.clock.advance(seconds=LEASE.total_seconds() + 1)
    transport = Receivers()
    run_once(parts, transport)
    assert transport.versions("fenwick") == [2]
    assert [each.state for each in deliveries_to(parts, "r-amh")] == [
        State.SUPERSEDED,
        State.DELIVERED,
    ]


def test_a_request_is_not_begun_when_half_the_lease_is_gone(
    parts: SmallParts,
) -> None:
    post(parts)
    claimed = claim(parts.store, "w1", monotonic=lambda: 100.0)
    assert claimed is not None
    lease = claimed.lease
    half = lease.length.total_seconds() / 2
    short = timedelta(seconds=5)
    assert may_still_send(lease, short, lambda: 100.0 + half - 1)
    assert not may_still_send(lease, short, lambda: 100.0 + half + 1)
    assert not may_still_send(lease, lease.length / 2, lambda: 100.0)


def test_a_paused_worker_gives_its_lane_back_unsent(parts: SmallParts) -> None:
    post(parts)
    ticks = iter([0.0, 30.0])
    transport = Receivers()
    worker = make_worker(parts, transport, monotonic=lambda: next(ticks, 30.0))
    assert worker.step()
    assert transport.sent == []
    held = [deliveries_to(parts, ref)[0] for ref in ("r-amh", "r-gp", "r-crisis")]
    assert {each.state for each in held} == {State.QUEUED}
    assert {each.attempts for each in held} == {0}


def test_the_worker_sends_until_it_is_stopped(parts: SmallParts) -> None:
    transport = Receivers()
    stop = threading.Event()
    crew = threading.Thread(
        target=run, args=(parts, transport, stop), kwargs={"threads": 2}
    )
    crew.start()
    try:
        post(parts)
        for _ in range(400):
            if delivery_to(parts, "r-crisis").state is State.DELIVERED and all(
                delivery_to(parts, ref).state is State.DELIVERED
                for ref in ("r-amh", "r-gp")
            ):
                break
            threading.Event().wait(0.025)
    finally:
        stop.set()
        crew.join(10)
    assert not crew.is_alive()
    assert sorted(name for name, _, _ in transport.sent) == [
        "crisis",
        "fenwick",
        "surgery",
    ]
