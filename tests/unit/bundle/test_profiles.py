"""The project's own definitions: what they ask for is held, what is not is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle.check import compile_checker
from adapter.canonical import CANONICAL, CODE_SYSTEM, extension_url
from adapter.errors import ProfileInvalid
from tests.unit.bundle.sound import SOUND, ref, words

PROFILES = Path(__file__).parents[3] / "profiles"
VALUE_SET = f"{CANONICAL}/ValueSet/agreement"
FLAG_PROFILE = f"{CANONICAL}/StructureDefinition/safety-flag"

SYSTEM = {
    "resourceType": "CodeSystem",
    "url": CODE_SYSTEM,
    "concept": [
        {"code": "agreed", "display": "Agreed"},
        {"code": "disputed", "concept": [{"code": "partly", "display": "Partly"}]},
        {"code": "other"},
    ],
}
AGREEMENT_CODES = {
    "resourceType": "ValueSet",
    "url": VALUE_SET,
    "compose": {
        "include": [
            {"system": CODE_SYSTEM, "concept": [{"code": "agreed"}, {"code": "partly"}]}
        ]
    },
}


def extension(name: str, *elements: dict, context: str = "Flag") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": extension_url(name),
        "type": "Extension",
        "context": [{"type": "element", "expression": context}],
        "differential": {"element": [{"id": "Extension", "path": "Extension"},
                                     *elements]},
    }  # fmt: skip


def element(path: str, name: str = "", **more: Any) -> dict[str, Any]:
    return {"id": name or path, "path": path, **more}


AGREEMENT = extension(
    "agreement",
    element("Extension.extension", max="0"),
    element("Extension.url", fixedUri=extension_url("agreement")),
    element(
        "Extension.value[x]",
        min=1,
        type=[{"code": "CodeableConcept"}],
        binding={"strength": "required", "valueSet": VALUE_SET},
    ),
)
WHO = extension(
    "who",
    element(
        "Extension.value[x]",
        min=1,
        type=[
            {
                "code": "Reference",
                "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"],
            }
        ],
    ),
)
COMPLEX = extension(
    "step",
    element("Extension.extension", min=1),
    element("Extension.extension", "Extension.extension:order", min=1, max="1",
            sliceName="order"),
    element("Extension.extension.url", "Extension.extension:order.url",
            fixedUri="order"),
    element("Extension.extension.value[x]", "Extension.extension:order.value[x]",
            min=1, type=[{"code": "positiveInt"}]),
    element("Extension.extension", "Extension.extension:why", sliceName="why"),
    element("Extension.extension.value[x]", "Extension.extension:why.value[x]",
            type=[{"code": "string"}]),
    element("Extension.value[x]", max="0"),
)  # fmt: skip
SAFETY_FLAG = {
    "resourceType": "StructureDefinition",
    "url": FLAG_PROFILE,
    "type": "Flag",
    "differential": {
        "element": [
            element("Flag"),
            element("Flag.status", fixedCode="active"),
            element("Flag.category", min=1, max="1"),
            element(
                "Flag.category.coding",
                patternCoding={"system": CODE_SYSTEM, "code": "agreed"},
            ),
            element("Flag.period", max="0"),
            element("Flag.code.text", min=1),
            element(
                "Flag.extension",
                "Flag.extension:agreement",
                sliceName="agreement",
                min=1,
                type=[{"code": "Extension", "profile": [extension_url("agreement")]}],
            ),
        ]
    },
}


def files(*bodies: dict) -> dict[str, str]:
    return {
        f"{body['resourceType']}-{number}.json": json.dumps(body)
        for number, body in enumerate(bodies)
    }


CHECKER = compile_checker(
    files(SYSTEM, AGREEMENT_CODES, AGREEMENT, WHO, COMPLEX, SAFETY_FLAG)
)


def flag(*extensions: dict, **elements: Any) -> dict[str, Any]:
    whole = copy.deepcopy(SOUND["Flag"])
    whole["extension"] = list(extensions)
    if not extensions:
        del whole["extension"]
    for name, value in elements.items():
        whole[name] = value
        if value is None:
            del whole[name]
    return whole


def agreed(code: str = "agreed", **more: Any) -> dict[str, Any]:
    coding = {"system": CODE_SYSTEM, "code": code, **more}
    return {
        "url": extension_url("agreement"),
        "valueCodeableConcept": {"coding": [coding]},
    }


def step(*parts: dict) -> dict[str, Any]:
    return {"url": extension_url("step"), "extension": list(parts)}


ORDER = {"url": "order", "valuePositiveInt": 1}


def told(resource: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (i.code.removeprefix("BUNDLE_"), i.path) for i in CHECKER.resource(resource)
    ]


@pytest.mark.parametrize(
    "one", [agreed(), agreed("partly", display="Partly"), step(ORDER)]
)
def test_an_extension_that_is_as_defined_passes(one):
    assert told(flag(one)) == []


AT = "Flag.extension[0]"


@pytest.mark.parametrize(
    ("one", "code", "path"),
    [
        ({"url": extension_url("nothing"), "valueString": "x"}, "PROFILE", f"{AT}.url"),
        ({"url": "https://example.test/x", "valueString": "x"}, "PROFILE", f"{AT}.url"),
        ({"url": "order", "valuePositiveInt": 1}, "PROFILE", f"{AT}.url"),
        (agreed("other"), "BINDING", f"{AT}.valueCodeableConcept"),
        (agreed("none"), "BINDING", f"{AT}.valueCodeableConcept.coding[0].code"),
        (
            agreed(display="Agrees"),
            "BINDING",
            f"{AT}.valueCodeableConcept.coding[0].display",
        ),
        (
            {"url": extension_url("agreement"), "valueCodeableConcept": words("x")},
            "BINDING",
            f"{AT}.valueCodeableConcept",
        ),
        (
            {"url": extension_url("agreement"), "valueString": "x"},
            "PROFILE",
            f"{AT}.valueString",
        ),
        (
            {"url": extension_url("agreement"), "extension": [agreed()]},
            "PROFILE",
            f"{AT}.value[x]",
        ),
        (
            {"url": extension_url("who"), "valueReference": ref("Goal")},
            "TARGET",
            f"{AT}.valueReference",
        ),
        (step({"url": "why", "valueString": "x"}), "PROFILE", f"{AT}.extension"),
        (step(ORDER, ORDER), "PROFILE", f"{AT}.extension"),
        (step(ORDER, {"url": "what", "valueString": "x"}), "PROFILE",
         f"{AT}.extension[1].url"),
        (step({"url": "order", "valueString": "x"}), "PROFILE",
         f"{AT}.extension[0].valueString"),
    ],
)  # fmt: skip
def test_an_extension_that_is_not_as_defined_is_told(one, code, path):
    whole = [
        (i.code.removeprefix("BUNDLE_"), i.path)
        for i in CHECKER.resources([flag(one), *_others()])
    ]
    assert (code, path) in whole


def _others() -> list[dict[str, Any]]:
    return [one for kind, one in SOUND.items() if kind != "Flag"]


def test_an_extension_stands_only_where_it_is_defined():
    goal = {**SOUND["Goal"], "extension": [agreed()]}
    assert told(goal) == [("PROFILE", "Goal.extension[0].url")]


def test_a_claimed_profile_is_held():
    category = [{"coding": [{"system": CODE_SYSTEM, "code": "agreed"}]}]
    good = flag(agreed(), meta={"profile": [FLAG_PROFILE]}, period=None,
                category=category)  # fmt: skip
    assert told(good) == []
    bad = flag(
        status="inactive",
        category=[{"coding": [{"system": CODE_SYSTEM, "code": "other"}]}],
        code={"coding": [{"system": "https://example.test/cs", "code": "a"}]},
        meta={"profile": [f"{FLAG_PROFILE}|1"]},
    )
    assert sorted(told(bad)) == [
        ("PROFILE", "Flag.category[0].coding[0]"),
        ("PROFILE", "Flag.code.text"),
        ("PROFILE", "Flag.extension"),
        ("PROFILE", "Flag.period"),
        ("PROFILE", "Flag.status"),
    ]


def test_a_profile_of_another_type_or_of_nothing_is_told():
    goal = {**SOUND["Goal"], "meta": {"profile": [FLAG_PROFILE]}}
    assert told(goal) == [("PROFILE", "Goal.meta.profile")]
    unknown = flag(meta={"profile": [f"{CANONICAL}/StructureDefinition/none"]})
    assert told(unknown) == [("PROFILE", "Flag.meta.profile")]
    foreign = flag(meta={"profile": ["https://fhir.hl7.org.uk/StructureDefinition/x"]})
    assert told(foreign) == []


def test_the_files_in_profiles_are_understood():
    texts = {path.name: path.read_text() for path in PROFILES.glob("*.json")}
    compile_checker(texts)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "not JSON at line 1"),
        ("[]", "not a StructureDefinition"),
        (json.dumps({"resourceType": "StructureDefinition"}), "has no url"),
        (
            json.dumps({"resourceType": "StructureDefinition", "url": "x"}),
            "is incomplete: 'type'",
        ),
        (
            json.dumps({**SAFETY_FLAG, "differential": {"element": [
                element("Flag.category", "Flag.category:one", sliceName="one")]}}),
            "slicing other than of extensions is not held",
        ),
        (
            json.dumps({**SAFETY_FLAG, "differential": {"element": [
                element("Flag.category", binding={"strength": "required",
                                                  "valueSet": "https://x.test"})]}}),
            "is bound to a value set that is not in profiles/",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_held_stops_the_start(body, reason):
    with pytest.raises(ProfileInvalid) as refused:
        compile_checker({"StructureDefinition-x.json": body, "README.md": "{"})
    assert [(i.path, i.message) for i in refused.value.issues] == [
        ("StructureDefinition-x.json", reason)
    ]


def test_every_fault_in_the_files_is_told_at_once():
    with pytest.raises(ProfileInvalid) as refused:
        compile_checker({"ValueSet-a.json": "{", "CodeSystem-b.json": "{"})
    assert len(refused.value.issues) == 2


def test_a_definition_that_is_there_twice_is_refused():
    with pytest.raises(ProfileInvalid):
        compile_checker(files(AGREEMENT_CODES, SYSTEM, AGREEMENT, AGREEMENT))
