"""The named functions, each with what it gives and what it refuses."""

from __future__ import annotations

import pytest
from templates import load, made, reason, value

from adapter.canonical import RESOURCE_ID_SYSTEM, extension_url
from adapter.errors import UnmappedCode
from adapter.mapping.signatures import FUNCTIONS

SAFETY = {
    "note": "n",
    "plan": {"count": 3, "agreed": True, "written_at": "2026-07-01T23:30:00+00:00"},
    "risks": [
        {
            "id": "rk-1",
            "domain": "self_harm",
            "triggers": ["a", "b"],
            "formats": ["braille", "audio"],
            "order": 2,
            "told_by": "m-1",
            "local": "x1",
        },
        {"id": "rk-2", "domain": "suicide", "order": 1, "told_by": "gone"},
        {"id": "rk-3", "domain": "other", "told_by": "young_person", "local": "x2"},
    ],
    "mitigations": [
        {"id": "mt-1", "measure": "Call", "risk_refs": ["rk-1", "rk-9"]},
        {"id": "mt-2", "measure": "Visit", "risk_refs": ["rk-1", "rk-2"]},
    ],
}
CONTEXT = {
    "safety": SAFETY,
    "care_team": {"members": [{"id": "m-1", "name": "Kit", "role": "named_nurse"}]},
    "family_and_carers": {"people": [{"id": "p-1"}]},
    "safeguarding": {"agencies": [{"id": "ag-1"}]},
    "young_person": {"birth_date": "2008-02-29"},
}
HARM = [
    {"system": "http://s", "code": "1", "display": "Self harm"},
    {"system": "http://t", "code": "A", "display": "Self-harm"},
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("id('Flag')", "Flag"),
        ("id('Flag', safety.risks[0].id)", "Flag/rk-1"),
        ("id('Flag.needs', safety.risks[0].id)", "Flag.needs/rk-1"),
        ("id('Flag', safety.risks[5].id)", None),
        ("ref('Patient')", {"reference": "Patient"}),
        ("ref('Goal', safety.risks[0].id)", {"reference": "Goal/rk-1"}),
        ("ref('Goal', safety.risks[5].id)", None),
        (
            "ref('Goal', safety.mitigations[1].risk_refs)",
            [{"reference": "Goal/rk-1"}, {"reference": "Goal/rk-2"}],
        ),
        ("ref('Goal', safety.mitigations[5].risk_refs)", None),
        (
            "identifier('Flag', safety.risks[0].id)",
            {"system": RESOURCE_ID_SYSTEM, "value": "Flag/rk-1"},
        ),
        ("identifier('Flag')", {"system": RESOURCE_ID_SYSTEM, "value": "Flag"}),
        ("person(safety.risks[0].told_by)", {"reference": "PractitionerRole/m-1"}),
        (
            "person(safety.risks[0].told_by, 'Practitioner')",
            {"reference": "Practitioner/m-1"},
        ),
        ("person(safety.risks[1].told_by)", None),
        ("person(safety.risks[2].told_by)", {"reference": "Patient"}),
        ("person('p-1')", {"reference": "RelatedPerson/p-1"}),
        ("person('ag-1')", {"reference": "Organization/ag-1"}),
        (
            "person(each(safety.risks, 'told_by'))",
            [{"reference": "PractitionerRole/m-1"}, {"reference": "Patient"}],
        ),
        ("kind_of(safety.risks[0].told_by)", "member"),
        ("kind_of('p-1')", "person"),
        ("kind_of('gone')", None),
        ("code('risk-domain', safety.risks[0].domain)", HARM),
        ("code('risk-domain', safety.risks[2].domain)", None),
        ("code('risk-domain', safety.risks[5].domain)", None),
        (
            "code('risk-domain', each(safety.risks, 'domain'))",
            [*HARM, {"system": "http://s", "code": "2"}],
        ),
        (
            "concept('risk-domain', safety.risks[0].domain)",
            {"coding": HARM, "text": "Self harm"},
        ),
        (
            "concept('risk-domain', safety.risks[1].domain)",
            {"coding": [{"system": "http://s", "code": "2"}], "text": "suicide"},
        ),
        ("concept('risk-domain', safety.risks[2].domain)", {"text": "other"}),
        ("concept('risk-domain', safety.risks[5].domain)", None),
        (
            "concept('format', safety.risks[0].formats)",
            [
                {
                    "coding": [{"system": "http://f", "code": "b", "display": shown}],
                    "text": shown,
                }
                if shown == "Braille"
                else {
                    "coding": [{"system": "http://f", "code": "a", "display": shown}],
                    "text": shown,
                }
                for shown in ("Braille", "Audio")
            ],
        ),
        ("mapped('plan-status', status)", "active"),
        ("display('risk-domain', safety.risks[0].domain)", "Self harm"),
        ("display('risk-domain', safety.risks[1].domain)", "suicide"),
        (
            "verified('local', safety.risks[0].local)",
            [{"system": "http://l", "code": "X1", "display": "Local one"}],
        ),
        ("verified('local', safety.risks[2].local)", None),
        ("verified('local', safety.risks[5].local)", None),
        ("unverified('local', safety.risks[0].local)", None),
        ("unverified('local', safety.risks[2].local)", "x2"),
        ("unverified('local', safety.risks[5].local)", None),
        ("our_extension('agreement')", extension_url("agreement")),
        ("words(safety.risks[0].domain)", "self harm"),
        ("words(safety.risks[5].domain)", None),
        ("words(each(safety.risks, 'domain'))", ["self harm", "suicide", "other"]),
        ("join(safety.risks[0].triggers, '; ')", "a; b"),
        ("join(safety.risks[1].triggers, '; ')", None),
        ("lines(safety.note, safety.risks[5].id, safety.risks[0].triggers)", "n\na\nb"),
        ("lines(safety.risks[5].id)", None),
        ("labelled('Note', safety.note)", "Note: n"),
        ("labelled('Signs', safety.risks[0].triggers)", "Signs: a; b"),
        ("labelled('Note', safety.risks[5].id)", None),
        ("contact_system('0115 496 0001')", "phone"),
        ("contact_system('a@example.org')", "email"),
        ("contact_system('https://example.org')", "url"),
        ("contact_system('the front desk')", "other"),
        ("contact_system(safety.risks[5].id)", None),
        ("count(safety.risks)", 3),
        ("count(safety.risks[1].triggers)", 0),
        ("first(safety.risks).id", "rk-1"),
        ("first(safety.risks[1].triggers)", None),
        ("present(safety.plan.agreed)", True),
        ("present(safety.risks[1].triggers)", False),
        ("present(safety)", True),
        ("find(safety.risks, 'rk-2').domain", "suicide"),
        ("find(safety.risks, 'rk-9').domain", None),
        ("find(safety.risks, safety.risks[5].id).domain", None),
        ("known(safety.risks, safety.mitigations[0].risk_refs)", ["rk-1"]),
        ("known(safety.risks, 'rk-1')", "rk-1"),
        ("known(safety.risks, 'rk-9')", None),
        ("where(safety.risks, 'domain', 'suicide')[0].id", "rk-2"),
        ("count(where(safety.mitigations, 'risk_refs', 'rk-1'))", 2),
        ("count(where(safety.risks, 'order', 2))", 1),
        ("count(where(safety.risks, 'domain', safety.risks[5].domain))", 0),
        ("each(safety.mitigations, 'measure')", ["Call", "Visit"]),
        ("each(safety.risks, 'triggers')", ["a", "b"]),
        ("each(in_order(safety.risks, 'order'), 'id')", ["rk-2", "rk-1", "rk-3"]),
        ("instant(safety.plan.written_at)", "2026-07-01T23:30:00.000Z"),
        ("day(safety.plan.written_at)", "2026-07-02"),
        ("day(safety.risks[5].id)", None),
        ("birthday(young_person.birth_date, 18)", "2026-03-01"),
        ("birthday(young_person.birth_date, 16)", "2024-02-29"),
        ("birthday(safety.risks[5].id, 16)", None),
        ("repeat(3, 'week')", {"frequency": 3, "period": 1, "periodUnit": "wk"}),
        ("repeat(3, 'fortnight')", {"frequency": 3, "period": 2, "periodUnit": "wk"}),
        (
            "repeat(safety.plan.count, 'day')",
            {"frequency": 3, "period": 1, "periodUnit": "d"},
        ),
        ("repeat(0, 'week')", None),
    ],
)
def test_a_function_gives(expression, expected):
    assert value(expression, status="active", **CONTEXT) == expected


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("code('half', safety.risks[0].domain)", "no row for suicide, other"),
        ("code('half', 'suicide')", "no row for suicide"),
        ("code('half', each(safety.risks, 'domain'))", "of safety.risks[].domain"),
        ("concept('half', safety.risks[0].domain)", "no row for suicide, other"),
        ("mapped('risk-domain', 'self_harm')", "not exactly one target"),
        ("mapped('risk-domain', 'other')", "not exactly one target"),
        ("find(safety.note, 'x')", "list is a list of objects"),
        ("find(safety.risks[0].triggers, 'x')", "list is a list of objects"),
        ("where(safety.risks, 'colour', 'x')", "no declaration has safety.risks[]"),
        ("where(safety.risks, 'domain', 'selfharm')", "not one of the codes"),
        ("each(safety.risks, 'colour')", "no declaration has safety.risks[].colour"),
        ("in_order(safety.risks, 'triggers')", "has no order"),
        ("repeat(3, 'year')", "no period year"),
        ("birthday(young_person.birth_date, 'x')", "age is a number"),
        ("our_extension(safety.note)", "name is a name in quotes"),
        ("find(outcomes_monitoring.feedback, 'x')", "has outcomes_monitoring.feed"),
    ],
)
def test_a_function_refuses(expression, word):
    assert word in reason(expression)


