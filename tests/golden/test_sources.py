"""The suppliers' exports of the fixtures are the records of their canonical twins.

A list without items says what an absent one does (record model, 0.4), and the mapping
language makes none: only in that may the two differ.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exports import SUPPLIERS, shipped_source

from adapter.policy import DEFAULT_POLICY
from adapter.record.parse import check
from adapter.sources.coverage import coverage
from adapter.sources.source import Converted

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)


def convert(supplier: str, case: str) -> Converted:
    folder = FIXTURES / f"supplier-{supplier}"
    source = shipped_source(supplier)
    if not source.in_tables:
        return source.convert((folder / f"{case}.json").read_bytes())
    files = sorted((folder / case).glob("*.csv"))
    return source.convert(
        {path.name: path.read_bytes().decode("utf-8-sig") for path in files}
    )


def without_empty_lists(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            name: without_empty_lists(below)
            for name, below in node.items()
            if below != []
        }
    if isinstance(node, list):
        return [without_empty_lists(below) for below in node]
    return node


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_an_export_is_the_record_of_its_canonical_twin(
    supplier: str, case: str
) -> None:
    twin = json.loads((FIXTURES / case / "record.json").read_text())
    converted = convert(supplier, case)
    made = json.loads(converted.body)
    assert made == without_empty_lists(twin)
    record, issues = check(converted.body, policy=DEFAULT_POLICY, now=AT)
    assert record is not None
    told = converted.tell(issues)
    codes = json.loads((FIXTURES / case / "expected" / "issues.json").read_text())
    assert [issue.code for issue in told] == [each["code"] for each in codes]


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_every_field_is_mapped_or_says_why_it_is_not(supplier: str) -> None:
    report = coverage(shipped_source(supplier))
    assert report["complete"]
    assert report["not_filled"] == []
    reasons = {each["path"]: each["reason"] for each in report["not_carried"]}
    rating = next(path for path in reasons if "rating" in path.lower())
    assert "no stratification" in reasons[rating]


@pytest.mark.parametrize("supplier", SUPPLIERS)
def test_what_is_not_carried_is_sent_by_the_fixtures_and_leaves_no_trace(
    supplier: str,
) -> None:
    folder = FIXTURES / f"supplier-{supplier}"
    sent = "".join(
        path.read_text(encoding="utf-8-sig")
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".csv", ".json")
    )
    names = {"invented-quill": "overallRating", "invented-tarn": "overall_rating"}
    assert names[supplier] in sent
    made = json.loads(convert(supplier, "planned-handover").body)
    twin = json.loads((FIXTURES / "planned-handover" / "record.json").read_text())
    assert made == without_empty_lists(twin)
