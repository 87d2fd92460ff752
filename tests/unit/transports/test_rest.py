"""The rest transport against real sockets that behave as told."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from loopback import CERTIFICATE, Loopback, Request, answer, reset

from adapter.delivery.model import Answer, Outcome
from adapter.delivery.transports.rest import RestTransport
from adapter.directory import Auth, Endpoint

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
BODY = b'{"resourceType": "Bundle", "type": "transaction"}'
TAKEN = (
    b'{"resourceType":"Bundle","type":"transaction-response",'
    b'"entry":[{"response":{"status":"201 Created"}}]}'
)


def endpoint(url: str, **changes: Any) -> Endpoint:
    given: dict[str, Any] = {
        "name": "fenwick",
        "ods_code": "ZZ9B2",
        "kinds": ("adult_mh_service",),
        "address": url,
        "connect_timeout": 1.0,
        "read_timeout": 1.0,
        **changes,
    }
    return Endpoint(**given)


def send(
    to: str | Endpoint, transport: RestTransport | None = None, body: bytes = BODY
) -> Answer:
    transport = transport or RestTransport(lambda: NOON, total_seconds=5)
    target = endpoint(to) if isinstance(to, str) else to
    return transport.send(target, body, request_id="r-1", correlation_id="c-1")


def test_a_transaction_is_posted_with_its_ids(loopback: Loopback):
    loopback.answers(answer(200, TAKEN))

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason, sent.http_status) == (Outcome.OK, "ok", 200)
    assert sent.duration > timedelta()
    (request,) = loopback.requests
    assert request.head.startswith("POST /fhir HTTP/1.1\r\n")
    assert request.body == BODY
    assert request.header("Content-Type") == "application/fhir+json"
    assert request.header("X-Request-Id") == "r-1"
    assert request.header("X-Correlation-Id") == "c-1"
    assert request.header("Authorization") is None
    assert request.header("Content-Encoding") is None


def test_one_connection_serves_many_deliveries_with_identical_requests(
    loopback: Loopback,
):
    loopback.answers(answer(200, TAKEN, {"Set-Cookie": "seen=1"}))
    transport = RestTransport(lambda: NOON)

    for _ in range(3):
        assert send(loopback.url, transport).outcome is Outcome.OK

    assert loopback.connections == 1
    first, *others = loopback.requests
    assert all(each == first for each in others)


def test_each_thread_has_a_session_of_its_own(loopback: Loopback):
    loopback.answers(answer(200, TAKEN))
    transport = RestTransport(lambda: NOON)
    threads = [
        threading.Thread(target=send, args=[loopback.url, transport]) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert len(loopback.requests) == 3
    assert loopback.connections == 3


def test_the_directory_says_who_is_sending(loopback: Loopback):
    loopback.answers(answer(200, TAKEN))
    headers = MappingProxyType({"X-Api-Key": "s3cr3t"})
    transport = RestTransport(lambda: NOON)

    send(endpoint(loopback.url, auth=Auth("header", headers)), transport)
    send(endpoint(loopback.url), transport)

    assert loopback.requests[0].header("X-Api-Key") == "s3cr3t"
    assert loopback.requests[1].header("X-Api-Key") is None


def test_the_environment_changes_nothing(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    loopback.answers(answer(200, TAKEN))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login us password pw\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")

    assert send(loopback.url).outcome is Outcome.OK
    assert loopback.requests[0].header("Authorization") is None


def test_only_the_proxy_of_the_directory_is_used(loopback: Loopback):
    loopback.answers(answer(200, TAKEN))
    proxy = loopback.url.removesuffix("/fhir")

    assert send(endpoint("http://127.0.0.1:9/fhir", proxy=proxy)).outcome is Outcome.OK
    assert loopback.requests[0].head.startswith("POST http://127.0.0.1:9/fhir")


def test_gzip_is_sent_only_where_the_endpoint_takes_it(loopback: Loopback):
    loopback.answers(answer(200, TAKEN))

    for _ in range(2):
        send(endpoint(loopback.url, gzip=True))

    first, second = loopback.requests
    assert first.header("Content-Encoding") == "gzip"
    assert gzip.decompress(first.body) == BODY
    assert first.body == second.body


def test_a_redirect_is_not_followed(loopback: Loopback):
    loopback.answers(answer(307, b"", {"Location": loopback.url + "/elsewhere"}))

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.FATAL, "http_307")
    assert len(loopback.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (503, b"", Outcome.TRANSIENT),
        (501, b"", Outcome.FATAL),
        (401, b"", Outcome.ENDPOINT_FAULT),
        (404, b"<html>", Outcome.ENDPOINT_FAULT),
        (404, b'{"resourceType":"OperationOutcome"}', Outcome.FATAL),
        (
            409,
            b'{"resourceType":"OperationOutcome","issue":[{"code":"duplicate"}]}',
            Outcome.DUPLICATE,
        ),
        (200, b"<html>Sign in</html>", Outcome.FATAL),
        (200, b'{"resourceType":"OperationOutcome"}', Outcome.FATAL),
    ],
)
def test_the_table_of_answers_holds_over_the_wire(
    loopback: Loopback, status: int, body: bytes, expected: Outcome
):
    loopback.answers(answer(status, body))

    sent = send(loopback.url)

    assert (sent.outcome, sent.http_status) == (expected, status)


@pytest.mark.parametrize("asked", ["90", "Thu, 05 Nov 2026 12:01:30 GMT"])
def test_retry_after_is_carried_on(loopback: Loopback, asked: str):
    loopback.answers(answer(429, b"", {"Retry-After": asked}))

    assert send(loopback.url).retry_after == timedelta(seconds=90)


def test_nobody_listening_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    sent = send(f"http://127.0.0.1:{port}/fhir")

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "refused")
    assert sent.http_status is None


def test_a_name_that_nobody_knows_is_a_dns_fault():
    sent = send("http://no-such-host.invalid/fhir")

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "dns")


def test_a_reset_before_the_answer_is_transient(loopback: Loopback):
    loopback.behave = lambda connection, request: reset(connection)

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "reset")


def test_a_hang_up_before_the_answer_is_transient(loopback: Loopback):
    def hang_up(connection: socket.socket, request: Request) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    loopback.behave = hang_up

    assert send(loopback.url).outcome is Outcome.TRANSIENT


def test_half_an_answer_of_known_length_is_transient(loopback: Loopback):
    def half(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(200, TAKEN)[:-20])
        connection.shutdown(socket.SHUT_RDWR)

    loopback.behave = half

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "answer_cut_short")


def test_half_a_chunked_answer_is_transient(loopback: Loopback):
    def half(connection: socket.socket, request: Request) -> None:
        head = "HTTP/1.1 200 X\r\nContent-Type: application/fhir+json\r\n"
        head += "Transfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"%x\r\n" % len(TAKEN) + TAKEN[:50])
        reset(connection)

    loopback.behave = half

    assert send(loopback.url).outcome is Outcome.TRANSIENT


def test_half_an_answer_of_unknown_length_is_transient(loopback: Loopback):
    def half(connection: socket.socket, request: Request) -> None:
        head = b"HTTP/1.0 200 X\r\nContent-Type: application/fhir+json\r\n\r\n"
        connection.sendall(head + TAKEN[:50])
        connection.shutdown(socket.SHUT_RDWR)

    loopback.behave = half

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "answer_cut_short")


def test_what_is_no_http_is_transient(loopback: Loopback):
    loopback.answers(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    assert send(loopback.url).outcome is Outcome.TRANSIENT


def test_a_silent_receiver_times_out(loopback: Loopback):
    loopback.behave = lambda connection, request: None

    sent = send(endpoint(loopback.url, read_timeout=0.2))

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "timeout")
    assert sent.duration < timedelta(seconds=1)


@pytest.mark.parametrize("part", ["head", "body"])
def test_an_answer_that_trickles_is_cut_at_the_deadline(loopback: Loopback, part: str):
    head = b"HTTP/1.1 200 X\r\nContent-Type: application/fhir+json\r\n"

    def trickle(connection: socket.socket, request: Request) -> None:
        if part == "body":
            connection.sendall(head + b"Content-Length: 100000\r\n\r\n")
        while not loopback.stopping.wait(0.05):
            connection.sendall(b"x")

    loopback.behave = trickle

    sent = send(loopback.url, RestTransport(lambda: NOON, total_seconds=0.5))

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "timeout")
    assert sent.duration < timedelta(seconds=2)


def test_a_cut_request_leaves_the_next_one_whole(loopback: Loopback):
    transport = RestTransport(lambda: NOON, total_seconds=0.3)
    loopback.behave = lambda connection, request: None
    assert send(loopback.url, transport).reason == "timeout"

    loopback.answers(answer(200, TAKEN))

    assert send(loopback.url, transport).outcome is Outcome.OK


def test_a_receiver_that_does_not_read_is_cut_at_the_deadline(loopback: Loopback):
    with socket.create_server(("127.0.0.1", 0), backlog=8) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/fhir"
        transport = RestTransport(lambda: NOON, total_seconds=0.4)

        sent = send(endpoint(url, read_timeout=9.0), transport, b"x" * 20_000_000)

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "timeout")


def test_a_big_answer_is_not_read_to_its_end(loopback: Loopback):
    def flood(connection: socket.socket, request: Request) -> None:
        length = 200_000_000
        connection.sendall(answer(200, b"")[:-2].replace(b": 0", b": %d" % length))
        connection.sendall(b"\r\n")
        while not loopback.stopping.is_set():
            connection.sendall(b"x" * 65_536)

    loopback.behave = flood
    started = time.monotonic()

    sent = send(endpoint(loopback.url, max_response_bytes=100_000))

    assert (sent.outcome, sent.reason) == (Outcome.FATAL, "answer_too_large")
    assert time.monotonic() - started < 3


def test_a_small_answer_that_unpacks_to_a_big_one_is_not_unpacked(loopback: Loopback):
    bomb = gzip.compress(b" " * 50_000_000)
    loopback.answers(answer(200, bomb, {"Content-Encoding": "gzip"}))

    sent = send(endpoint(loopback.url, max_response_bytes=100_000))

    assert sent.reason == "answer_too_large"


def test_an_answer_that_does_not_unpack_is_not_what_was_promised(loopback: Loopback):
    loopback.answers(answer(200, TAKEN, {"Content-Encoding": "gzip"}))

    sent = send(loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.FATAL, "answer_not_fhir")


def test_an_unknown_certificate_is_refused(secure_loopback: Loopback):
    secure_loopback.answers(answer(200, TAKEN))

    sent = send(secure_loopback.url)

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "tls")
    assert secure_loopback.requests == []


def test_a_private_authority_is_trusted_where_the_directory_names_it(
    secure_loopback: Loopback,
):
    secure_loopback.answers(answer(200, TAKEN))

    sent = send(endpoint(secure_loopback.url, ca=CERTIFICATE))

    assert sent.outcome is Outcome.OK


def test_a_secure_line_is_cut_at_the_deadline_too(secure_loopback: Loopback):
    secure_loopback.behave = lambda connection, request: None
    transport = RestTransport(lambda: NOON, total_seconds=0.5)

    sent = send(
        endpoint(secure_loopback.url, ca=CERTIFICATE, read_timeout=9.0), transport
    )

    assert (sent.outcome, sent.reason) == (Outcome.TRANSIENT, "timeout")
    assert sent.duration < timedelta(seconds=2)


def test_nothing_is_logged_and_nothing_of_the_other_side_is_kept(
    loopback: Loopback, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    loopback.answers(answer(500, b"<html>Amara Whitlock</html>"))

    sent = send(loopback.url)

    assert "Amara" not in repr(sent)
    assert str(loopback.port) not in repr(sent)
    assert caplog.text == ""
