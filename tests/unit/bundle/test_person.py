"""A pushed Bundle speaks of the person as the receiver's directory entry asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.bundle.build import Stamp, content_hash, transaction
from adapter.bundle.content import Content
from adapter.bundle.person import MATCH, OWN, REFERENCE, way_of_naming, with_person
from adapter.canonical import NHS_NUMBER_SYSTEM

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "00000000-0000-8000-8000-000000000001",
    "identifier": [{"system": NHS_NUMBER_SYSTEM, "value": "9990000018"}],
    "name": [{"given": ["Robin"], "family": "Testley"}],
    "birthDate": "2009-09-01",
}
FLAG: dict[str, Any] = {
    "resourceType": "Flag",
    "id": "00000000-0000-8000-8000-000000000002",
    "subject": {"reference": f"Patient/{PATIENT['id']}"},
}
STAMP = Stamp("v", 1, datetime(2026, 11, 5, tzinfo=UTC))


def content_of(*resources: dict[str, Any]) -> Content:
    return Content(resources, None, content_hash(resources))


def pushed(how: str) -> dict[str, dict[str, Any]]:
    bundle = transaction(content_of(FLAG, PATIENT), STAMP, "", task=None)
    entries = with_person(bundle, PATIENT, how)["entry"]
    return {entry["resource"]["resourceType"]: entry for entry in entries}


def test_a_match_is_posted_unless_the_receiver_has_that_number() -> None:
    entries = pushed(MATCH)
    assert entries["Patient"]["request"] == {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number"
        "%7C9990000018",
    }
    subject = entries["Flag"]["resource"]["subject"]
    assert subject == {"reference": entries["Patient"]["fullUrl"]}


def test_a_reference_names_the_person_by_number_name_and_birth_date() -> None:
    entries = pushed(REFERENCE)
    assert "Patient" not in entries
    assert entries["Flag"]["resource"]["subject"] == {
        "type": "Patient",
        "identifier": {"system": NHS_NUMBER_SYSTEM, "value": "9990000018"},
        "display": "Robin Testley, born 2009-09-01",
    }


def test_our_own_patient_is_as_it_was() -> None:
    bundle = transaction(content_of(FLAG, PATIENT), STAMP, "", task=None)
    assert with_person(bundle, PATIENT, OWN) == bundle


@pytest.mark.parametrize(
    ("patient", "is_verified", "how"),
    [
        (PATIENT, True, MATCH),
        (PATIENT, False, OWN),
        ({**PATIENT, "identifier": []}, True, OWN),
    ],
)
def test_a_match_needs_a_number_that_is_verified_and_let_go(
    patient: dict[str, Any], is_verified: bool, how: str
) -> None:
    content = content_of(patient)
    assert way_of_naming(MATCH, content, is_verified=is_verified) == how
