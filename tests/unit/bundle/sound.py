"""A sound resource of every type that is emitted, and a bundle of them all.

Each holds the kinds of element that the mapping uses, so that damage done to it at
random meets every part of the check. Codes are words or HL7's own status codes.
"""

from __future__ import annotations

import uuid
from typing import Any

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
BASE = "https://adapter.test/fhir"
NOON = "2026-11-05T12:00:00.000Z"


def name_of(kind: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, kind))


def ref(kind: str) -> dict[str, Any]:
    return {"reference": f"{kind}/{name_of(kind)}"}


def words(text: str) -> dict[str, Any]:
    return {"text": text}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": TERMINOLOGY + system, "code": code}]}


def note(text: str) -> dict[str, Any]:
    return {"authorReference": ref("Patient"), "time": NOON, "text": text}


def resource(kind: str, **elements: Any) -> dict[str, Any]:
    identifier = [{"system": "https://example.test/Id", "value": name_of(kind)}]
    own = {} if kind in ("Provenance", "AdverseEvent") else {"identifier": identifier}
    return {
        "resourceType": kind,
        "id": name_of(kind),
        "meta": {"versionId": "1", "lastUpdated": NOON},
        **own,
        **{key.rstrip("_"): value for key, value in elements.items()},
    }


PERIOD = {"start": "2026-11-01", "end": "2026-12"}
TELECOM = [{"system": "phone", "value": "0115 496 0001", "use": "work", "rank": 1}]
NAME = [{"use": "official", "family": "Whitlock", "given": ["Amara", "Jo"]}]
ADDRESS = [{"use": "temp", "line": ["51 Example Row"], "postalCode": "ZZ99 3WZ"}]
FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Words <b>that</b> help</p></div>'

