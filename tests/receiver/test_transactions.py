"""What the receiver makes of a transaction."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from transactions import (
    FLAG,
    PATIENT,
    TASK,
    flag,
    patient,
    provenance,
    put,
    task,
    token,
    transaction,
)

from adapter.receiver import Receiver


def post(receiver: Receiver, bundle: Any, **options: Any) -> requests.Response:
    return requests.post(receiver.url + "/fhir", json=bundle, timeout=5, **options)


def get(receiver: Receiver, path: str) -> Any:
    return requests.get(receiver.url + path, timeout=5).json()


def statuses(answer: requests.Response) -> list[str]:
    return [entry["response"]["status"] for entry in answer.json()["entry"]]


def test_a_transaction_is_kept_and_answered_entry_by_entry(receiver: Receiver):
    answer = post(receiver, transaction())

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fhir+json"
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer) == ["201 Created"] * 4
    assert receiver.holdings.types() == {
        "Flag": 1,
        "Patient": 1,
        "Provenance": 1,
        "Task": 1,
    }


def test_references_point_to_the_receivers_own_resources(receiver: Receiver):
    post(receiver, transaction())

    (held,) = receiver.holdings.all_of("Flag")
    (person,) = receiver.holdings.all_of("Patient")

    assert held["subject"]["reference"] == f"Patient/{person['id']}"
    assert held["id"] != FLAG
    assert person["id"] != PATIENT


def test_the_same_transaction_twice_leaves_one_of_each_unchanged(receiver: Receiver):
    post(receiver, transaction())
    before = {
        kind: receiver.holdings.all_of(kind) for kind in receiver.holdings.types()
    }

    again = post(receiver, transaction())

    assert statuses(again) == ["200 OK"] * 4
    after = {kind: receiver.holdings.all_of(kind) for kind in receiver.holdings.types()}
    assert after == before


def test_a_change_makes_a_new_version_of_that_resource_alone(receiver: Receiver):
    post(receiver, transaction())

    answer = post(
        receiver, transaction(patient("Whitlock-Ames"), flag(), provenance(), version=2)
    )

    assert statuses(answer) == ["200 OK"] * 3
    assert [e["response"]["etag"] for e in answer.json()["entry"]] == [
        'W/"2"',
        'W/"1"',
        'W/"1"',
    ]
    (person,) = receiver.holdings.all_of("Patient")
    assert person["name"] == [{"family": "Whitlock-Ames"}]


def test_an_older_version_of_a_view_is_refused_and_changes_nothing(receiver: Receiver):
    post(receiver, transaction(version=3))

    refused = post(receiver, transaction(patient("Old"), version=2))

    assert refused.status_code == 409
    assert refused.json()["issue"][0]["code"] == "conflict"
    (person,) = receiver.holdings.all_of("Patient")
    assert person["name"] == [{"family": "Whitlock"}]
    assert post(receiver, transaction(version=3)).status_code == 200


def test_another_view_has_versions_of_its_own(receiver: Receiver):
    post(receiver, transaction(version=3))
    other = transaction(version=1)
    other["identifier"]["value"] = "view-2"

    assert post(receiver, other).status_code == 200


def test_an_answered_task_stays_answered_after_a_retry(receiver: Receiver):
    post(receiver, transaction())
    (held,) = receiver.holdings.all_of("Task")
    requests.put(
        f"{receiver.url}/fhir/Task/{held['id']}",
        json={**held, "status": "accepted"},
        timeout=5,
    ).raise_for_status()

    post(receiver, transaction())

    (after,) = receiver.holdings.all_of("Task")
    assert after["status"] == "accepted"


def test_a_task_of_an_earlier_version_can_be_cancelled(receiver: Receiver):
    post(receiver, transaction())
    cancelled = put(TASK, {"resourceType": "Task", "status": "cancelled"})

    post(receiver, transaction(cancelled, version=2))

    (held,) = receiver.holdings.all_of("Task")
    assert held["status"] == "cancelled"


def test_what_is_the_receivers_own_is_never_touched(receiver: Receiver):
    own = {"resourceType": "Patient", "id": "own", "name": [{"family": "Whitlock"}]}
    requests.put(f"{receiver.url}/fhir/Patient/own", json=own, timeout=5)

    post(receiver, transaction())
    post(receiver, transaction(patient("Changed"), version=2))

    held = receiver.holdings.read("Patient", "own")
    assert held is not None
    assert held["meta"]["versionId"] == "1"
    assert len(receiver.holdings.all_of("Patient")) == 2


def test_a_condition_that_fits_several_is_refused_whole(receiver: Receiver):
    for name in ("a", "b"):
        twin = {**flag()["resource"], "subject": {"display": "somebody"}}
        url = f"{receiver.url}/fhir/Flag/{name}"
        requests.put(url, json=twin, timeout=5).raise_for_status()

    refused = post(receiver, transaction(patient(), flag()))

    assert refused.status_code == 412
    assert receiver.holdings.all_of("Patient") == []


def test_deletion_by_tag_and_by_id(receiver: Receiver):
    post(receiver, transaction())
    (person,) = receiver.holdings.all_of("Patient")
    by_tag = {"method": "DELETE", "url": provenance()["request"]["url"]}
    by_id = {"method": "DELETE", "url": f"Patient/{person['id']}"}

    answer = post(receiver, transaction({"request": by_tag}, {"request": by_id}))

    assert statuses(answer) == ["204 No Content"] * 2
    assert receiver.holdings.types() == {"Flag": 1, "Task": 1}
    again = post(receiver, transaction({"request": by_tag}))
    assert statuses(again) == ["204 No Content"]


def test_what_was_deleted_can_come_back(receiver: Receiver):
    post(receiver, transaction())
    delete = {"method": "DELETE", "url": provenance()["request"]["url"]}
    post(receiver, transaction({"request": delete}))

    answer = post(receiver, transaction(flag(), patient(), provenance()))

    assert statuses(answer)[2] == "201 Created"


@pytest.mark.parametrize(
    ("bundle", "status"),
    [
        ([], 400),
        ({"resourceType": "Patient"}, 400),
        ({"resourceType": "Bundle", "type": "batch"}, 422),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [{}]}, 400),
        ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, 400),
        (transaction(patient(), patient("Twice")), 400),
        (transaction(flag()), 400),
        (
            transaction({**flag(), "request": {"method": "PUT", "url": "Patient/1"}}),
            400,
        ),
        (transaction({**flag(), "request": {"method": "PUT", "url": "Flag"}}), 400),
        (transaction({"request": {"method": "GET", "url": "Flag"}}), 422),
        (
            transaction(
                {**patient(), "request": {"method": "PUT", "url": "Patient?name=x"}}
            ),
            400,
        ),
    ],
)
def test_what_is_no_proper_transaction_is_refused_whole(
    receiver: Receiver, bundle: Any, status: int
):
    refused = post(receiver, bundle)

    assert refused.status_code == status
    assert refused.json()["resourceType"] == "OperationOutcome"
    assert receiver.holdings.types() == {}


@pytest.mark.parametrize(
    ("media_type", "status"), [("application/fhir+json", 400), ("text/xml", 415)]
)
def test_json_is_needed(receiver: Receiver, media_type: str, status: int):
    refused = requests.post(
        receiver.url + "/fhir",
        data=b"<xml/>",
        headers={"Content-Type": media_type},
        timeout=5,
    )

    assert refused.status_code == status


def test_what_it_holds_is_searched_by_token_and_read(receiver: Receiver):
    post(receiver, transaction(patient(), flag(), provenance(), task()))

    found = get(receiver, f"/fhir/Flag?identifier={token(FLAG)}")

    assert (found["type"], found["total"]) == ("searchset", 1)
    held = found["entry"][0]["resource"]
    assert get(receiver, f"/fhir/Flag/{held['id']}") == held
    assert get(receiver, f"/fhir/Flag?identifier={FLAG}&_id={held['id']}")["total"] == 1
    assert get(receiver, "/fhir/Flag?identifier=other%7C" + FLAG)["total"] == 0
    assert get(receiver, "/fhir/Flag?_id=other")["total"] == 0
    assert get(receiver, "/fhir/Flag")["total"] == 1
    assert get(receiver, "/fhir/Flag?colour=blue")["resourceType"] == "OperationOutcome"
    assert requests.get(receiver.url + "/fhir/Flag/x", timeout=5).status_code == 404


def test_what_it_gets_outlives_it_in_a_file(tmp_path):
    with Receiver(data=tmp_path / "held.db") as first:
        first.listen()
        post(first, transaction(version=4))
    with Receiver(data=tmp_path / "held.db") as second:
        second.listen()
        assert second.holdings.types()["Flag"] == 1
        assert post(second, transaction(version=3)).status_code == 409
