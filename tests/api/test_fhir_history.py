"""Earlier versions are served as far back as nothing was taken away, and no further."""

from __future__ import annotations

from typing import Any

import pytest
from api_house import House, record_of
from flask.testing import FlaskClient

from adapter.bundle.fhir import model_issues


@pytest.fixture
def record(house: House) -> dict[str, Any]:
    record = record_of("planned-handover")
    house.post(record)
    return record


def next_version(house: House, record: dict[str, Any]) -> None:
    house.clock.move(minutes=1)
    record["record_version"] += 1
    house.post(record)


def first(team: FlaskClient, kind: str) -> dict[str, Any]:
    found = team.get(f"/fhir/{kind}").get_json()["entry"]
    resource: dict[str, Any] = found[0]["resource"]
    return resource


def versions(team: FlaskClient, address: str) -> list[str]:
    answer = team.get(f"{address}/_history")
    assert answer.status_code == 200
    bundle = answer.get_json()
    assert model_issues(bundle) == []
    return [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]]


def test_a_corrected_value_leaves_its_earlier_version(
    house: House, record: dict[str, Any]
) -> None:
    team = house.client("team")
    before = first(team, "Patient")
    record["young_person"]["names"][0]["family"] = "Corrected"
    next_version(house, record)
    address = f"/fhir/Patient/{before['id']}"
    assert versions(team, address) == ["2", "1"]
    old = team.get(f"{address}/_history/1")
    assert old.get_json() == before
    assert old.headers["ETag"] == 'W/"1"'
    assert team.get(f"{address}/_history/2").get_json() == team.get(address).get_json()
    assert team.get(f"{address}/_history/3").status_code == 404
    assert team.get(f"{address}/_history/x").status_code == 404


def test_nothing_older_than_a_narrowing_is_served(
    house: House, record: dict[str, Any]
) -> None:
    team = house.client("team")
    patient = first(team, "Patient")
    record["young_person"]["names"][0]["family"] = "Corrected"
    record["safety"]["risks"].append({**record["safety"]["risks"][0], "id": "rk-more"})
    next_version(house, record)
    assert versions(team, f"/fhir/Patient/{patient['id']}") == ["2", "1"]
    flags = team.get("/fhir/Flag").get_json()["entry"]
    record["safety"]["risks"].pop()
    next_version(house, record)
    address = f"/fhir/Patient/{patient['id']}"
    assert versions(team, address) == ["2"]
    assert team.get(f"{address}/_history/1").status_code == 404
    left = {e["resource"]["id"] for e in team.get("/fhir/Flag").get_json()["entry"]}
    (over,) = {e["resource"]["id"] for e in flags} - left
    for place in ("", "/_history", "/_history/2"):
        assert team.get(f"/fhir/Flag/{over}{place}").status_code == 404


def test_anothers_history_is_not_there(house: House, record: dict[str, Any]) -> None:
    patient = first(house.client("team"), "Patient")
    other = house.client("other-team")
    assert other.get(f"/fhir/Patient/{patient['id']}/_history").status_code == 404


def test_a_view_shows_its_task_as_it_is_now(
    house: House, record: dict[str, Any]
) -> None:
    team = house.client("team")
    task = team.get("/fhir/Task?status=requested").get_json()["entry"][0]["resource"]
    with house.parts.store.reading() as connection:
        query = "SELECT view_id FROM views WHERE recipient_ods = 'ZZ9B2'"
        view_id = connection.exec_driver_sql(query).scalar_one()
    etag = team.get(f"/fhir/Bundle/{view_id}").headers["ETag"]
    received = {**task, "status": "received"}
    put = team.put(
        f"/fhir/Task/{task['id']}", json=received, headers={"If-Match": 'W/"1"'},
        content_type="application/fhir+json",
    )  # fmt: skip
    assert put.status_code == 200
    answer = team.get(f"/fhir/Bundle/{view_id}", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"1-2"'
    shown = [
        entry["resource"]["status"]
        for entry in answer.get_json()["entry"]
        if entry["resource"]["id"] == task["id"]
    ]
    assert shown == ["received"]
