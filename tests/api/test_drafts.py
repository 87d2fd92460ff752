"""Drafts and declared gaps, from the posted record to what is kept and what leaves."""

from __future__ import annotations

import json

import pytest
from api_house import House
from builders import REMOVE, make_tree

from adapter.store.worklist import DECLARED_GAP, open_items

DRAFT = {
    "status": "draft",
    "record_id": "tr-draft",
    "safety.formulation": REMOVE,
    "step_down_plan.phases": REMOVE,
    "safeguarding.named_lead_after_transition_ref": REMOVE,
    "transition.to_service.ods_code": "ZZ9B2",
    "consent_and_sharing.recipients[0].ods_code": "ZZ9B2",
}
GAP = {
    "id": "gap-1",
    "path": "step_down_plan.clinical_reviews",
    "reason": "The clinic gives dates on Monday",
    "who_fills_ref": "m-2",
    "by": "2026-11-09T12:00:00+00:00",
    "authorised_by_ref": "m-1",
}
WITH_GAP = {"step_down_plan.clinical_reviews": REMOVE, "declared_gaps": [GAP]}


def gaps(house: House) -> list:
    items = open_items(house.parts.store, "ZZ9A1", purpose=DECLARED_GAP)
    assert all(item.owner for item in items)
    return [entry for item in items for entry in item.about]


def test_a_draft_is_kept_and_told_of_what_it_lacks_by_section(house: House) -> None:
    answer = house.client("ward").post("/records", json=make_tree(DRAFT))
    assert answer.status_code == 202
    receipt = answer.get_json()
    lacking = {issue["path"]: issue["code"] for issue in receipt["warnings"]}
    assert lacking["safety.formulation"] == "E_SCHEMA"
    assert lacking["step_down_plan.phases"] == "E_SAFETY_MINIMUM"
    assert {issue["severity"] for issue in receipt["warnings"]} == {"warning"}
    by_section = {each["section"]: each for each in receipt["sections"]}
    assert set(by_section) == {"safety", "safeguarding", "step_down_plan"}
    assert by_section["safeguarding"]["codes"][0]["how_to_mend"].endswith(".")
    held = house.client("ward").get("/records/ZZ9A1/tr-draft").get_json()
    assert [version["status"] for version in held["versions"]] == ["draft"]


@pytest.mark.parametrize("caller", ["team", "gp"])
def test_nothing_of_a_draft_leaves(house: House, caller: str) -> None:
    receipt = house.post(make_tree(DRAFT))
    assert {each["delivery"] for each in receipt["recipients"]} == {None}
    assert house.client("ward").get("/deliveries").get_json()["deliveries"] == []
    for kind in ("Patient", "CarePlan", "Task", "Flag", "Provenance"):
        found = house.client(caller).get(f"/fhir/{kind}").get_json()
        assert "entry" not in found, kind


def test_a_preview_of_a_draft_shows_that_nothing_leaves_and_keeps_nothing(
    house: House,
) -> None:
    ward = house.client("ward")
    answer = ward.post("/records?dry_run=true", json=make_tree(DRAFT))
    assert answer.status_code == 200
    told = answer.get_json()
    assert {each["bundle"] for each in told["recipients"]} == {None}
    outcomes = {
        decided["outcome"]
        for each in told["recipients"]
        for decided in each["decision"]["categories"].values()
    }
    assert outcomes == {"withhold"}
    assert told["sections"]
    assert ward.get("/records/ZZ9A1/tr-draft").status_code == 404


def test_a_draft_over_an_active_version_changes_nothing_that_was_sent(
    house: House,
) -> None:
    whole = {name: DRAFT[name] for name in list(DRAFT)[-2:]}
    house.post(make_tree(whole, record_id="tr-draft"))
    before = house.client("team").get("/fhir/CarePlan").data
    house.post(make_tree(DRAFT, record_version=2))
    assert house.client("team").get("/fhir/CarePlan").data == before


def test_a_refusal_says_by_section_how_each_code_is_mended(house: House) -> None:
    body = make_tree({"safety.formulation": REMOVE, "care_team.members[0].side": "up"})
    answer = house.client("ward").post("/records", json=body)
    assert answer.status_code == 422
    told = answer.get_json()
    assert [each["section"] for each in told["sections"]] == ["safety", "care_team"]
    paths = {
        path
        for each in told["sections"]
        for code in each["codes"]
        for path in code["paths"]
    }
    assert paths == {issue["path"] for issue in told["issues"]}


def test_a_declared_gap_is_work_for_who_fills_it_until_it_is_filled(
    house: House,
) -> None:
    house.post(make_tree(WITH_GAP))
    assert gaps(house) == [
        {
            "record_id": "tr-0001",
            "record_version": 1,
            "reason": "declared_gap",
            "gap_id": "gap-1",
            "path": "step_down_plan.clinical_reviews",
            "who_fills_ref": "m-2",
            "due": "2026-11-09T12:00:00.000Z",
        }
    ]
    house.post(make_tree(WITH_GAP, record_version=2))
    assert [entry["record_version"] for entry in gaps(house)] == [2]
    house.post(make_tree(record_version=3))
    assert gaps(house) == []


def test_gaps_of_two_records_are_one_item_due_at_the_first(house: House) -> None:
    house.post(make_tree(WITH_GAP))
    later = {**GAP, "by": "2026-11-08T12:00:00+00:00", "path": "step_down_plan"}
    house.post(make_tree({**WITH_GAP, "declared_gaps": [later]}, record_id="tr-2"))
    (item,) = open_items(house.parts.store, "ZZ9A1", purpose=DECLARED_GAP)
    assert len(item.about) == 2
    assert item.due is not None
    assert item.due.day == 8


def test_what_is_no_place_of_the_model_is_not_repeated_in_the_worklist(
    house: House,
) -> None:
    gap = {**GAP, "path": "Robin Testley, 0115 496 0000"}
    house.post(make_tree({"declared_gaps": [gap]}))
    assert "Robin" not in json.dumps(gaps(house))
    assert "path" not in gaps(house)[0]


def test_a_draft_declares_no_gaps(house: House) -> None:
    house.post(make_tree({**WITH_GAP, "status": "draft"}))
    assert gaps(house) == []
