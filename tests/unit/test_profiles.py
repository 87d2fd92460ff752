"""The definitions in profiles/ and the templates in mappings/ agree with each other."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from adapter.canonical import CANONICAL, CODE_SYSTEM
from adapter.settings import Settings

SETTINGS = Settings()
TEMPLATES = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted((SETTINGS.mappings_dir / "fhir").glob("*.yaml"))
}
DEFINITIONS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted(SETTINGS.profiles_dir.glob("*.json"))
    if file.name.startswith(("StructureDefinition-", "CodeSystem-", "ValueSet-"))
}
CONCEPTS = {
    concept["code"]: concept
    for concept in DEFINITIONS["CodeSystem-transition-adapter"]["concept"]
}


def code_map_rows() -> Iterator[tuple[str, dict[str, str]]]:
    for file in sorted((SETTINGS.mappings_dir / "codes").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                yield file.name, row


def own_extensions() -> set[str]:
    return {
        name
        for text in TEMPLATES.values()
        for name in re.findall(r"our_extension\('([a-z0-9-]+)'\)", text)
    }


def test_every_extension_in_a_template_is_defined_and_no_other() -> None:
    defined = {
        name.removeprefix("StructureDefinition-")
        for name in DEFINITIONS
        if name.startswith("StructureDefinition-")
    }
    assert own_extensions() == defined


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_stands_at_its_own_address(name: str) -> None:
    kind, _, own = name.partition("-")
    definition = DEFINITIONS[name]
    assert definition["resourceType"] == kind
    assert definition["id"] == own
    assert definition["url"] == f"{CANONICAL}/{kind}/{own}"


def test_every_concept_has_a_clear_definition() -> None:
    assert [
        code
        for code, concept in CONCEPTS.items()
        if len(concept["definition"]) < 15
        or not concept["definition"].endswith(".")
        or "{" in concept["definition"]
    ] == []


def test_no_concept_ranks_risk() -> None:
    ranks = re.compile(
        r"\b(high|medium|moderate|low|severe|red|amber|green)\b|\brag\b|score|rating",
        re.IGNORECASE,
    )
    assert [
        code
        for code, concept in CONCEPTS.items()
        if ranks.search(f"{code} {concept['display']} {concept['definition']}")
    ] == []


def test_a_risk_may_have_neither_probability_nor_qualitative_risk() -> None:
    elements = DEFINITIONS["StructureDefinition-risk"]["differential"]["element"]
    forbidden = {each["path"] for each in elements if each.get("max") == "0"}
    assert {
        "RiskAssessment.prediction.probability[x]",
        "RiskAssessment.prediction.qualitativeRisk",
    } <= forbidden
    for text in TEMPLATES.values():
        assert not re.search(r"^\s*(probability\w*|qualitativeRisk):", text, re.M)


def test_our_rows_name_our_concepts_as_they_are_displayed() -> None:
    assert [
        f"{file}: {row['target']}"
        for file, row in code_map_rows()
        if row["system"] == CODE_SYSTEM
        and CONCEPTS.get(row["target"], {}).get("display") != row["display"]
    ] == []


def test_every_concept_is_used() -> None:
    used = {row["target"] for _, row in code_map_rows() if row["system"] == CODE_SYSTEM}
    assert set(CONCEPTS) == used


def test_a_code_has_one_display_wherever_it_stands() -> None:
    displays: dict[tuple[str, str], set[str]] = {}
    for _, row in code_map_rows():
        if row["display"]:
            key = (row["system"], row["target"])
            displays.setdefault(key, set()).add(row["display"])
    assert {key: each for key, each in displays.items() if len(each) > 1} == {}


def test_a_value_set_names_our_concepts() -> None:
    for name, definition in DEFINITIONS.items():
        if definition["resourceType"] != "ValueSet":
            continue
        for include in definition["compose"]["include"]:
            assert include["system"] == CODE_SYSTEM, name
            for concept in include["concept"]:
                assert concept["display"] == CONCEPTS[concept["code"]]["display"], name


def test_every_value_set_of_a_binding_is_there() -> None:
    bound = {
        element["binding"]["valueSet"]
        for definition in DEFINITIONS.values()
        if definition["resourceType"] == "StructureDefinition"
        for element in definition["differential"]["element"]
        if "binding" in element
    }
    defined = {
        definition["url"]
        for definition in DEFINITIONS.values()
        if definition["resourceType"] == "ValueSet"
    }
    assert bound <= defined


def test_every_topic_is_named_by_a_template_or_by_the_bundle() -> None:
    topics = {row["code"] for file, row in code_map_rows() if file == "topic.csv"}
    named = {
        name
        for text in TEMPLATES.values()
        for name in re.findall(r"'([a-z0-9-]+)'\)", text)
    }
    assert topics - named <= {"reply-to", "retired", "withdrawal-notice"}


def test_every_code_map_is_read_by_a_template() -> None:
    called = {
        name
        for text in TEMPLATES.values()
        for name in re.findall(
            r"(?:code|concept|mapped|display|verified|unverified)\('([a-z0-9-]+)'", text
        )
    }
    assert {file.removesuffix(".csv") for file, _ in code_map_rows()} == called
