"""What an expression may be, and what it gives. Source: DESIGN section 5."""

from __future__ import annotations

import pytest
from templates import faults, flag, made, reason, value

SAFETY = {
    "note": "Rings at nine",
    "plan": {"count": 3, "agreed": False},
    "risks": [
        {
            "id": "rk-1",
            "domain": "self_harm",
            "triggers": ["Arguments", "Lost sleep"],
            "order": 2,
        },
        {"id": "rk-2", "domain": "suicide", "order": 1},
    ],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'text'", "text"),
        ("3", 3),
        ("-3", -3),
        ("0.5", 0.5),
        ("true", True),
        ("false", False),
        ("nothing", None),
        ("''", None),
        ("safety.note", "Rings at nine"),
        ("safety['note']", "Rings at nine"),
        ("safety.plan.count", 3),
        ("safety.plan.agreed", False),
        ("safety.plan.written_at", None),
        ("safety.risks[0].id", "rk-1"),
        ("safety.risks[-1].id", "rk-2"),
        ("safety.risks[7].id", None),
        ("safety.risks[0].triggers", ["Arguments", "Lost sleep"]),
        ("safety.risks[0].triggers[1]", "Lost sleep"),
        ("safety.risks[1].triggers[1]", None),
        ("care_team.members[0].name", None),
    ],
)
def test_a_single_expression_keeps_the_type_of_its_value(expression, expected):
    assert value(expression, safety=SAFETY) == expected
    assert type(value(expression, safety=SAFETY)) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("safety.note == 'Rings at nine'", True),
        ("safety.note != 'Rings at nine'", False),
        ("safety.plan.count > 2", True),
        ("safety.plan.count >= 3", True),
        ("safety.plan.count < 3", False),
        ("safety.plan.count <= 3", True),
        ("safety.risks[0].domain in ['self_harm', 'suicide']", True),
        ("safety.risks[0].domain not in ['self_harm', 'suicide']", False),
        ("'Arguments' in safety.risks[0].triggers", True),
        ("'Arguments' not in safety.risks[0].triggers", False),
        ("safety.plan.agreed == false", True),
    ],
)
def test_values_are_compared(expression, expected):
    assert value(expression, safety=SAFETY) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("safety.note == 'Rings at nine'", False),
        ("safety.note != 'Rings at nine'", True),
        ("safety.plan.count < 3", False),
        ("safety.plan.count <= 3", False),
        ("safety.plan.count > 3", False),
        ("safety.plan.count >= 3", False),
        ("safety.note in ['Rings at nine']", False),
        ("safety.note not in ['Rings at nine']", True),
        ("'Arguments' in safety.risks[0].triggers", False),
        ("'Arguments' not in safety.risks[0].triggers", True),
        ("not safety.note", True),
    ],
)
def test_what_is_absent_equals_nothing_and_is_in_no_order(expression, expected):
    assert value(expression) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("safety.note or 'none'", "Rings at nine"),
        ("care_team.members[0].name or 'none'", "none"),
        ("safety.plan.count > 2 and safety.note", "Rings at nine"),
        ("safety.plan.count > 9 and safety.note", None),
        ("safety.plan.agreed and safety.note", None),
        ("safety.plan.count > 9 and safety.plan.count > 8", False),
        ("care_team.members[0].name and safety.plan.count > 2", None),
        ("not safety.plan.agreed", True),
        ("'a' if safety.plan.agreed else 'b'", "b"),
        ("safety.note if safety.plan.count == 3 else nothing", "Rings at nine"),
        ("safety.note if safety.plan.count == 4 else nothing", None),
        ("safety.risks[0].domain | words", "self harm"),
        ("safety.risks[0].triggers | join('; ')", "Arguments; Lost sleep"),
        ("safety.risks[0].domain | words | labelled('x')", None),
        ("(care_team.members[0].name | words) or 'none'", "none"),
        ("'none' if safety.plan.agreed else (safety.note | words)", "Rings at nine"),
        ("(safety.note or 'none') | words", "Rings at nine"),
    ],
)
def test_values_are_chosen_and_piped(expression, expected):
    if "labelled" in expression:
        # The label is the first argument, so a value piped in is the label.
        assert value(expression, safety=SAFETY) == "self harm: x"
    else:
        assert value(expression, safety=SAFETY) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "safety.note or 'none' | words",
        "safety.note | words or 'none'",
        "safety.note | words if true else 'x'",
        "'x' if safety.note | words else 'y'",
        "'x' if true else safety.note | words",
    ],
)
def test_a_pipe_beside_or_and_if_else_needs_parentheses(expression):
    assert "needs parentheses" in reason(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "  ",
        "1 +",
        "safety.note + 'x'",
        "3 - 1",
        "2 ** 3",
        "safety.risks % 2",
        "~3",
        "+3",
        "-safety.plan.count",
        "lambda: 3",
        "lambda x: x",
        "f'x'",
        "b'x'",
        "3j",
        "...",
        "True",
        "None",
        "['a', 'b']",
        "('a', 'b')",
        "safety.note in ('Rings at nine', 'x')",
        "safety.note in [safety.note]",
        "(x := 3)",
        "await safety",
        "(yield 3)",
        "*safety",
        "[x for x in safety.risks]",
        "(x for x in safety.risks)",
        "safety.risks[0:1]",
        "safety.risks[safety.plan.count]",
        "safety.risks[true]",
        "safety.risks['x'][0]",
        "words(code=safety.note)",
        "words(*safety.risks)",
        "words()",
        "safety.note.upper()",
        "safety.__class__",
        "safety.note.__len__",
        "__import__('os')",
        "open('x')",
        "eval('3')",
        "safety.note is nothing",
        "1 < safety.plan.count < 3",
        "safety.note | 'x'",
        "safety.note | true",
        "safety.note; safety",
        "import os",
        "x = 3",
        "safety.note # comment",
        "safety.note) or (safety.note",
        "(safety.note",
    ],
)
def test_anything_else_is_refused_with_file_line_and_reason(expression):
    assert reason(expression) != ""


