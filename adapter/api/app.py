"""The web application: every route, behind one gate, with one way to tell an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from adapter.api.auth import require_authentication
from adapter.api.deliveries import delivery_routes
from adapter.api.fhir.routes import fhir_routes
from adapter.api.health import health_routes
from adapter.api.memory import give_back_after_large_bodies
from adapter.api.openapi.routes import openapi_routes
from adapter.api.problems import FHIR_PATH, handle_errors
from adapter.api.records import record_routes
from adapter.api.tester_clock import (
    tell_that_the_clock_is_set,
    tester_clock_routes,
)
from adapter.api.tracing import trace_requests
from adapter.api.worklist import worklist_routes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from adapter.wiring import Parts


class TrustedProxies:
    """Believes X-Forwarded-* of a request from a listed proxy, and of no other.

    Links are made from PUBLIC_BASE_URL all the same: nothing here reaches an answer.
    """

    def __init__(self, app: WSGIApplication, addresses: tuple[str, ...]) -> None:
        self.direct = app
        self.proxied = ProxyFix(app)
        self.addresses = frozenset(addresses)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        is_trusted = environ.get("REMOTE_ADDR") in self.addresses
        app = self.proxied if is_trusted else self.direct
        return app(environ, start_response)


class Application(Flask):
    """Flask, but silent: its own log of an exception holds the address and a trace."""

    def log_exception(self, exc_info: Any) -> None:
        """Nothing: ``problems.report`` logs what may be logged."""


def create_app(parts: Parts) -> Flask:
    """The application over these parts; it starts nothing of its own."""
    app = Application("adapter.api", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = None  # bodies.py bounds what is read
    trace_requests(app)
    app.before_request(lambda: require_authentication(parts.callers))
    handle_errors(app)
    app.after_request(_keep_private)
    give_back_after_large_bodies(app)
    app.register_blueprint(health_routes(parts))
    app.register_blueprint(openapi_routes(parts))
    app.register_blueprint(record_routes(parts))
    app.register_blueprint(delivery_routes(parts))
    app.register_blueprint(worklist_routes(parts))
    app.register_blueprint(fhir_routes(parts), url_prefix=FHIR_PATH)
    if not parts.settings.production:
        app.register_blueprint(tester_clock_routes(parts))
        tell_that_the_clock_is_set(app, parts.store)
    proxies = parts.settings.trusted_proxies
    app.wsgi_app = TrustedProxies(app.wsgi_app, proxies)  # type: ignore[method-assign]
    return app


def _keep_private(answer: Response) -> Response:
    """What is told here is for the caller alone, and is what it says it is."""
    answer.headers.setdefault("Cache-Control", "private, no-store")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
