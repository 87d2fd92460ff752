"""Faults of a source mapping: each stops the start, with its file and line."""

from __future__ import annotations

import pytest

from adapter.errors import MappingInvalid
from adapter.sources.load import load_source
from adapter.sources.source import Source

HEAD = "path,type,form,not_carried\n"
FIELDS = HEAD + "\n".join(
    [
        "patient.key,text,,",
        "patient.born,date,DD/MM/YYYY,",
        "patient.sex,text,,",
        "patient.risks[].kind,text,,",
        "patient.risks[].notes[],text,,",
        "patient.issue,number,,",
    ]
)
CODES = {
    "sex.csv": "code,system,target,display,equivalence,comment\n"
    "F,https://x.example,female,Female,equivalent,\n"
}
GOOD = """
- from: json
  record:
    record_id: "{patient.key}"
    record_version: "{patient.issue}"
    young_person:
      birth_date: "{patient.born}"
      administrative_gender: "{mapped('sex', patient.sex)}"
    safety:
      risks:
        - for: risk in patient.risks
          triggers: "{risk.notes}"
          domain: "{risk.kind}"
"""


def load(template: str = GOOD, fields: str = FIELDS, **codes: str) -> Source:
    maps = {**CODES, **{f"{name}.csv": text for name, text in codes.items()}}
    return load_source("small", template=template, fields=fields, code_maps=maps)


def faults(template: str = GOOD, fields: str = FIELDS, **codes: str) -> list[str]:
    with pytest.raises(MappingInvalid) as refused:
        load(template, fields, **codes)
    return [f"{issue.path} {issue.message}" for issue in refused.value.issues]


def test_a_good_mapping_knows_where_each_record_field_comes_from() -> None:
    source = load()
    assert source.homes["young_person.birth_date"] == ("patient.born",)
    assert source.homes["young_person.administrative_gender"] == ("patient.sex",)
    assert source.homes["safety.risks[].triggers[]"] == ("patient.risks[].notes[]",)
    assert source.form == "json"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("record_id:", "riskiness:", "small.yaml:4 the record model has no riskiness"),
        ("patient.key", "patient.nope", "small.yaml:4 no declaration has patient.nope"),
        ('"{patient.issue}"', "five", "single value"),
        ("{patient.issue}", "{patient.key}", "record_version is a number"),
        ("{patient.key}", "{patient.issue}", "record_id is a text"),
        ("{risk.kind}", "{risk.notes}", "safety.risks[].domain is a single value"),
        ('"{risk.notes}"', "alone", "safety.risks[].triggers[] is a list"),
        ('"{patient.born}"', "[a]", "young_person.birth_date is a single value"),
        ("mapped('sex', patient.sex)", "id('Flag')", "id makes FHIR"),
        ("mapped('sex', patient.sex)", "person(patient.sex)", "person makes FHIR"),
        ("mapped('sex', patient.sex)", "mapped('x', patient.sex)", "no code map x"),
        ("from: json", "from: xml", "`from: json` or `from: csv`"),
        ("- from: json\n  record", "- record", "`from: json` or `from: csv`"),
        ("- from: json", "- for: risk in patient.risks\n  from: json", "one record"),
        ("  record:", "  resource: {a: b}\n  record:", "resource cannot stand beside"),
        ("{risk.kind}", "purple", None),
    ],
)
def test_each_fault_has_its_line_and_reason(
    old: str, new: str, fault: str | None
) -> None:
    assert old in GOOD
    template = GOOD.replace(old, new)
    if fault is None:
        template = template.replace('"purple"', "purple")
        fault = "not one of the codes of safety.risks[].domain"
    elif new == "five":
        # a literal where a number belongs is told by its type
        template = GOOD.replace('"{patient.issue}"', "[five]")
    assert any(fault in each for each in faults(template)), faults(template)


def test_two_records_are_too_many() -> None:
    assert "small.yaml:1 a source mapping makes one record" in faults(GOOD + GOOD)


def test_a_code_that_the_path_cannot_hold_does_not_load() -> None:
    wrong = CODES["sex.csv"].replace(",female,", ",lady,")
    assert any("has a target that is no" in each for each in faults(sex=wrong))


def test_a_code_map_that_ranks_risk_does_not_load() -> None:
    wrong = CODES["sex.csv"] + "3,https://x.example,high,High,equivalent,\n"
    assert any("ranks risk" in each for each in faults(sex=wrong))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("patient.key,text,,", "this path stands here already"),
        ("patient..x,text,,", "a path is names with dots"),
        ("patient.x,words,,", "a type is one of"),
        ("patient.x,date,DD/MM,", "a form is made of"),
        ("patient.x,date,,", "a form is made of"),
        ("patient.x,text,Y/N,", "only dates, times and booleans"),
        ("patient.x,boolean,Y,", "two texts"),
        ("patient.x,any,,", "any is for what is not carried"),
        ("patient.key.below,text,,", "stands under what is itself a field"),
        ("patient.x,text", "4 cells are needed"),
        ('patient.x,"text', "not CSV"),
    ],
)
def test_each_fault_of_the_fields_has_its_line(row: str, fault: str) -> None:
    found = faults(fields=f"{FIELDS}\n{row}\n")
    assert any(each.startswith("small.csv:8") and fault in each for each in found)


def test_the_fields_have_their_columns() -> None:
    assert "small.csv:1 the columns are path,type,form,not_carried" in faults(fields="")


def test_every_fault_of_every_file_is_told_at_once() -> None:
    found = faults(
        GOOD.replace("record_id:", "x:"),
        FIELDS + "\npatient.y,words,,\n",
        more="code\n",
    )
    assert {each.partition(":")[0] for each in found} >= {
        "small.yaml",
        "small.csv",
        "more.csv",
    }
