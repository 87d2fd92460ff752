"""What is sent speaks of the person as the directory asks at that time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from builders import NOON, a_risk
from handovers import ENDPOINTS, SENDER, SmallParts, delivery_to, make_worker, post
from holders import Holders

from adapter.delivery.model import State
from adapter.delivery.renewal import redrive
from adapter.delivery.retry import DEFAULT_RETRY
from adapter.delivery.transports.rest import RestTransport
from adapter.delivery.worker import run_once
from adapter.directory.model import Endpoint
from adapter.receiver import Identity, Receiver
from adapter.store.deliveries import list_attempts
from adapter.store.worklist import DELIVERY_FAILED, open_items
from adapter.worklist.words import reason_in_words

OWN_PATIENT = {
    "resourceType": "Patient",
    "identifier": [
        {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}
    ],
    "name": [{"text": "Their own"}],
}


def asking(parts: SmallParts, patient: str) -> SmallParts:
    changed = [replace(each, patient=patient) for each in ENDPOINTS]
    return parts.with_endpoints(*changed, version=patient)


def send(parts: SmallParts, holders: Holders) -> None:
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]


@pytest.mark.parametrize("patient", ["own", "match"])
def test_a_patient_of_the_receivers_own_stays_as_it_is(
    parts: SmallParts, patient: str
) -> None:
    parts, holders = asking(parts, patient), Holders()
    with holders.at("fenwick").transaction():
        holders.at("fenwick").write("Patient", "p1", OWN_PATIENT, parts.clock())
    post(parts, {"safety.risks[+]": a_risk("rk-2")})
    send(parts, holders)
    post(parts, record_version=2)
    send(parts, holders)
    post(parts, status="withdrawn", status_reason="Synthetic", record_version=3)
    send(parts, holders)
    kept = holders.at("fenwick").read("Patient", "p1")
    assert kept is not None
    assert kept["meta"]["versionId"] == "1"
    assert kept["name"] == OWN_PATIENT["name"]
    flags = holders.at("fenwick").all_of("Flag")
    assert {each["status"] for each in flags} == {"inactive"}


def test_the_directory_changes_what_still_waits(parts: SmallParts) -> None:
    post(parts)
    assert delivery_to(parts, "r-amh").patient == "own"
    other, holders = asking(parts, "reference"), Holders()
    send(other, holders)
    assert delivery_to(other, "r-amh").patient == "reference"
    assert holders.at("fenwick").all_of("Patient") == []
    (flag,) = holders.at("fenwick").all_of("Flag")
    assert flag["subject"]["identifier"]["value"] == "9990000018"


@pytest.fixture
def fenwick(parts: SmallParts) -> Iterator[Receiver]:
    with Receiver(Identity("Fenwick", "ZZ9B1"), clock=parts.clock) as receiver:
        receiver.listen()
        yield receiver


def matching(parts: SmallParts, receiver: Receiver) -> SmallParts:
    there = Endpoint(
        "fenwick",
        "ZZ9B1",
        ("adult_mh_service",),
        receiver.url + "/fhir",
        patient="match",
    )
    return parts.with_endpoints(there)


def admit(receiver: Receiver, *names: str) -> None:
    """The receiver's own Patients, each with the young person's NHS number."""
    with receiver.holdings.transaction():
        for name in names:
            receiver.holdings.write("Patient", name, OWN_PATIENT, NOON)


def test_a_match_takes_the_one_patient_that_the_receiver_has(
    parts: SmallParts, fenwick: Receiver
) -> None:
    parts = matching(parts, fenwick)
    admit(fenwick, "p1")
    post(parts)
    deliver(parts)
    (patient,) = fenwick.holdings.all_of("Patient")
    (flag,) = fenwick.holdings.all_of("Flag")
    assert (patient["id"], patient["name"]) == ("p1", OWN_PATIENT["name"])
    assert flag["subject"]["reference"] == "Patient/p1"


def test_several_patients_of_one_number_are_for_a_person(
    parts: SmallParts, fenwick: Receiver
) -> None:
    parts = matching(parts, fenwick)
    admit(fenwick, "p1", "p2")
    post(parts)
    for _ in range(DEFAULT_RETRY.few):
        assert delivery_to(parts, "r-amh").state is State.QUEUED
        deliver(parts)
        parts.clock.advance(minutes=15)
    failed = delivery_to(parts, "r-amh")
    assert (failed.state, failed.reason) == (State.FAILED, "http_412")
    told = {each.http_status for each in list_attempts(parts.store, failed.id)}
    assert told == {412}
    assert fenwick.holdings.all_of("Flag") == []
    items = open_items(parts.store, SENDER, purpose=DELIVERY_FAILED)
    entries = [each for item in items for each in item.about]
    (entry,) = [each for each in entries if each.get("delivery_id") == failed.id]
    assert entry["reason"] == "http_412"
    assert "several records" in reason_in_words("http_412")

    with fenwick.holdings.transaction():
        fenwick.holdings.delete("Patient", "p2", parts.clock())
    redrive(failed.id, parts, parts.clock(), actor="ward")
    deliver(parts)
    assert delivery_to(parts, "r-amh").state is State.DELIVERED
    (flag,) = fenwick.holdings.all_of("Flag")
    assert flag["subject"]["reference"] == "Patient/p1"


def deliver(parts: SmallParts) -> None:
    transport: Any = RestTransport(parts.clock)
    run_once(parts, transport, worker=make_worker(parts, transport))
