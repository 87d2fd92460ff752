"""Every bundle of the fixtures, judged by the HL7 validator.

Errors: none. Warnings: each is listed with its reason in accepted-warnings.csv, and one
listed that no longer occurs is a fault too. UK Core is judged where its definitions
are: the variable ``UKCORE_DEFINITIONS`` names their folder.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from conformance.judge import Finding, Judge, build, missing_tools
from stories import AT, STORIES, record_of, tools_of

from adapter.bundle.build import Stamp, acceptance_task, collection, transaction
from adapter.bundle.content import Content
from adapter.bundle.ids import Ids
from adapter.bundle.retirement import DELETED, END_STATUSES, Held, with_ends
from adapter.prepare import prepare_all
from adapter.settings import Settings
from adapter.wiring import build_tools

pytestmark = pytest.mark.conformance

HERE = Path(__file__).resolve().parent
ADDRESS = "https://adapter.example"
UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/"
SETTINGS = Settings()

# The validator takes the base of a StructureDefinition from a package of its own, which
# it does not have where only its libraries are. Every profile of ours is read, given a
# snapshot and used (`test_definitions_are_read`), which this message does not doubt.
NOT_OF_OURS = ("ERROR_GENERATING_SNAPSHOT", "*Unable to resolve package id*")


@dataclass(frozen=True)
class Accepted:
    """A warning that is accepted; ``only_with`` is uk-core, or empty: always there."""

    id: str
    place: str
    message: str
    only_with: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            finding.id == self.id
            and fnmatchcase(finding.place, self.place)
            and fnmatchcase(finding.message, self.message)
        )


def accepted_warnings() -> list[Accepted]:
    with (HERE / "accepted-warnings.csv").open(encoding="utf-8", newline="") as file:
        return [Accepted(**row) for row in csv.DictReader(file)]


def uk_core() -> Path | None:
    folder = os.environ.get("UKCORE_DEFINITIONS")
    return Path(folder) if folder else None


def known_codes() -> dict[str, dict[str, str]]:
    """The codes of mappings/codes, by system: our copy of the checked list."""
    codes: dict[str, dict[str, str]] = {}
    for file in sorted((SETTINGS.mappings_dir / "codes").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["target"]:
                    codes.setdefault(row["system"], {})[row["target"]] = row["display"]
    return codes


def without_uk_core(node: Any) -> Any:
    """The same without claims to UK Core and without its extensions."""
    if isinstance(node, list):
        return [without_uk_core(item) for item in node if not _is_uk_core(item)]
    if isinstance(node, dict):
        kept = {key: without_uk_core(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if value not in ([], {})}
    return node


def _is_uk_core(item: Any) -> bool:
    address = item.get("url", "") if isinstance(item, dict) else item
    return isinstance(address, str) and address.startswith(UK_CORE)


def bundles() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every bundle of every accepted fixture, by name: case, recipient, form."""
    shipped = build_tools(SETTINGS)
    for story in STORIES:
        record, tools = record_of(story), tools_of(story, shipped)
        for recipient, prepared in prepare_all(record, at=AT, tools=tools).items():
            if prepared.content is None:
                continue
            ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
            stamp = Stamp(ids.view_id(), 1, AT)
            task = acceptance_task(prepared.content, ids, stamp, ADDRESS)
            for form in (collection, transaction):
                name = f"{story}, {recipient}, {form.__name__}"
                yield name, form(prepared.content, stamp, ADDRESS, task=task)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    missing = missing_tools()
    if missing:
        reason = f"LEFT OUT: conformance, for {', '.join(missing)} is not installed"
        if os.environ.get("REQUIRE_CONFORMANCE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        home = build()
    except subprocess.CalledProcessError as fault:
        pytest.fail(f"the judge could not be built:\n{fault.stdout}{fault.stderr}")
    folder = uk_core()
    definitions = [SETTINGS.profiles_dir, *([folder] if folder else [])]
    running = Judge(home, definitions, known_codes())
    yield running
    running.close()


@pytest.fixture(scope="module")
def verdicts(judge: Judge) -> Mapping[str, list[Finding]]:
    """What the judge finds in each bundle and in each file of profiles/, by name."""
    found: dict[str, list[Finding]] = {}
    for name, bundle in bundles():
        judged = bundle if uk_core() else without_uk_core(bundle)
        found[name] = judge.findings(judged)
    for file in sorted(SETTINGS.profiles_dir.glob("*.json")):
        found[file.name] = [
            finding
            for finding in judge.findings(json.loads(file.read_text(encoding="utf-8")))
            if not (
                finding.id == NOT_OF_OURS[0]
                and fnmatchcase(finding.message, NOT_OF_OURS[1])
            )
        ]
    return found


def test_uk_core_is_judged_or_said_to_be_left_out() -> None:
    folder = uk_core()
    if folder is None:
        pytest.skip("LEFT OUT: conformance to UK Core, for UKCORE_DEFINITIONS is unset")
    assert list(folder.glob("StructureDefinition/UKCore-*"))


def test_definitions_are_read(judge: Judge) -> None:
    assert judge.unread == []


def test_the_judge_sees_faults(judge: Judge) -> None:
    flag = {
        "resourceType": "Flag",
        "status": "activ",
        "code": {"text": "synthetic"},
        "subject": {"reference": "Patient/1"},
        "extension": [{"url": "https://nobody.example/defines", "valueString": "x"}],
    }
    errors = {each.place for each in judge.findings(flag) if each.severity == "error"}
    assert {"Flag.status", "Flag.extension"} <= errors


def test_there_is_no_error(verdicts: Mapping[str, list[Finding]]) -> None:
    assert len(verdicts) > len(list(SETTINGS.profiles_dir.glob("*.json")))
    errors = {
        name: [each for each in findings if each.severity == "error"]
        for name, findings in verdicts.items()
    }
    assert {name: found for name, found in errors.items() if found} == {}


def test_every_warning_is_accepted_with_a_reason(
    verdicts: Mapping[str, list[Finding]],
) -> None:
    accepted = accepted_warnings()
    strangers = {
        finding: name
        for name, findings in verdicts.items()
        for finding in findings
        if finding.severity == "warning"
        and not any(row.covers(finding) for row in accepted)
    }
    assert strangers == {}


def test_every_accepted_warning_still_occurs(
    verdicts: Mapping[str, list[Finding]],
) -> None:
    warnings = {
        finding
        for findings in verdicts.values()
        for finding in findings
        if finding.severity == "warning"
    }
    stale = [
        row
        for row in accepted_warnings()
        if (uk_core() or row.only_with != "uk-core")
        and not any(row.covers(finding) for finding in warnings)
    ]
    assert stale == []


@pytest.mark.parametrize("kind", sorted([*END_STATUSES, *DELETED]))
def test_the_end_of_each_type_is_sound(kind: str, judge: Judge) -> None:
    ids = Ids(b"k" * 32, "ZZ9A1", "tr-1", "r-1")
    held = Held(f"{kind}/{ids.of(kind, 'x')}", ids.of("Patient"))
    stamp = Stamp(ids.view_id(), 2, AT)
    bundle = with_ends(
        transaction(Content((), None, ""), stamp, ADDRESS, task=None), [held]
    )
    errors = [each for each in judge.findings(bundle) if each.severity == "error"]
    assert errors == []
