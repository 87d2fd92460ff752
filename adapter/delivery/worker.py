"""The worker: leases lanes, sends what is due, and writes back what came of it.

No transaction is open while a request runs. A few threads work side by side, each on a
lane of its own; when told to stop, each ends the request that it has begun and takes no
other.
"""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from time import monotonic as system_monotonic
from time import sleep
from typing import Any, Protocol

from adapter import logs
from adapter.clock import Clock
from adapter.delivery import lanes, leases
from adapter.delivery.exchange import Exchange
from adapter.delivery.leases import LEASE, Claimed, LeaseLost, Terms
from adapter.delivery.model import Answer, Outcome, State
from adapter.delivery.renewal import place, present_of, renew
from adapter.delivery.retry import DEFAULT_RETRY, RetryPolicy
from adapter.delivery.settle import Finished, Settled
from adapter.directory.model import Endpoint
from adapter.errors import AdapterError, NotReady
from adapter.intake import Parts as IntakeParts
from adapter.store import Store, audit, brakes

THREADS = 8
"""How many lanes a worker serves at once; what they hand in together costs less."""

IDLE = timedelta(milliseconds=25)
"""How often an idle thread asks SQLite whether anything was committed."""

IDLE_ELSEWHERE = timedelta(milliseconds=100)
"""How often an idle thread looks at a database that cannot be asked so cheaply."""

LONGEST_IDLE = timedelta(milliseconds=500)
"""How long it trusts that nothing has come due when nothing has changed."""


CANNOT_PREPARE = timedelta(minutes=1)
"""How long a delivery waits whose view could not be prepared again."""


BRAKED_WITHIN = timedelta(milliseconds=500)
"""A request begun so long after its lease looks once more whether a brake was set."""


STORE_AWAY = timedelta(milliseconds=500)
"""How long to wait before writing back once more to a store that was away."""


class Transport(Protocol):
    """The one method behind which the network lies; a test hands in its own."""

    def send(
        self,
        endpoint: Endpoint,
        body: bytes,
        *,
        request_id: str,
        correlation_id: str,
    ) -> Answer:
        """What one request with these bytes and ids came to."""
        ...


