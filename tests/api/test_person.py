"""From a directory file to a receiver: the person is spoken of as it asks there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from api_house import NOW, House, record_of

from adapter.api.app import create_app
from adapter.canonical import NHS_NUMBER_SYSTEM, RESOURCE_ID_SYSTEM
from adapter.delivery.transports.rest import RestTransport
from adapter.delivery.worker import run_once
from adapter.directory import load_directory
from adapter.receiver import Identity, Receiver

DIRECTORY = """
endpoints:
  fenwick:
    ods_code: ZZ9B2
    kinds: [adult_mh_service]
    transport: rest
    address: {address}/fhir
    patient: {patient}
    auth: {{type: none}}
"""


@pytest.fixture
def fenwick() -> Iterator[Receiver]:
    with Receiver(Identity("Fenwick", "ZZ9B2")) as receiver:
        receiver.listen()
        yield receiver


def deliver(house: House, receiver: Receiver, patient: str, record: Any) -> None:
    """The record posted and delivered, as an adapter with that directory does it."""
    text = DIRECTORY.format(address=receiver.url, patient=patient)
    directory = load_directory(text, secrets=lambda name: None)
    parts = replace(house.parts, directory=directory)
    asked = replace(house, app=create_app(parts), parts=parts)
    asked.post(record)
    run_once(parts, RestTransport(parts.clock))
    assert [seen.status for seen in receiver.journal.listed()] == [200]


def own_patient(number: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": NHS_NUMBER_SYSTEM, "value": number}],
        "name": [{"text": "Their own"}],
    }


def subjects(receiver: Receiver) -> list[dict[str, Any]]:
    found = [
        part
        for kind in ("Flag", "CarePlan", "Goal")
        for part in receiver.holdings.all_of(kind)
    ]
    assert found
    return [each["subject"] for each in found]


def test_a_match_refers_to_the_receivers_own_patient(
    house: House, fenwick: Receiver
) -> None:
    record = record_of("planned-handover")
    number = record["young_person"]["nhs_number"]
    with fenwick.holdings.transaction():
        fenwick.holdings.write("Patient", "p1", own_patient(number), NOW)
    deliver(house, fenwick, "match", record)
    (patient,) = fenwick.holdings.all_of("Patient")
    assert patient["name"] == [{"text": "Their own"}]
    assert {each["reference"] for each in subjects(fenwick)} == {"Patient/p1"}


def test_a_match_makes_a_patient_where_the_receiver_has_none(
    house: House, fenwick: Receiver
) -> None:
    deliver(house, fenwick, "match", record_of("planned-handover"))
    (patient,) = fenwick.holdings.all_of("Patient")
    assert {each["reference"] for each in subjects(fenwick)} == {
        f"Patient/{patient['id']}"
    }


def test_a_number_that_is_not_verified_is_not_matched_with(
    house: House, fenwick: Receiver
) -> None:
    record = record_of("planned-handover")
    number = record["young_person"]["nhs_number"]
    record["young_person"]["nhs_number_status"] = "present_not_traced"
    with fenwick.holdings.transaction():
        fenwick.holdings.write("Patient", "p1", own_patient(number), NOW)
    deliver(house, fenwick, "match", record)
    assert len(fenwick.holdings.all_of("Patient")) == 2
    assert {"reference": "Patient/p1"} not in subjects(fenwick)


def test_a_reference_sends_no_patient(house: House, fenwick: Receiver) -> None:
    record = record_of("planned-handover")
    deliver(house, fenwick, "reference", record)
    assert fenwick.holdings.all_of("Patient") == []
    number = record["young_person"]["nhs_number"]
    for subject in subjects(fenwick):
        assert "reference" not in subject
        assert subject["identifier"]["system"] in {
            NHS_NUMBER_SYSTEM,
            RESOURCE_ID_SYSTEM,
        }
        assert subject["identifier"]["value"] == number
        assert record["young_person"]["birth_date"] in subject["display"]
