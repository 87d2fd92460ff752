"""Each invariant on the list: a resource that breaks it is told by its key."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle.check import compile_checker
from adapter.bundle.check.invariants import ELSEWHERE, INVARIANTS
from adapter.bundle.check.invariants.rule import is_not_after
from tests.unit.bundle.sound import (
    NOON,
    SOUND,
    TERMINOLOGY,
    coded,
    name_of,
    ref,
    sound_bundle,
    words,
)

CHECKER = compile_checker({})
DOC = Path(__file__).parents[3] / "docs" / "reference" / "checks.md"
UCUM = "http://unitsofmeasure.org"


def with_(kind: str, **elements: Any) -> dict[str, Any]:
    resource = copy.deepcopy(SOUND[kind])
    for name, value in elements.items():
        if value is None:
            resource.pop(name, None)
        else:
            resource[name] = value
    return resource


def without(kind: str, *names: str) -> dict[str, Any]:
    return with_(kind, **dict.fromkeys(names))


def timing(**repeat: Any) -> dict[str, Any]:
    plan = with_("CarePlan")
    plan["activity"][0]["detail"]["scheduledTiming"] = {"repeat": repeat}
    return plan


def contained(author: str = "#in", **part: Any) -> dict[str, Any]:
    inner = {"resourceType": "Organization", "id": "in", "name": "Here", **part}
    return with_("CarePlan", contained=[inner], author={"reference": author})


def extended(**extension: Any) -> dict[str, Any]:
    url = "http://hl7.org/fhir/StructureDefinition/flag-detail"
    return with_("Flag", extension=[{"url": url, **extension}])


def told(div: str) -> dict[str, Any]:
    return with_("Patient", text={"status": "generated", "div": div})


def observed(**value: Any) -> dict[str, Any]:
    return with_("Observation", valueCodeableConcept=None, component=None, **value)


def bundle(form: str = "collection", entries: Any = None, **more: Any) -> dict:
    whole = {**sound_bundle(), "type": form, **more}
    if entries is not None:
        whole["entry"] = entries
    return whole


def entry(**more: Any) -> dict[str, Any]:
    patient = without("Patient", "managingOrganization")
    url = f"https://adapter.test/fhir/Patient/{patient['id']}"
    return {"fullUrl": url, "resource": patient, **more}


RETRACTED = "entered-in-error"
PUT = {"method": "PUT", "url": "Patient?identifier=1"}
XHTML = "http://www.w3.org/1999/xhtml"

BROKEN: dict[str, dict[str, Any]] = {
    "dom-2": contained(contained=[{"resourceType": "Organization", "name": "In"}]),
    "dom-3": contained(author=f"Organization/{name_of('Organization')}"),
    "dom-4": contained(meta={"versionId": "1"}),
    "dom-5": contained(meta={"security": [{"display": "R"}]}),
    "ref-1": contained(author="#out"),
    "ele-1": with_("Flag", period={}),
    "ext-1": extended(),
    "txt-1": told(f'<div xmlns="{XHTML}">a<script>b</script></div>'),
    "txt-2": told(f'<div xmlns="{XHTML}"><p> </p></div>'),
    "per-1": with_("Flag", period={"start": "2026-11-06", "end": "2026-11-05"}),
    "qty-3": observed(valueQuantity={"value": 1, "code": "a"}),
    "age-1": with_("AllergyIntolerance", onsetAge={"value": 7, "unit": "years"}),
    "dis-1": extended(valueDistance={"value": 7, "unit": "miles"}),
    "drt-1": extended(valueDuration={"value": 1, "code": "h", "system": TERMINOLOGY}),
    "cnt-3": extended(valueCount={"value": 1.5, "code": "1", "system": UCUM}),
    "rng-2": observed(valueRange={"low": {"value": 3}, "high": {"value": 2}}),
    "rat-1": observed(valueRatio={"numerator": {"value": 3}}),
    "att-1": with_("Communication", payload=[{"contentAttachment": {"data": "YWJj"}}]),
    "cpt-2": with_("Patient", telecom=[{"value": "0115 496 0001"}]),
    "exp-1": extended(valueExpression={"language": "text/fhirpath"}),
    "tim-1": timing(duration=1),
    "tim-2": timing(period=1),
    "tim-4": timing(duration=-1, durationUnit="h"),
    "tim-5": timing(period=-1, periodUnit="h"),
    "tim-6": timing(periodMax=2),
    "tim-7": timing(durationMax=2),
    "tim-8": timing(countMax=2),
    "tim-9": timing(offset=2, when=["C"]),
    "tim-10": timing(timeOfDay=["09:00:00"], when=["MORN"]),
    "ait-1": without("AllergyIntolerance", "clinicalStatus"),
    "ait-2": with_(
        "AllergyIntolerance",
        verificationStatus=coded("allergyintolerance-verification", RETRACTED),
    ),
    "app-1": with_("Appointment", participant=[{"status": "accepted"}]),
    "app-2": without("Appointment", "end"),
    "app-3": without("Appointment", "start", "end"),
    "app-4": with_("Appointment", cancelationReason=words("ill")),
    "cpl-3": with_(
        "CarePlan",
        activity=[
            {"reference": ref("Task"), "detail": {"status": "in-progress"}},
        ],
    ),
    "con-1": with_("Condition", stage=[{"type": words("x")}]),
    "con-2": with_("Condition", evidence=[{"id": "x"}]),
    "con-3": without("Condition", "clinicalStatus"),
    "con-4": with_("Condition", abatementDateTime="2026"),
    "con-5": with_(
        "Condition", verificationStatus=coded("condition-ver-status", RETRACTED)
    ),
    "ctm-1": with_(
        "CareTeam",
        participant=[{"member": ref("Patient"), "onBehalfOf": ref("Organization")}],
    ),
    "ppc-1": without("Consent", "policyRule"),
    "ppc-2": without("Consent", "patient"),
    "ppc-3": with_("Consent", patient=None, scope=coded("consentscope", "research")),
    "ppc-4": with_("Consent", patient=None, scope=coded("consentscope", "adr")),
    "ppc-5": with_("Consent", patient=None, scope=coded("consentscope", "treatment")),
    "gol-1": with_("Goal", target=[{"detailString": "x"}]),
    "obs-3": with_("Observation", referenceRange=[{"type": words("x")}]),
    "obs-6": with_("Observation", dataAbsentReason=words("not asked")),
    "obs-7": with_(
        "Observation",
        code=coded("observation-category", "social-history"),
        component=[
            {
                "code": coded("observation-category", "social-history"),
                "valueBoolean": True,
            }
        ],
    ),
    "org-1": without("Organization", "identifier", "name"),
    "org-2": with_("Organization", address=[{"use": "home", "text": "x"}]),
    "org-3": with_(
        "Organization", telecom=[{"use": "home", "system": "phone", "value": "1"}]
    ),
    "pat-1": with_("Patient", contact=[{"gender": "female"}]),
    "ras-1": with_(
        "RiskAssessment",
        prediction=[{"probabilityRange": {"low": {"value": 1}}}],
    ),
    "ras-2": with_("RiskAssessment", prediction=[{"probabilityDecimal": 101}]),
    "prr-1": with_("ServiceRequest", code=None, orderDetail=[words("x")]),
    "inv-1": with_("Task", lastModified="2026-11-05T11:59:59Z"),
    "bdl-1": bundle(total=1),
    "bdl-2": bundle(entries=[entry(search={"mode": "match"})]),
    "bdl-3": bundle(entries=[entry(request=PUT)]),
    "bdl-4": bundle(entries=[entry(response={"status": "200"})]),
    "bdl-5": bundle(entries=[{"fullUrl": "urn:uuid:" + name_of("x")}]),
    "bdl-7": bundle(entries=[entry(), entry()]),
    "bdl-8": bundle(entries=[{**entry(), "fullUrl": "https://a.test/_history/1"}]),
    "bdl-9": bundle("document", identifier={"value": "1"}),
    "bdl-10": {k: v for k, v in bundle("document").items() if k != "timestamp"},
    "bdl-11": bundle("document"),
    "bdl-12": bundle("message"),
    "ta-1": with_("RiskAssessment", prediction=[{"qualitativeRisk": words("x")}]),
    "ta-2": bundle(entries=[{**entry(), "fullUrl": "https://a.test/fhir/Patient/1"}]),
    "ta-3": bundle(entries=[{"resource": entry()["resource"]}]),
    "ta-4": bundle(
        entries=[
            entry(),
            {**entry(), "resource": {**entry()["resource"], "meta": {}}},
        ]
    ),
    "ta-5": bundle(
        "transaction",
        entries=[
            entry(
                request={
                    "method": "PUT",
                    "url": "Patient?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId"
                    "%2Fnhs-number%7C9997000374",
                }
            )
        ],
    ),
    "ta-6": with_("Patient", identifier=[{"system": "local", "value": "1"}]),
    "ta-7": with_("Flag", code={"coding": [{"system": "https://example.test/cs"}]}),
    "ta-8": with_(
        "CarePlan", contained=[{"resourceType": "Organization", "name": "x"}]
    ),
}
BROKEN["ta-4"]["entry"][1]["resource"]["meta"] = {"versionId": "2"}


def keys_told(resource: dict[str, Any]) -> list[str]:
    if resource["resourceType"] == "Bundle":
        return [issue.message.partition(":")[0] for issue in CHECKER.bundle(resource)]
    members = [resource, *(one for kind, one in SOUND.items()
                           if kind != resource["resourceType"])]  # fmt: skip
    issues = CHECKER.resources(members)
    return [issue.message.partition(":")[0] for issue in issues]


def test_every_invariant_has_its_broken_resource():
    assert set(BROKEN) == {one.key for one in INVARIANTS} | set(ELSEWHERE)


@pytest.mark.parametrize("key", sorted(set(BROKEN) - {"ele-1"}))
def test_a_broken_invariant_is_told_by_its_key(key):
    assert key in keys_told(BROKEN[key])


def test_an_empty_element_is_told():
    issues = CHECKER.resource(BROKEN["ele-1"])
    assert [(i.path, i.code) for i in issues] == [("Flag.period", "BUNDLE_STRUCTURE")]


def test_every_invariant_is_in_the_published_list_in_its_own_words():
    page = DOC.read_text()
    for one in INVARIANTS:
        assert f"| {one.key} | {one.on} | {one.words} |" in page
    for key, what in ELSEWHERE.items():
        assert f"| {key} |" in page
        assert what in page


@pytest.mark.parametrize(
    ("start", "end", "is_held"),
    [
        ("2026", "2027", True),
        ("2026-11", "2026-11", True),
        ("2026-11", "2026-12-01", True),
        ("2026-11-05", "2026-11-05", True),
        ("2026-11-06", "2026-11-05", False),
        ("2026-11-05", "2026-11", False),
        ("2026-11-05T10:00:00Z", "2026-11-05T10:30:00+01:00", False),
        ("2026-11-05T10:00:00+01:00", "2026-11-05T09:30:00Z", True),
        ("2026-11-05T10:00:00.123456789Z", "2026-11-05T10:00:00.2Z", True),
        ("2026-11-04", "2026-11-05T09:30:00Z", True),
        ("2026-11-05", "2026-11-05T09:30:00Z", False),
        ("2026-11-05T23:30:00-01:00", "2026-11-06", False),
        ("2026-11-05T23:30:00-01:00", "2026-11-07", True),
        ("2026-11-05T10:00:00Z", "2026-11-05T10:00:00Z", True),
        (NOON, "2016-12-31T23:59:60Z", False),
    ],
)
def test_dates_are_compared_as_far_as_they_are_precise(start, end, is_held):
    assert is_not_after(start, end) is is_held
