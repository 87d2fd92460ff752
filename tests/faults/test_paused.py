"""A worker stopped with SIGSTOP that wakes after its lease has passed.

Time runs thirty times as fast for these workers: clock and monotonic count are handed
in, so a lease of 45 seconds passes in one and a half.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON
from faults.house import listening
from handovers import SmallParts, delivery_to, make_parts, post
from stores import databases, fresh_store

from adapter.delivery.leases import LEASE
from adapter.delivery.model import Answer, State
from adapter.delivery.transports.rest import RestTransport
from adapter.delivery.worker import Worker, run_once
from adapter.directory.model import Endpoint
from adapter.receiver import Receiver
from adapter.store import Store, open_store

pytestmark = pytest.mark.faults

FASTER = 30


class FastClock:
    """Begins at noon and runs fast, alike in every process that is forked from here."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=FASTER * (time.monotonic() - self._began))


def fast_monotonic() -> float:
    return FASTER * time.monotonic()


def stop_here() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


class StoppingClock:
    """The worker looks at the clock between claiming and sending; there it stops."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def __call__(self) -> datetime:
        stop_here()
        return self._clock()


class StoppingTransport(RestTransport):
    """Stops when all has been checked and nothing has been sent yet."""

    def send(self, endpoint: Endpoint, body: bytes, **ids: Any) -> Answer:
        stop_here()
        return super().send(endpoint, body, **ids)


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture(params=databases())
def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FastClock
) -> Iterator[Store]:
    with fresh_store(request.param, tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


@pytest.fixture
def parts(store: Store, clock: FastClock, receiver: Receiver) -> SmallParts:
    there = Endpoint("fenwick", "ZZ9B1", ("adult_mh_service",), receiver.url + "/fhir")
    return make_parts(store, clock, [there])  # type: ignore[arg-type]


def _work_and_stop(parts: SmallParts, url: Any, *, inside_request: bool) -> None:
    there = replace(parts, store=open_store(url, parts.clock, uses_own_clock=True))
    transport = RestTransport(parts.clock)
    if inside_request:
        transport = StoppingTransport(parts.clock)
    else:
        there = replace(there, clock=StoppingClock(parts.clock))  # type: ignore[arg-type]
    Worker(there, transport, name="stopped", monotonic=fast_monotonic).step()


class Stopped:
    """A worker in a process of its own that has claimed a delivery and is stopped."""

    def __init__(self, parts: SmallParts, *, inside_request: bool) -> None:
        parts.store.close()  # no connection may be shared by two processes
        begin = multiprocessing.get_context("fork")
        self._process = begin.Process(
            target=_work_and_stop,
            args=(parts, parts.store.engine.url),
            kwargs={"inside_request": inside_request},
        )
        self._process.start()
        assert self._process.pid is not None
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def wake(self) -> None:
        """It goes on, does what it still does, and ends."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGCONT)
        self._process.join(20)
        assert self._process.exitcode == 0


def let_lease_pass() -> None:
    time.sleep(LEASE.total_seconds() / FASTER + 0.1)


def work(parts: SmallParts) -> int:
    transport = RestTransport(parts.clock)
    other = Worker(parts, transport, name="other", monotonic=fast_monotonic)
    return run_once(parts, transport, worker=other)


def test_it_sends_nothing_when_it_wakes(parts: SmallParts, receiver: Receiver) -> None:
    post(parts)
    stopped = Stopped(parts, inside_request=False)
    assert work(parts) == 0, "the lane is leased"
    let_lease_pass()
    assert work(parts) == 1

    stopped.wake()

    assert [seen.status for seen in receiver.journal.listed()] == [200]
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 2)
    assert work(parts) == 0


def test_what_it_had_begun_to_send_changes_nothing_any_more(
    parts: SmallParts, receiver: Receiver
) -> None:
    post(parts)
    stopped = Stopped(parts, inside_request=True)
    let_lease_pass()
    assert work(parts) == 1
    post(parts, {"record_version": 2, "young_person.names[0].family": "Later"})
    assert work(parts) == 1
    before = {
        kind: receiver.holdings.all_of(kind) for kind in receiver.holdings.types()
    }

    stopped.wake()

    seen = receiver.journal.listed()
    assert [each.status for each in seen] == [200, 200, 409]
    assert seen[2].request_id == seen[0].request_id
    after = {kind: receiver.holdings.all_of(kind) for kind in receiver.holdings.types()}
    assert after == before
    assert delivery_to(parts, "r-amh").state is State.DELIVERED
    assert work(parts) == 0
