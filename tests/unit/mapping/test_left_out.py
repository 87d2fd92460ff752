"""What gives nothing is left out, with its literals. Source: DESIGN section 5."""

from __future__ import annotations

import pytest
from templates import load, made

CONTEXT = {"safety": {"note": "n"}}


@pytest.mark.parametrize(
    ("element", "there", "absent"),
    [
        ("x: '{safety.note}'", {"x": "n"}, {}),
        ("x: {y: {z: '{safety.note}'}}", {"x": {"y": {"z": "n"}}}, {}),
        ("x: ['{safety.note}']", {"x": ["n"]}, {}),
        ("x: [{y: '{safety.note}'}]", {"x": [{"y": "n"}]}, {}),
        (
            "x: [{system: phone, value: '{safety.note}'}]",
            {"x": [{"system": "phone", "value": "n"}]},
            {},
        ),
        (
            "x: {system: phone, value: 'Ring {safety.note}', use: work}",
            {"x": {"system": "phone", "value": "Ring n", "use": "work"}},
            {},
        ),
        ("x: [Dr, '{safety.note}']", {"x": ["Dr", "n"]}, {}),
        (
            "x: {a: '{safety.note}', b: '{safety.plan.count}', c: d}",
            {"x": {"a": "n", "c": "d"}},
            {},
        ),
        ("x: {literal: only}", {"x": {"literal": "only"}}, {"x": {"literal": "only"}}),
        ("x: [a, b]", {"x": ["a", "b"]}, {"x": ["a", "b"]}),
        (
            "x: {number: '{3}', y: '{safety.note}'}",
            {"x": {"number": 3, "y": "n"}},
            {},
        ),
        (
            "x: [{by: \"{ref('Patient')}\", text: '{safety.note}'}]",
            {"x": [{"by": {"reference": "Patient"}, "text": "n"}]},
            {},
        ),
        (
            "x: [\"{ref('Patient')}\", {text: '{safety.note}'}]",
            {"x": [{"reference": "Patient"}, {"text": "n"}]},
            {"x": [{"reference": "Patient"}]},
        ),
        (
            "x: [{coding: \"{code('topic', 'safety')}\"}, {text: '{safety.note}'}]",
            {
                "x": [
                    {"coding": [{"system": "http://c", "code": "safety"}]},
                    {"text": "n"},
                ]
            },
            {"x": [{"coding": [{"system": "http://c", "code": "safety"}]}]},
        ),
        (
            "x: [{if: safety.note, y: z}]",
            {"x": [{"y": "z"}]},
            {},
        ),
        (
            "x: [a, {if: safety.note, y: z}]",
            {"x": ["a", {"y": "z"}]},
            {"x": ["a"]},
        ),
        (
            "x: [{if: safety.note, y: z}, '{safety.plan.count}']",
            {"x": [{"y": "z"}]},
            {},
        ),
        (
            "x: [{if: not safety.note, y: z}, '{safety.note}']",
            {"x": ["n"]},
            {"x": [{"y": "z"}]},
        ),
        (
            "x: {profile: [\"{always('p')}\"], security: ['{safety.note}']}",
            {"x": {"profile": ["p"], "security": ["n"]}},
            {"x": {"profile": ["p"]}},
        ),
        ("x: '{nothing}'", {}, {}),
        ("x: {a: b, c: '{nothing}'}", {}, {}),
        ("x: \"{code('risk-domain', 'other')}\"", {}, {}),
    ],
)
def test_an_element_with_nothing_in_it_is_left_out(element, there, absent):
    def without_display(value):
        if isinstance(value, dict):
            return {k: without_display(v) for k, v in value.items() if k != "display"}
        return [without_display(v) for v in value] if isinstance(value, list) else value

    assert without_display(made(element, **CONTEXT)) == there
    assert without_display(made(element)) == absent


def test_a_resource_whose_expressions_all_gave_nothing_is_left_out():
    text = """
- resource:
    resourceType: Flag
    id: "{id('Flag.note')}"
    status: active
    subject: "{ref('Patient')}"
    code: {text: "{safety.note}"}
"""
    mapping = load(flag=text)
    assert mapping.apply({}) == []
    assert [flag["id"] for flag in mapping.apply(CONTEXT)] == ["Flag.note"]


def test_an_item_without_an_id_has_no_resource_of_its_own():
    text = """
- for: risk in safety.risks
  if: risk.id
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
"""
    risks = {"safety": {"risks": [{"domain": "other"}, {"id": "a"}]}}
    assert [flag["id"] for flag in load(flag=text).apply(risks)] == ["Flag/a"]


def test_an_author_who_may_not_be_named_gives_nothing():
    assert made("x: '{author.name}'", author=None) == {}
