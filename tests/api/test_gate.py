"""Nothing is open but health and metadata, and every error is told in one way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from api_house import House
from fhir.resources.R4B import get_fhir_model_class

from adapter import errors
from adapter.api.auth import ANYONE, Role, open_to, protected_endpoints
from adapter.api.problems import STATUSES, status_of
from adapter.errors import AdapterError, InvalidRecord, Issue

ROOT = Path(__file__).resolve().parents[2]
OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs", "/fhir/metadata"}


def addresses(house: House) -> list[tuple[str, str, str]]:
    """Every route: its method, a filled-in address, and its endpoint."""
    return [
        (method, re.sub(r"<[^>]+>", "x-1", rule.rule), rule.endpoint)
        for rule in house.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_route_says_who_may_open_it(house: House) -> None:
    said = dict(protected_endpoints(house.app))
    assert None not in said.values()
    is_open = {rule for _, rule, name in addresses(house) if said[name] == ANYONE}
    assert is_open == OPEN


def test_without_a_token_every_route_but_the_open_ones_is_closed(house: House) -> None:
    client = house.client()
    for method, address, _ in addresses(house):
        answer = client.open(address, method=method)
        if address in OPEN:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, address
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_route_that_says_nothing_is_closed_to_all(house: House) -> None:
    house.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for name in ("ward", "team"):
        assert house.client(name).get("/forgotten").status_code == 403
    assert house.client().get("/forgotten").status_code == 401


def test_senders_and_receivers_do_not_open_each_others_doors(house: House) -> None:
    said = dict(protected_endpoints(house.app))
    for method, address, name in addresses(house):
        for caller, role in (("ward", Role.SENDER), ("team", Role.RECEIVER)):
            if said[name] and role not in (said[name] or ()):
                answer = house.client(caller).open(address, method=method)
                assert answer.status_code == 403, address


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic d2FyZDp4", "Bearer wrong", "Bearer é", "x" * 9000],
)
def test_a_credential_that_is_none_of_ours_is_refused(
    house: House, header: str
) -> None:
    answer = house.client().get("/deliveries", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "wrong" not in answer.text


def test_options_and_head_are_not_a_way_in(house: House) -> None:
    client = house.client()
    assert client.options("/records").status_code == 401
    assert client.head("/deliveries").status_code == 401


def test_what_is_not_there_is_told_in_the_words_of_its_interface(house: House) -> None:
    for address in ("/nowhere", "/fhir/Nothing", "/fhir", "/fhir/Flag/a/b"):
        assert house.client().get(address).status_code == 401
    team = house.client("team")
    plain = team.get("/nowhere")
    assert (plain.status_code, plain.content_type) == (404, "application/problem+json")
    assert plain.get_json()["status"] == 404
    for address in ("/fhir", "/fhir/Nothing", "/fhir/Nothing/1", "/fhir/Flag/a/b"):
        answer = team.get(address)
        assert answer.status_code == 404
        assert answer.content_type == "application/fhir+json"
        assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_every_route_is_documented(house: House) -> None:
    page = (ROOT / "docs" / "reference" / "http-api.md").read_text()
    for method, _, name in addresses(house):
        (rule,) = house.app.url_map.iter_rules(name)
        kind = name.removeprefix("fhir.").partition("-")[0]
        general = re.sub(rf"/fhir/{kind}\b", "/fhir/<type>", rule.rule, flags=re.I)
        general = general.replace("<resource_id>", "<id>")
        if method in {"PUT", "PATCH"}:
            general = general.replace("<type>", "Task")
        assert f"{general}`" in page, f"{method} {rule.rule}"


def test_an_operation_outcome_is_valid(house: House) -> None:
    team = house.client("team")
    for answer in (
        team.get("/fhir/Flag?status=active"),
        team.get("/fhir/Flag/none"),
        team.get("/fhir/Nothing"),
        house.client("ward").get("/fhir/Flag"),
    ):
        get_fhir_model_class("OperationOutcome").model_validate(answer.get_json())


def test_another_method_is_405_and_names_those_allowed(house: House) -> None:
    answer = house.client("team").delete("/fhir/Task/1")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "PUT", "PATCH"}
    assert answer.get_json()["issue"][0]["code"] == "not-supported"
    assert house.client("ward").put("/records").status_code == 405


def test_every_error_has_a_status() -> None:
    def tree(cls: type[AdapterError]) -> list[type[AdapterError]]:
        return [cls, *(each for sub in cls.__subclasses__() for each in tree(sub))]

    for cls in tree(errors.AdapterError):
        assert any(parent in STATUSES for parent in cls.__mro__[:-1])
        assert cls.title
        assert cls.issue_type


def test_what_is_not_json_is_the_fault_of_the_request() -> None:
    broken = Issue("error", "E_JSON", "", "not JSON")
    other = Issue("error", "E_UNKNOWN_FIELD", "a", "not a field")
    assert status_of(InvalidRecord([broken])) == 400
    assert status_of(InvalidRecord([other])) == 422


@pytest.mark.parametrize("address", ["/broken", "/fhir/broken"])
def test_what_nobody_foresaw_says_nothing_of_its_cause(
    house: House, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @open_to(Role.SENDER, Role.RECEIVER)
    def broken() -> str:
        raise ValueError("Casey Larkmoor, 9997000374")

    house.app.add_url_rule(address, "broken", broken)
    answer = house.client("ward").get(address)
    assert answer.status_code == 500
    log = capsys.readouterr()
    for text in (answer.text, log.out, log.err):
        assert "Casey" not in text
        assert "9997000374" not in text
        assert "Traceback" not in text
    assert "ValueError" not in answer.text
    told = re.search(r"[0-9a-f-]{36}", answer.text)
    assert told
    assert told[0] in log.out + log.err


def test_a_mapping_fault_is_told_to_a_sender_and_not_to_a_receiver(
    house: House,
) -> None:
    @open_to(Role.SENDER, Role.RECEIVER)
    def broken() -> str:
        raise errors.UnmappedCode(
            issues=[Issue("error", "CODE_UNMAPPED", "safety.risks[0].domain", "no row")]
        )

    house.app.add_url_rule("/broken", "broken", broken)
    house.app.add_url_rule("/fhir/broken", "fhir-broken", broken)
    told = house.client("ward").get("/broken")
    assert told.status_code == 500
    assert told.get_json()["issues"][0]["path"] == "safety.risks[0].domain"
    hidden = house.client("team").get("/fhir/broken")
    assert hidden.status_code == 500
    assert "safety" not in hidden.text


def test_answers_are_private_and_are_what_they_say(house: House) -> None:
    for answer in (house.client().get("/healthz"), house.client("ward").get("/x")):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
