"""What waits for people, over HTTP: not there for its receiver, released by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_house import House, recipient_of, record_of
from flask.testing import FlaskClient
from openapi_contract import Contract
from prometheus_client import generate_latest

from adapter.api.app import create_app
from adapter.api.metrics import registry_of
from adapter.bundle.ids import Ids
from adapter.policy import ReleaseRule

SAM = {"name": "Sam Sender", "role": "Duty lead"}
ALEX = {"name": "Alex Other", "role": "Ward manager"}
CASE = "planned-handover"
BASE = "https://adapter.example"


def under(house: House, rule: ReleaseRule) -> House:
    """The house with a policy under which the team's views wait for people."""
    tools = house.parts.tools
    policy = replace(tools.policy, version="held", release={"adult_mh_service": rule})
    parts = replace(house.parts, tools=replace(tools, policy=policy))
    return replace(house, app=create_app(parts), parts=parts)


@pytest.fixture
def reviewed(house: House) -> Iterator[House]:
    changed = under(house, ReleaseRule.AFTER_REVIEW)
    contract = Contract(changed.app)
    yield changed
    assert contract.faults == []


@pytest.fixture
def by_two(house: House) -> Iterator[House]:
    changed = under(house, ReleaseRule.TWO_PERSON)
    contract = Contract(changed.app)
    yield changed
    assert contract.faults == []


def held_item(house: House) -> dict[str, Any]:
    answer = house.client("ward").get("/worklist?purpose=RELEASE_VIEW").get_json()
    (item,) = answer["items"]
    found: dict[str, Any] = item
    return found


def act(house: House, item: dict[str, Any], verb: str, **body: Any) -> Any:
    (about,) = item["about"]
    body = {"delivery_id": about["delivery_id"], **body}
    return house.client("ward").post(f"/worklist/{item['id']}/{verb}", json=body)


def addresses(house: House, record: dict[str, Any]) -> list[str]:
    """Whatever of the view a receiver could ask for, its ids known."""
    recipient = recipient_of(record, "adult_mh_service")
    key = (house.parts.tools.key, "ZZ9A1", record["record_id"], recipient["id"])
    ids = Ids(*key)
    patient, risk = ids.of("Patient"), record["safety"]["risks"][0]["id"]
    flag = ids.of("Flag", risk)
    return [
        "/fhir/Task?status=requested&_include=Task:focus",
        "/fhir/Patient",
        f"/fhir/Patient/{patient}",
        f"/fhir/Patient/{patient}/_history",
        f"/fhir/Patient/{patient}/_history/1",
        f"/fhir/Flag?patient={patient}",
        f"/fhir/Flag/{flag}",
        f"/fhir/Flag/{flag}/_history",
        "/fhir/CarePlan?_lastUpdated=ge2026-01-01",
        f"/fhir/Bundle/{ids.view_id()}",
    ]


def answers(
    client: FlaskClient, paths: list[str]
) -> list[tuple[int, bytes, list[Any]]]:
    """Status, bytes and headers of each, without the id of the request."""
    found = []
    for path in paths:
        answer = client.get(path)
        headers = [each for each in answer.headers if not each[0].startswith("X-")]
        found.append((answer.status_code, answer.data, headers))
    return found


def test_a_receiver_without_an_earlier_version_is_answered_as_if_nobody_was_known(
    reviewed: House,
) -> None:
    record = record_of(CASE)
    team, paths = reviewed.client("team"), addresses(reviewed, record)
    nobody = answers(team, paths)
    reviewed.post(record)
    assert held_item(reviewed)["about"][0]["held"]["releases_missing"] == 1
    assert answers(team, paths) == nobody
    assert act(reviewed, held_item(reviewed), "release", **SAM).status_code == 200
    statuses = [status for status, _, _ in answers(team, paths)]
    assert set(statuses) == {200}
    assert answers(team, paths) != nobody


def test_a_receiver_sees_nothing_of_what_waits_beside_what_stands(
    reviewed: House,
) -> None:
    record = record_of(CASE)
    team, paths = reviewed.client("team"), addresses(reviewed, record)
    reviewed.post(record)
    act(reviewed, held_item(reviewed), "release", **SAM)
    before = answers(team, paths)
    reviewed.clock.move(hours=1)
    record["record_version"] += 1
    record["safety"]["risks"][0]["behaviours"] = "Other words, not looked at yet"
    reviewed.post(record)
    assert held_item(reviewed)["about"][0]["held"]["releases_missing"] == 1
    assert answers(team, paths) == before
    act(reviewed, held_item(reviewed), "release", **SAM)
    assert b"Other words" in b"".join(data for _, data, _ in answers(team, paths))


def test_what_is_taken_away_is_gone_at_once_and_the_rest_stays_to_be_read(
    reviewed: House,
) -> None:
    record = record_of(CASE)
    team = reviewed.client("team")

    def flags() -> int:
        return len(team.get("/fhir/Flag?_count=200").get_json().get("entry", []))

    reviewed.post(record)
    act(reviewed, held_item(reviewed), "release", **SAM)
    before = flags()
    paths = addresses(reviewed, record)
    record["record_version"] += 1
    risk = record["safety"]["risks"][0]
    del risk["early_warning_signs"]
    risk["behaviours"] = "Other words, not looked at yet"
    reviewed.post(record)
    assert 0 < flags() < before
    assert team.get("/fhir/Patient").get_json()["entry"]
    assert b"Other words" not in b"".join(data for _, data, _ in answers(team, paths))
    (flag,) = [path for path in paths if "/Flag/" in path and "_history" not in path]
    assert team.get(flag).status_code == 404
    act(reviewed, held_item(reviewed), "release", **SAM)
    assert flags() == before
    assert b"Other words" in team.get(flag).data


