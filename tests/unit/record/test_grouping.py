"""Issues by section, with how each code is mended."""

import json

from builders import NOON, POLICY, REMOVE, make_body

from adapter.errors import Issue
from adapter.record.codes import ISSUE_CODES
from adapter.record.declarations import DECLARATIONS
from adapter.record.grouping import SECTIONS, group, section_of
from adapter.record.parse import check


def test_each_top_level_place_is_of_one_section():
    assert section_of("status") == "envelope"
    assert section_of("declared_gaps[2].path") == "envelope"
    assert section_of("safety.risks[0].domain") == "safety"
    assert section_of("communications[0]") == "communications"
    assert section_of("") == section_of("of_our_own") == "record"
    told = {section_of(path) for path in DECLARATIONS}
    assert told == {"envelope", *SECTIONS}


def test_every_issue_stands_in_one_group_with_the_sentence_of_its_code():
    changes = {
        "safety.formulation": REMOVE,
        "status": "draft",
        "care_team.members[0].side": 7,
        "care_team.members[1].side": 7,
        "of_our_own": 1,
        "transition.visit_or_introduction": "not_offered",
    }
    _, issues = check(make_body(changes), policy=POLICY, now=NOON)
    groups = group(issues)
    assert [each["section"] for each in groups] == [
        "record",
        "transition",
        "safety",
        "care_team",
    ]
    told = {
        (code["severity"], code["code"], path)
        for each in groups
        for code in each["codes"]
        for path in code["paths"]
    }
    assert told == {(i.severity, i.code, i.path) for i in issues}
    for each in groups:
        counted = [
            len([i for i in issues if section_of(i.path) == each["section"]]),
            each["errors"] + each["warnings"],
        ]
        assert counted[0] == counted[1]
        for code in each["codes"]:
            assert code["how_to_mend"] == ISSUE_CODES[code["code"]].mend


def test_errors_come_before_warnings_and_other_codes_are_left_out():
    told = group(
        [
            Issue("warning", "W_TEXT_MARKUP", "safety.formulation.summary", ""),
            Issue("error", "E_LIMIT", "safety.risks", ""),
            Issue("error", "PARAMETER_INVALID", "limit", ""),
        ]
    )
    assert [code["code"] for code in told[0]["codes"]] == ["E_LIMIT", "W_TEXT_MARKUP"]
    assert len(told) == 1


def test_a_mend_is_one_sentence_and_a_meaning_no_sentence_at_all():
    for each in ISSUE_CODES.values():
        assert each.mend[0].isupper(), each.code
        assert each.mend.endswith("."), each.code
        assert ". " not in each.mend, each.code
        assert not each.meaning.endswith("."), each.code
        assert bool(each.mark) is (each.severity == "error"), each.code


def test_no_group_repeats_what_was_sent():
    secret = "Qwertyuiop"
    _, issues = check(
        make_body({"safety.risks[0].domain": secret, secret: secret}),
        policy=POLICY,
        now=NOON,
    )
    told = json.dumps(group([i for i in issues if i.path != secret]))
    assert secret not in told
