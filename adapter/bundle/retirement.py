"""How what was sent is ended at a receiver: the table of end statuses, and its entries.

An ended resource is made from its type and id alone, so that nothing it once said can
be in it: our identifier, the status that ends it, and what R4 requires, with our code
``retired`` where that is a CodeableConcept. What R4 gives no status to say so is
deleted. The person is referred to and not repeated. Source: design, section 6,
Retirement; disclosure rules, W1 and N5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from adapter.bundle.build import is_found_by_tag
from adapter.bundle.content import Resource, identify
from adapter.canonical import CODE_SYSTEM, RESOURCE_ID_SYSTEM

RETIRED_CODING: Mapping[str, Any] = {
    "system": CODE_SYSTEM,
    "code": "retired",
    "display": "Retired",
}
_RETIRED = {"coding": [dict(RETIRED_CODING)]}
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_TOKEN_SYSTEM = quote(f"{RESOURCE_ID_SYSTEM}|", safe="")


@dataclass(frozen=True)
class EndStatus:
    """How a type is ended: what is set, and which element refers to the person."""

    sets: Mapping[str, Any]
    person: str | None = None


@dataclass(frozen=True, order=True)
class Held:
    """One resource that a receiver may hold: "Flag/<uuid>", and its view's Patient.

    ``patient_id`` is the id of the Patient of the view that it was sent with.
    """

    reference: str
    patient_id: str = field(compare=False)

    @property
    def type(self) -> str:
        return self.reference.partition("/")[0]

    @property
    def id(self) -> str:
        return self.reference.partition("/")[2]


def _unverified(code_system: str) -> dict[str, Any]:
    system = f"{_TERMINOLOGY}/{code_system}"
    return {"coding": [{"system": system, "code": "entered-in-error"}]}


#: One row a type of what we emit. ``entered-in-error`` where no other status
#: of the type says plainly that it must not be acted on: a MedicationStatement that was
#: ``stopped`` would say that the medicine was.
END_STATUSES: Mapping[str, EndStatus] = {
    "AllergyIntolerance": EndStatus(
        {"verificationStatus": _unverified("allergyintolerance-verification")},
        "patient",
    ),
    "Appointment": EndStatus(
        {
            "status": "cancelled",
            "participant": [{"type": [_RETIRED], "status": "declined"}],
        }
    ),
    "CarePlan": EndStatus({"status": "revoked", "intent": "plan"}, "subject"),
    "CareTeam": EndStatus({"status": "inactive"}, "subject"),
    "ClinicalImpression": EndStatus({"status": "entered-in-error"}, "subject"),
    "Communication": EndStatus({"status": "entered-in-error"}, "subject"),
    "Condition": EndStatus(
        {"verificationStatus": _unverified("condition-ver-status")}, "subject"
    ),
    "Consent": EndStatus(
        {
            "status": "inactive",
            "scope": _RETIRED,
            "category": [_RETIRED],
            "policyRule": _RETIRED,
        },
        "patient",
    ),
    "Device": EndStatus({"status": "inactive"}),
    "DocumentReference": EndStatus(
        {
            "status": "entered-in-error",
            "content": [{"attachment": {"contentType": "application/json"}}],
        },
        "subject",
    ),
    "Encounter": EndStatus(
        {"status": "entered-in-error", "class": dict(RETIRED_CODING)}, "subject"
    ),
    "EpisodeOfCare": EndStatus({"status": "entered-in-error"}, "patient"),
    "Flag": EndStatus({"status": "inactive", "code": _RETIRED}, "subject"),
    "Goal": EndStatus(
        {"lifecycleStatus": "cancelled", "description": _RETIRED}, "subject"
    ),
    "HealthcareService": EndStatus({"active": False}),
    "Location": EndStatus({"status": "inactive"}),
    "Medication": EndStatus({"status": "inactive"}),
    "MedicationStatement": EndStatus(
        {"status": "entered-in-error", "medicationCodeableConcept": _RETIRED},
        "subject",
    ),
    "Observation": EndStatus(
        {"status": "entered-in-error", "code": _RETIRED}, "subject"
    ),
    "Organization": EndStatus({"active": False}),
    "Patient": EndStatus({"active": False}),
    "Practitioner": EndStatus({"active": False}),
    "PractitionerRole": EndStatus({"active": False}),
    "QuestionnaireResponse": EndStatus({"status": "entered-in-error"}, "subject"),
    "RelatedPerson": EndStatus({"active": False}, "patient"),
    "RiskAssessment": EndStatus({"status": "entered-in-error"}, "subject"),
    "ServiceRequest": EndStatus({"status": "revoked", "intent": "plan"}, "subject"),
    "Task": EndStatus({"status": "cancelled", "intent": "plan"}, "for"),
}

DELETED = frozenset({"AdverseEvent", "Provenance"})
"""R4 gives these no status that ends them, so they are deleted. Nothing else is."""


ENDABLE = frozenset(END_STATUSES) | DELETED
"""What may be sent: every type that can be ended at a receiver."""


def ended(held: Held, person: Mapping[str, Any]) -> Resource:
    """The resource as it stands once it is ended, with its id and our identifier.

    ``person`` is the Reference to the Patient. KeyError for a type that is deleted or
    is not one of ours.
    """
    end = END_STATUSES[held.type]
    resource: Resource = {"resourceType": held.type, "id": held.id, **end.sets}
    if end.person is not None:
        resource[end.person] = dict(person)
    return identify(resource)


def named(patient_id: str) -> Resource:
    """A Reference to our Patient by its identifier alone. Source: N5."""
    identifier = {"system": RESOURCE_ID_SYSTEM, "value": patient_id}
    return {"type": "Patient", "identifier": identifier}


def end_resources(ends: Iterable[Held]) -> list[Resource]:
    """The resources by which these are ended, for the check; none for a DELETE."""
    return [
        ended(held, named(held.patient_id))
        for held in sorted(set(ends))
        if held.type not in DELETED
    ]


def with_ends(transaction: Mapping[str, Any], ends: Iterable[Held]) -> Resource:
    """The transaction with one more entry for each resource that it ends.

    Each is a PUT by our identifier, or for AdverseEvent and Provenance a DELETE by our
    tag. A person whose Patient is in the Bundle is referred to there, any other by
    identifier.
    """
    wanted = sorted(set(ends))
    entries = list(transaction.get("entry", ()))
    inside = {entry["fullUrl"] for entry in entries if "fullUrl" in entry}
    inside |= {f"urn:uuid:{held.id}" for held in wanted if held.type == "Patient"}
    return {**transaction, "entry": [*entries, *_entries(wanted, inside)]}


def _entries(wanted: Sequence[Held], inside: set[str]) -> list[Resource]:
    entries: list[Resource] = []
    for held in wanted:
        by = "_tag" if is_found_by_tag(held.type) else "identifier"
        url = f"{held.type}?{by}={_TOKEN_SYSTEM}{held.id}"
        if held.type in DELETED:
            entries.append({"request": {"method": "DELETE", "url": url}})
            continue
        address = f"urn:uuid:{held.patient_id}"
        person = {"reference": address} if address in inside else named(held.patient_id)
        resource = ended(held, person)
        del resource["id"]
        entries.append(
            {
                "fullUrl": f"urn:uuid:{held.id}",
                "resource": resource,
                "request": {"method": "PUT", "url": url},
            }
        )
    return entries
