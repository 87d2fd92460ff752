"""The application in process, over a real SQLite store and the shipped mappings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from adapter.api.auth import Callers, load_callers, mint_token
from adapter.wiring import Parts

BASE_URL = "https://adapter.example"
NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


class TestClock:
    """A clock that stands until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def record_of(case: str) -> dict[str, Any]:
    """The record of a fixture case."""
    found: dict[str, Any] = json.loads((FIXTURES / case / "record.json").read_text())
    return found


def recipient_of(record: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first recipient of a kind that has an ODS code."""
    return next(
        each
        for each in record["consent_and_sharing"]["recipients"]
        if each["kind"] == kind and "ods_code" in each
    )


@dataclass(frozen=True)
class House:
    """The application under test, its parts, and a client for each caller."""

    app: Flask
    parts: Parts
    clock: TestClock
    tokens: dict[str, str]

    def client(self, name: str | None = None) -> FlaskClient:
        """A client that bears the token of that caller; none without a name."""
        client = self.app.test_client()
        if name is not None:
            bearer = f"Bearer {self.tokens[name]}"
            client.environ_base["HTTP_AUTHORIZATION"] = bearer
        return client

    def post(self, record: dict[str, Any]) -> dict[str, Any]:
        """The receipt of a record that the sender posts."""
        answer = self.client("ward").post("/records", json=record)
        assert answer.status_code == 202, answer.get_json()
        receipt: dict[str, Any] = answer.get_json()
        return receipt


CALLERS = {
    "ward": ("sender", "ZZ9A1", ()),
    "other-ward": ("sender", "ZZ9A9", ()),
    "team": ("receiver", "ZZ9B2", ("adult_mh_service", "cyp_mh_service")),
    "other-team": ("receiver", "ZZ9B9", ("adult_mh_service",)),
    "team-as-gp": ("receiver", "ZZ9B2", ("gp",)),
    "gp": ("receiver", "ZZ9G1", ("gp",)),
    "commissioner": ("receiver", "ZZ9Q1", ("commissioner",)),
}
DIRECTORY = """
endpoints:
  team:
    ods_code: ZZ9B2
    kinds: [adult_mh_service, cyp_mh_service]
    transport: rest
    address: http://127.0.0.1:9/fhir
    auth: {type: none}
"""


def make_callers() -> tuple[Callers, dict[str, str]]:
    tokens: dict[str, str] = {}
    listed = []
    for name, (role, ods_code, kinds) in CALLERS.items():
        tokens[name], digest = mint_token()
        caller = {"name": name, "role": role, "ods_code": ods_code}
        listed.append(
            caller
            | {"token_sha256": digest}
            | ({"kinds": list(kinds)} if kinds else {})
        )
    return load_callers(json.dumps({"callers": listed})), tokens
