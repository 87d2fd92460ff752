"""A receiver reads what is its own, and learns nothing of what is not."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from api_house import BASE_URL, House, record_of
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from adapter.api.fhir.types import PARAMETER_TYPES, TYPES
from adapter.store.audit import RESOURCES_READ, VIEW_READ
from adapter.store.schema import audit

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings" / "fhir"


@pytest.fixture
def posted(house: House) -> House:
    house.post(record_of("planned-handover"))
    return house


def entries(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.get_json().get("entry", [])]


def trail(house: House) -> list[Any]:
    with house.parts.store.reading() as connection:
        return list(connection.execute(audit.select().order_by(audit.c.number)))


def test_the_statement_is_valid_and_is_what_the_routes_are(house: House) -> None:
    answer = house.client().get("/fhir/metadata")
    assert answer.content_type == "application/fhir+json"
    told = answer.get_json()
    get_fhir_model_class("CapabilityStatement").model_validate(told)
    assert told["fhirVersion"] == "4.0.1"
    assert told["implementation"]["url"] == f"{BASE_URL}/fhir"
    routes = {
        (rule.rule, method)
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/fhir/") and rule.rule != "/fhir/metadata"
    }
    promised = set()
    for resource in told["rest"][0]["resource"]:
        name = resource["type"]
        for each in resource["interaction"]:
            promised |= {
                "read": {(f"/fhir/{name}/<resource_id>", "GET")},
                "search-type": {
                    (f"/fhir/{name}", "GET"),
                    (f"/fhir/{name}/_search", "POST"),
                },
                "vread": {(f"/fhir/{name}/<resource_id>/_history/<version>", "GET")},
                "history-instance": {(f"/fhir/{name}/<resource_id>/_history", "GET")},
                "update": {(f"/fhir/{name}/<resource_id>", "PUT")},
                "patch": {(f"/fhir/{name}/<resource_id>", "PATCH")},
            }[each["code"]]
    assert promised == routes


def test_the_statement_lists_our_profiles(house: House) -> None:
    told = house.client().get("/fhir/metadata").get_json()
    for resource in told["rest"][0]["resource"]:
        for profile in resource.get("supportedProfile", []):
            assert profile.startswith("https://fhir.transition-adapter.example/")


def test_every_type_that_is_mapped_is_offered() -> None:
    mapped = {
        each["resource"]["resourceType"]
        for path in MAPPINGS.glob("*.yaml")
        for each in yaml.safe_load(path.read_text())
    }
    assert mapped <= set(TYPES)
    for offer in TYPES.values():
        assert set(offer.parameters) <= set(PARAMETER_TYPES)


def test_every_resource_of_a_view_is_found_and_read(posted: House) -> None:
    team = posted.client("team")
    (task,) = entries(team, "/fhir/Task?status=requested")
    (plan,) = entries(team, "/fhir/CarePlan")
    assert task["focus"]["reference"] == f"CarePlan/{plan['id']}"
    found = 0
    for name, offer in TYPES.items():
        if not offer.is_searched:
            continue
        for resource in entries(team, f"/fhir/{name}?_count=200"):
            assert resource["resourceType"] == name
            answer = team.get(f"/fhir/{name}/{resource['id']}")
            assert answer.get_json() == resource
            assert answer.headers["ETag"] == f'W/"{resource["meta"]["versionId"]}"'
            assert answer.headers["Last-Modified"] == "Thu, 05 Nov 2026 09:00:00 GMT"
            found += 1
    assert found > 20


def bundle_id(house: House) -> str:
    """The id of the view that the only queued delivery carries."""
    with house.parts.store.reading() as connection:
        query = "SELECT view_id FROM views WHERE recipient_ods = 'ZZ9B2'"
        return str(connection.exec_driver_sql(query).scalar_one())


def test_a_view_is_read_as_a_bundle_in_the_bytes_that_are_kept(posted: House) -> None:
    team, name = posted.client("team"), bundle_id(posted)
    plain = team.get(f"/fhir/Bundle/{name}")
    assert plain.status_code == 200
    assert "Content-Encoding" not in plain.headers
    assert plain.get_json()["type"] == "collection"
    assert plain.headers["ETag"] == 'W/"1"'
    zipped = team.get(f"/fhir/Bundle/{name}", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert gzip.decompress(zipped.data) == plain.data
    refused = {"Accept-Encoding": "gzip;q=0"}
    assert team.get(f"/fhir/Bundle/{name}", headers=refused).data == plain.data
    same = team.get(f"/fhir/Bundle/{name}", headers={"If-None-Match": 'W/"1"'})
    assert (same.status_code, same.data) == (304, b"")
    assert team.get("/fhir/Bundle").status_code == 404


def test_anothers_resource_and_an_unknown_one_are_the_same_answer(
    posted: House,
) -> None:
    team = posted.client("team")
    theirs = {
        name: entries(team, f"/fhir/{name}")[0]["id"]
        for name in ("Patient", "Flag", "CarePlan", "Task")
    }
    theirs["Bundle"] = bundle_id(posted)
    headers = {
        "X-Correlation-Id": "0b0e2f5e-6a1c-4a53-9a52-6f1f6c3c8e55",
        "X-Request-Id": "0b0e2f5e-6a1c-4a53-9a52-6f1f6c3c8e55",
    }
    unknown_ids = (
        "0b0e2f5e-6a1c-8a53-9a52-6f1f6c3c8e55",
        "x",
        "a" * 300,
        "..",
        "%2e%2e",
        "' OR 1=1 --",
        "\x00",
        "r-amh",
        "tr-0051",
    )
    for caller in ("other-team", "team-as-gp", "gp", "commissioner"):
        client = posted.client(caller)
        for kind, their_id in theirs.items():
            answer = client.get(f"/fhir/{kind}/{their_id}", headers=headers)
            assert answer.status_code == 404
            for unknown in unknown_ids:
                other = client.get(f"/fhir/{kind}/{unknown}", headers=headers)
                assert other.status_code == 404
                assert other.data == answer.data
                assert list(other.headers) == list(answer.headers)


def test_two_recipients_of_one_record_share_no_id(posted: House) -> None:
    def ids(caller: str) -> set[str]:
        client = posted.client(caller)
        return {
            resource["id"]
            for kind in ("Patient", "Organization", "Flag", "CarePlan")
            for resource in entries(client, f"/fhir/{kind}")
        }

    assert ids("team")
    assert ids("gp")
    assert not ids("team") & ids("gp")


def test_an_audit_row_is_committed_before_the_answer(posted: House) -> None:
    team = posted.client("team")
    (plan,) = entries(team, "/fhir/CarePlan")
    before = len(trail(posted))
    team.get(f"/fhir/CarePlan/{plan['id']}")
    team.get(f"/fhir/Bundle/{bundle_id(posted)}")
    read, bundle = trail(posted)[before:]
    assert (read.event, read.actor) == (RESOURCES_READ, "team")
    assert read.view_id == bundle_id(posted)
    assert read.detail == {"interaction": "read", "types": {"CarePlan": 1}}
    assert (bundle.event, bundle.record_id) == (VIEW_READ, "tr-0051")
    assert posted.client("gp").get(f"/fhir/CarePlan/{plan['id']}").status_code == 404
    assert len(trail(posted)) == before + 2


def test_without_an_audit_row_nothing_is_shown(posted: House) -> None:
    (plan,) = entries(posted.client("team"), "/fhir/CarePlan")
    with posted.parts.store.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    for address in (
        f"/fhir/CarePlan/{plan['id']}",
        f"/fhir/Bundle/{bundle_id(posted)}",
        "/fhir/CarePlan",
    ):
        answer = posted.client("team").get(address)
        assert answer.status_code >= 500
        assert plan["id"] not in answer.text


@pytest.mark.parametrize(
    ("accept", "form", "status"),
    [
        ("application/fhir+json", None, 200),
        ("application/json", None, 200),
        ("application/fhir+json; fhirVersion=4.0", None, 200),
        ("text/html, */*;q=0.1", None, 200),
        ("application/fhir+xml", None, 406),
        ("application/fhir+json; fhirVersion=3.0", None, 406),
        ("application/fhir+json;q=0", None, 406),
        ("application/fhir+xml", "json", 200),
        ("application/fhir+xml", "application/fhir%2Bjson", 200),
        ("application/fhir+json", "xml", 406),
        ("application/fhir+json", "turtle", 406),
    ],
)
def test_the_form_of_an_answer_is_asked_for(
    posted: House, accept: str, form: str | None, status: int
) -> None:
    tail = f"?_format={form}" if form else ""
    for address in ("/fhir/metadata", "/fhir/Patient"):
        answer = posted.client("team").get(address + tail, headers={"Accept": accept})
        assert answer.status_code == status


def test_a_read_takes_no_other_parameter(posted: House) -> None:
    (plan,) = entries(posted.client("team"), "/fhir/CarePlan")
    for tail in ("?_summary=true", "?a=1"):
        answer = posted.client("team").get(f"/fhir/CarePlan/{plan['id']}{tail}")
        assert answer.status_code == 400


def test_a_view_that_cannot_be_prepared_is_not_shown_and_hides_no_other(
    house: House,
) -> None:
    house.post(record_of("planned-handover"))
    house.post(record_of("fifteen-refuses-family"))
    with house.parts.store.writing() as connection:
        connection.exec_driver_sql("UPDATE views SET policy_version = 'an older one'")
        connection.exec_driver_sql(
            "UPDATE records SET body = x'00' WHERE record_id = 'tr-0051'"
        )
    patients = entries(house.client("team"), "/fhir/Patient")
    assert len(patients) == 1
    assert entries(house.client("commissioner"), "/fhir/Patient") == []


def test_what_is_no_longer_current_is_prepared_again_before_it_is_read(
    house: House,
) -> None:
    record = record_of("fifteen-refuses-family")
    house.post(record)
    assert entries(house.client("team"), "/fhir/Patient")
    birth = datetime.fromisoformat(record["young_person"]["birth_date"])
    house.clock.now = birth.replace(year=birth.year + 18, tzinfo=UTC, hour=12)
    before = len(trail(house))
    entries(house.client("team"), "/fhir/Patient")
    events = [row.event for row in trail(house)[before:]]
    assert "decision-made" in events
    assert events[-1] == RESOURCES_READ
