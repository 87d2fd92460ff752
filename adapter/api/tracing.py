"""One log line and one count for each request: its route, never its address.

A caller's X-Correlation-Id and X-Request-Id are kept and given back when each is a
UUID; anything else could carry a person's number into a log, and is replaced.
"""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

from adapter.api.metrics import REQUESTS, SECONDS
from adapter.logs import REQUEST_ANSWERED, get_logger

CORRELATION_ID = "X-Correlation-Id"
REQUEST_ID = "X-Request-Id"
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NO_ROUTE = "none"
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def trace_requests(app: Flask) -> None:
    """Give every request its ids, and log and count it when it is answered."""

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        g.correlation_id = _given_or_new(CORRELATION_ID)
        g.request_id = _given_or_new(REQUEST_ID)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=g.correlation_id)

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers[CORRELATION_ID] = g.correlation_id
        answer.headers[REQUEST_ID] = g.request_id
        seconds = time.perf_counter() - g.started
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        method = request.method if request.method in KNOWN_METHODS else "other"
        caller = getattr(g, "caller", None)
        REQUESTS.labels(method, route, str(answer.status_code)).inc()
        SECONDS.labels(route).observe(seconds)
        get_logger().info(
            REQUEST_ANSWERED,
            method=method,
            route=route,
            status=answer.status_code,
            duration_ms=round(seconds * 1000, 1),
            caller=caller.name if caller else None,
            request_id=g.request_id,
        )
        return answer


def _given_or_new(header: str) -> str:
    given = request.headers.get(header, "")
    return given if UUID_TEXT.fullmatch(given) else str(uuid.uuid4())