def test_a_search_since_the_last_one_finds_what_was_released_in_between(
    reviewed: House,
) -> None:
    reviewed.post(record_of(CASE))
    reviewed.clock.move(hours=3)
    asked = reviewed.clock().isoformat().replace("+00:00", "Z")
    team = reviewed.client("team")
    assert not team.get(f"/fhir/Task?_lastUpdated=ge{asked}").get_json().get("entry")
    reviewed.clock.move(minutes=1)
    act(reviewed, held_item(reviewed), "release", **SAM)
    assert team.get(f"/fhir/Task?_lastUpdated=ge{asked}").get_json()["entry"]


def test_the_item_says_which_view_since_when_and_where_to_look(
    by_two: House,
) -> None:
    receipt = by_two.post(record_of(CASE))
    by_two.clock.move(minutes=95)
    item = held_item(by_two)
    (about,) = item["about"]
    (mine,) = [e for e in receipt["recipients"] if e["ref"] == about["recipient_id"]]
    assert mine["delivery"]["id"] == about["delivery_id"]
    assert mine["delivery"]["state"] == "held"
    held = about["held"]
    assert held["recipient_kind"] == "adult_mh_service"
    assert (held["since"], held["age_minutes"]) == ("2026-11-05T09:00:00.000Z", 95)
    assert (held["releases_needed"], held["releases_missing"]) == (2, 2)
    assert about["why"] == "The policy has two people look at what this kind is sent."
    assert item["due"] is not None
    ward = by_two.client("ward")
    decisions = ward.get(held["decisions"].removeprefix(BASE)).get_json()
    assert about["recipient_id"] in decisions["decisions"]
    preview = ward.get(held["preview"].removeprefix(BASE)).get_json()
    assert preview["would"] == "send_once_released"
    types = {each["resource"]["resourceType"] for each in preview["bundle"]["entry"]}
    assert {"Patient", "Flag", "Task"} <= types
    assert by_two.client("team").get("/fhir/Patient").get_json().get("entry") is None


def test_two_different_people_release_it_and_the_item_counts_them(
    by_two: House,
) -> None:
    by_two.post(record_of(CASE))
    item = act(by_two, held_item(by_two), "release", **SAM).get_json()
    assert item["state"] == "open"
    assert item["about"][0]["held"]["releases_missing"] == 1
    assert item["about"][0]["held"]["released_by"][0]["name"] == "Sam Sender"
    again = act(by_two, item, "release", **SAM)
    assert again.status_code == 409
    assert "another person" in again.get_json()["detail"]
    done = act(by_two, item, "release", **ALEX).get_json()
    assert done["state"] == "closed"
    assert [each["verb"] for each in done["history"]] == ["release", "release"]
    assert {each["delivery_id"] for each in done["history"]} == {
        item["about"][0]["delivery_id"]
    }
    assert by_two.client("team").get("/fhir/Patient").get_json()["entry"]


def test_a_refusal_needs_its_reason_and_ends_it(reviewed: House) -> None:
    reviewed.post(record_of(CASE))
    item = held_item(reviewed)
    assert act(reviewed, item, "refuse", **SAM).status_code == 422
    done = act(reviewed, item, "refuse", **SAM, reason="Names another's child")
    assert done.get_json()["state"] == "closed"
    (about,) = item["about"]
    address = f"/deliveries/{about['delivery_id']}"
    delivery = reviewed.client("ward").get(address).get_json()
    assert (delivery["state"], delivery["reason"]) == ("withdrawn", "refused")
    assert act(reviewed, item, "release", **SAM).status_code == 409
    redriven = reviewed.client("ward").post(f"{address}/redrive")
    assert redriven.status_code == 409


def test_who_acts_and_on_what_must_be_told(reviewed: House) -> None:
    reviewed.post(record_of(CASE))
    item = held_item(reviewed)
    path = f"/worklist/{item['id']}/release"
    answer = reviewed.client("ward").post(path, json={"delivery_id": "x"})
    assert answer.status_code == 422
    told = {each["path"] for each in answer.get_json()["issues"]}
    assert told == {"name", "role", "delivery_id"}
    other = act(reviewed, item, "release", **SAM, delivery_id="0" * 36)
    assert other.status_code == 409
    body = {**SAM, "delivery_id": item["about"][0]["delivery_id"]}
    assert reviewed.client("other-ward").post(path, json=body).status_code == 404
    assert reviewed.client("team").post(path, json=body).status_code == 403
    closed = reviewed.client("ward").post(
        f"/worklist/{item['id']}/close", json={**SAM, "reason": "Seen to"}
    )
    assert closed.status_code == 409
    held = held_item(reviewed)["about"][0]["delivery_id"]
    redriven = reviewed.client("ward").post(f"/deliveries/{held}/redrive")
    assert redriven.status_code == 409
    assert "released or refused" in redriven.get_json()["detail"]


def test_a_preview_of_a_record_says_what_would_wait(reviewed: House) -> None:
    answer = reviewed.client("ward").post("/records?dry_run=true", json=record_of(CASE))
    by_kind = {
        each["decision"]["kind"]: each for each in answer.get_json()["recipients"]
    }
    assert by_kind["adult_mh_service"]["release"] == "after_review"
    assert by_kind["adult_mh_service"]["bundle"]["entry"]
    assert by_kind["gp"]["release"] == "automatic"


def test_what_is_held_is_counted(reviewed: House, tmp_path: Path) -> None:
    reviewed.post(record_of(CASE))
    figures = generate_latest(registry_of(reviewed.parts)).decode()
    assert 'adapter_deliveries{state="held"} 1.0' in figures
