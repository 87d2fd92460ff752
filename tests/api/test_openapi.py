"""The OpenAPI document: valid, whole, and true of what is answered."""

from __future__ import annotations

import re

import pytest
from api_house import House, record_of
from flask import Response
from openapi_contract import Contract
from openapi_spec_validator import OpenAPIV31SpecValidator

from adapter.api.answers import json_answer
from adapter.api.openapi.document import json_routes
from adapter.api.openapi.operations import OPERATIONS


@pytest.fixture
def document(house: House) -> dict:
    answer = house.client().get("/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def test_it_is_a_valid_document(document: dict) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_route_is_in_it_and_no_other(house: House, document: dict) -> None:
    routes = {(method, rule) for method, rule, _ in json_routes(house.app)}
    assert routes == set(OPERATIONS)
    told = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert told == {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule)) for method, rule in routes
    }


def test_names_are_used_once_and_open_routes_say_so(document: dict) -> None:
    told = [each for methods in document["paths"].values() for each in methods.values()]
    names = [each["operationId"] for each in told]
    assert len(set(names)) == len(names)
    is_open = {each["operationId"] for each in told if not each["security"]}
    assert is_open == {"getHealth", "getReadiness", "getOpenApi", "getDocs"}


def test_every_reference_leads_somewhere(document: dict) -> None:
    schemas = document["components"]["schemas"]
    found = set(re.findall(r"'#/components/schemas/([^']+)'", str(document)))
    assert found <= set(schemas)
    assert found | {"Record"} >= set(schemas) - {"Issue"}


def test_the_page_tells_of_every_operation_and_asks_nobody_else(
    house: House, document: dict
) -> None:
    answer = house.client().get("/docs")
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    page = answer.get_data(as_text=True)
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page
    assert set(re.findall(r'href="([^#"]*)', page)) == {"", "/openapi.json"}
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://", page)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_neither_holds_a_value_of_a_record(house: House) -> None:
    house.post(record_of("planned-handover"))
    held = str(record_of("planned-handover")["young_person"]["nhs_number"])
    for address in ("/openapi.json", "/docs"):
        assert held not in house.client().get(address).get_data(as_text=True)


def test_an_answer_that_is_not_documented_is_heard(house: House) -> None:
    contract = Contract(house.app)
    with house.app.test_request_context("/healthz"):
        contract._hear(json_answer({"status": "ok"}, 418))
        contract._hear(json_answer({"status": 1, "more": 1}))
        contract._hear(Response("ok", 200, content_type="text/plain"))
        contract._hear(json_answer({"status": "ok"}))
    assert contract.faults == [
        "getHealth 418 is not documented",
        "getHealth 200 $.status: type",
        "getHealth 200 $: additionalProperties",
        "getHealth 200 is of another media type",
    ]
