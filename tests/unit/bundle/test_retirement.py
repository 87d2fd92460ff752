"""What was sent is ended: a status for every type, and not a word of what it said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle.build import Stamp, content_hash, to_bytes, transaction
from adapter.bundle.check.r4 import EMITTED
from adapter.bundle.content import Content
from adapter.bundle.fhir import model_issues
from adapter.bundle.ids import Ids
from adapter.bundle.retirement import (
    DELETED,
    END_STATUSES,
    ENDABLE,
    Held,
    ended,
    named,
    with_ends,
)
from adapter.bundle.withdrawal import STOP_USING_THIS, withdrawal
from adapter.canonical import RESOURCE_ID_SYSTEM, VIEW_ID_SYSTEM
from adapter.errors import MappingInvalid
from adapter.settings import Settings
from adapter.wiring import build_checker, build_mapping

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
IDS = Ids(b"k" * 32, "ZZ9A1", "tr-1", "r-1")
PATIENT = IDS.of("Patient")
STAMP = Stamp(IDS.view_id(), 3, AT)


@pytest.fixture(scope="module")
def checker() -> Any:
    return build_checker(Settings())


def test_every_type_that_is_checked_has_its_end() -> None:
    # What a mapping may make is held to the table when it is loaded.
    assert set(EMITTED) - {"Bundle"} <= ENDABLE
    assert not END_STATUSES.keys() & DELETED


def test_a_mapping_of_another_type_stops_the_start(tmp_path: Path) -> None:
    settings = Settings()
    copied = tmp_path / "mappings"
    shutil.copytree(settings.mappings_dir, copied)
    text = """- resource: {resourceType: Basic, id: "{id('Basic')}"}\n"""
    (copied / "fhir" / "basic.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingInvalid) as caught:
        build_mapping(replace(settings, mappings_dir=copied))
    assert [issue.path for issue in caught.value.issues] == ["basic.yaml:1"]


@pytest.mark.parametrize("kind", END_STATUSES)
def test_an_ended_resource_is_sound_and_ours(kind: str, checker: Any) -> None:
    held = Held(f"{kind}/{IDS.of(kind, 'x')}", PATIENT)
    resource = ended(held, named(PATIENT))
    assert model_issues(resource) == []
    assert checker.resource(resource) == []
    identifiers = resource["identifier"]
    ours = identifiers[0] if isinstance(identifiers, list) else identifiers
    assert ours == {"system": RESOURCE_ID_SYSTEM, "value": held.id}


@pytest.mark.parametrize("kind", sorted(DELETED))
def test_what_has_no_end_status_is_deleted_by_tag(kind: str) -> None:
    held = Held(f"{kind}/{IDS.of(kind, 'x')}", PATIENT)
    (entry,) = with_ends({"entry": []}, [held])["entry"]
    assert entry["request"]["method"] == "DELETE"
    assert entry["request"]["url"].startswith(f"{kind}?_tag=")
    assert "resource" not in entry


def test_an_end_refers_to_the_patient_of_the_bundle_where_there_is_one() -> None:
    patient = {"resourceType": "Patient", "id": PATIENT}
    content = Content((patient,), None, content_hash([patient]))
    bundle = transaction(content, STAMP, "", task=None)
    flag = Held(f"Flag/{IDS.of('Flag', 'rk-1')}", PATIENT)
    entry = with_ends(bundle, [flag])["entry"][-1]
    assert entry["resource"]["subject"] == {"reference": f"urn:uuid:{PATIENT}"}
    (alone,) = with_ends({"entry": []}, [flag])["entry"]
    assert alone["resource"]["subject"] == named(PATIENT)


def test_a_withdrawal_names_the_earlier_bundle_and_repeats_nothing(
    checker: Any,
) -> None:
    ends = [
        Held(f"{kind}/{IDS.of(kind, 'x')}", PATIENT)
        for kind in sorted(END_STATUSES.keys() | DELETED)
        if kind != "Patient"
    ] + [Held(f"Patient/{PATIENT}", PATIENT)]
    bundle = withdrawal(
        IDS,
        STAMP,
        sender_ods="ZZ9A1",
        earlier=[STAMP.view_id],
        ends=ends,
        number="0700 900 001",
    )
    assert [i for i in checker.bundle(bundle) if i.severity == "error"] == []
    notice = bundle["entry"][0]["resource"]
    assert notice["about"][0]["identifier"] == {
        "system": VIEW_ID_SYSTEM,
        "value": STAMP.view_id,
    }
    assert [each["contentString"] for each in notice["payload"]] == [
        STOP_USING_THIS,
        "Ring 0700 900 001 if you have a question.",
    ]
    patients = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry.get("resource", {}).get("resourceType") == "Patient"
    ]
    assert [set(each) for each in patients] == [
        {"resourceType", "identifier", "active"}
    ]
    assert bundle["meta"]["versionId"] == "3"
    assert to_bytes(bundle) == to_bytes(bundle)
