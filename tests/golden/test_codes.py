"""Every code of a record: raised by its fixture and nothing else, and just not raised.

``fixtures/codes/<CODE>/`` is written from tests/code_cases.py with ``--write``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from code_cases import CASES, ELSEWHERE

from adapter.policy import DEFAULT_POLICY
from adapter.record.codes import ISSUE_CODES
from adapter.record.parse import check

ROOT = Path(__file__).resolve().parents[2]
CODES = ROOT / "fixtures" / "codes"
OF_THE_START = {"E_MAPPING", "E_SOURCE_FIELDS"}  # faults of files, not of records
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)


def told(body: bytes) -> tuple[bool, list[dict[str, str]]]:
    record, issues = check(body, policy=DEFAULT_POLICY, now=AT)
    return record is not None, [
        {name: getattr(issue, name) for name in ("severity", "code", "path")}
        for issue in issues
    ]


def test_every_code_of_the_model_has_its_case_and_its_fixture() -> None:
    assert set(CASES) | ELSEWHERE == set(ISSUE_CODES)
    assert not set(CASES) & ELSEWHERE
    assert {each.name for each in CODES.iterdir() if each.is_dir()} == set(CASES)


def test_every_code_that_is_raised_says_how_it_is_mended() -> None:
    named = {
        code
        for room in ("record", "sources")
        for path in (ROOT / "adapter" / room).rglob("*.py")
        for code in re.findall(r'"([EW]_[A-Z0-9_]+)"', path.read_text())
    }
    assert named - OF_THE_START == set(ISSUE_CODES)


@pytest.mark.parametrize("code", CASES)
def test_the_fixture_gives_exactly_its_issues(
    code: str, golden: Callable[[Path, Any], None], request: pytest.FixtureRequest
) -> None:
    case, path = CASES[code], CODES / code / "record.json"
    if request.config.getoption("--write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.raising())
    assert path.read_bytes() == case.raising(), "stale: run with --write"
    is_accepted, issues = told(path.read_bytes())
    golden(CODES / code / "expected" / "issues.json", issues)
    raised = [issue for issue in issues if issue["code"] == code]
    assert tuple(issue["path"] for issue in raised) == case.paths
    assert {issue["code"] for issue in issues} == {code, *case.also}
    assert is_accepted is (ISSUE_CODES[code].severity == "warning")
    assert {issue["severity"] for issue in raised} == {ISSUE_CODES[code].severity}


@pytest.mark.parametrize("code", CASES)
def test_its_neighbour_does_not_raise_it(code: str) -> None:
    _, issues = told(CASES[code].not_raising())
    assert code not in {issue["code"] for issue in issues}


def test_a_code_marked_c_is_a_warning_in_a_draft_and_one_marked_i_refuses() -> None:
    for code, case in CASES.items():
        if ISSUE_CODES[code].mark not in {"C", "I"} or code in {"E_JSON"}:
            continue
        text = case.raising().decode().replace('"active"', '"draft"', 1)
        assert '"draft"' in text
        is_accepted, issues = told(text.encode())
        levels = {issue["severity"] for issue in issues if issue["code"] == code}
        softened = ISSUE_CODES[code].mark == "C"
        assert levels == {"warning" if softened else "error"}, code
        assert is_accepted is softened, code
    assert json.loads(CASES["W_NOT_KNOWN"].raising())["status"] == "active"
