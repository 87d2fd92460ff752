"""The published page and schema of the language tell what the engine does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from templates import faults, flag

from adapter.mapping.signatures import FUNCTIONS

MAPPINGS = Path(__file__).resolve().parents[3] / "mappings"
README = (MAPPINGS / "README.md").read_text(encoding="utf-8")
SCHEMA = json.loads((MAPPINGS / "mapping.schema.json").read_text(encoding="utf-8"))


def test_every_function_stands_in_the_readme_with_its_docstring():
    told = dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", README, flags=re.MULTILINE))
    assert told == {function.signature: function.doc for function in FUNCTIONS.values()}


@pytest.mark.parametrize("path", sorted((MAPPINGS / "fhir").glob("*.yaml")), ids=str)
def test_the_schema_accepts_every_template(path):
    assert misfits(SCHEMA, yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "- a: b",
        "- resource: {resourceType: Flag}",
        "- resource: {resourceType: Flag, id: x}",
        flag("x: []"),
        flag("x: {}"),
        flag("x: ''"),
        flag("x: [[a]]"),
        flag("x: {safety.note}"),
        flag("x: [{for: safety.risks, a: b}]"),
        flag("x: [{if: '{safety.note}', a: b}]"),
        flag("x: [{let: safety.note, a: b}]"),
    ],
)
def test_the_schema_refuses_what_the_engine_refuses(text):
    assert faults(text) != []
    assert misfits(SCHEMA, yaml.safe_load(text)) != []


def misfits(schema: dict[str, Any], value: Any, at: str = "$") -> list[str]:
    """Where a value breaks the schema: as much of JSON Schema as ours uses."""
    known = {"$schema", "$id", "$defs", "title", "description", "$ref", "type", "items"}
    known |= {"properties", "required", "additionalProperties", "propertyNames"}
    known |= {"minProperties", "minItems", "pattern", "anyOf", "allOf"}
    assert set(schema) <= known
    found: list[str] = []
    if "$ref" in schema:
        found += misfits(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value, at)
    for part in schema.get("allOf", ()):
        found += misfits(part, value, at)
    if "anyOf" in schema and all(misfits(part, value, at) for part in schema["anyOf"]):
        found.append(at)
    if "type" in schema and _type(value) not in schema["type"]:
        return [*found, f"{at} is {_type(value)}"]
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{at} does not match")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{at} is empty")
        for number, item in enumerate(value):
            found += misfits(schema.get("items", {}), item, f"{at}[{number}]")
    if isinstance(value, dict):
        found += _object_misfits(schema, value, at)
    return found


def _object_misfits(schema: dict[str, Any], value: Any, at: str) -> list[str]:
    found = [f"{at}.{name}" for name in schema.get("required", ()) if name not in value]
    if len(value) < schema.get("minProperties", 0):
        found.append(f"{at} is empty")
    for name, below in value.items():
        found += misfits(schema.get("propertyNames", {}), str(name), f"{at}.{name}")
        part = schema.get("properties", {}).get(name)
        if part is None:
            part = schema.get("additionalProperties", {})
        if part is False:
            found.append(f"{at}.{name} is not known")
        else:
            found += misfits(part, below, f"{at}.{name}")
    return found


def _type(value: Any) -> str:
    for kind, name in (
        (bool, "boolean"),
        (int | float, "number"),
        (list, "array"),
        (dict, "object"),
        (type(None), "null"),
    ):
        if isinstance(value, kind):
            return name
    return "string"
