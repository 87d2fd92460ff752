"""Between the wire and the receiver: follows the orders to fail, and keeps the journal.

A connection that is to break is told of by raising: whoever serves it knows how.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import orjson
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from adapter.clock import Clock, format_instant
from adapter.receiver.faults import Order, Orders
from adapter.receiver.identity import SIMULATED_HEADER, SIMULATED_WORDS
from adapter.receiver.journal import Journal, Seen
from adapter.receiver.outcomes import operation_outcome

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

VIEW_KEY = "receiver.view"
FHIR_JSON = "application/fhir+json"


class Dropped(ConnectionAbortedError):
    """The connection is to be reset without an answer."""


class CutShort(ConnectionAbortedError):
    """The answer is to break off: its head, and the part of its body that is sent."""

    def __init__(self, status: str, headers: Headers, part: bytes) -> None:
        super().__init__("the answer is to break off")
        self.status = status
        self.headers = headers
        self.part = part


class Misbehaving:
    """The receiver's WSGI application, with a mind of its own when told so."""

    def __init__(
        self, app: Wsgi, orders: Orders, journal: Journal, clock: Clock
    ) -> None:
        self._app = app
        self._orders = orders
        self._journal = journal
        self._clock = clock
        self.stopping = threading.Event()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/fhir"):
            return self._app(environ, start_response)
        delivery = environ["REQUEST_METHOD"] == "POST" and path.rstrip("/") == "/fhir"
        order = self._orders.take() if delivery else None
        environ[VIEW_KEY] = {}  # the application is handed a copy of environ
        try:
            status, headers, body = self._answer(environ, order)
        except ConnectionAbortedError:
            self._note(environ, None, order)
            raise
        self._note(environ, status, order)
        start_response(status, headers.to_wsgi_list())
        return [body]

    def _answer(
        self, environ: dict[str, Any], order: Order | None
    ) -> tuple[str, Headers, bytes]:
        if order is None:
            return self._rightly(environ)
        if order.seconds:
            self.stopping.wait(order.seconds)
        right = self._rightly(environ) if order.applied else None
        match order.kind:
            case "drop":
                raise Dropped
            case "half":
                status, headers, body = right or _made(200, b"{}" * 200)
                raise CutShort(status, headers, body[: len(body) // 2])
            case "malformed":
                return _made(200, b'{"resourceType": "Bundle", "type": "transac')
            case "html":
                page = b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>"
                return _made(200, page, "text/html; charset=utf-8")
            case "operation-outcome":
                text = "simulated: answered 200 for what went wrong"
                return _made(200, orjson.dumps(operation_outcome("exception", text)))
            case "status":
                text = "simulated: told to answer so"
                outcome = orjson.dumps(operation_outcome("transient", text))
                made = _made(order.status, b"" if order.bare else outcome)
                if order.retry_after is not None:
                    made[1]["Retry-After"] = order.retry_after
                return made
        return right or self._rightly(environ)

    def _rightly(self, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
        chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        return status, headers, b"".join(chunks)

    def _note(
        self, environ: dict[str, Any], status: str | None, order: Order | None
    ) -> None:
        view = environ[VIEW_KEY]
        self._journal.note(
            Seen(
                at=format_instant(self._clock()),
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                request_id=environ.get("HTTP_X_REQUEST_ID"),
                correlation_id=environ.get("HTTP_X_CORRELATION_ID"),
                status=None if status is None else int(status.split(" ", 1)[0]),
                fault=None if order is None else order.kind,
                view=view.get("id"),
                view_version=view.get("version"),
            )
        )


def _made(
    status: int, body: bytes, media_type: str = FHIR_JSON
) -> tuple[str, Headers, bytes]:
    headers = Headers(
        {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            SIMULATED_HEADER: SIMULATED_WORDS,
        }
    )
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Told So"
    return f"{status} {phrase}", headers, body