class Parts(IntakeParts, Protocol):
    """What a worker needs of a running adapter."""

    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class Worker:
    """One worker with the world handed in; ``run`` and ``run_once`` make it work."""

    parts: Parts
    transport: Transport
    name: str = field(default_factory=lambda: own_name(os.getpid()))
    retry: RetryPolicy = DEFAULT_RETRY
    dice: Callable[[], float] = random.random
    monotonic: Callable[[], float] = system_monotonic
    pause: Callable[[float], None] = sleep

    def step(self) -> bool:
        """Whether something was due; if so, it has been dealt with."""
        claimed = self.exchange.swap(None, wants=True).claimed
        if claimed is None:
            return False
        finished = self.deal_with(claimed)
        if finished is not None:
            self.hand_in(finished, wants=False)
        return True

    def deal_with(self, claimed: Claimed) -> Finished | None:
        """The attempt that was made, to be handed in; None when none was."""
        try:
            endpoint = self._endpoint(claimed)
        except LeaseLost:
            self._log(claimed).warning(logs.LEASE_LOST)
            return None
        if endpoint is None:
            return None
        return Finished(claimed, self._send(endpoint, claimed))

    def hand_in(self, finished: Finished, *, wants: bool) -> Claimed | None:
        """What to send next, once what was sent is written back; None: nothing is due.

        A store that is away is waited for while the lease runs: otherwise what has
        arrived would be sent again.
        """
        claimed = finished.claimed
        end = claimed.lease.taken + claimed.lease.length.total_seconds()
        while True:
            try:
                got = self.exchange.swap(finished, wants=wants)
                break
            except NotReady:
                if self.monotonic() >= end:
                    raise
                self.pause(STORE_AWAY.total_seconds())
        if got.settled is None:
            self._log(claimed).warning(logs.LEASE_LOST)
        else:
            _tell(self._log(claimed), finished, got.settled)
        return got.claimed

    @cached_property
    def exchange(self) -> Exchange:
        """Where its threads hand in what they have sent, and get what comes next."""
        return Exchange(
            self.parts.store,
            Terms(self.name, self._length_for, self._most_at),
            policy=self.retry,
            dice=self.dice,
            monotonic=self.monotonic,
        )

    def _log(self, claimed: Claimed) -> Any:
        return logs.get_logger(
            delivery_id=claimed.delivery.id,
            correlation_id=claimed.delivery.correlation_id,
        )

    def _endpoint(self, claimed: Claimed) -> Endpoint | None:
        """Where to send now; None when it must not be sent as it is, and waits again.

        A view that is no longer current is prepared again, which may put another
        delivery, or none, in this one's place.
        """
        parts, delivery = self.parts, claimed.delivery
        endpoint = parts.directory.endpoint_for(
            delivery.recipient_ods, delivery.recipient_kind
        )
        at = parts.clock()
        is_fresh = claimed.view.is_fresh(present_of(parts, at))
        moved = endpoint is None or endpoint.name != claimed.lease.endpoint
        if not is_fresh:
            self._renew(claimed, at)
            return None
        if moved:
            leases.give_back(parts.store, claimed)
            place(delivery, parts, at, actor=audit.WORKER)
            return None
        if endpoint is not None and not leases.may_still_send(
            claimed.lease, _time_out(endpoint), self.monotonic
        ):
            leases.give_back(parts.store, claimed)
            return None
        if self._is_braked(claimed):
            leases.give_back(parts.store, claimed)
            return None
        return endpoint

    def _is_braked(self, claimed: Claimed) -> bool:
        """Whether a brake was set since the lease was taken.

        What was leased a moment ago was looked at then.
        """
        if self.monotonic() - claimed.lease.taken < BRAKED_WITHIN.total_seconds():
            return False
        delivery = claimed.delivery
        on = brakes.list_brakes(self.parts.store)
        return bool(brakes.holding(on, claimed.lease.endpoint, delivery.recipient_kind))

    def _renew(self, claimed: Claimed, at: datetime) -> None:
        try:
            renew(claimed.delivery.view_id, self.parts, at)
        except AdapterError as error:
            # It must not leave as it is, and other lanes must not wait for it.
            leases.give_back(self.parts.store, claimed, delay=CANNOT_PREPARE)
            logs.get_logger(delivery_id=claimed.delivery.id).error(
                logs.VIEW_INVALID, error=type(error).__name__
            )
        else:
            leases.give_back(self.parts.store, claimed)

    def _send(self, endpoint: Endpoint, claimed: Claimed) -> Answer:
        try:
            return self.transport.send(
                endpoint,
                claimed.body.plain(),
                request_id=claimed.delivery.request_id,
                correlation_id=claimed.delivery.correlation_id,
            )
        except Exception as error:
            # A fault of ours must not stop the lane for good, nor print a value.
            self._log(claimed).error(logs.REQUEST_FAILED, error=type(error).__name__)
            return Answer(Outcome.TRANSIENT, "transport_fault")

    def _most_at(self, name: str) -> int | None:
        endpoint = self.parts.directory.endpoint_named(name)
        return None if endpoint is None else endpoint.concurrency

    def _length_for(self, name: str) -> timedelta:
        endpoint = self.parts.directory.endpoint_named(name)
        if endpoint is None:
            return LEASE
        return max(LEASE, 2 * _time_out(endpoint) + timedelta(seconds=5))


def run_once(
    parts: Parts,
    transport: Transport,
    *,
    limit: int = 10_000,
    worker: Worker | None = None,
) -> int:
    """How many deliveries were dealt with: all that are due now, one after another."""
    worker = worker or Worker(parts, transport)
    done = 0
    while done < limit and worker.step():
        done += 1
    return done


