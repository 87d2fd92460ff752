"""The verbs about records: each prints what its module makes, and ends as it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapter.cli import cli
from adapter.cli.pages import pages
from adapter.generate.template import TYPES
from adapter.record.json_schema import json_schema

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
RECORDS = sorted(FIXTURES.glob("*/record.json")) + sorted(
    FIXTURES.glob("codes/*/record.json")
)
AT = ["--at", "2026-11-05T09:00:00Z"]


def call(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=given)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_validate_gives_exactly_the_issues_of_each_fixture(path: Path) -> None:
    answer = call("validate", str(path), *AT)
    told = json.loads(answer.stdout)
    issues = [
        {name: issue[name] for name in ("severity", "code", "path")}
        for issue in told["issues"]
    ]
    expected = path.parent / "expected" / "issues.json"
    assert issues == json.loads(expected.read_text())
    assert told["accepted"] is not any(i["severity"] == "error" for i in issues)
    assert answer.exit_code == (0 if told["accepted"] else 1)
    assert counted(told["sections"]) == len(issues)


def counted(sections: list[dict[str, Any]]) -> int:
    return sum(len(code["paths"]) for each in sections for code in each["codes"])


@pytest.mark.parametrize("transition_type", TYPES)
def test_a_template_goes_through_validate(transition_type: str) -> None:
    made = call("template", "--type", transition_type, "--minimal", *AT)
    assert made.exit_code == 0
    told = json.loads(call("validate", "-", *AT, given=made.stdout).stdout)
    assert told["accepted"] is True
    fuller = call("template", "--type", transition_type, *AT).stdout
    told = json.loads(call("validate", "-", *AT, given=fuller).stdout)
    assert told == {"accepted": True, "issues": [], "sections": []}


def test_a_template_is_explained_when_asked() -> None:
    arguments = ["template", "--type", TYPES[0], "--minimal", *AT]
    told = json.loads(call(*arguments, "--explain").stdout)
    assert told["record"] == json.loads(call(*arguments).stdout)
    assert told["fields"][0]["path"] == "schema_version"


def test_a_type_that_is_none_is_called_wrongly_and_told_the_others() -> None:
    answer = call("template", "--type", "other")
    assert answer.exit_code == 2
    assert TYPES[0] in answer.stderr


def test_schema_prints_the_schema() -> None:
    assert json.loads(call("schema").stdout) == json_schema()


def test_docs_tells_what_is_stale_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    answer = call("docs", "--check")
    assert answer.exit_code == 1
    every = list(pages(tmp_path))
    assert json.loads(answer.stdout) == {"stale": every}
    assert json.loads(call("docs").stdout) == {"written": every}
    assert json.loads(call("docs", "--check").stdout) == {"stale": []}
