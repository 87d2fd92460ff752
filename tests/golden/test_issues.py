"""Every fixture case: exactly the issues that its expected/issues.json lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.policy import DEFAULT_POLICY
from adapter.record.parse import check

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CASES = sorted(found.parent.name for found in FIXTURES.glob("*/record.json"))
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_exactly_these_issues(case: str) -> None:
    folder = FIXTURES / case
    body = (folder / "record.json").read_bytes()
    record, issues = check(body, policy=DEFAULT_POLICY, now=AT)
    told = [
        {name: getattr(issue, name) for name in ("severity", "code", "path")}
        for issue in issues
    ]
    assert told == json.loads((folder / "expected" / "issues.json").read_bytes())
    assert (record is None) == case.startswith("bad-")
