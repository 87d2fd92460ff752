"""Ids of a request, its log line, its count, and proxies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import structlog
from api_house import House
from prometheus_client.exposition import generate_latest

from adapter.api.app import TrustedProxies
from adapter.api.metrics import registry_of, start_metrics
from adapter.logs import start_logging

GOOD = "0b0e2f5e-6a1c-4a53-9a52-6f1f6c3c8e55"


Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What has been logged since the last call, as values, when called."""
    start_logging("INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.reset_defaults()


def test_ids_that_are_uuids_are_given_back(house: House) -> None:
    headers = {"X-Correlation-Id": GOOD, "X-Request-Id": GOOD}
    answer = house.client().get("/healthz", headers=headers)
    assert answer.headers["X-Correlation-Id"] == GOOD
    assert answer.headers["X-Request-Id"] == GOOD


@pytest.mark.parametrize(
    "value", ["9997000374", "a b", "<script>", GOOD + "0", f"{GOOD}\x0b", "é"]
)
def test_any_other_id_is_replaced(house: House, value: str) -> None:
    headers = {"X-Correlation-Id": value}
    answer = house.client().get("/healthz", headers=headers)
    assert answer.headers["X-Correlation-Id"] != value
    assert len(answer.headers["X-Correlation-Id"]) == 36


def test_a_line_tells_the_route_and_not_the_address(house: House, lines: Lines) -> None:
    house.client("team").get(
        "/fhir/Flag?patient.identifier=https://fhir.nhs.uk/Id/nhs-number|9997000374",
        headers={"X-Correlation-Id": GOOD},
    )
    (line,) = lines()
    assert line["event"] == "request-answered"
    assert line["route"] == "/fhir/Flag"
    assert (line["method"], line["status"], line["caller"]) == ("GET", 400, "team")
    assert line["correlation_id"] == GOOD
    assert "9997000374" not in json.dumps(line)


def test_what_matches_no_route_is_logged_as_none(house: House, lines: Lines) -> None:
    house.client("ward").open("/records/9997000374/x/y/z", method="BREW")
    (line,) = lines()
    assert (line["route"], line["method"]) == ("none", "other")


def test_figures_show_routes_and_what_the_store_holds(house: House) -> None:
    house.client().get("/healthz")
    text = generate_latest(registry_of(house.parts)).decode()
    assert 'adapter_requests_total{method="GET",route="/healthz",status="200"}' in text
    assert 'adapter_deliveries{state="queued"} 0.0' in text
    assert "adapter_oldest_undelivered_seconds 0.0" in text
    assert 'adapter_worklist_open{purpose="DELIVERY_LATE"} 0.0' in text


def test_figures_are_not_on_the_public_application(house: House) -> None:
    assert house.client().get("/metrics").status_code == 401
    assert house.client("ward").get("/metrics").status_code == 404


def test_port_0_switches_the_figures_off(house: House) -> None:
    assert start_metrics(house.parts, 0) is None


def test_only_a_listed_proxy_is_believed() -> None:
    seen = []

    def application(environ, start_response):
        seen.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    guarded = TrustedProxies(application, ("10.0.0.1",))
    for address in ("10.0.0.1", "10.0.0.2"):
        guarded(
            {
                "REMOTE_ADDR": address,
                "wsgi.url_scheme": "http",
                "HTTP_X_FORWARDED_FOR": "192.0.2.7",
                "HTTP_X_FORWARDED_PROTO": "https",
            },
            lambda *arguments: None,
        )
    assert seen == [("192.0.2.7", "https"), ("10.0.0.2", "http")]


def test_health_tells_whether_the_store_answers(house: House) -> None:
    assert house.client().get("/healthz").get_json() == {"status": "ok"}
    assert house.client().get("/readyz").get_json() == {"status": "ok", "store": "ok"}
    with house.parts.store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
    assert house.client().get("/healthz").status_code == 200
    answer = house.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