def test_a_code_without_a_row_names_map_and_path_and_not_the_code():
    context = {"safety": {"risks": [{"local": "secret"}]}}
    with pytest.raises(UnmappedCode) as raised:
        value("code('local', safety.risks[0].local)", **context)
    assert "local" in str(raised.value)
    assert raised.value.issues[0].path == "safety.risks[].local"
    assert "secret" not in str(raised.value) + str(raised.value.issues)


def test_found_items_keep_their_paths():
    text = 'x: "{find(care_team.members, safety.risks[0].told_by).name}"'
    assert made(text, **CONTEXT) == {"x": "Kit"}
    assert "care_team.members[].colour" in reason(
        "find(care_team.members, safety.risks[0].told_by).colour"
    )


def test_what_functions_read_counts_as_read():
    text = """
- for: risk in where(safety.risks, 'domain', 'suicide')
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
    by: "{person(risk.told_by)}"
    measures: "{each(safety.mitigations, 'measure')}"
"""
    assert {
        "safety.risks[].domain",
        "safety.risks[].id",
        "safety.risks[].told_by",
        "safety.mitigations[].measure",
        "care_team.members[].id",
    } <= load(flag=text).paths_read()


def test_every_function_says_what_it_gives():
    assert all(function.doc for function in FUNCTIONS.values())
