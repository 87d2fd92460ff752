"""Nothing of the project ranks risk: no field, value, code map, sample or page.

Source: record model, 0.2, first ban. What speaks of the ban itself, refuses it or says
that it is not carried is listed here by place; everything else is searched.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapter.record.declarations import DECLARATIONS
from adapter.record.rules.stratification import is_banned
from adapter.record.rules.texts import ranks_risk
from adapter.record.vocabulary import BANNED_NAMES, BANNED_VALUES

ROOT = Path(__file__).resolve().parents[1]
SEARCHED = ("fixtures", "mappings", "profiles", "docs", "adapter")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
RANKING = {"qualitativeRisk", "probabilityDecimal", "probabilityRange"}
FLAG_PRIORITY = "StructureDefinition/flag-priority"

SPEAKS_OF_THE_BAN = {
    "adapter/record/vocabulary.py",
    "adapter/record/rules/texts.py",
    "docs/reference/codes.md",
    "docs/reference/checks.md",
}
"""Files that name what is banned in order to refuse it."""

BREAKS_IT_ON_PURPOSE = {
    "fixtures/bad-many-faults/record.json",
    "fixtures/codes/E_RISK_STRATIFICATION/record.json",
    "fixtures/codes/W_RISK_STRATIFICATION_TEXT/record.json",
}
"""Samples of what is refused or flagged."""


def files(*endings: str) -> Iterator[Path]:
    for folder in SEARCHED:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and path.is_file():
                yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names_and_texts(node: Any) -> Iterator[tuple[str, str]]:
    """Every property name of a tree, and every text that is a value."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield str(name), ""
            yield from names_and_texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from names_and_texts(value)
    elif isinstance(node, str):
        yield "", node


def test_no_declared_field_or_code_ranks_risk() -> None:
    for path, found in DECLARATIONS.items():
        name = path.rpartition(".")[2].removesuffix("[]")
        assert name not in BANNED_NAMES, path
        assert not BANNED_VALUES.intersection(found.codes), path


def test_no_code_map_or_list_has_such_a_code_target_or_display() -> None:
    for path in files(".csv"):
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text))
        for number, row in enumerate(rows, start=2):
            place = f"{named(path)}:{number}"
            cells = [cell for cell in row.values() if isinstance(cell, str)]
            if is_left_out(row):
                continue
            assert not [cell for cell in cells if is_banned(cell)], place


def is_left_out(row: dict[str, Any]) -> bool:
    """Whether a row lists something with the reason why it is not carried."""
    return "no stratification" in " ".join(str(cell) for cell in row.values())


@pytest.mark.parametrize("ending", [".json", ".yaml"])
def test_no_sample_mapping_or_profile_holds_one(ending: str) -> None:
    for path in files(ending):
        text = path.read_text(encoding="utf-8")
        if named(path) in BREAKS_IT_ON_PURPOSE or is_export(path):
            continue
        try:
            tree = json.loads(text) if ending == ".json" else yaml.safe_load(text)
        except ValueError:
            continue  # fixtures that are no JSON on purpose
        for name, text in names_and_texts(tree):
            assert name not in BANNED_NAMES, f"{named(path)}: {name}"
            assert name not in RANKING, f"{named(path)}: {name}"
            assert not is_banned(text), f"{named(path)}: {text}"
            assert not text.endswith(FLAG_PRIORITY), f"{named(path)}: {text}"
            if named(path) not in SPEAKS_OF_THE_BAN:
                assert not ranks_risk(text), f"{named(path)}: {text}"


def test_the_profile_of_a_risk_leaves_no_room_for_a_rank() -> None:
    path = ROOT / "profiles" / "StructureDefinition-risk.json"
    elements = json.loads(path.read_text())["differential"]["element"]
    most = {element["path"]: element.get("max") for element in elements}
    assert most["RiskAssessment.prediction.probability[x]"] == "0"
    assert most["RiskAssessment.prediction.qualitativeRisk"] == "0"


def is_export(path: Path) -> bool:
    """Whether it is what a supplier sends: it may rank, and what ranks is left out."""
    return path.relative_to(ROOT).parts[1].startswith("supplier-")


def test_no_page_or_code_says_one() -> None:
    pages = [ROOT / name for name in PAGES]
    for path in (*pages, *files(".md", ".py", ".html", ".j2")):
        if named(path) in SPEAKS_OF_THE_BAN:
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            place = f"{named(path)}:{number}"
            assert not ranks_risk(line), place
            words = re.findall(r"[A-Za-z_]+", line)
            assert not BANNED_NAMES.intersection(words) - {"rag"}, place


def test_what_a_supplier_ranks_is_listed_as_deliberately_not_carried() -> None:
    ranking = re.compile(r"risk.*(rating|grade|score|band|rag|level)$", re.IGNORECASE)
    listed = [
        row
        for path in sorted((ROOT / "mappings" / "sources").glob("*.csv"))
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        if ranking.search(row["path"])
    ]
    assert len(listed) >= 2
    assert all(is_left_out(row) for row in listed)