def run(
    parts: Parts,
    transport: Transport,
    stop: threading.Event,
    *,
    threads: int = THREADS,
    worker: Worker | None = None,
) -> None:
    """Nothing, once ``stop`` is set and every request that had begun has ended."""
    worker = worker or Worker(parts, transport)
    log = logs.get_logger(worker=worker.name)
    freed = free_orphans(parts.store)
    log.info(logs.WORKER_STARTED, threads=threads, freed_lanes=freed)
    crew = [
        threading.Thread(target=_work, args=(worker, stop), name=f"lane-{number}")
        for number in range(threads)
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    log.info(logs.WORKER_STOPPED)


def own_name(process: int) -> str:
    """The name under which a process of this machine leases lanes."""
    return f"{_machine()}/{process}"


def free_orphans(store: Store, *, is_alive: Callable[[int], bool] | None = None) -> int:
    """How many lanes were freed that dead processes of this machine had leased.

    So a worker that was killed holds nothing up until its lease runs out.
    """
    is_alive = is_alive or _is_alive
    dead = []
    for owner in leases.lease_owners(store):
        machine, _, process = owner.rpartition("/")
        if machine == _machine() and process.isdigit() and not is_alive(int(process)):
            dead.append(owner)
    return leases.free_lanes_of(store, dead) if dead else 0


def _machine() -> str:
    try:
        # Containers may share a host name; their process numbers are then apart.
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{space}"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Wakener:
    """Tells an idle thread when it is worth looking at the lanes.

    On SQLite ``PRAGMA data_version`` says, without reading a page, that somebody has
    committed; elsewhere every look is taken. Each thread has its own.
    """

    def __init__(self, store: Store) -> None:
        self._connection = store.engine.connect() if store.is_sqlite else None
        self._seen = -1

    def wait(self, stop: threading.Event) -> None:
        """Nothing, after something may have come due or ``stop`` was set."""
        if self._connection is None:
            stop.wait(IDLE_ELSEWHERE.total_seconds())
            return
        for _ in range(LONGEST_IDLE // IDLE):
            if stop.wait(IDLE.total_seconds()) or self._has_changed():
                return

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _has_changed(self) -> bool:
        if self._connection is None:
            return True
        driver: Any = self._connection.connection.driver_connection
        (version,) = driver.execute("PRAGMA data_version").fetchone()
        changed = bool(version != self._seen)
        self._seen = version
        return changed


def _work(worker: Worker, stop: threading.Event) -> None:
    log = logs.get_logger(worker=worker.name)
    wakener = Wakener(worker.parts.store)
    finished: Finished | None = None
    while finished is not None or not stop.is_set():
        try:
            claimed = _next(worker, finished, stop)
            finished = None
            if claimed is not None:
                finished = worker.deal_with(claimed)
            elif not stop.is_set():
                wakener.wait(stop)
        except Exception as error:
            # The store may be away for a while; the lease runs out, the work does not.
            log.error(logs.REQUEST_FAILED, error=type(error).__name__)
            finished = None
            stop.wait(1.0)
    wakener.close()


def _next(
    worker: Worker, finished: Finished | None, stop: threading.Event
) -> Claimed | None:
    """What to send next; None: nothing is due, or nothing more is to be begun."""
    if finished is not None:
        return worker.hand_in(finished, wants=not stop.is_set())
    if lanes.is_due(worker.parts.store):
        return worker.exchange.swap(None, wants=True).claimed
    return None


def _time_out(endpoint: Endpoint) -> timedelta:
    return timedelta(seconds=endpoint.connect_timeout + endpoint.read_timeout)


def _tell(log: Any, finished: Finished, settled: Settled) -> None:
    claimed, answer = finished.claimed, finished.answer
    event = {
        State.DELIVERED: logs.DELIVERY_SENT,
        State.QUEUED: logs.DELIVERY_DEFERRED,
        State.SUPERSEDED: logs.DELIVERY_SUPERSEDED,
        State.WITHDRAWN: logs.DELIVERY_SUPERSEDED,
    }.get(settled.state, logs.DELIVERY_FAILED)
    log.info(
        event,
        attempt=claimed.delivery.attempts,
        outcome=answer.outcome.value,
        reason=answer.reason,
        duration_ms=answer.duration // timedelta(milliseconds=1),
    )
    if settled.breaker == "stopped":
        log.error(
            logs.ENDPOINT_STOPPED,
            endpoint=claimed.lease.endpoint,
            reason=answer.reason,
        )
    elif settled.breaker == "resumed":
        log.warning(logs.ENDPOINT_RESUMED, endpoint=claimed.lease.endpoint)