_ALL = [
    resource(
        "Patient",
        text={"status": "generated", "div": DIV},
        active=True,
        name=NAME,
        telecom=TELECOM,
        gender="female",
        birthDate="2009-01-14",
        deceasedBoolean=False,
        address=ADDRESS,
        multipleBirthInteger=1,
        contact=[{"relationship": [words("aunt")], "name": {"text": "A. Whitlock"}}],
        communication=[{"language": words("English"), "preferred": True}],
        managingOrganization=ref("Organization"),
    ),
    resource("Organization", active=True, name="Fenwick Team", telecom=TELECOM),
    resource(
        "Practitioner",
        name=[{"text": "R. Doyle", "prefix": ["Dr"]}],
        telecom=TELECOM,
        qualification=[{"code": words("nurse"), "period": {"start": "2019"}}],
    ),
    resource(
        "PractitionerRole",
        practitioner=ref("Practitioner"),
        organization=ref("Organization"),
        code=[words("transition worker")],
        availableTime=[
            {"daysOfWeek": ["mon", "tue"], "availableStartTime": "09:00:00"}
        ],
    ),
    resource(
        "RelatedPerson",
        patient=ref("Patient"),
        relationship=[words("aunt")],
        name=NAME,
        birthDate="1980",
        period=PERIOD,
    ),
    resource(
        "CareTeam",
        status="active",
        subject=ref("Patient"),
        participant=[
            {
                "role": [words("lead")],
                "member": ref("PractitionerRole"),
                "period": PERIOD,
            },
            {"member": ref("Practitioner"), "onBehalfOf": ref("Organization")},
        ],
        note=[note("A plan of who does what")],
    ),
    resource(
        "CarePlan",
        contained=[{"resourceType": "Organization", "id": "in", "name": "Here"}],
        status="active",
        intent="plan",
        category=[words("handover")],
        title="Handover",
        subject=ref("Patient"),
        period=PERIOD,
        created=NOON,
        author={"reference": "#in"},
        careTeam=[ref("CareTeam")],
        addresses=[ref("Condition")],
        goal=[ref("Goal")],
        activity=[
            {
                "detail": {
                    "kind": "Task",
                    "status": "in-progress",
                    "code": words("a quiet room"),
                    "doNotPerform": False,
                    "scheduledTiming": {
                        "repeat": {
                            "frequency": 2,
                            "period": 1.5,
                            "periodUnit": "d",
                            "when": ["MORN"],
                            "boundsPeriod": PERIOD,
                        }
                    },
                    "performer": [ref("PractitionerRole")],
                    "quantity": {"value": 2, "unit": "visits"},
                    "description": "What helps\nand why",
                }
            },
            {"reference": ref("Task"), "progress": [note("begun")]},
        ],
        note=[note("My words")],
    ),
    resource(
        "Goal",
        lifecycleStatus="active",
        achievementStatus=coded("goal-achievement", "in-progress"),
        description=words("Go to college"),
        subject=ref("Patient"),
        startDate="2026-11-05",
        target=[
            {
                "measure": words("days"),
                "detailQuantity": {"value": 3, "comparator": ">="},
                "dueDate": "2027-02-28",
            }
        ],
        note=[note("My goal")],
    ),
    resource(
        "RiskAssessment",
        status="final",
        code=words("self-harm"),
        subject=ref("Patient"),
        occurrencePeriod=PERIOD,
        basis=[ref("Observation")],
        prediction=[{"outcome": words("harm"), "rationale": "What was seen"}],
        mitigation="What keeps her safe",
        note=[note("My words")],
    ),
    resource(
        "Flag",
        extension=[{"url": FLAG_DETAIL, "valueReference": ref("RiskAssessment")}],
        status="active",
        category=[words("safety")],
        code={
            "coding": [
                {"system": "https://example.test/cs", "code": "a", "display": "A"}
            ],
            "text": "words",
        },
        subject=ref("Patient"),
        period=PERIOD,
        author=ref("Organization"),
    ),
    resource(
        "Communication",
        status="completed",
        statusReason=words("told"),
        category=[words("handover")],
        priority="urgent",
        subject=ref("Patient"),
        sent=NOON,
        received="2026-11-05",
        sender=ref("PractitionerRole"),
        recipient=[ref("Organization")],
        payload=[
            {"contentString": "What is told"},
            {"contentReference": ref("CarePlan")},
            {
                "contentAttachment": {
                    "contentType": "text/plain",
                    "data": "YSBub3Rl",
                    "size": 6,
                    "title": "A note",
                }
            },
        ],
    ),
    resource(
        "Consent",
        status="active",
        scope=coded("consentscope", "patient-privacy"),
        category=[words("sharing")],
        patient=ref("Patient"),
        dateTime=NOON,
        performer=[ref("Patient")],
        policyRule=words("the consent policy"),
        verification=[{"verified": True, "verificationDate": "2026-10-01"}],
        provision={
            "type": "deny",
            "period": PERIOD,
            "actor": [{"role": words("recipient"), "reference": ref("Organization")}],
            "provision": [{"type": "permit", "code": [words("category")]}],
        },
    ),
    resource(
        "Task",
        status="requested",
        intent="order",
        code=words("accept handover"),
        focus=ref("CarePlan"),
        for_=ref("Patient"),
        authoredOn=NOON,
        lastModified=NOON,
        requester=ref("PractitionerRole"),
        owner=ref("Organization"),
        restriction={"repetitions": 1, "period": PERIOD},
        input=[{"type": words("reply to"), "valueUrl": f"{BASE}/Task/1"}],
    ),
    resource(
        "Provenance",
        target=[ref("Flag")],
        occurredDateTime=NOON,
        recorded=NOON,
        reason=[words("told by family")],
        agent=[{"type": words("author"), "who": ref("Practitioner")}],
        entity=[{"role": "source", "what": ref("DocumentReference")}],
    ),
    resource(
        "AllergyIntolerance",
        clinicalStatus=coded("allergyintolerance-clinical", "active"),
        verificationStatus=coded("allergyintolerance-verification", "confirmed"),
        type="allergy",
        category=["medication"],
        criticality="high",
        code=words("penicillin"),
        patient=ref("Patient"),
        onsetAge={
            "value": 7,
            "unit": "years",
            "system": "http://unitsofmeasure.org",
            "code": "a",
        },
        reaction=[{"manifestation": [words("rash")], "severity": "mild"}],
    ),
    resource(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept=words("melatonin"),
        subject=ref("Patient"),
        effectivePeriod=PERIOD,
        dosage=[
            {
                "sequence": 1,
                "text": "2 mg at night",
                "asNeededBoolean": False,
                "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "mg"}}],
            }
        ],
    ),
    resource(
        "Condition",
        clinicalStatus=coded("condition-clinical", "active"),
        verificationStatus=coded("condition-ver-status", "confirmed"),
        category=[coded("condition-category", "problem-list-item")],
        code=words("low mood"),
        subject=ref("Patient"),
        onsetDateTime="2024-05",
        evidence=[{"detail": [ref("Observation")]}],
    ),
    resource(
        "Observation",
        status="final",
        category=[words("social")],
        code=words("accommodation"),
        subject=ref("Patient"),
        effectiveDateTime=NOON,
        valueCodeableConcept=words("settled"),
        component=[{"code": words("tenancy at risk"), "valueBoolean": False}],
        note=[note("My words")],
    ),
    resource(
        "ClinicalImpression",
        status="completed",
        subject=ref("Patient"),
        description="A formulation",
        effectiveDateTime=NOON,
        finding=[{"itemCodeableConcept": words("finding"), "basis": "seen"}],
        summary="In short",
    ),
    resource(
        "HealthcareService",
        active=True,
        providedBy=ref("Organization"),
        name="Crisis line",
        telecom=TELECOM,
        availableTime=[{"allDay": True}],
        notAvailable=[{"description": "Bank holidays", "during": PERIOD}],
    ),
    resource(
        "Appointment",
        status="booked",
        description="First meeting",
        start="2026-11-12T10:00:00Z",
        end="2026-11-12T11:00:00Z",
        minutesDuration=60,
        participant=[
            {"actor": ref("Patient"), "required": "required", "status": "accepted"}
        ],
    ),
    resource(
        "ServiceRequest",
        status="active",
        intent="order",
        priority="routine",
        code=words("transfer of care"),
        subject=ref("Patient"),
        occurrenceDateTime="2026-11-10",
        requester=ref("Organization"),
        performer=[ref("Organization")],
    ),
    resource(
        "Encounter",
        status="in-progress",
        class_={"system": TERMINOLOGY + "v3-ActCode", "code": "IMP"},
        subject=ref("Patient"),
        period={"start": "2026-06-01"},
        hospitalization={"dischargeDisposition": words("home")},
    ),
    resource(
        "EpisodeOfCare",
        status="planned",
        statusHistory=[{"status": "waitlist", "period": PERIOD}],
        patient=ref("Patient"),
        managingOrganization=ref("Organization"),
        period=PERIOD,
        careManager=ref("Practitioner"),
    ),
    resource(
        "Location",
        status="active",
        name="Here",
        mode="instance",
        telecom=TELECOM,
        address=ADDRESS[0],
        position={"longitude": -1.2, "latitude": 52.9},
        managingOrganization=ref("Organization"),
    ),
    resource(
        "AdverseEvent",
        identifier={"system": "https://example.test/Id", "value": "1"},
        actuality="actual",
        category=[words("incident")],
        event=words("restraint"),
        subject=ref("Patient"),
        date="2026-09-01",
        outcome=coded("adverse-event-outcome", "resolved"),
    ),
    resource(
        "DocumentReference",
        status="current",
        docStatus="final",
        type=words("a letter"),
        subject=ref("Patient"),
        date=NOON,
        relatesTo=[{"code": "replaces", "target": ref("DocumentReference")}],
        content=[
            {"attachment": {"contentType": "text/plain", "url": f"{BASE}/Binary/1"}}
        ],
    ),
]

SOUND: dict[str, dict[str, Any]] = {one["resourceType"]: one for one in _ALL}


def sound_bundle() -> dict[str, Any]:
    """A collection of one of each, whose references all resolve."""
    return {
        "resourceType": "Bundle",
        "id": name_of("Bundle"),
        "identifier": {"system": "https://example.test/Id", "value": "1"},
        "type": "collection",
        "timestamp": NOON,
        "entry": [
            {"fullUrl": f"{BASE}/{kind}/{one['id']}", "resource": one}
            for kind, one in SOUND.items()
        ],
    }
