"""Exports that are wrong: told where the sender finds it, and all at once."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exports import shipped_source

from adapter.policy import DEFAULT_POLICY
from adapter.record.grouping import group
from adapter.record.parse import check
from adapter.sources.coverage import coverage
from adapter.sources.source import Given, Source

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
CASE = "shared-lives-version-2"


@pytest.fixture(scope="module")
def quill() -> Source:
    return shipped_source("invented-quill")


@pytest.fixture(scope="module")
def tarn() -> Source:
    return shipped_source("invented-tarn")


@pytest.fixture
def document() -> dict[str, Any]:
    path = FIXTURES / "supplier-invented-quill" / f"{CASE}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture
def tables() -> dict[str, str]:
    folder = FIXTURES / "supplier-invented-tarn" / CASE
    return {
        path.name: path.read_bytes().decode("utf-8-sig")
        for path in sorted(folder.glob("*.csv"))
    }


def told(source: Source, given: Given | dict[str, Any]) -> list[tuple[str, str]]:
    if source.form == "json":
        given = json.dumps(given).encode()
    assert isinstance(given, bytes) or source.in_tables
    converted = source.convert(given)
    _, issues = check(converted.body, policy=DEFAULT_POLICY, now=AT)
    return [(issue.code, issue.path) for issue in converted.tell(issues)]


def homes(source: Source, tree: dict[str, Any]) -> dict[str, tuple[str | None, str]]:
    """By code: where an issue stands in the record, and in which section."""
    converted = source.convert(json.dumps(tree).encode())
    _, issues = check(converted.body, policy=DEFAULT_POLICY, now=AT)
    issues = converted.tell(issues)
    sections = {
        code["code"]: each["section"]
        for each in group(issues)
        for code in each["codes"]
    }
    return {
        issue.code: (issue.record_path, sections[issue.code])
        for issue in issues
        if issue.severity == "error"
    }


def errors(source: Source, given: Given | dict[str, Any]) -> list[tuple[str, str]]:
    return [each for each in told(source, given) if each[0].startswith("E_")]


# --- JSON


def test_an_issue_tells_where_it_stands_in_the_record_too(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["dateOfBirth"] = "31/02/2008"
    assert homes(quill, document) == {
        "E_SCHEMA": ("young_person.birth_date", "young_person")
    }
    document["patient"]["dateOfBirth"] = "05/11/2008"
    document["patient"]["nhsNumber"] = "9990000000"
    assert homes(quill, document) == {
        "E_NHS_NUMBER_CHECK_DIGIT": ("young_person.nhs_number", "young_person")
    }


def test_an_unmapped_code_tells_which_field_it_was_for(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["gender"] = "not one of theirs"
    assert homes(quill, document) == {
        "E_UNMAPPED_CODE": ("young_person.administrative_gender", "young_person")
    }


@pytest.mark.parametrize(
    ("path", "value", "told_as"),
    [
        (("patient",), "text", [("E_SCHEMA", "patient")]),
        (("patient", "names"), {}, [("E_SCHEMA", "patient.names")]),
        (("patient", "phone"), 115, [("E_SCHEMA", "patient.phone")]),
        (
            ("patient", "dateOfBirth"),
            "31/02/2008",
            [("E_SCHEMA", "patient.dateOfBirth")],
        ),
        (("export", "issue"), "2", [("E_SCHEMA", "export.issue")]),
        (("export", "issue"), 2.0, [("E_SCHEMA", "export.issue")]),
        (
            ("patient", "interpreterRequired"),
            "false",
            [("E_SCHEMA", "patient.interpreterRequired")],
        ),
        (
            ("export", "written"),
            "29/03/2026 01:30",
            [("E_SCHEMA", "export.written")],
        ),
    ],
)
def test_a_wrong_type_is_told_at_its_place(
    quill: Source,
    document: dict[str, Any],
    path: tuple[str, ...],
    value: Any,
    told_as: list[tuple[str, str]],
) -> None:
    node = document
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    found = errors(quill, document)
    assert told_as[0] in found
    inside = [each for each in found if each[1].startswith(told_as[0][1])]
    assert inside == told_as


def test_what_is_missing_is_told_where_it_would_have_stood(
    quill: Source, document: dict[str, Any]
) -> None:
    del document["patient"]["risks"][1]["description"]
    del document["patient"]["dateOfBirth"]
    del document["patient"]["measures"][1]["riskIds"]
    del document["plan"]["phases"][0]["contacts"]
    del document["patient"]["crisisPlan"]
    found = errors(quill, document)
    assert sorted(path for _, path in found) == [
        "patient.crisisPlan",
        "patient.dateOfBirth",
        "patient.measures[1].riskIds",
        "patient.risks[1].description",
        "plan.phases[0].contacts",
    ]
    assert {code for code, _ in found} == {"E_SCHEMA"}


def test_every_unmapped_code_is_told_and_none_of_them_sent_on(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["risks"][0]["typeCode"] = "XX"
    document["sharing"]["consents"][0]["categories"][1] = "??"
    document["staff"][0]["role"] = "boss"
    assert errors(quill, document) == [
        ("E_UNMAPPED_CODE", "patient.risks[0].typeCode"),
        ("E_UNMAPPED_CODE", "sharing.consents[0].categories[1]"),
        ("E_UNMAPPED_CODE", "staff[0].role"),
    ]


def test_a_null_and_an_empty_text_are_values_that_are_not_there(
    quill: Source, document: dict[str, Any]
) -> None:
    before = quill.convert(json.dumps(document).encode()).body
    document["patient"]["pronouns"] = None
    document["patient"]["risks"][0]["context"] = ""
    assert quill.convert(json.dumps(document).encode()).body == before


def test_a_property_that_stands_twice_is_told(
    quill: Source, document: dict[str, Any]
) -> None:
    text = json.dumps(document).replace('"staff"', '"plan": {}, "staff"', 1)
    converted = quill.convert(text.encode())
    codes = {(issue.code, issue.path) for issue in converted.tell([])}
    assert ("E_DUPLICATE_KEY", "plan") in codes


def test_an_unread_field_is_told_once_however_often_it_stands(
    quill: Source, document: dict[str, Any]
) -> None:
    for risk in document["patient"]["risks"]:
        risk["colourOfFolder"] = "blue"
    document["patient"]["names"][0]["in full"] = "a name that is no name"
    assert [each for each in told(quill, document) if each[0] == "W_UNREAD_FIELD"] == [
        ("W_UNREAD_FIELD", "patient.names[0].?"),
        ("W_UNREAD_FIELD", "patient.risks[0].colourOfFolder"),
    ]


def test_a_lone_surrogate_is_the_parsers_to_refuse(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["aboutMe"] = "\ud800"
    assert [path for _, path in errors(quill, document)] == ["patient.aboutMe"]


def test_a_time_that_a_night_has_twice_is_flagged(
    quill: Source, document: dict[str, Any]
) -> None:
    changed = copy.deepcopy(document)
    changed["sharing"]["consents"][0]["decidedTime"] = "26/10/2025 01:30"
    assert ("W_TIME_TWICE", "sharing.consents[0].decidedTime") in told(quill, changed)


# --- CSV


def test_a_cell_is_told_by_file_row_and_column(
    tarn: Source, tables: dict[str, str]
) -> None:
    tables["risks.csv"] = tables["risks.csv"].replace("rk-2,06,", "rk-2,77,")
    tables["patient.csv"] = tables["patient.csv"].replace("21-Jul-2008", "21/07/2008")
    assert errors(tarn, tables) == [
        ("E_SCHEMA", "patient.csv row 2 column birth_date"),
        ("E_UNMAPPED_CODE", "risks.csv row 3 column domain"),
    ]


def test_a_value_of_a_list_is_told_at_its_own_row(
    tarn: Source, tables: dict[str, str]
) -> None:
    rows = tables["values.csv"].split("\r\n")
    at = next(n for n, row in enumerate(rows) if row.startswith("d-1,consent"))
    rows[at + 1] = "d-1,consent_categories,88"
    tables["values.csv"] = "\r\n".join(rows)
    place = f"values.csv row {at + 2} column value"
    assert errors(tarn, tables) == [("E_UNMAPPED_CODE", place)]


def test_a_row_of_no_known_kind_is_never_dropped(
    tarn: Source, tables: dict[str, str]
) -> None:
    rows = tables["consents.csv"]
    last = rows.rstrip("\r\n").rpartition("\r\n")[2]
    tables["consents.csv"] = rows + last.replace("DECISION", "Decision") + "\r\n"
    count = rows.count("\r\n") + 1
    assert errors(tarn, tables) == [("E_UNREAD_VALUE", f"consents.csv row {count}")]


def test_a_value_of_an_item_that_is_not_there_is_never_dropped(
    tarn: Source, tables: dict[str, str]
) -> None:
    tables["values.csv"] += "rk-9,risk_triggers,After dark\r\n"
    count = tables["values.csv"].count("\r\n")
    assert errors(tarn, tables) == [("E_UNREAD_VALUE", f"values.csv row {count}")]


def test_a_second_row_where_one_is_read_is_never_dropped(
    tarn: Source, tables: dict[str, str]
) -> None:
    header, row = tables["plan.csv"].rstrip("\r\n").split("\r\n")
    tables["plan.csv"] = f"{header}\r\n{row}\r\n{row}\r\n"
    assert errors(tarn, tables) == [("E_UNREAD_VALUE", "plan.csv row 3")]


def test_each_declared_file_and_column_must_be_there(
    tarn: Source, tables: dict[str, str]
) -> None:
    del tables["letters.csv"]
    tables["risks.csv"] = tables["risks.csv"].replace(",context,", ",contexts,", 1)
    found = told(tarn, tables)
    assert ("E_SCHEMA", "letters.csv") in found
    assert ("E_SCHEMA", "risks.csv row 1 column context") in found
    assert ("W_UNREAD_FIELD", "risks.csv row 3 column contexts") in found


def test_a_column_that_stands_twice_is_told(
    tarn: Source, tables: dict[str, str]
) -> None:
    tables["risks.csv"] = tables["risks.csv"].replace("context", "history", 1)
    found = errors(tarn, tables)
    assert ("E_DUPLICATE_KEY", "risks.csv row 1 column history") in found


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('a"b,c\r\n"open', "risks.csv row 2"),
        ("item_id,domain\r\nrk-1\r\n", "risks.csv row 2"),
        ("item_id,domain\r\nrk-1,01,more\r\n", "risks.csv row 2"),
        ("item_id,,domain\r\n", "risks.csv row 1"),
        ("item_id\r\n" + "x\r\n" * 2_001, "risks.csv"),
        ("item_id\r\n" + "x" * 200_000 + "\r\n", "risks.csv row 2"),
        ("item_id\r\n\x00\r\n", "risks.csv row 2 column item_id"),
    ],
)
def test_a_file_that_is_damaged_is_told(
    tarn: Source, tables: dict[str, str], text: str, path: str
) -> None:
    tables["risks.csv"] = text
    assert path in [where for _, where in errors(tarn, tables)]


def test_a_file_that_nobody_declared_is_told(
    tarn: Source, tables: dict[str, str]
) -> None:
    tables["extra_notes.csv"] = "note\r\nsomething\r\n"
    assert ("W_UNREAD_FIELD", "extra_notes.csv") in told(tarn, tables)


def test_quotes_line_ends_and_marks_are_read_as_csv_has_them(
    tarn: Source, tables: dict[str, str]
) -> None:
    before = tarn.convert(tables).body
    for name, text in tables.items():
        tables[name] = "\ufeff" + text.replace("\r\n", "\n")
    assert tarn.convert(tables).body == before
    text = tables["risks.csv"]
    tables["risks.csv"] = text.replace("After", "After").replace(
        "Cuts forearms when alone late at night",
        '"Cuts forearms, ""alone""\r\nlate at night"',
    )
    made = json.loads(tarn.convert(tables).body)
    assert made["safety"]["risks"][0]["behaviours"] == (
        'Cuts forearms, "alone"\r\nlate at night'
    )


def test_what_is_written_as_a_formula_stays_a_text(
    tarn: Source, tables: dict[str, str]
) -> None:
    tables["risks.csv"] = tables["risks.csv"].replace("Cuts forearms", "=1+1 Cuts")
    made = json.loads(tarn.convert(tables).body)
    assert made["safety"]["risks"][0]["behaviours"].startswith("=1+1")


# --- coverage


def test_the_report_has_what_is_wrong_in_a_file(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["starSign"] = "Leo"
    converted = quill.convert(json.dumps(document).encode())
    report = coverage(quill, converted.tell([]))
    assert report["complete"]
    assert [each["path"] for each in report["in_file"]] == ["patient.starSign"]
    mapped = {each["path"]: each["fills"] for each in report["mapped"]}
    assert mapped["patient.risks[].typeCode"] == ["safety.risks[].domain"]


# --- bounds


def test_a_list_that_is_too_long_is_told_and_not_walked(
    quill: Source, document: dict[str, Any]
) -> None:
    document["patient"]["risks"] = [{"x": 1}] * 200_000
    assert ("E_LIMIT", "patient.risks") in errors(quill, document)


def test_lists_that_are_too_long_together_are_told(
    quill: Source, document: dict[str, Any]
) -> None:
    person = {"told": [{}] * 500}
    document["network"]["people"] = [person] * 30
    codes = [code for code, _ in errors(quill, document)]
    assert codes.count("E_LIMIT") == 1


def test_a_great_many_faults_cost_no_more_than_their_number(
    tarn: Source, tables: dict[str, str]
) -> None:
    header = tables["risks.csv"].split("\r\n")[0]
    rows = "".join(f"r{n},zz,,,,,zz{',' * 10}\r\n" for n in range(1_900))
    tables["risks.csv"] = f"{header}\r\n{rows}"
    tables["values.csv"] = "owner_id,list,value\r\n" + "r1,risk_triggers,x\r\n" * 1_900
    found = errors(tarn, tables)
    assert found.count(("E_UNMAPPED_CODE", "risks.csv row 3 column domain")) == 1
    assert len([code for code, _ in found if code == "E_UNMAPPED_CODE"]) == 3_800
