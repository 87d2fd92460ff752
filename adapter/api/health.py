"""Whether the web process runs, and whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response

from adapter.api.auth import open_to_anyone
from adapter.api.problems import RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from adapter.wiring import Parts


def health_routes(parts: Parts) -> Blueprint:
    """/healthz and /readyz; both are open, and say nothing of what is held."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    @open_to_anyone
    def healthz() -> Response:
        return _answer({"status": "ok"}, 200)

    @routes.get("/readyz")
    @open_to_anyone
    def readyz() -> Response:
        store = "ok" if parts.store.is_ready() else "not ready"
        ready = store == "ok"
        status = "ok" if ready else "not ready"
        answer = _answer({"status": status, "store": store}, 200 if ready else 503)
        if not ready:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    return routes


def _answer(body: dict[str, str], status: int) -> Response:
    return Response(orjson.dumps(body), status=status, content_type="application/json")
