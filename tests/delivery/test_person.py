"""What is sent speaks of the person as the directory asks at that time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import a_risk
from handovers import ENDPOINTS, SmallParts, delivery_to, make_worker, post
from holders import Holders

from adapter.delivery.worker import run_once

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
