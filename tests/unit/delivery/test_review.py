"""What counts as given already, and what of a version still stands beside another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.bundle.content import Content, Members
from adapter.delivery.narrowing import is_part_of
from adapter.delivery.review import what_still_stands
from adapter.store.heads import CURRENT, ResourceStamp, ViewHead

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
TWO = [{"name": "A", "phone": "1"}, {"name": "B", "phone": "2"}]


@pytest.mark.parametrize(
    ("now", "is_part"),
    [
        (TWO, True),
        ([{"name": "A"}, {"name": "B", "phone": "2"}], True),
        ([{"name": "B", "phone": "2"}], True),
        ([], True),
        ([{"name": "A", "phone": "2"}], False),
        ([{"name": "A", "phone": "2"}, {"name": "B", "phone": "1"}], False),
        ([TWO[1], TWO[0]], False),
        ([TWO[0], TWO[0]], False),
        ([{"name": "A", "phone": "1", "role": "aunt"}], False),
        ([{"name": "C"}], False),
        ({"name": "A"}, False),
    ],
)
def test_only_what_was_said_there_before_is_part_of_it(now: Any, is_part: bool) -> None:
    assert is_part_of(now, TWO) is is_part


def test_a_number_is_no_truth() -> None:
    assert not is_part_of({"value": True}, {"value": 1})
    assert is_part_of({"value": 1}, {"value": 1, "unit": "mg"})


def resource(reference: str, *, to: str | None = None, text: str = "") -> Any:
    kind, _, name = reference.partition("/")
    made: dict[str, Any] = {"resourceType": kind, "id": name}
    made |= {"description": text} if text else {}
    return made | ({"subject": {"reference": to}} if to else {})


def content(*resources: Any) -> Content:
    members = Members.of(resources)
    return Content(members, None, members.hash())


def head(of: Content) -> ViewHead:
    stamps = {
        name: ResourceStamp(1, NOON, digest)
        for name, digest in of.members.hashes().items()
    }
    return ViewHead(
        view_id="v",
        ods_code="ZZ9A1",
        record_id="tr-1",
        recipient_id="r",
        recipient_kind="gp",
        recipient_ods="ZZ9G1",
        standing=CURRENT,
        version=1,
        content_hash=of.hash,
        stamped_at=NOON,
        record_version=1,
        prepared_at=NOON,
        valid_until=None,
        policy_version="p",
        directory_version="d",
        mapping_version="m",
        revision=1,
        patient_id="p",
        nhs_hash=None,
        resources=stamps,
    )


PATIENT = resource("Patient/p")
PLAN = resource("CarePlan/c", to="Patient/p", text="first")
GOAL = resource("Goal/g", to="CarePlan/c")
FLAG = resource("Flag/f", to="Patient/p")
OLD = head(content(PATIENT, PLAN, GOAL, FLAG))


def names(stands: Content | None) -> set[str]:
    return set(stands.members.references) if stands else set()


def test_what_is_the_same_stands_and_what_leads_to_what_is_not_does_not() -> None:
    other = resource("CarePlan/c", to="Patient/p", text="second")
    stands = what_still_stands(OLD, content(PATIENT, other, GOAL, FLAG))
    assert names(stands) == {"Patient/p", "Flag/f"}


def test_what_is_new_or_gone_does_not_stand() -> None:
    new = resource("Flag/n", to="Patient/p")
    stands = what_still_stands(OLD, content(PATIENT, PLAN, new))
    assert names(stands) == {"Patient/p", "CarePlan/c"}
    assert stands is not None
    assert stands.hash == content(PATIENT, PLAN).hash


def test_nothing_stands_without_the_person_or_without_a_word_of_them() -> None:
    changed = {**PATIENT, "birthDate": "2009-09-01"}
    assert what_still_stands(OLD, content(changed, PLAN, GOAL, FLAG)) is None
    assert what_still_stands(OLD, content(PATIENT)) is None
