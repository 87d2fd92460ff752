"""Figures for Prometheus, on a port of their own: never on the public application.

Counts of requests are of this process; what the store holds is asked at each scrape.
Labels are routes, statuses, states and purposes: no ids, no organisations, no people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Histogram, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import start_wsgi_server
from prometheus_client.registry import Collector

from adapter.delivery.model import State
from adapter.store.brakes import ALL, ENDPOINT, KIND
from adapter.store.figures import figures
from adapter.worklist.words import PURPOSES

if TYPE_CHECKING:
    from adapter.wiring import Parts

LOOPBACK = "127.0.0.1"

REQUESTS = Counter(
    "adapter_requests",
    "Requests answered, by method, route and status.",
    ("method", "route", "status"),
    registry=None,
)
SECONDS = Histogram(
    "adapter_request_seconds",
    "Time to answer a request, by route.",
    ("route",),
    registry=None,
)


class StoreFigures(Collector):
    """What the store holds, asked when it is wanted."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def collect(self) -> Iterable[Metric]:
        found = figures(self.parts.store, self.parts.clock())
        states = GaugeMetricFamily(
            "adapter_deliveries", "Deliveries, by state.", labels=["state"]
        )
        for state in State:
            states.add_metric([state.value], found.deliveries[state])
        yield states
        yield GaugeMetricFamily(
            "adapter_oldest_undelivered_seconds",
            "Age of the oldest delivery that is still to be sent; 0 without one.",
            found.oldest_undelivered.total_seconds(),
        )
        brakes = GaugeMetricFamily(
            "adapter_brakes", "Brakes that are on, by what they hold.", labels=["scope"]
        )
        for scope in (ENDPOINT, KIND, ALL):
            brakes.add_metric([scope], sum(on.scope == scope for on in found.brakes))
        yield brakes
        worklist = GaugeMetricFamily(
            "adapter_worklist_open",
            "Things that need a person, by purpose.",
            labels=["purpose"],
        )
        for purpose in sorted({*PURPOSES, *found.open_worklist}):
            worklist.add_metric([purpose], found.open_worklist.get(purpose, 0))
        yield worklist
        yield GaugeMetricFamily(
            "adapter_clock_ahead_seconds",
            "How far a tester has moved the clock; 0 when nobody has.",
            self.parts.store.offset().total_seconds(),
        )


def registry_of(parts: Parts) -> CollectorRegistry:
    """Everything that a scrape of this process shows."""
    registry = CollectorRegistry()
    registry.register(REQUESTS)
    registry.register(SECONDS)
    registry.register(StoreFigures(parts))
    return registry


def metrics_app(parts: Parts) -> Any:
    """The WSGI application that answers a scrape."""
    return make_wsgi_app(registry_of(parts))


def start_metrics(parts: Parts, port: int) -> WSGIServer | None:
    """Serve /metrics on the loopback address from a thread; None when port is 0.

    Call it in the web process: counts of requests are kept there.
    """
    if port == 0:
        return None
    server, _ = start_wsgi_server(port, addr=LOOPBACK, registry=registry_of(parts))
    return server
