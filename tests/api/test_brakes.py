"""Under a brake a receiver's answers are those for one who is not known."""

from __future__ import annotations

import pytest
from api_house import House, record_of
from prometheus_client import generate_latest

from adapter.api.metrics import registry_of
from adapter.store.brakes import ALL, ENDPOINT, KIND, release_brake, set_brake

SCOPES = [(ALL, ""), (KIND, "adult_mh_service"), (ENDPOINT, "team")]


def brake(house: House, scope: str, name: str) -> None:
    set_brake(
        house.parts.store,
        scope,
        name,
        reason="Wrong list",
        by="Sam",
        actor="command-line",
        at=house.clock(),
    )


@pytest.mark.parametrize(("scope", "name"), SCOPES)
def test_a_pull_is_answered_as_for_one_who_is_not_known(
    house: House, scope: str, name: str
) -> None:
    house.post(record_of("planned-handover"))
    team, stranger = house.client("team"), house.client("other-team")
    (task,) = (
        each["resource"]
        for each in team.get("/fhir/Task?status=requested").json["entry"]
    )
    (patient,) = (each["resource"] for each in team.get("/fhir/Patient").json["entry"])
    brake(house, scope, name)
    own = f"/fhir/Patient/{patient['id']}"
    for path in (
        "/fhir/Task",
        "/fhir/Patient",
        f"/fhir/Task/{task['id']}",
        own,
        f"{own}/_history",
        f"{own}/_history/1",
        f"{own}/$everything",
    ):
        answers = [client.get(path) for client in (team, stranger)]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].data == answers[1].data
        assert not answers[0].get_json().get("entry")
    answer = team.put(
        f"/fhir/Task/{task['id']}",
        json=task,
        content_type="application/fhir+json",
        headers={"If-Match": 'W/"1"'},
    )
    assert answer.status_code == 404
    release_brake(house.parts.store, scope, name, by="Sam", actor="x", at=house.clock())
    for path in (f"/fhir/Task/{task['id']}", f"{own}/_history", f"{own}/_history/1"):
        assert team.get(path).status_code == 200


def test_a_brake_on_one_kind_leaves_the_others(house: House) -> None:
    house.post(record_of("planned-handover"))
    brake(house, KIND, "gp")
    assert house.client("team").get("/fhir/Task").json["entry"]
    assert not house.client("gp").get("/fhir/Patient").json.get("entry")


def test_the_sender_and_those_who_run_it_see_it_and_nobody_else(house: House) -> None:
    house.post(record_of("planned-handover"))
    ready = house.client().get("/readyz").data
    brake(house, ENDPOINT, "team")
    found = house.client("ward").get("/deliveries").get_json()["deliveries"]
    held = {each["endpoint"]: each["brake"] for each in found}
    assert held["team"]["reason"] == "Wrong list"
    assert held["team"]["scope"] == "endpoint"
    assert held.get(None) is None
    figures = generate_latest(registry_of(house.parts)).decode()
    assert 'adapter_brakes{scope="endpoint"} 1.0' in figures
    assert house.client().get("/readyz").data == ready


@pytest.mark.parametrize(("scope", "name"), SCOPES)
def test_the_worklist_shows_what_is_braked_until_it_is_released(
    house: House, scope: str, name: str
) -> None:
    def shown() -> list[dict[str, str]]:
        found = house.client("ward").get("/worklist?purpose=SEEK_CONSENT").get_json()
        brakes: list[dict[str, str]] = found["brakes"]
        return brakes

    assert shown() == []
    brake(house, scope, name)
    (on,) = shown()
    assert (on["scope"], on["name"], on["reason"]) == (scope, name, "Wrong list")
    release_brake(
        house.parts.store, scope, name, by="Sam", actor="ops", at=house.clock()
    )
    assert shown() == []
