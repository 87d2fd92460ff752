"""How a template file is read. Source: DESIGN section 5."""

from __future__ import annotations

import pytest
from templates import DECLARED, code_maps, faults, flag, load, made

from adapter.errors import MappingInvalid
from adapter.mapping.compile import load_mapping

RISKS = {
    "risks": [
        {"id": "rk-1", "domain": "self_harm", "triggers": ["Arguments", "Nights"]},
        {"id": "rk-2", "domain": "suicide"},
    ]
}


@pytest.mark.parametrize(
    "scalar",
    ["NO", "yes", "03", "2026-11-05", "null", "~", "1.0", "0x1F", "true", "=", "12:30"],
)
def test_every_scalar_is_a_string_whatever_it_looks_like(scalar):
    assert made(f"x: {scalar}") == {"x": scalar}


def test_typed_values_are_written_as_expressions():
    assert made("a: '{3}'\nb: '{true}'\nc: ['{0.5}']") == {
        "a": 3,
        "b": True,
        "c": [0.5],
    }


def test_doubled_braces_are_braces():
    assert made("x: '{{risk}} {{'") == {"x": "{risk} {"}
    safety = {"note": "n"}
    assert made("x: '{{{safety.note}}}'", safety=safety) == {"x": "{n}"}


def test_a_brace_within_a_quoted_text_of_an_expression_is_text():
    assert made("""x: "{join('{a}', '}')}" """) == {"x": "{a}"}


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("x: 'a {safety.note'", 5, "never closed"),
        ("x: 'a } b'", 5, "closes nothing"),
        ("x: '{a {b}}'", 5, "a { within an expression"),
        ("x: ''", 5, "an empty text"),
        ("x:", 5, "an empty text"),
        ("x: {}", 5, "an empty object"),
        ("x: []", 5, "an empty list"),
        ("x: [[a]]", 5, "a list of lists"),
        ("x: {safety.note}", 5, "in braces stands in quotes"),
        ("x: {{safety.note}: y}", 5, "in braces stands in quotes"),
        ("x: a\nx: b", 6, "stands here twice"),
        ("x: &a b", 5, ""),
        ("x: &a [b]\ny: *a", 5, "alias"),
        ("x: !!int 3", 5, "a tag"),
        ("x: !own 3", 5, "a tag"),
        ("<<: {a: b}", 5, "not an element's name"),
        ("a-b: c", 5, "not an element's name"),
        ("x: [{for: risk in safety.risks}]", 5, "no element beside"),
        ("x: [{for: safety.risks, a: b}]", 5, "`for` is written `name in list`"),
        ("x: [{for: a.b in safety.risks, a: b}]", 5, "`for` is written"),
        ("x: [{for: r in safety.note, a: b}]", 5, "`for` walks a list"),
        ("x: [{for: status in safety.risks, a: b}]", 5, "means something else"),
        ("x: [{for: R in safety.risks, a: b}]", 5, "is not a name"),
        ("x: [{for: record_id in safety.risks, a: b}]", 5, "means something else"),
        ("x: [{let: {true: safety.note}, a: b}]", 5, "a word of the language"),
        ("x: [{let: safety.note, a: b}]", 5, "`let` gives each name"),
        ("x: [{let: {a: [b]}, a: b}]", 5, "without braces"),
        ("x: [{if: '{safety.note}', a: b}]", 5, "without braces"),
        ("x: [{if: {safety.note: ''}, a: b}]", 5, "without braces"),
        ("x: [{if: safety.risks or safety.nought, a: b}]", 5, "safety.nought"),
    ],
)
def test_what_the_language_does_not_have_is_refused(text, place, word):
    found = faults(flag(text))
    if not word:
        assert found == []  # an anchor that nothing uses is harmless
        return
    assert [at for at, _ in found] == [f"flag.yaml:{place}"]
    assert word in found[0][1]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("", 1, "a list of resources"),
        ("a: b", 1, "a list of resources"),
        ("[]", 1, "a list of resources"),
        ("- a: b", 1, "an object with `resource`"),
        ("- x", 1, "an object with `resource`"),
        ("- resource: x", 1, "`resource` is an object"),
        ("- resource: {status: active}", 1, "needs its resourceType"),
        ("- resource: {resourceType: Flag}", 1, "its id is written {id('Flag', …)}"),
        ("- resource:\n    resourceType: Flag\n    id: x", 3, "its id is written"),
        (
            "- resource:\n    resourceType: Flag\n    id: \"{id('Goal')}\"",
            3,
            "its id is written",
        ),
        ("- note: x\n  resource: {resourceType: Flag}", 1, "cannot stand beside"),
        ("- a: [\n", 2, "YAML"),
        ("- a: b\n--- \n- c: d", 2, "YAML"),
    ],
)
def test_what_is_no_template_file_is_refused(text, place, word):
    found = faults(text)
    assert (f"flag.yaml:{place}", word) in [
        (at, word if word in message else message) for at, message in found
    ]


