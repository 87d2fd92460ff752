"""The commands over fixtures: listed, shown and written, on any day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapter.cli import cli
from adapter.clock import london_day, system_clock
from adapter.record.vocabulary import RECIPIENT_KINDS

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CASE = "planned-handover"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["fixtures", *arguments])


def told(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_case_is_listed_with_its_instant() -> None:
    found = {each["case"]: each for each in told("list")["cases"]}
    assert found[CASE] == {
        "case": CASE,
        "title": "A planned handover",
        "at": "2026-11-05T09:00:00.000Z",
    }
    assert set(found) == {
        path.parent.relative_to(FIXTURES).as_posix()
        for path in FIXTURES.rglob("record.json")
    }
    summer = told("list", "--anchor", "2027-07-01")["cases"]
    assert {each["at"] for each in summer} == {"2027-07-01T08:00:00.000Z"}


def test_a_case_is_shown_as_it_lies_there_or_on_another_day() -> None:
    plain = run("show", "bad-not-json").stdout
    assert plain == (FIXTURES / "bad-not-json" / "record.json").read_text()
    shown = told("show", CASE, "--anchor", "2028-02-29")
    assert shown["transition"]["planned_date"] == "2028-03-05"
    assert shown["authored_at"] == "2028-02-13T09:30:00+00:00"


def test_a_case_of_today_is_valid_now_and_goes_to_the_same_recipients(
    tmp_path: Path,
) -> None:
    today = tmp_path / "record.json"
    today.write_text(run("show", CASE, "--anchor", "today").stdout)
    runner = CliRunner()
    assert runner.invoke(cli, ["validate", str(today)]).exit_code == 0
    decided = json.loads(runner.invoke(cli, ["decide", str(today)]).stdout)
    assert {each["kind"] for each in decided.values()} <= set(RECIPIENT_KINDS)
    assert decided["r-amh"]["categories"]["demographics"]["outcome"] == "share"
    assert decided["r-com"]["categories"]["demographics"]["outcome"] == "withhold"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(CASE, id="with decisions told by others"),
        pytest.param("refuses-the-new-team", id="under a policy of its own"),
        pytest.param("known-by-another-name", id="with a stranger who asks"),
    ],
)
def test_what_is_written_for_the_cases_own_day_is_what_lies_there(
    case: str, tmp_path: Path
) -> None:
    written = told("write", str(tmp_path), "--case", case)["written"]
    kept = [path for path in (FIXTURES / case).rglob("*.*") if path.suffix != ".md"]
    assert sorted(written) == sorted(str(path.relative_to(FIXTURES)) for path in kept)
    for path in kept:
        made = tmp_path / path.relative_to(FIXTURES)
        if path.suffix == ".json":
            assert json.loads(made.read_text()) == json.loads(path.read_text())
        else:
            assert made.read_text() == path.read_text()


def test_what_is_written_for_another_day_is_prepared_for_it(tmp_path: Path) -> None:
    answer = told(
        "write", str(tmp_path), "--case", CASE, "--case", "bad-draft",
        "--anchor", "today",
    )  # fmt: skip
    day = london_day(system_clock())
    assert answer["anchor"] == str(day)
    folder = tmp_path / CASE / "expected"
    decision = json.loads((folder / "r-amh" / "decision.json").read_text())
    assert decision["at"] == answer["at"]
    bundle = json.loads((folder / "r-amh" / "bundle.json").read_text())
    assert bundle["timestamp"] == answer["at"]
    assert json.loads((folder / "r-com" / "bundle.json").read_text()) is None
    decisions = json.loads((folder / "decisions.json").read_text())
    assert str(day) in {instant[:10] for instant in decisions}
    assert not (tmp_path / "bad-draft" / "expected" / "r-amh").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nobody"),
        ("show", "../docs"),
        ("show", CASE, "--anchor", "2026-02-30"),
        ("show", CASE, "--anchor", "1815-06-18"),
        ("write", str(FIXTURES)),
        ("write", str(FIXTURES / CASE)),
    ],
)
def test_what_cannot_be_done_is_refused(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
