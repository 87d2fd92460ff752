"""A sender posts, previews and looks up its records."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from api_house import BASE_URL, House, record_of

JSON = {"Content-Type": "application/json"}
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)


@pytest.fixture
def record() -> dict[str, Any]:
    return record_of("planned-handover")


def codes(answer: Any) -> list[str]:
    return [issue["code"] for issue in answer.get_json()["issues"]]


@pytest.mark.parametrize("case", CASES)
def test_a_record_is_accepted_with_a_receipt(house: House, case: str) -> None:
    record = record_of(case)
    answer = house.client("ward").post("/records", json=record)
    assert answer.status_code == 202
    assert answer.content_type == "application/json"
    receipt = answer.get_json()
    address = f"{BASE_URL}/records/ZZ9A1/{record['record_id']}"
    assert answer.headers["Location"] == address
    wanted = [each["id"] for each in record["consent_and_sharing"]["recipients"]]
    assert [each["ref"] for each in receipt["recipients"]] == wanted
    assert receipt["accepted_at"] == "2026-11-05T09:00:00.000Z"


def test_the_same_record_again_gets_the_same_bytes(
    house: House, record: dict[str, Any]
) -> None:
    ward = house.client("ward")
    first = ward.post("/records", json=record)
    house.clock.move(hours=2)
    spaced = json.dumps(record, indent=4)
    again = ward.post("/records", data=spaced, headers=JSON)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]


def test_the_same_version_with_other_content_is_a_conflict(
    house: House, record: dict[str, Any]
) -> None:
    house.post(record)
    record["safety"]["risks"][0]["behaviours"] = "Something else is written here."
    answer = house.client("ward").post("/records", json=record)
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"


def test_an_older_version_that_was_never_seen_is_a_conflict(
    house: House, record: dict[str, Any]
) -> None:
    house.post({**record, "record_version": 3})
    answer = house.client("ward").post("/records", json={**record, "record_version": 2})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000]
)
def test_what_is_not_json_is_400(house: House, body: bytes) -> None:
    answer = house.client("ward").post("/records", data=body, headers=JSON)
    assert answer.status_code == 400
    assert codes(answer) == ["E_JSON"]


def test_every_fault_is_told_and_no_value(house: House, record: dict[str, Any]) -> None:
    record["young_person"]["nhs_number"] = "9997000375"
    record["safety"]["risks"][0]["domain"] = "Casey-Secret-Domain"
    record["surprise"] = {"name": "Casey Secret"}
    answer = house.client("ward").post("/records", json=record)
    assert answer.status_code == 422
    problem = answer.get_json()
    assert len(problem["issues"]) >= 3
    for issue in problem["issues"]:
        assert set(issue) == {"severity", "code", "path", "message"}
    for value in ("9997000375", "Secret"):
        assert value not in answer.text


def test_a_record_of_another_organisation_is_403(
    house: House, record: dict[str, Any]
) -> None:
    answer = house.client("other-ward").post("/records", json=record)
    assert answer.status_code == 403
    assert "ZZ9A1" not in answer.text


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "", "application/fhir+json", "application/json; charset=utf-16"],
)
def test_another_media_type_is_415(house: House, media_type: str) -> None:
    answer = house.client("ward").post(
        "/records", data=b"{}", headers={"Content-Type": media_type}
    )
    assert answer.status_code == 415


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


def test_a_body_that_says_it_is_too_long_is_not_read(house: House) -> None:
    answer = house.client("ward").post(
        "/records",
        input_stream=Unread(),
        headers=JSON,
        environ_overrides={"CONTENT_LENGTH": "200001"},
    )
    assert answer.status_code == 413


def test_a_body_without_a_length_is_read_to_the_limit_only(house: House) -> None:
    stream = io.BytesIO(b" " * 1_000_000)
    answer = house.client("ward").post(
        "/records",
        input_stream=stream,
        headers=JSON,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert stream.tell() < 400_000


def test_gzip_is_taken_and_its_size_is_that_of_the_text(
    house: House, record: dict[str, Any]
) -> None:
    ward, zipped = house.client("ward"), {**JSON, "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps(record).encode())
    assert ward.post("/records", data=body, headers=zipped).status_code == 202
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 200_000
    assert ward.post("/records", data=bomb, headers=zipped).status_code == 413
    for broken in (body[:-9], b"not gzip", body + b"more"):
        answer = ward.post("/records", data=broken, headers=zipped)
        assert answer.status_code == 400
    other = {**JSON, "Content-Encoding": "br"}
    assert ward.post("/records", data=body, headers=other).status_code == 415


def test_a_store_that_is_down_is_503_and_says_when_to_come_back(
    house: House, record: dict[str, Any]
) -> None:
    with house.parts.store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE records")
    answer = house.client("ward").post("/records", json=record)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "records" not in answer.get_json()["detail"]


def test_a_preview_keeps_nothing(house: House, record: dict[str, Any]) -> None:
    ward = house.client("ward")
    answer = ward.post("/records?dry_run=true", json=record)
    assert answer.status_code == 200
    shares = {each["ref"]: each for each in answer.get_json()["recipients"]}
    assert shares["r-amh"]["bundle"]["resourceType"] == "Bundle"
    assert shares["r-com"]["bundle"] is None
    assert ward.get("/records/ZZ9A1/tr-0051").status_code == 404
    assert ward.get("/deliveries").get_json()["deliveries"] == []


@pytest.mark.parametrize("query", ["dry_run=yes", "dry-run=true", "a=b", "dry_run="])
def test_another_parameter_is_refused(
    house: House, record: dict[str, Any], query: str
) -> None:
    answer = house.client("ward").post(f"/records?{query}", json=record)
    assert answer.status_code == 400
    assert codes(answer) == ["PARAMETER_INVALID"]


def test_a_sender_looks_up_its_record(house: House, record: dict[str, Any]) -> None:
    house.post(record)
    house.clock.move(hours=1)
    house.post({**record, "record_version": 2})
    told = house.client("ward").get("/records/ZZ9A1/tr-0051").get_json()
    assert [each["record_version"] for each in told["versions"]] == [1, 2]
    assert told["versions"][1]["accepted_at"] == "2026-11-05T10:00:00.000Z"
    assert {each["recipient_id"] for each in told["deliveries"]} == {
        "r-amh",
        "r-gp",
        "r-crisis",
        "r-hou",
        "r-mum",
        "r-yp",
    }
    assert told["links"]["decisions"].startswith(BASE_URL)


def test_decisions_are_told_as_made_and_for_another_instant(
    house: House, record: dict[str, Any]
) -> None:
    house.post(record)
    ward, address = house.client("ward"), "/records/ZZ9A1/tr-0051/decisions"
    made = ward.get(address).get_json()
    assert made["record_version"] == 1
    assert made["decisions"]["r-amh"]["categories"]["safety_plan"]["why"]
    assert made["decisions"]["r-amh"]["at"].startswith("2026-11-05T09:00")
    later = ward.get(f"{address}?at=2027-01-05T09:00:00Z").get_json()
    assert later["decisions"]["r-amh"]["at"].startswith("2027-01-05T09:00")
    assert ward.get(f"{address}?version=7").status_code == 404
    for wrong in ("at=tomorrow", "at=2026-11-05T09:00:00", "version=0", "x=1"):
        assert ward.get(f"{address}?{wrong}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/records/ZZ9A1/tr-0051",
        "/records/ZZ9A1/tr-0051/decisions",
        "/records/ZZ9A9/tr-0051",
        "/records/ZZ9A9/..%2Ftr-0051",
        "/records/ZZ9A9/'%20OR%201=1",
        "/records/%00/%0d%0aX: y",
    ],
)
def test_anothers_record_and_an_unknown_one_are_the_same_answer(
    house: House, record: dict[str, Any], address: str
) -> None:
    house.post(record)
    client = house.client("other-ward")
    unknown = client.get("/records/ZZ9A1/no-such-record")
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (404, unknown.data)
