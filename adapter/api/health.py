"""Whether the web process runs, and whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from adapter.api.answers import json_answer
from adapter.api.auth import open_to_anyone
from adapter.api.problems import RETRY_AFTER_SECONDS
from adapter.errors import NotReady

if TYPE_CHECKING:
    from adapter.wiring import Parts


def health_routes(parts: Parts) -> Blueprint:
    """/healthz and /readyz; both are open, and say nothing of what is held."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    @open_to_anyone
    def healthz() -> Response:
        return json_answer({"status": "ok", **_clock()})

    @routes.get("/readyz")
    @open_to_anyone
    def readyz() -> Response:
        try:
            parts.store.check()
        except NotReady as error:
            answer = json_answer({"status": "not ready", "store": error.detail}, 503)
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return answer
        return json_answer({"status": "ok", "store": "ok", **_clock()})

    def _clock() -> dict[str, str]:
        """That the clock is a tester's; nothing when it is as it should be."""
        return {"clock": "set by a tester"} if parts.store.offset() else {}

    return routes
