"""The whole way over real HTTP, and what is left when a worker is killed on it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from handovers import SmallParts, delivery_to, make_worker, post

from adapter.delivery.model import State
from adapter.delivery.transports.rest import RestTransport
from adapter.delivery.worker import Worker, free_orphans, own_name, run, run_once
from adapter.directory.model import Endpoint
from adapter.store import open_store
from adapter.store.deliveries import list_attempts


class Receiver(BaseHTTPRequestHandler):
    """Answers with the statuses it is told, then takes what it gets."""

    statuses: ClassVar[list[int]] = []
    taken: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((self.headers["X-Request-Id"], body))
        status = self.statuses.pop(0) if self.statuses else 200
        answer = b"{}"
        if status == 200:
            entries = [
                {"response": {"status": "201 Created"}}
                for _ in json.loads(body)["entry"]
            ]
            answer = json.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "transaction-response",
                    "entry": entries,
                }
            ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.statuses, Receiver.taken = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/fhir"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def wired(parts: SmallParts, receiver: str) -> SmallParts:
    there = Endpoint("fenwick", "ZZ9B1", ("adult_mh_service",), receiver)
    return parts.with_endpoints(there)


def test_a_handover_arrives_after_two_failures(wired: SmallParts) -> None:
    Receiver.statuses = [503, 429]
    post(wired)
    worker = make_worker(wired, RestTransport(wired.clock))  # type: ignore[arg-type]
    for _ in range(3):
        run_once(wired, worker.transport, worker=worker)
        wired.clock.advance(minutes=1)
    delivery = delivery_to(wired, "r-amh")
    assert delivery.state is State.DELIVERED
    told = [each.http_status for each in list_attempts(wired.store, delivery.id)]
    assert told == [503, 429, 200]
    assert len({request_id for request_id, _ in Receiver.taken}) == 1
    assert len({body for _, body in Receiver.taken}) == 1


def test_a_worker_told_to_stop_ends_what_it_has_begun(wired: SmallParts) -> None:
    stop = threading.Event()

    class Slow(RestTransport):
        def send(self, *args: Any, **named: Any) -> Any:
            stop.set()
            time.sleep(0.2)
            return super().send(*args, **named)

    post(wired)
    run(wired, Slow(wired.clock), stop, threads=2)
    assert delivery_to(wired, "r-amh").state is State.DELIVERED


def _hang(parts: SmallParts, url: Any, has_begun: Any) -> None:
    store = open_store(url, parts.clock, uses_own_clock=True)

    class Hanging:
        def send(self, *args: Any, **named: Any) -> Any:
            has_begun.set()
            time.sleep(60)

    there = SmallParts(store, parts.clock, parts.tools, parts.directory)
    Worker(there, Hanging(), name=own_name(os.getpid())).step()


def test_what_a_killed_worker_had_begun_is_sent_by_the_next(
    wired: SmallParts,
) -> None:
    post(wired)
    wired.store.close()  # no connection may be shared by two processes
    begin = multiprocessing.get_context("fork")
    has_begun = begin.Event()
    child = begin.Process(target=_hang, args=(wired, wired.store.engine.url, has_begun))
    child.start()
    try:
        assert has_begun.wait(20)
    finally:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    assert delivery_to(wired, "r-amh").state is State.SENDING
    assert run_once(wired, RestTransport(wired.clock)) == 0, "it is leased still"
    assert free_orphans(wired.store) == 1
    assert run_once(wired, RestTransport(wired.clock)) == 1
    delivery = delivery_to(wired, "r-amh")
    assert delivery.state is State.DELIVERED
    assert [request_id for request_id, _ in Receiver.taken] == [delivery.request_id]
