"""Nothing of a person stands in a log line, an error body, a header or a metric.

Every fixture is posted, refused in many ways, sent to an endpoint that fails, asked for
wrongly and answered wrongly; then every text of every record is looked for.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from api.conftest import empty_store, house, settings, tools  # noqa: F401
from api_house import FIXTURES, House, record_of
from prometheus_client import generate_latest

from adapter.api.metrics import registry_of
from adapter.delivery.model import Answer, Outcome
from adapter.delivery.worker import run_once
from adapter.logs import start_logging

CASES = sorted(path.parent.name for path in FIXTURES.glob("*/record.json"))
PLAIN = re.compile(r"[a-z0-9_.:+-]*|\d{4}-\d\d-\d\d.*|[A-Z0-9]{3,10}")
NOT_ABOUT_A_PERSON = {"schema_version", "source_system", "lawful_basis"}


def _texts(node: Any, key: str = "") -> Iterator[str]:
    if key in NOT_ABOUT_A_PERSON:
        return
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _texts(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child, key)
    elif isinstance(node, str) and (key == "nhs_number" or not PLAIN.fullmatch(node)):
        yield node


def _private(records: list[dict[str, Any]]) -> set[str]:
    found = {text for record in records for text in _texts(record)}
    found |= {r["young_person"]["local_patient_id"] for r in records}
    return {text for text in found if len(text) > 4}


def _damaged(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record, wrong in ways whose naive message would repeat a value."""

    def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for name, child in pairs:
            if isinstance(child, dict | list):
                yield from leaves(child, (*path, name))
            elif isinstance(child, str):
                yield (*path, name)

    everywhere = list(leaves(record))
    for change in (
        lambda value: [value],
        lambda value: {value: value},
        lambda value: value + "\u0007" + value,
        lambda value: value * 4001,
    ):
        wrong = copy.deepcopy(record)
        for *path, last in everywhere[::7]:
            node: Any = wrong
            for step in path:
                node = node[step]
            node[last] = change(node[last])
        yield wrong
    unknown = copy.deepcopy(record)
    name = record["young_person"]["names"][0]
    unknown["young_person"][name["given"] + " " + name["family"]] = "x"
    yield unknown
    number = copy.deepcopy(record)
    number["young_person"]["nhs_number"] = record["young_person"]["nhs_number"][:-1]
    yield number


class _Fails:
    """A transport whose every request ends badly."""

    def send(self, *args: Any, **named: Any) -> Answer:
        return Answer(Outcome.FATAL, "http_422", 422)


@pytest.mark.usefixtures("tools", "settings", "empty_store")
def test_nothing_of_a_person_is_told(
    house: House,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    start_logging("DEBUG")
    request.addfinalizer(structlog.reset_defaults)
    records = [record_of(case) for case in CASES if not case.startswith("bad-")]
    private = _private(records)
    assert len(private) > 200
    told: list[str] = []

    def tell(answer: Any, *, body: bool = True) -> None:
        told.append(str(answer.headers))
        if body:
            told.append(answer.get_data(as_text=True))

    ward, team = house.client("ward"), house.client("team")
    for record in records:
        number = record["young_person"]["nhs_number"]
        given = record["young_person"]["names"][0]["given"]
        for wrong in _damaged(record):
            answer = ward.post("/records", json=wrong)
            assert answer.status_code in {413, 422}, answer.status_code
            tell(answer)
        tell(ward.post("/records", data=json.dumps(record)[:-9].encode()))
        tell(house.client("other-ward").post("/records", json=record))
        tell(ward.post("/records", json=record))
        changed = copy.deepcopy(record)
        changed["young_person"]["about_me"] = "Another text altogether, for a conflict"
        tell(ward.post("/records", json=changed))
        tell(team.get(f"/fhir/Patient?name={given}"))
        tell(team.get(f"/fhir/Patient?identifier={number}"))
        search = f"https://fhir.nhs.uk/Id/nhs-number|{number}"
        tell(team.get("/fhir/Flag", query_string={"patient.identifier": search}))
        tell(team.get(f"/fhir/Patient/{given}"))
        tell(team.get(f"/records/ZZ9A1/{given}"))
        tell(team.put(f"/fhir/Task/{number}", json={"resourceType": given}))
    tell(ward.get("/deliveries"))
    assert run_once(house.parts, _Fails()) > 0
    tell(ward.get("/deliveries?state=failed"))
    told.append(generate_latest(registry_of(house.parts)).decode())
    told.extend(capfd.readouterr())
    everything = "\n".join(told)
    assert "request-answered" in everything
    assert "delivery-failed" in everything
    found = [text for text in private if text in everything]
    assert found == []
