"""Where an element comes from, and which fields no template reads."""

from __future__ import annotations

from templates import DECLARED, load

from adapter.mapping.explain import coverage, explain, rebuild

TEMPLATE = """
- for: risk in safety.risks
  let: {told: "find(care_team.members, risk.told_by)"}
  if: risk.domain != 'other'
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
    status: active
    code: {coding: "{code('risk-domain', risk.domain)}", text: "{risk.behaviours}"}
    note:
    - for: trigger in risk.triggers
      text: "Trigger: {trigger}"
    - text: "{told.name}"
    - text: "{safety.note}"
    given: ["{risk.triggers}"]
"""
CONTEXT = {
    "safety": {
        "risks": [
            {"id": "rk-0", "domain": "other"},
            {
                "id": "rk-1",
                "domain": "self_harm",
                "triggers": ["a", "b"],
                "told_by": "m-1",
            },
        ]
    },
    "care_team": {"members": [{"id": "m-1", "name": "Kit"}]},
}


def element(path: str) -> dict[str, object]:
    found = [
        each
        for each in explain(load(flag=TEMPLATE), CONTEXT)
        if each["element"] == path
    ]
    assert len(found) == 1
    return found[0]


def test_an_element_is_told_with_template_line_record_path_and_code_row():
    assert element("Flag.code.coding[0]") == {
        "resource": "Flag/rk-1",
        "element": "Flag.code.coding[0]",
        "template": "flag.yaml:9",
        "record": ["safety.risks[1].domain"],
        "because": ["safety.risks[1].domain"],
        "code_rows": ["risk-domain.csv:2", "risk-domain.csv:3"],
    }


def test_loops_and_names_lead_back_to_the_record():
    assert element("Flag.note[1].text")["record"] == ["safety.risks[1].triggers[1]"]
    assert element("Flag.note[1].text")["template"] == "flag.yaml:12"
    assert "care_team.members[0].name" in element("Flag.note[2].text")["record"]
    assert element("Flag.given[1]")["record"] == ["safety.risks[1].triggers"]


def test_a_literal_stands_on_its_line_alone():
    assert element("Flag.status")["record"] == []
    assert element("Flag.status")["template"] == "flag.yaml:8"


def test_what_is_left_out_is_not_told():
    told = [each["element"] for each in explain(load(flag=TEMPLATE), CONTEXT)]
    assert told == [
        "Flag.resourceType",
        "Flag.id",
        "Flag.status",
        "Flag.code.coding[0]",
        "Flag.code.coding[1]",
        "Flag.note[0].text",
        "Flag.note[1].text",
        "Flag.note[2].text",
        "Flag.given[0]",
        "Flag.given[1]",
    ]


def test_what_is_explained_is_what_the_mapping_gives():
    mapping = load(flag=TEMPLATE)
    assert [made for made, _ in rebuild(mapping, CONTEXT)] == mapping.apply(CONTEXT)
    assert [each.as_json() for each in mapping.trace(CONTEXT)] == explain(
        mapping, CONTEXT
    )


NOT_CARRIED = """path,reason
safety.plan.count,"counted, not sent"
safety.note,a template reads this
safety.level,there is no such field
safety.plan.count,once more
safety.plan.agreed,
safety,a container
"""


def test_coverage_tells_what_no_template_reads():
    answer = coverage(load(flag=TEMPLATE), DECLARED, NOT_CARRIED)
    assert answer["complete"] is False
    assert answer["not_carried"] == [
        {"path": "safety.plan.count", "reason": "counted, not sent"}
    ]
    assert "safety.mitigations[].measure" in answer["unread"]
    assert "safety.plan.agreed" in answer["unread"]
    assert "safety.risks[].domain" not in answer["unread"]
    assert "safety.plan.count" not in answer["unread"]
    assert "safety.risks[]" not in answer["unread"]
    assert answer["stale"] == [
        {"line": 3, "path": "safety.note", "why": "a template reads it"},
        {"line": 4, "path": "safety.level", "why": "no declaration has this path"},
        {"line": 5, "path": "safety.plan.count", "why": "it stands here already"},
        {"line": 6, "path": "safety.plan.agreed", "why": "the reason is missing"},
        {"line": 7, "path": "safety", "why": "no declaration has this path"},
    ]
    fields = [each for each in DECLARED.values() if each.type not in ("object", "list")]
    assert answer["declared"] == len(fields)
    assert answer["read"] + 1 + len(answer["unread"]) == len(fields)


def test_coverage_is_complete_when_each_field_is_read_or_listed():
    answer = coverage(load(flag=TEMPLATE), DECLARED, "path,reason\n")
    listed = "path,reason\n" + "".join(f"{path},why\n" for path in answer["unread"])
    assert coverage(load(flag=TEMPLATE), DECLARED, listed)["complete"] is True


def test_the_contexts_own_names_stand_for_declared_fields():
    text = """
- resource:
    resourceType: Provenance
    id: "{id('Provenance')}"
    who: "{author.name}"
"""
    assert "author_ref" not in coverage(load(p=text), DECLARED, "")["unread"]
    assert "author_ref" in coverage(load(flag=TEMPLATE), DECLARED, "")["unread"]
