"""A supplier's own export, posted: chosen by registration or header."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_house import FIXTURES, House, record_of
from click.testing import CliRunner
from exports import SUPPLIERS, shipped_source
from werkzeug.test import TestResponse

from adapter.api.app import create_app
from adapter.api.auth import Callers, load_callers, mint_token
from adapter.cli import cli
from adapter.errors import SettingsInvalid

QUILL = FIXTURES / "supplier-invented-quill"
TARN = FIXTURES / "supplier-invented-tarn"


def registered(name: str, ods_code: str, source: str) -> tuple[Callers, str]:
    token, digest = mint_token()
    caller = {
        "name": name,
        "role": "sender",
        "ods_code": ods_code,
        "source": source,
        "token_sha256": digest,
    }
    text = json.dumps({"callers": [caller]})
    return load_callers(text, sources=SUPPLIERS), token


@pytest.fixture(scope="module")
def sources() -> dict[str, Any]:
    return {name: shipped_source(name) for name in SUPPLIERS}


@pytest.fixture
def suppliers(house: House, sources: dict[str, Any]) -> House:
    """A house in which one sender is registered for each supplier's exports."""
    callers, tokens = [], dict(house.tokens)
    for source in SUPPLIERS:
        found, tokens[source] = registered(source, "ZZ9A1", source)
        callers.extend(found.by_digest)
    everybody = Callers((*house.parts.callers.by_digest, *callers))
    parts = replace(house.parts, sources=sources, callers=everybody)
    return House(create_app(parts), parts, house.clock, tokens)


def quill(case: str = "planned-handover") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((QUILL / f"{case}.json").read_text())
    return found


def tarn(case: str = "planned-handover", **changed: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((TARN / case).glob("*.csv")):
            text = path.read_bytes().decode()
            archive.writestr(path.name, changed.get(path.stem, text))
    return body.getvalue()


def post_zip(house: House, body: bytes, **headers: str) -> TestResponse:
    client = house.client("invented-tarn")
    media = {"Content-Type": "application/zip", **headers}
    return client.post("/records", data=body, headers=media)


def places(answer: TestResponse) -> set[tuple[str, str]]:
    found = answer.get_json()["issues"]
    return {(issue["code"], issue["path"]) for issue in found}


def test_the_registration_says_what_a_sender_sends(suppliers: House) -> None:
    answer = suppliers.client("invented-quill").post("/records", json=quill())
    assert answer.status_code == 202, answer.get_json()
    answer = post_zip(suppliers, tarn("shared-lives-version-2"))
    assert answer.status_code == 202, answer.get_json()


def test_two_suppliers_of_one_handover_make_one_record(suppliers: House) -> None:
    first = suppliers.client("invented-quill").post("/records", json=quill())
    again = post_zip(suppliers, tarn())
    assert again.status_code == 200
    assert again.data == first.data


def test_the_header_overrides_the_registration(suppliers: House) -> None:
    ward = suppliers.client("ward")
    answer = ward.post(
        "/records", json=quill(), headers={"X-Source-Format": "invented-quill"}
    )
    assert answer.status_code == 202
    answer = suppliers.client("invented-quill").post(
        "/records",
        json=record_of("shared-lives-version-2"),
        headers={"X-Source-Format": "record"},
    )
    assert answer.status_code == 202


def test_an_unknown_format_is_refused_and_not_repeated(suppliers: House) -> None:
    answer = suppliers.client("ward").post(
        "/records", json=quill(), headers={"X-Source-Format": "jane-smith"}
    )
    assert answer.status_code == 400
    assert b"jane-smith" not in answer.data
    assert b"invented-quill" in answer.data


def test_a_record_is_what_is_taken_where_nothing_says_otherwise(house: House) -> None:
    answer = house.client("ward").post("/records", json=record_of("planned-handover"))
    assert answer.status_code == 202


def test_the_media_type_is_that_of_the_source(suppliers: House) -> None:
    json_as_tables = suppliers.client("invented-tarn").post("/records", json=quill())
    assert json_as_tables.status_code == 415
    zip_as_json = suppliers.client("invented-quill").post(
        "/records", data=tarn(), headers={"Content-Type": "application/zip"}
    )
    assert zip_as_json.status_code == 415


def test_each_fault_is_told_where_the_sender_finds_it(suppliers: House) -> None:
    sent = quill("shared-lives-version-2")
    sent["patient"]["risks"][1]["typeCode"] = "ZZZ"
    del sent["patient"]["risks"][0]["description"]
    sent["patient"]["dateOfBirth"] = "2008-07-21"
    sent["patient"]["measures"][0]["ownerId"] = "m-nobody"
    sent["patient"]["starSign"] = "Leo"
    answer = suppliers.client("invented-quill").post("/records", json=sent)
    assert answer.status_code == 422
    assert places(answer) >= {
        ("E_UNMAPPED_CODE", "patient.risks[1].typeCode"),
        ("E_SCHEMA", "patient.risks[0].description"),
        ("E_SCHEMA", "patient.dateOfBirth"),
        ("E_DANGLING_REF", "patient.measures[0].ownerId"),
        ("W_UNREAD_FIELD", "patient.starSign"),
    }
    for value in ("ZZZ", "2008-07-21", "m-nobody", "Leo"):
        assert value not in answer.get_data(as_text=True)


def test_each_fault_in_a_table_has_its_file_row_and_column(suppliers: House) -> None:
    risks = (TARN / "shared-lives-version-2" / "risks.csv").read_bytes().decode()
    body = tarn(
        "shared-lives-version-2",
        risks=risks.replace("rk-2,06,", "rk-2,99,").replace("rk-1,01,", "rk-1,,"),
    )
    answer = post_zip(suppliers, body)
    assert answer.status_code == 422
    assert places(answer) == {
        ("E_SCHEMA", "risks.csv row 2 column domain"),
        ("E_UNMAPPED_CODE", "risks.csv row 3 column domain"),
    }


def test_what_is_not_read_is_in_the_receipt(suppliers: House) -> None:
    sent = quill()
    sent["patient"]["starSign"] = "Leo"
    answer = suppliers.client("invented-quill").post("/records", json=sent)
    assert answer.status_code == 202
    warnings = answer.get_json()["warnings"]
    told = [each["path"] for each in warnings if each["code"] == "W_UNREAD_FIELD"]
    assert told == ["patient.starSign"]


def test_a_dry_run_tells_the_same(suppliers: House) -> None:
    sent = quill()
    client = suppliers.client("invented-quill")
    assert client.post("/records?dry_run=true", json=sent).status_code == 200
    del sent["patient"]["risks"][0]["description"]
    answer = client.post("/records?dry_run=true", json=sent)
    assert ("E_SCHEMA", "patient.risks[0].description") in places(answer)


def test_an_export_that_is_not_json_or_no_zip_is_the_requests_fault(
    suppliers: House,
) -> None:
    answer = suppliers.client("invented-quill").post(
        "/records", data=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert post_zip(suppliers, b"PK").status_code == 400


def test_a_bomb_is_refused(suppliers: House) -> None:
    answer = post_zip(suppliers, tarn(risks="0" * 150_000))
    assert answer.status_code == 400
    assert places(answer) == {("E_ARCHIVE", "entry 20")}


def test_another_organisations_export_is_refused(suppliers: House) -> None:
    sent = quill()
    sent["export"]["system"]["odsCode"] = "ZZ9A9"
    answer = suppliers.client("invented-quill").post("/records", json=sent)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        ({"role": "sender", "source": "nobody"}, "no file of mappings/sources"),
        ({"role": "receiver", "kinds": ["gp"], "source": "x"}, "senders only"),
        ({"role": "sender", "source": "../x"}, "must match"),
    ],
)
def test_a_registration_names_a_source_that_is_there(
    caller: dict[str, Any], reason: str
) -> None:
    whole = {"name": "w", "ods_code": "ZZ9A1", "token_sha256": "0" * 64, **caller}
    with pytest.raises(SettingsInvalid) as refused:
        load_callers(json.dumps({"callers": [whole]}), sources=SUPPLIERS)
    assert reason in refused.value.issues[0].message


