"""A receiver searches among its own views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from api_house import BASE_URL, House, record_of
from flask.testing import FlaskClient

NHS = "https://fhir.nhs.uk/Id/nhs-number"
FORM = "application/x-www-form-urlencoded"
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)


@pytest.fixture
def posted(house: House) -> House:
    for case in CASES:
        house.post(record_of(case))
        house.clock.move(minutes=10)
    return house


def number_of(case: str) -> str:
    number: str = record_of(case)["young_person"]["nhs_number"]
    return number


def page(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/fhir+json"
    bundle: dict[str, Any] = answer.get_json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    return bundle


def matches(bundle: dict[str, Any], mode: str = "match") -> list[dict[str, Any]]:
    return [
        entry["resource"]
        for entry in bundle.get("entry", [])
        if entry["search"]["mode"] == mode
    ]


def by_number(
    client: FlaskClient, number: str, kind: str = "CarePlan", **more: str
) -> dict[str, Any]:
    name = "identifier" if kind == "Patient" else "patient.identifier"
    answer = client.post(
        f"/fhir/{kind}/_search", data={name: f"{NHS}|{number}", **more}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def path_of(url: str) -> str:
    assert url.startswith(BASE_URL)
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next(
        (each["url"] for each in bundle["link"] if each["relation"] == relation), None
    )


def test_a_receiver_finds_its_own_and_only_its_own(posted: House) -> None:
    for caller, count in (
        ("team", 4),
        ("gp", 4),
        ("commissioner", 0),
        ("other-team", 0),
        ("team-as-gp", 0),
    ):
        found = page(posted.client(caller), "/fhir/Patient")
        assert len(matches(found)) == count, caller


def test_the_inbox_is_what_asks_for_an_answer(posted: House) -> None:
    found = page(
        posted.client("team"), "/fhir/Task?status=requested&_include=Task:focus"
    )
    tasks, plans = matches(found), matches(found, "include")
    assert len(tasks) == len(plans) == 4
    assert {task["focus"]["reference"] for task in tasks} == {
        f"CarePlan/{plan['id']}" for plan in plans
    }
    assert all(task["code"]["coding"][0]["code"] == "accept-handover" for task in tasks)
    for entry in found["entry"]:
        resource = entry["resource"]
        address = f"{BASE_URL}/fhir/{resource['resourceType']}/{resource['id']}"
        assert entry["fullUrl"] == address


def test_pages_show_everything_once_and_end(posted: House) -> None:
    team = posted.client("team")
    whole = matches(page(team, "/fhir/Flag?_count=200"))
    assert len(whole) > 7
    seen, address = [], "/fhir/Flag?_count=3"
    for _ in range(100):
        found = page(team, address)
        assert len(matches(found)) <= 3
        seen += matches(found)
        following = link(found, "next")
        if following is None:
            break
        address = path_of(following)
        assert set(parse_qs(urlsplit(address).query)) == {"_cursor"}
    assert seen == whole


def test_a_cursor_is_only_good_for_its_type_and_its_caller(posted: House) -> None:
    following = link(page(posted.client("team"), "/fhir/Flag?_count=1"), "next")
    assert following is not None
    cursor = parse_qs(urlsplit(following).query)["_cursor"][0]
    for caller, kind, value in (
        ("gp", "Flag", cursor),
        ("team", "CarePlan", cursor),
        ("team", "Flag", cursor[:-4] + "AAAA"),
        ("team", "Flag", "' OR 1=1 --"),
        ("team", "Flag", "eyJhZnRlciI6MH0"),
    ):
        query = urlencode({"_cursor": value})
        answer = posted.client(caller).get(f"/fhir/{kind}?{query}")
        assert answer.status_code == 400
        assert answer.get_json()["resourceType"] == "OperationOutcome"
        assert value not in answer.text


def test_a_patient_is_found_by_reference(posted: House) -> None:
    team = posted.client("team")
    first, second = matches(page(team, "/fhir/Patient"))[:2]
    flags = matches(page(team, f"/fhir/Flag?patient={first['id']}&_count=200"))
    assert flags
    reference = f"Patient/{first['id']}"
    assert {flag["subject"]["reference"] for flag in flags} == {reference}
    for form in (reference, f"{BASE_URL}/fhir/{reference}"):
        again = page(team, f"/fhir/Flag?patient={form}&_count=200")
        assert matches(again) == flags
    both = page(team, f"/fhir/CarePlan?patient={first['id']},{second['id']}")
    assert len(matches(both)) == 2
    neither = f"/fhir/CarePlan?patient={first['id']}&patient={second['id']}"
    assert matches(page(team, neither)) == []
    assert not matches(page(posted.client("gp"), f"/fhir/Flag?patient={first['id']}"))


def test_a_patient_is_found_by_nhs_number_in_a_body(posted: House) -> None:
    team, number = posted.client("team"), number_of("planned-handover")
    (plan,) = matches(by_number(team, number))
    (patient,) = matches(by_number(team, number, "Patient"))
    assert plan["subject"]["reference"] == f"Patient/{patient['id']}"
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    assert matches(by_number(team, spaced)) == [plan]
    assert matches(by_number(team, "9990000000")) == []


def test_a_number_never_stands_in_a_link(posted: House) -> None:
    team, number = posted.client("team"), number_of("planned-handover")
    found = by_number(team, number, "Flag", _count="2")
    following = link(found, "next")
    assert following is not None
    assert number not in str(found["link"])
    more = page(team, path_of(following))
    (patient,) = matches(by_number(team, number, "Patient"))
    for flag in [*matches(found), *matches(more)]:
        assert flag["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_number_in_an_address_is_refused_with_the_form_to_use(posted: House) -> None:
    number = number_of("planned-handover")
    team = posted.client("team")
    for kind, name in (("Flag", "patient.identifier"), ("Patient", "identifier")):
        query = urlencode({name: f"{NHS}|{number}"})
        for answer in (
            team.get(f"/fhir/{kind}?{query}"),
            team.post(f"/fhir/{kind}/_search?{query}", content_type=FORM),
        ):
            assert answer.status_code == 400
            assert f"POST {kind}/_search" in answer.text
            assert number not in answer.text


def test_one_who_may_not_have_the_number_finds_nothing_by_it(house: House) -> None:
    record = record_of("planned-handover")
    house.post(record)
    number = record["young_person"]["nhs_number"]
    for caller in ("commissioner", "other-team", "team-as-gp"):
        client = house.client(caller)
        known = by_number(client, number)
        assert matches(known) == []
        unknown = by_number(client, "9990000000")
        assert known == unknown


def test_status_is_that_of_the_resource(posted: House) -> None:
    team = posted.client("team")
    plans = matches(page(team, "/fhir/CarePlan?status=active"))
    assert len(plans) == 4
    assert matches(page(team, "/fhir/CarePlan?status=revoked")) == []
    assert len(matches(page(team, "/fhir/CarePlan?status=active,revoked"))) == 4


def test_what_changed_since_is_found_by_its_instant(posted: House) -> None:
    team = posted.client("team")

    def count(*conditions: str) -> int:
        query = urlencode([("_lastUpdated", each) for each in conditions])
        return len(matches(page(team, f"/fhir/CarePlan?{query}")))

    assert count("ge2026-11-05T09:10:00Z") == 3
    assert count("gt2026-11-05T09:10:00Z") == 2
    assert count("2026-11-05T09:10:00Z") == 1
    assert count("eq2026-11-05T10:10:00+01:00") == 1
    assert count("le2026-11-05T09:10:00Z") == 2
    assert count("lt2026-11-05T09:10:00Z") == 1
    assert count("ge2026-11-05T09:05Z", "lt2026-11-05T09:25Z") == 2
    assert count("2026-11-05") == 4
    assert count("2026-11") == 4
    assert count("lt2026") == 0


def test_ids_are_found_together(posted: House) -> None:
    team = posted.client("team")
    plans = matches(page(team, "/fhir/CarePlan"))
    wanted = ",".join(plan["id"] for plan in plans[:2])
    assert matches(page(team, f"/fhir/CarePlan?_id={wanted},none")) == plans[:2]


@pytest.mark.parametrize(
    "address",
    [
        "Flag?status=active",
        "Goal?status=active",
        "Patient?patient=1",
        "Flag?_include=Flag:subject",
        "Flag?_sort=date",
        "Flag?_elements=id",
        "Flag?patient:missing=true",
        "Flag?_count=0",
        "Flag?_cursor=x&_count=2",
        "Flag?%27%3B%20drop%20table%20views%3B--=1",
        "Task?status=",
        "Task?_lastUpdated=ap2026",
        "Task?" + "&".join(f"_id={number}" for number in range(60)),
    ],
)
def test_a_search_that_is_not_understood_is_refused(house: House, address: str) -> None:
    answer = house.client("team").get(f"/fhir/{address}")
    assert answer.status_code == 400
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["severity"] == "error"


def test_a_search_by_post_takes_a_form_only(posted: House) -> None:
    team = posted.client("team")
    address = "/fhir/CarePlan/_search"
    assert team.post(address, json={"status": "active"}).status_code == 415
    assert team.post(address, data="status", content_type=FORM).status_code == 400
    assert team.post(address, data=b"\xff=1", content_type=FORM).status_code == 400
    huge = "_id=" + "a" * 70_000
    assert team.post(address, data=huge, content_type=FORM).status_code == 413
    whole = team.post(address, content_type=FORM).get_json()
    assert len(matches(whole)) == 4
    assert link(whole, "self") == f"{BASE_URL}{address}"
    both = team.post(f"{address}?status=active", data={"_count": "1"}).get_json()
    assert len(matches(both)) == 1


def test_an_empty_answer_is_written_down_too(house: House) -> None:
    assert matches(page(house.client("team"), "/fhir/Flag")) == []
    with house.parts.store.reading() as connection:
        query = "SELECT event, actor, view_id FROM audit"
        rows = [tuple(row) for row in connection.exec_driver_sql(query)]
    assert rows == [("resources-read", "team", None)]
