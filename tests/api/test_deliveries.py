"""A sender browses its deliveries and tries one again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from api_house import BASE_URL, House, record_of


@pytest.fixture
def receipt(house: House) -> dict[str, Any]:
    return house.post(record_of("planned-handover"))


def delivery_of(receipt: dict[str, Any], ref: str) -> str:
    found = next(each for each in receipt["recipients"] if each["ref"] == ref)
    delivery_id: str = found["delivery"]["id"]
    return delivery_id


def path_of(url: str) -> str:
    assert url.startswith(BASE_URL)
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_deliveries_are_told_newest_first_in_pages(
    house: House, receipt: dict[str, Any]
) -> None:
    ward = house.client("ward")
    seen = []
    address = "/deliveries?limit=2"
    for _ in range(5):
        page = ward.get(address).get_json()
        seen += [each["recipient_id"] for each in page["deliveries"]]
        if "next" not in page["links"]:
            break
        address = path_of(page["links"]["next"])
    assert sorted(seen) == ["r-amh", "r-crisis", "r-gp", "r-hou", "r-mum", "r-yp"]
    assert page["links"]["self"] == BASE_URL + address


def test_deliveries_are_found_by_state_and_record(
    house: House, receipt: dict[str, Any]
) -> None:
    ward = house.client("ward")
    queued = ward.get("/deliveries?state=queued").get_json()["deliveries"]
    assert [each["recipient_id"] for each in queued] == ["r-amh"]
    failed = ward.get("/deliveries?state=failed&record_id=tr-0051").get_json()
    assert {each["reason"] for each in failed["deliveries"]} == {"no_endpoint"}
    assert ward.get("/deliveries?record_id=none").get_json()["deliveries"] == []


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "state=queued&state=failed",
        "limit=0",
        "limit=-1",
        "limit=1e3",
        "cursor=%27%20OR%201=1--",
        "cursor=WyJhIl0",
        "cursor=",
        "page=2",
        "record_id=" + "x" * 3000,
    ],
)
def test_what_is_asked_wrongly_is_refused(house: House, query: str) -> None:
    answer = house.client("ward").get(f"/deliveries?{query}")
    assert answer.status_code == 400
    assert "OR 1" not in answer.text


def test_one_delivery_is_told_with_its_requests(
    house: House, receipt: dict[str, Any]
) -> None:
    delivery_id = delivery_of(receipt, "r-amh")
    told = house.client("ward").get(f"/deliveries/{delivery_id}").get_json()
    assert told["state"] == "queued"
    assert told["endpoint"] == "team"
    assert told["requests"] == []
    assert told["acknowledgement"]["status"] == "requested"
    assert told["acknowledgement"]["by"] is None
    assert told["url"] == f"{BASE_URL}/deliveries/{delivery_id}"


def test_anothers_delivery_and_an_unknown_one_are_the_same_answer(
    house: House, receipt: dict[str, Any]
) -> None:
    other = house.client("other-ward")
    delivery_id = delivery_of(receipt, "r-gp")
    for method, tail in (("GET", ""), ("POST", "/redrive")):
        theirs = other.open(f"/deliveries/{delivery_id}{tail}", method=method)
        unknown = other.open(f"/deliveries/no-such{tail}", method=method)
        assert theirs.status_code == unknown.status_code == 404
        assert theirs.data == unknown.data
    assert other.get("/deliveries").get_json()["deliveries"] == []


def test_a_delivery_without_an_endpoint_stays_where_it_is(
    house: House, receipt: dict[str, Any]
) -> None:
    delivery_id = delivery_of(receipt, "r-gp")
    answer = house.client("ward").post(f"/deliveries/{delivery_id}/redrive")
    assert answer.status_code == 409
    assert "endpoint" in answer.get_json()["detail"]


def test_a_redrive_is_previewed(house: House, receipt: dict[str, Any]) -> None:
    delivery_id = delivery_of(receipt, "r-gp")
    ward = house.client("ward")
    before = ward.get(f"/deliveries/{delivery_id}").get_json()
    told = ward.get(f"/deliveries/{delivery_id}/redrive?preview=true").get_json()
    assert told["would"] == "no_endpoint"
    assert told["bundle"] is None
    assert ward.get(f"/deliveries/{delivery_id}").get_json() == before
    waits = delivery_of(receipt, "r-amh")
    assert ward.get(f"/deliveries/{waits}/redrive").status_code == 409
    asked = f"/deliveries/{delivery_id}/redrive?preview=no"
    assert ward.get(asked).status_code == 400
    assert house.client("other-ward").get(asked[:-2] + "true").status_code == 404


def test_a_delivery_that_waits_cannot_be_redriven(
    house: House, receipt: dict[str, Any]
) -> None:
    delivery_id = delivery_of(receipt, "r-amh")
    answer = house.client("ward").post(f"/deliveries/{delivery_id}/redrive")
    assert answer.status_code == 409