def test_a_set_or_dict_of_braces_is_refused():
    found = faults(flag("x: \"{{'a': 1}['a']}\""))
    assert [place for place, _ in found] == ["flag.yaml:5"]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("risk.domain", "there is no risk here"),
        ("safety.level", "no declaration has safety.level"),
        ("safety.risks[0].level", "no declaration has safety.risks[].level"),
        ("safety.risks.domain", "is a list and has no fields"),
        ("safety.note.length", "is a text and has no fields"),
        ("safety.note[0]", "is not a list"),
        ("record_version", "tells of the whole record"),
        ("updated_at", "tells of the whole record"),
        ("authored_at", "tells of the whole record"),
        ("supersedes.record_id", "tells of the whole record"),
        ("record_id", "tells of the whole record"),
        ("author_ref", "there is no author_ref here"),
        ("source_system.name", "there is no source_system here"),
        ("words", "a function needs its arguments"),
        ("upper(safety.note)", "there is no function upper"),
        ("safety", "is an object of the record"),
        ("safety.risks", "is an object of the record"),
        ("safety.risks[0].domain == 'selfharm'", "is not one of the codes of"),
        ("safety.risks[0].domain in ['selfharm']", "is not one of the codes of"),
        ("'brail' in safety.risks[0].formats", "is not one of the codes of"),
        ("safety.note in safety.note", "`in` needs a list"),
        ("safety.plan.count < 'x'", "compares two texts or two numbers"),
        ("safety.risks == 'x'", "compares single values"),
        ("safety.risks[0].triggers or safety.note", "one way this gives"),
        ("code('no-such-map', safety.note)", "there is no code map no-such-map"),
        ("code(safety.note, safety.note)", "the name of a code map, in quotes"),
        ("ref('flag', 'x')", "a resource type in quotes"),
        ("join(safety.risks, ', ')", "a text or a list of texts"),
        ("first(safety.note)", "list is a list"),
        ("words(safety.note, 'x', 'y')", "does not take 3 arguments"),
    ],
)
def test_names_paths_codes_and_calls_are_checked(expression, word):
    assert word in reason(expression)


def test_a_field_named_like_a_word_of_python_is_written_in_brackets():
    monitoring = {"feedback": [{"from": "host"}]}
    assert (
        value("outcomes_monitoring.feedback[0]['from']", outcomes_monitoring=monitoring)
        == "host"
    )


def test_paths_are_checked_through_loops_and_names():
    text = flag(
        "note:\n"
        "- for: risk in safety.risks\n"
        "  let: {again: risk, trigger: 'first(risk.triggers)'}\n"
        "  text: '{again.domain} {trigger} {again.colour} {trigger.x}'\n"
        "- for: word in safety.risks[0].triggers\n"
        "  text: '{word.length}'\n"
    )
    assert faults(text) == [
        ("flag.yaml:8", "no declaration has safety.risks[].colour"),
        ("flag.yaml:10", "safety.risks[].triggers[] is a text and has no fields"),
    ]


def test_a_name_is_known_only_within_its_object():
    text = flag(
        "note:\n"
        "- for: risk in safety.risks\n"
        "  text: '{risk.domain}'\n"
        "- text: '{risk.domain}'\n"
    )
    assert faults(text) == [("flag.yaml:8", "there is no risk here")]


def test_text_with_expressions_gives_nothing_when_a_part_is_absent():
    element = "x: 'Ring {safety.note} at {safety.plan.count}'"
    assert made(element, safety=SAFETY) == {"x": "Ring Rings at nine at 3"}
    assert made(element, safety={"note": "Kit"}) == {}


def test_a_zero_and_a_false_are_there():
    safety = {"plan": {"count": 0, "agreed": False}}
    element = "x: '{safety.plan.count}'\ny: '{safety.plan.agreed}'"
    assert made(element, safety=safety) == {"x": 0, "y": False}
    text = "x: 'count {safety.plan.count}, agreed {safety.plan.agreed}'"
    assert made(text, safety=safety) == {"x": "count 0, agreed false"}


def test_a_list_or_an_object_cannot_stand_within_a_text():
    assert "join its items" in faults(flag("x: 'a {safety.risks[0].triggers}'"))[0][1]
    assert "an object" in faults(flag("x: 'a {safety.plan}'"))[0][1]
    assert "FHIR element" in faults(flag("x: \"a {ref('Patient')}\""))[0][1]
