"""The check: each kind of fault has its code, its place, and no value."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle.build import make_content
from adapter.bundle.check import compile_checker
from adapter.bundle.check.faults import CODES
from adapter.bundle.fhir import model_issues
from adapter.bundle.ids import Ids
from tests.unit.bundle.sound import BASE, NOON, SOUND, name_of, ref, sound_bundle, words

CHECKER = compile_checker({})
DOC = Path(__file__).parents[3] / "docs" / "reference" / "checks.md"


def changed(kind: str, **elements: Any) -> dict[str, Any]:
    resource = copy.deepcopy(SOUND[kind])
    for name, value in elements.items():
        resource[name.rstrip(".")] = value
    return resource


def told(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [(issue.code, issue.path) for issue in CHECKER.resource(resource)]


STRUCTURE, BINDING, TARGET = CODES[:3]
REFERENCE = CODES[5]


@pytest.mark.parametrize(
    ("resource", "code", "path"),
    [
        (changed("Flag", foo=1), STRUCTURE, "Flag.foo"),
        (changed("Flag", status__ext={}), STRUCTURE, "Flag.?"),
        (changed("Flag", status=None), STRUCTURE, "Flag.status"),
        (changed("Flag", status=["active"]), STRUCTURE, "Flag.status"),
        (changed("Flag", status="activ"), BINDING, "Flag.status"),
        (changed("Flag", category=words("x")), STRUCTURE, "Flag.category"),
        (changed("Flag", category=[]), STRUCTURE, "Flag.category"),
        (changed("Flag", category=[{}]), STRUCTURE, "Flag.category[0]"),
        (changed("Flag", code={"text": " "}), STRUCTURE, "Flag.code.text"),
        (changed("Flag", code={"text": "a\x07"}), STRUCTURE, "Flag.code.text"),
        (changed("Flag", id="under_score"), STRUCTURE, "Flag.id"),
        (changed("Flag", subject=ref("Goal")), TARGET, "Flag.subject"),
        (changed("Patient", birthDate="2009-02-29"), STRUCTURE, "Patient.birthDate"),
        (changed("Patient", active="true"), STRUCTURE, "Patient.active"),
        (
            changed("Patient", deceasedDateTime=NOON),
            STRUCTURE,
            "Patient.deceased[x]",
        ),
        (
            changed("Patient", name=[{"given": ["A", None]}]),
            STRUCTURE,
            "Patient.name[0].given[1]",
        ),
        (
            changed("Patient", name=[{"given": ["A"], "_given": [{"id": "a"}] * 2}]),
            STRUCTURE,
            "Patient.name[0]._given",
        ),
        (
            changed("Communication", payload=[{"id": "a"}]),
            STRUCTURE,
            "Communication.payload[0].content[x]",
        ),
        (changed("Encounter", status="planed"), BINDING, "Encounter.status"),
        (changed("Task", status="+"), BINDING, "Task.status"),
        (
            changed("Condition", clinicalStatus=words("active")),
            BINDING,
            "Condition.clinicalStatus",
        ),
        (changed("Observation", subject=ref("Organization")), TARGET,
         "Observation.subject"),
        (changed("Flag", author={"type": "Goal", "display": "x"}), TARGET,
         "Flag.author"),
        (changed("Flag", author={"reference": "a b"}), STRUCTURE,
         "Flag.author.reference"),
    ],
)  # fmt: skip
def test_a_fault_has_its_code_and_place(resource, code, path):
    assert (code, path) in told(resource)


def test_a_required_element_may_say_why_it_is_not_there():
    why = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    flag = changed("Flag", _status={"extension": [{**why, "valueCode": "unknown"}]})
    del flag["status"]
    assert told(flag) == []
    del flag["_status"]
    assert told(flag) == [(STRUCTURE, "Flag.status")]


def test_a_null_may_stand_where_an_extension_says_why():
    why = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}
    sibling = [None, {"extension": [{**why, "valueCode": "masked"}]}]
    names = [{"given": ["Amara", None], "_given": sibling}]
    assert told(changed("Patient", name=names)) == []


def test_codes_of_r4_that_the_models_cut_short_are_let_through():
    assert told(changed("Encounter", status="entered-in-error")) == []
    assert told(changed("Observation", status="corrected")) == []


def test_types_that_only_later_releases_have_are_refused():
    for kind in ("Citation", "Nonsense", "Element", "CodeableConcept"):
        assert told({"resourceType": kind}) == [(STRUCTURE, f"{kind}.resourceType")]
    value = {"url": "http://hl7.org/fhir/StructureDefinition/flag-detail",
             "valueCodeableReference": {"concept": words("x")}}  # fmt: skip
    assert (STRUCTURE, "Flag.extension[0].valueCodeableReference") in told(
        changed("Flag", extension=[value])
    )


def test_all_faults_are_told_at_once():
    flag = changed("Flag", status="activ", foo=1, subject=ref("Goal"))
    assert {code for code, _ in told(flag)} == {STRUCTURE, BINDING, TARGET}


def test_a_path_may_be_given():
    issues = CHECKER.resource(changed("Flag", foo=1), "Task.contained[0]")
    assert issues[0].path == "Task.contained[0].foo"


def test_a_bundle_tells_the_place_in_the_bundle():
    bundle = sound_bundle()
    bundle["entry"][9]["resource"] = changed("Flag", foo=1)
    assert [(i.code, i.path) for i in CHECKER.bundle(bundle)] == [
        (STRUCTURE, "Bundle.entry[9].resource.ofType(Flag).foo")
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "Practitioner/gone",
        "https://elsewhere.test/fhir/Patient/1",
        "Patient?identifier=1",
        f"urn:uuid:{name_of('x')}",
    ],
)
def test_a_reference_must_lead_to_something_in_the_bundle(reference):
    bundle = sound_bundle()
    bundle["entry"][9]["resource"] = changed("Flag", author={"reference": reference})
    assert [(i.code, i.path) for i in CHECKER.bundle(bundle)] == [
        (REFERENCE, "Bundle.entry[9].resource.ofType(Flag).author.reference")
    ]
    assert all(reference not in i.message for i in CHECKER.bundle(bundle))


def test_a_reference_by_full_url_or_type_and_id_leads_there():
    bundle = sound_bundle()
    name = name_of("Organization")
    for reference in (f"{BASE}/Organization/{name}", f"Organization/{name}"):
        author = {"reference": reference, "type": "Organization"}
        bundle["entry"][9]["resource"] = changed("Flag", author=author)
        assert CHECKER.bundle(bundle) == []


def test_the_type_of_a_urn_is_known_by_its_entry():
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:{name_of(kind)}",
                "resource": {
                    "resourceType": kind,
                    **extra,
                },
                "request": {"method": "PUT", "url": f"{kind}?identifier=1"},
            }
            for kind, extra in {
                "Goal": {
                    "lifecycleStatus": "active",
                    "description": words("x"),
                    "subject": {"reference": f"urn:uuid:{name_of('Patient')}"},
                },
                "Patient": {
                    "managingOrganization": {"reference": f"urn:uuid:{name_of('Goal')}"}
                },
            }.items()
        ],
    }
    assert [(i.code, i.path) for i in CHECKER.bundle(bundle)] == [
        (TARGET, "Bundle.entry[1].resource.ofType(Patient).managingOrganization")
    ]


def test_content_is_checked_with_its_references():
    flag = SOUND["Flag"]
    assert [i.code for i in CHECKER.resources([flag])].count(REFERENCE) == 3
    assert CHECKER.resources(list(SOUND.values())) == []


def mapped(**flag: Any) -> list[dict[str, Any]]:
    return [
        {"resourceType": "Patient", "id": "Patient"},
        {
            "resourceType": "Flag",
            "id": "Flag/1",
            "status": "active",
            "code": words("x"),
            "subject": {"reference": "Patient"},
            **flag,
        },
    ]


def test_content_is_asked_once_for_each_form():
    checker = compile_checker({})
    for recipient in ("r-1", "r-2"):
        ids = Ids(b"key", "ZZ9A1", "tr-1", recipient)
        assert checker.content(make_content(mapped(), ids)) == []
        bad = make_content(mapped(status="activ"), ids)
        assert [i.path for i in checker.content(bad)] == ["Flag.status"]
        gone = make_content(mapped(author={"reference": "Practitioner/9"}), ids)
        assert [i.code for i in checker.content(gone)] == [REFERENCE]
    checker.forget()
    assert checker.content(make_content(mapped(), ids)) == []


def test_a_form_that_is_sound_where_its_target_is_is_not_so_elsewhere():
    checker = compile_checker({})
    ids = Ids(b"key", "ZZ9A1", "tr-1", "r-1")
    assert checker.content(make_content(mapped(), ids)) == []
    alone = make_content(mapped()[1:], ids)
    assert [i.code for i in checker.content(alone)] == [REFERENCE]


def test_an_id_that_is_there_twice_is_told():
    ids = Ids(b"key", "ZZ9A1", "tr-1", "r-1")
    twice = make_content([*mapped(), mapped()[1]], ids)
    assert [i.path for i in CHECKER.content(twice)] == ["Flag"]


def test_what_is_no_resource_is_told_and_not_raised():
    for nothing in ([], None, "x", {}, {"resourceType": ["Flag"]}):
        assert [issue.code for issue in CHECKER.resource(nothing)] == [STRUCTURE]
        assert CHECKER.bundle({"resourceType": "Bundle", "type": "collection",
                               "entry": nothing}) != []  # fmt: skip


def test_what_is_nested_without_end_is_told_and_not_raised():
    one: dict[str, Any] = {"url": "http://hl7.org/fhir/StructureDefinition/flag-detail"}
    for _ in range(3000):
        one = {"url": one["url"], "extension": [one]}
    flag = changed("Flag", extension=[one])
    assert told(flag) == [(STRUCTURE, "Flag")]
    assert model_issues(flag) != []


def test_every_code_is_in_the_published_list():
    page = DOC.read_text()
    assert all(f"| {code} |" in page for code in CODES)


def test_the_check_writes_nothing_into_what_it_is_given():
    bundle = sound_bundle()
    before = json.dumps(bundle)
    CHECKER.bundle(bundle)
    assert json.dumps(bundle) == before
