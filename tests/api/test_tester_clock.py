"""The tester's clock over HTTP: who may move it, how, and where it does not exist."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_house import House
from flask.testing import FlaskClient

from adapter.api.app import create_app
from adapter.clock import shifted
from adapter.store import audit
from adapter.store.tester_clock import following


@pytest.fixture
def moved(house: House) -> House:
    """The house as it is wired outside production: its time follows the store's."""
    store = following(house.parts.store)
    parts = replace(house.parts, store=store, clock=shifted(house.clock, store.offset))
    return replace(house, parts=parts, app=create_app(parts))


def put(client: FlaskClient, **body: Any) -> Any:
    return client.put("/test/clock", json=body)


def test_it_is_set_advanced_and_released(moved: House) -> None:
    ward = moved.client("ward")
    assert ward.get("/test/clock").get_json() == {
        "now": "2026-11-05T09:00:00.000Z",
        "is_set": False,
        "ahead_seconds": 0,
    }
    assert "Test-Clock" not in ward.get("/deliveries").headers

    answer = put(ward, set="2027-01-14T10:00:00+01:00")
    assert answer.status_code == 200
    assert answer.get_json()["now"] == "2027-01-14T09:00:00.000Z"
    answer = put(ward, advance="P1DT30M")
    assert answer.get_json() == {
        "now": "2027-01-15T09:30:00.000Z",
        "is_set": True,
        "ahead_seconds": 71 * 86400 + 1800,
    }
    moved.clock.move(seconds=5)
    for address in ("/deliveries", "/nowhere", "/healthz", "/fhir/metadata"):
        assert ward.get(address).headers["Test-Clock"] == "2027-01-15T09:30:05.000Z"
    for address in ("/healthz", "/readyz"):
        assert ward.get(address).get_json()["clock"] == "set by a tester"

    assert put(ward, release=True).get_json()["is_set"] is False
    assert "clock" not in ward.get("/readyz").get_json()
    trail = audit.audit_trail(moved.parts.store, "ZZ9A1").items
    assert [(entry.event, entry.actor) for entry in trail] == [
        ("clock-moved", "ward")
    ] * 3


def test_a_receiver_may_read_it_and_not_move_it(moved: House) -> None:
    team = moved.client("team")
    assert team.get("/test/clock").status_code == 200
    assert put(team, release=True).status_code == 403


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ([], ""),
        ({"set": "2027-01-14T09:00:00Z", "release": True}, ""),
        ({"stop": True}, ""),
        ({"set": "2027-01-14"}, "set"),
        ({"set": "2027-01-14T09:00:00"}, "set"),
        ({"set": 12}, "set"),
        ({"set": "1999-12-31T23:59:59Z"}, "set"),
        ({"set": "9999-12-31T23:59:59-14:00"}, "set"),
        ({"advance": "P1M"}, "advance"),
        ({"advance": "P"}, "advance"),
        ({"advance": "P1DT"}, "advance"),
        ({"advance": "-P1D"}, "advance"),
        ({"advance": "P99999W"}, "advance"),
        ({"advance": None}, "advance"),
        ({"release": False}, "release"),
    ],
)
def test_what_cannot_be_read_moves_nothing(moved: House, body: Any, path: str) -> None:
    answer = moved.client("ward").put("/test/clock", json=body)
    assert answer.status_code == 422
    assert [issue["path"] for issue in answer.get_json()["issues"]] == [path]
    assert not moved.parts.store.clock_offset()


def test_in_production_it_is_not_there(house: House) -> None:
    settings = replace(house.parts.settings, production=True)
    app = create_app(replace(house.parts, settings=settings))
    real = replace(house, app=app)
    unknown, clock = (
        real.client("ward").get(address) for address in ("/nowhere", "/test/clock")
    )
    assert clock.status_code == 404
    assert clock.get_data() == unknown.get_data()
    assert put(real.client("ward"), release=True).status_code == 404
    assert real.client().get("/test/clock").status_code == 401
    told = real.client().get("/openapi.json").get_json()["paths"]
    assert "/test/clock" not in told
