"""A receiver answers the acceptance Task, and may change nothing else."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from api_house import House, recipient_of, record_of
from werkzeug.test import TestResponse

PATCH = "application/json-patch+json"
FHIR = "application/fhir+json"
PERSON = {
    "contained": [
        {
            "resourceType": "PractitionerRole",
            "id": "role",
            "practitioner": {"reference": "#person"},
            "code": [{"text": "Care coordinator"}],
        },
        {
            "resourceType": "Practitioner",
            "id": "person",
            "name": [{"text": "Bo Receiver"}],
        },
    ],
    "owner": {"reference": "#role", "display": "Bo Receiver"},
}


@pytest.fixture
def task(house: House) -> dict[str, Any]:
    """The acceptance Task of the one view that the team has."""
    house.post(record_of("planned-handover"))
    found = house.client("team").get("/fhir/Task?status=requested").get_json()
    (entry,) = found["entry"]
    resource: dict[str, Any] = entry["resource"]
    return resource


def put(
    house: House,
    task: dict[str, Any],
    match: str | None = 'W/"1"',
    caller: str = "team",
) -> TestResponse:
    headers = {"Content-Type": FHIR} | ({"If-Match": match} if match else {})
    return house.client(caller).put(
        f"/fhir/Task/{task['id']}", data=orjson.dumps(task), headers=headers
    )


def patch(
    house: House, task: dict[str, Any], operations: Any, **more: str
) -> TestResponse:
    headers = {"Content-Type": PATCH, "If-Match": 'W/"1"', **more}
    return house.client("team").patch(
        f"/fhir/Task/{task['id']}", data=orjson.dumps(operations), headers=headers
    )


def state_of(house: House, recipient: str = "r-amh") -> str:
    found = house.client("ward").get("/deliveries").get_json()["deliveries"]
    return next(e["state"] for e in found if e["recipient_id"] == recipient)


def told(answer: TestResponse) -> list[str]:
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [issue.get("details", {}).get("text", "") for issue in outcome["issue"]]


def test_a_named_person_accepts_by_put(house: House, task: dict[str, Any]) -> None:
    house.clock.move(minutes=5)
    answer = put(house, {**task, **PERSON, "status": "accepted"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == 'W/"2"'
    assert answer.content_type == FHIR
    changed = answer.get_json()
    assert changed["status"] == "accepted"
    assert changed["meta"]["versionId"] == "2"
    assert state_of(house) == "accepted"
    team = house.client("team")
    read = team.get(f"/fhir/Task/{task['id']}")
    assert (read.data, read.headers["ETag"]) == (answer.data, 'W/"2"')
    assert read.headers["Last-Modified"] == "Thu, 05 Nov 2026 09:05:00 GMT"
    assert "entry" not in team.get("/fhir/Task?status=requested").get_json()
    accepted = team.get("/fhir/Task?status=accepted").get_json()["entry"]
    orders = [e for e in accepted if e["resource"]["intent"] == "order"]
    assert [e["resource"]["id"] for e in orders] == [task["id"]]


def test_a_named_person_rejects_by_patch_with_a_reason(
    house: House, task: dict[str, Any]
) -> None:
    operations = [
        {"op": "test", "path": "/status", "value": "requested"},
        {"op": "replace", "path": "/status", "value": "rejected"},
        {"op": "add", "path": "/statusReason", "value": {"text": "Out of our area"}},
        {"op": "add", "path": "/contained", "value": PERSON["contained"]},
        {"op": "replace", "path": "/owner", "value": PERSON["owner"]},
    ]
    answer = patch(house, task, operations)
    assert answer.status_code == 200, answer.text
    assert state_of(house) == "declined"
    ward = house.client("ward")
    (declined,) = ward.get("/deliveries?state=declined").get_json()["deliveries"]
    told = ward.get(f"/deliveries/{declined['id']}").get_json()
    assert told["acknowledgement"] == {
        "task_id": task["id"],
        "status": "rejected",
        "reason": "Out of our area",
        "business_status": None,
        "by": {"name": "Bo Receiver", "role": "Care coordinator"},
        "at": "2026-11-05T09:00:00.000Z",
    }


def test_a_name_and_a_role_are_needed_to_answer(
    house: House, task: dict[str, Any]
) -> None:
    answer = put(house, {**task, "status": "accepted"})
    assert answer.status_code == 422
    assert "TASK_OWNER" in told(answer)
    assert state_of(house) == "queued"


def test_nothing_else_of_the_task_may_be_changed(
    house: House, task: dict[str, Any]
) -> None:
    for change in (
        {"intent": "plan"},
        {"description": "Something else entirely"},
        {"focus": {"reference": "CarePlan/other"}},
        {"status": "completed"},
        {"status": "cancelled"},
    ):
        answer = put(house, {**task, **PERSON, "status": "accepted"} | change)
        assert answer.status_code == 422, change
        assert told(answer)
        assert "entirely" not in answer.text
    assert house.client("team").get(f"/fhir/Task/{task['id']}").get_json() == task


def test_the_version_must_be_named_and_be_the_present_one(
    house: House, task: dict[str, Any]
) -> None:
    accepted = {**task, **PERSON, "status": "accepted"}
    assert put(house, accepted, None).status_code == 428
    for wrong in ('W/"2"', "*", "1", 'W/"1", W/"2"', 'W/"0"', "é"):
        answer = put(house, accepted, wrong)
        assert answer.status_code == 412, wrong
        assert told(answer) is not None
    assert put(house, accepted, '"1"').status_code == 200
    assert put(house, {**accepted, "status": "completed"}).status_code == 412
    assert put(house, {**accepted, "status": "completed"}, 'W/"2"').status_code == 200
    assert state_of(house) == "accepted"


@pytest.mark.parametrize(
    "damage",
    [
        {"resourceType": "Flag"},
        {"id": "other"},
        {"status": 7},
        {"status": ["accepted"]},
        {"unknownElement": "Casey Secret"},
        {"note": [{"text": None}]},
        {"owner": "Casey Secret"},
        {"contained": "Casey Secret"},
    ],
)
def test_what_is_not_this_task_in_its_shape_is_422(
    house: House, task: dict[str, Any], damage: dict[str, Any]
) -> None:
    answer = put(house, {**task, **damage} if "id" not in damage else task | damage)
    expected = 404 if "id" in damage else 422
    assert answer.status_code == expected
    assert "Casey" not in answer.text


def test_a_body_must_be_json_of_the_right_kind(
    house: House, task: dict[str, Any]
) -> None:
    client, address = house.client("team"), f"/fhir/Task/{task['id']}"
    match = {"If-Match": 'W/"1"'}
    for method, kind in (("PUT", FHIR), ("PATCH", PATCH)):
        for body, status in ((b"{", 400), (b"", 400), (b"7", 422), (b"[[]]", 422)):
            answer = client.open(
                address, method=method, data=body, content_type=kind, headers=match
            )
            assert answer.status_code == status, (method, body)
        wrong = client.open(
            address, method=method, data=b"{}", content_type="text/xml", headers=match
        )
        assert wrong.status_code == 415
        huge = client.open(
            address,
            method=method,
            data=b" " * 300_000,
            content_type=kind,
            headers=match,
        )
        assert huge.status_code == 413


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "copy", "from": "", "path": "/note"}],
        [{"op": "replace", "path": "/nowhere/at/all", "value": "Casey Secret"}],
        [{"op": "test", "path": "/status", "value": "Casey Secret"}],
        [{"op": "replace", "path": "status", "value": "accepted"}],
        [{"op": "replace", "path": "", "value": "Casey Secret"}],
        [{"op": "remove", "path": ""}],
        [{"op": "move", "from": "/description", "path": "/description/0"}],
        [{"op": "add", "path": "/note/-", "value": {}}],
        [{"op": "add", "path": 7, "value": 7}],
        [{"op": "add"}],
        [{"op": ["add"], "path": "/x"}],
        [{}],
        ["add"],
        [{"op": "remove", "path": "/status"}],
        [{"op": "remove", "path": "/id"}],
        [{"op": "test", "path": "/status", "value": "requested"}] * 101,
    ],
)
def test_a_patch_that_cannot_be_made_is_422_and_repeats_nothing(
    house: House, task: dict[str, Any], operations: list[Any]
) -> None:
    answer = patch(house, task, operations)
    assert answer.status_code == 422, answer.text
    assert told(answer)
    assert "Casey" not in answer.text
    assert house.client("team").get(f"/fhir/Task/{task['id']}").get_json() == task


def test_anothers_task_and_an_unknown_one_are_the_same_answer(
    house: House, task: dict[str, Any]
) -> None:
    accepted = {**task, **PERSON, "status": "accepted"}
    unknown = copy.deepcopy(accepted) | {"id": "0b0e2f5e-6a1c-8a53-9a52-6f1f6c3c8e55"}
    for caller in ("other-team", "gp", "team-as-gp"):
        theirs, none = put(house, accepted, caller=caller), put(house, unknown)
        assert theirs.status_code == none.status_code == 404
        assert theirs.data == none.data
    for match in (None, 'W/"9"'):
        assert put(house, accepted, match, "other-team").status_code == 404


def test_a_task_of_what_may_no_longer_leave_is_not_there(
    house: House, task: dict[str, Any]
) -> None:
    record = record_of("planned-handover")
    recipient_of(record, "adult_mh_service")["care_relationship"] = "none"
    house.post({**record, "record_version": 2})
    accepted = {**task, **PERSON, "status": "accepted"}
    unknown = {**accepted, "id": "0b0e2f5e-6a1c-8a53-9a52-6f1f6c3c8e55"}
    for match in (None, 'W/"1"', 'W/"2"'):
        gone, none = put(house, accepted, match), put(house, unknown, match)
        assert gone.status_code == none.status_code == 404
        assert gone.data == none.data
    assert house.client("team").get(f"/fhir/Task/{task['id']}").status_code == 404


def test_a_task_of_an_earlier_version_is_cancelled(
    house: House, task: dict[str, Any]
) -> None:
    record = record_of("planned-handover")
    record["safety"]["risks"][0]["behaviours"] = "Something new is known."
    house.post({**record, "record_version": 2})
    accepted = {**task, **PERSON, "status": "accepted"}
    assert put(house, accepted).status_code == 412
    assert put(house, accepted, 'W/"2"').status_code == 422
    found = house.client("team").get("/fhir/Task?status=requested").get_json()
    assert [e["resource"]["id"] for e in found["entry"]] != [task["id"]]


def test_a_task_of_the_plan_is_for_reading_only(
    house: House, task: dict[str, Any]
) -> None:
    team = house.client("team")
    found = team.get("/fhir/Task?_count=200").get_json()["entry"]
    plan = next(e["resource"] for e in found if e["resource"]["intent"] == "plan")
    answer = put(house, {**plan, **PERSON, "status": "accepted"})
    assert answer.status_code == 422
    assert "reading only" in answer.text
    assert put(house, {**plan, "status": "accepted"}, caller="gp").status_code == 404


def test_an_answer_is_written_down_with_its_correlation_id(
    house: House, task: dict[str, Any]
) -> None:
    put(house, {**task, **PERSON, "status": "accepted"})
    with house.parts.store.reading() as connection:
        query = (
            "SELECT actor, task_id, correlation_id FROM audit "
            "WHERE event = 'task-answered'"
        )
        (row,) = connection.exec_driver_sql(query).all()
    assert (row.actor, row.task_id) == ("team", task["id"])
    assert row.correlation_id