def test_the_shipped_sources_are_those_that_are_tested() -> None:
    folder = Path(__file__).resolve().parents[2] / "mappings" / "sources"
    assert sorted(path.stem for path in folder.glob("*.yaml")) == list(SUPPLIERS)


def validated(path: Path, source: str) -> tuple[int, dict[str, Any]]:
    at = ("--at", "2026-11-05T09:00:00Z")
    result = CliRunner().invoke(cli, ["validate", str(path), "--source", source, *at])
    return result.exit_code, json.loads(result.stdout)


def test_validate_tells_of_an_export_what_a_post_of_it_does(
    suppliers: House, tmp_path: Path
) -> None:
    damaged = (TARN / "planned-handover" / "risks.csv").read_text()
    damaged = damaged.replace("Oct-2026", "Oct/2026").replace("rk-1,01", "rk-1,99")
    exports = {
        "invented-quill": json.dumps(
            {**quill(), "unheard_of": 1, "patient": None}
        ).encode(),
        "invented-tarn": tarn(risks=damaged),
    }
    for source, body in exports.items():
        path = tmp_path / source
        path.write_bytes(body)
        media = "application/zip" if source == "invented-tarn" else "application/json"
        answer = suppliers.client(source).post(
            "/records", data=body, headers={"Content-Type": media}
        )
        code, told = validated(path, source)
        assert (code, answer.status_code) == (1, 422)
        assert told["accepted"] is False
        assert told["issues"] == answer.get_json()["issues"]
        assert told["sections"] == answer.get_json()["sections"]


def test_validate_accepts_a_sound_export_and_refuses_what_is_none(
    tmp_path: Path,
) -> None:
    path = tmp_path / "export"
    path.write_bytes(tarn())
    code, told = validated(path, "invented-tarn")
    assert (code, told["accepted"]) == (0, True)
    assert validated(QUILL / "planned-handover.json", "invented-quill")[0] == 0
    for source, wrong in (("invented-tarn", "E_ARCHIVE"), ("invented-quill", "E_JSON")):
        path.write_bytes(b"neither")
        code, told = validated(path, source)
        assert (code, told["accepted"]) == (1, False)
        assert [issue["code"] for issue in told["issues"]] == [wrong]
    named = CliRunner().invoke(cli, ["validate", str(path), "--source", "nobody"])
    assert named.exit_code == 2
