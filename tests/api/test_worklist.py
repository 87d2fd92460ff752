"""What needs a person, over HTTP: listed, taken and closed by name."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from api_house import House, record_of

from adapter.disclosure.decide import decide
from adapter.record.model import Record
from adapter.store import worklist
from adapter.worklist.telling import number_to_ring
from adapter.worklist.words import PURPOSES

SAM = {"name": "Sam Sender", "role": "Duty lead"}
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)


def listed(house: House, query: str = "", name: str = "ward") -> list[dict[str, Any]]:
    answer = house.client(name).get(f"/worklist{query}")
    assert answer.status_code == 200, answer.get_json()
    found: list[dict[str, Any]] = answer.get_json()["items"]
    return found


@pytest.fixture
def item(house: House) -> dict[str, Any]:
    house.post(record_of("fifteen-refuses-family"))
    return next(each for each in listed(house) if each["purpose"] == "HUMAN_REVIEW")


@pytest.mark.parametrize("case", CASES)
def test_a_record_makes_one_item_a_purpose_however_often_it_comes(
    house: House, case: str
) -> None:
    record = record_of(case)
    record["source_system"]["ods_code"] = "ZZ9A1"
    version = record["record_version"]
    for more in range(4):
        house.post({**record, "record_version": version + more})
        found = listed(house)
        counts = Counter(each["purpose"] for each in found)
        assert set(counts.values()) == {1}
        assert len(found) <= len(PURPOSES)
        recipients = len(record["consent_and_sharing"]["recipients"])
        for each in found:
            of_version = [a for a in each["about"] if a["delivery_id"] is None]
            bound = max(recipients, len(record.get("declared_gaps", ())))
            assert len(of_version) <= bound


def test_every_purpose_has_words() -> None:
    names = {value for name, value in vars(worklist).items() if name.isupper()}
    ours = {each for each in names if isinstance(each, str) and each.isupper()}
    assert ours <= set(PURPOSES)


@pytest.mark.parametrize("case", CASES)
def test_every_duty_of_a_decision_has_words(house: House, case: str) -> None:
    record = record_of(case)
    for recipient in record["consent_and_sharing"]["recipients"]:
        made = decide(
            Record(record), recipient["id"], at=house.clock(), policy=house.parts.policy
        )
        codes = {each.code for each in made.obligations} - worklist.WITHOUT_WORK
        assert codes <= set(PURPOSES)


def test_an_item_says_why_whom_to_ring_and_how_to_close_it(
    house: House, item: dict[str, Any]
) -> None:
    assert item["state"] == "open"
    assert item["owner"] == "sending_team"
    assert item["ring"]["number"]
    assert item["how_to_close"].startswith("Decide")
    for each in item["about"]:
        assert each["why"]
        assert each["why"] != each["reason"]
    assert house.client("ward").get(item["url"].removeprefix("https://adapter.example"))


def test_the_number_is_the_transition_workers_or_else_a_crisis_contacts() -> None:
    tree = record_of("planned-handover")
    found = number_to_ring(Record(tree))
    assert found is not None
    assert found["whose"] == "transition_worker"
    del tree["transition"]["named_transition_worker_ref"]
    found = number_to_ring(Record(tree))
    assert found is not None
    assert found["whose"] == "crisis_contact"
    tree["safety"]["safety_plan"]["crisis_contacts"] = []
    assert number_to_ring(Record(tree)) is None


def test_a_named_person_takes_and_closes_it(house: House, item: dict[str, Any]) -> None:
    address = f"/worklist/{item['id']}"
    taken = house.client("ward").post(f"{address}/take", json=SAM).get_json()
    assert (taken["state"], taken["taken_by"]) == ("taken", SAM)
    assert [each["id"] for each in listed(house, "?state=taken")] == [item["id"]]
    body = {**SAM, "reason": "Spoke with the family's solicitor"}
    closed = house.client("ward").post(f"{address}/close", json=body)
    assert closed.status_code == 200
    assert closed.get_json()["history"][-1]["reason"] == body["reason"]
    assert item["id"] not in {each["id"] for each in listed(house)}
    assert house.client("ward").post(f"{address}/close", json=body).status_code == 409
    found = house.client("ward").get(address).get_json()
    assert found["state"] == "closed"


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, ["name", "role", "reason"]),
        ({**SAM, "reason": "x"}, ["reason"]),
        ({**SAM, "reason": 5}, ["reason"]),
        ({**SAM, "name": "  ", "reason": "Done so"}, ["name"]),
        ({**SAM, "reason": "Done so", "more": 1}, [""]),
        ({**SAM, "reason": "Done\u0000so"}, ["reason"]),
        ([], [""]),
    ],
)
def test_a_body_that_says_too_little_is_refused_with_every_fault(
    house: House, item: dict[str, Any], body: Any, places: list[str]
) -> None:
    answer = house.client("ward").post(f"/worklist/{item['id']}/close", json=body)
    assert answer.status_code == 422
    assert [each["path"] for each in answer.get_json()["issues"]] == places
    assert listed(house, f"?purpose={item['purpose']}")[0]["state"] == "open"


def test_another_sender_finds_nothing(house: House, item: dict[str, Any]) -> None:
    assert listed(house, name="other-ward") == []
    client = house.client("other-ward")
    assert client.get(f"/worklist/{item['id']}").status_code == 404
    assert client.post(f"/worklist/{item['id']}/take", json=SAM).status_code == 404


def test_pages_lead_on_and_unknown_filters_are_refused(house: House) -> None:
    house.post(record_of("fifteen-refuses-family"))
    whole = listed(house)
    assert len(whole) > 1
    client = house.client("ward")
    seen, address = [], "/worklist?limit=1"
    while address:
        answer = client.get(address).get_json()
        seen += [each["id"] for each in answer["items"]]
        address = answer["links"].get("next", "")
        address = address.removeprefix("https://adapter.example")
    assert seen == [each["id"] for each in whole]
    for query in ("state=gone", "colour=red", "cursor=zzz", "limit=0"):
        assert client.get(f"/worklist?{query}").status_code == 400