def test_every_fault_of_every_file_is_told_at_once():
    with pytest.raises(MappingInvalid) as refused:
        load(
            one=flag("x: '{safety.a}'\ny: '{safety.b}'"),
            two=flag("x: '{safety.c}'\nx: z"),
        )
    assert [issue.path for issue in refused.value.issues] == [
        "one.yaml:5",
        "one.yaml:6",
        "two.yaml:6",
    ]
    with pytest.raises(MappingInvalid) as refused:
        load(one=flag("x:\n  - y: '{safety.a}'\n    z: |\n      a\n      {safety.b}"))
    assert [issue.path for issue in refused.value.issues] == [
        "one.yaml:6",
        "one.yaml:9",
    ]


def test_a_fault_in_for_is_told_once_and_not_again_for_each_use_of_its_name():
    text = flag(
        "x:\n- for: risk in safety.dangers\n  let: {a: risk.x}\n  y: '{risk.z} {a}'"
    )
    assert faults(text) == [("flag.yaml:6", "no declaration has safety.dangers")]


def test_for_let_and_if_stand_on_a_resource():
    text = """
- for: risk in safety.risks
  let: {known: "risk.domain == 'self_harm'"}
  if: known
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
    code: {text: "{risk.domain}"}
"""
    assert load(flag=text).apply({"safety": RISKS}) == [
        {"resourceType": "Flag", "id": "Flag/rk-1", "code": {"text": "self_harm"}}
    ]


def test_for_let_and_if_stand_on_an_object_of_a_list():
    element = """note:
- for: risk in safety.risks
  if: risk.triggers
  let: {first_one: "risk.triggers[0]", named: "find(safety.risks, risk.id)"}
  text: "{first_one} of {named.domain}"
  line:
  - for: trigger in risk.triggers
    text: "{trigger}"
"""
    assert made(element, safety=RISKS) == {
        "note": [
            {
                "text": "Arguments of self_harm",
                "line": [{"text": "Arguments"}, {"text": "Nights"}],
            }
        ]
    }


def test_a_later_let_may_use_an_earlier_one():
    element = """note:
- let: {all: safety.risks, one: "all[0]", two: "one.domain"}
  text: "{two}"
"""
    assert made(element, safety=RISKS) == {"note": [{"text": "self_harm"}]}


def test_an_element_of_a_resource_may_be_called_for():
    text = """
- resource:
    resourceType: Task
    id: "{id('Task.accept-handover')}"
    for: "{ref('Patient')}"
"""
    assert load(task=text).apply({}) == [
        {
            "resourceType": "Task",
            "id": "Task.accept-handover",
            "for": {"reference": "Patient"},
        }
    ]


def test_a_list_mixes_literals_objects_loops_and_values():
    element = """x:
- first
- for: risk in safety.risks
  text: "{risk.domain}"
- "{safety.risks[0].triggers}"
- "{safety.risks[1].triggers}"
- text: last
"""
    assert made(element, safety=RISKS)["x"] == [
        "first",
        {"text": "self_harm"},
        {"text": "suicide"},
        "Arguments",
        "Nights",
        {"text": "last"},
    ]


def test_resources_come_in_the_order_of_files_then_templates_then_items():
    two = """
- for: risk in safety.risks
  resource: {resourceType: Flag, id: "{id('Flag', risk.id)}"}
- resource: {resourceType: Flag, id: "{id('Flag.last')}"}
"""
    one = "- resource: {resourceType: Goal, id: \"{id('Goal')}\"}"
    mapping = load(b_two=two, a_one=one)
    assert [made["id"] for made in mapping.apply({"safety": RISKS})] == [
        "Goal",
        "Flag/rk-1",
        "Flag/rk-2",
        "Flag.last",
    ]


def test_elements_keep_the_order_of_the_template():
    element = "b: '{safety.risks[0].domain}'\na: x\nc: '{safety.risks[0].id}'"
    assert list(made(element, safety=RISKS)) == ["b", "a", "c"]


def test_the_version_names_the_texts_of_templates_and_code_maps():
    one = load(flag=flag("x: y"))
    again = load(flag=flag("x: y"))
    other = load(flag=flag("x: z"))
    assert one.version == again.version
    assert one.version != other.version
    assert len(one.version) == 12
    codes = load_mapping(
        {"flag.yaml": flag("x: y")},
        code_maps=type(code_maps())({}, "others"),
        declarations=DECLARED,
    )
    assert codes.version != one.version


def test_a_type_that_could_never_be_ended_is_refused_at_its_line():
    text = """- resource:
    id: "{id('Basic')}"
    resourceType: Basic
"""
    with pytest.raises(MappingInvalid) as caught:
        load_mapping(
            {"basic.yaml": text},
            code_maps=code_maps(),
            declarations=DECLARED,
            endable={"Flag"},
        )
    (issue,) = caught.value.issues
    assert issue.path == "basic.yaml:3"
    assert "no end status" in issue.message
