"""The worklist: one item for each person and purpose, handled by people by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import NOON
from handovers import SENDER

from adapter.errors import Conflict, UnknownRecord
from adapter.store import Store, handling
from adapter.store.audit import audit_trail
from adapter.store.chain import verify
from adapter.store.handling import Person, list_items
from adapter.store.worklist import (
    DECLARED_GAP,
    DELIVERY_FAILED,
    HAS_STOPPED,
    Duty,
    Gap,
    Item,
    add_duties,
    close_delivery_duties,
    keep_gaps,
    tell_overdue_gaps,
)

KEY = "a" * 64
SAM = Person("Sam Sender", "Duty lead")
DUTY = Duty("HUMAN_REVIEW", KEY, SENDER, "tr-1", 1, "r-gp", "HUMAN_REVIEW", cause="c1")


def add(store: Store, *duties: Duty, minutes: int = 0) -> None:
    with store.writing() as connection:
        add_duties(connection, duties, NOON + timedelta(minutes=minutes))


def items(store: Store, state: str | None = None) -> list[Item]:
    return list(list_items(store, SENDER, state=state, limit=100).items)


def only(store: Store, state: str | None = None) -> Item:
    (item,) = items(store, state)
    return item


def close(store: Store, item: Item, reason: str = "Seen to") -> Item:
    return handling.close(
        store, item.id, SENDER, SAM, reason, actor="ward", at=NOON + timedelta(hours=1)
    )


def test_what_one_person_needs_for_one_purpose_is_one_item(store: Store) -> None:
    add(store, DUTY, replace(DUTY, recipient_id="r-amh"))
    add(store, replace(DUTY, recipient_id="r-mum", record_id="tr-2"))
    assert len(only(store).about) == 3


def test_a_later_version_speaks_in_place_of_an_earlier_one(store: Store) -> None:
    for version in range(1, 30):
        add(store, replace(DUTY, record_version=version))
    assert [each["record_version"] for each in only(store).about] == [29]


def test_a_reason_that_changed_takes_the_place_of_the_one_before(store: Store) -> None:
    add(store, DUTY)
    add(store, replace(DUTY, cause="c2"))
    assert [each["cause"] for each in only(store).about] == ["c2"]


def test_what_a_person_has_closed_does_not_come_again(store: Store) -> None:
    add(store, DUTY)
    close(store, only(store))
    add(store, DUTY)
    assert items(store) == []
    assert only(store, "closed").history[0]["reason"] == "Seen to"


@pytest.mark.parametrize(
    "new",
    [
        replace(DUTY, record_version=2),
        replace(DUTY, cause="c2"),
        replace(DUTY, recipient_id="r-mum"),
    ],
    ids=["another version", "another reason", "another recipient"],
)
def test_a_new_cause_opens_the_same_item_again(store: Store, new: Duty) -> None:
    add(store, DUTY)
    before = only(store)
    close(store, before)
    add(store, DUTY, new, minutes=90)
    again = only(store)
    assert again.id == before.id
    assert (again.state, again.taken_at) == ("open", None)
    assert len(again.about) == 1
    assert [act["verb"] for act in again.history] == ["close"]
    assert again.opened_at == NOON + timedelta(minutes=90)


def test_what_fails_once_more_after_a_redrive_comes_again(store: Store) -> None:
    failed = replace(DUTY, purpose=DELIVERY_FAILED, delivery_id="d1", reason="http_422")
    add(store, failed)
    close(store, only(store))
    with store.writing() as connection:
        close_delivery_duties(
            connection,
            SENDER,
            KEY,
            ["d1"],
            by="ward",
            at=NOON,
            purposes=HAS_STOPPED,
        )
    add(store, failed)
    assert only(store).state == "open"


def test_what_was_dealt_with_unasked_comes_again(store: Store) -> None:
    failed = replace(DUTY, purpose=DELIVERY_FAILED, delivery_id="d1", reason="http_422")
    add(store, failed)
    with store.writing() as connection:
        close_delivery_duties(
            connection,
            SENDER,
            KEY,
            ["d1"],
            by="ward",
            at=NOON,
            purposes=HAS_STOPPED,
        )
    assert items(store) == []
    add(store, failed)
    assert only(store).state == "open"


def test_a_person_takes_an_item_and_another_takes_it_over(store: Store) -> None:
    add(store, DUTY)
    item = only(store)
    for person in (SAM, Person("Kim Other", "Deputy")):
        item = handling.take(store, item.id, SENDER, person, actor="ward", at=NOON)
    assert (item.state, [act["name"] for act in item.history]) == (
        "taken",
        ["Sam Sender", "Kim Other"],
    )
    assert items(store, "open") == []
    assert only(store, "taken") == only(store) == item


def test_what_is_done_stands_in_the_audit_trail(store: Store) -> None:
    add(store, DUTY)
    close(store, only(store), "Told Mrs Example of it")
    (entry,) = audit_trail(store, SENDER).items
    assert (entry.event, entry.actor, entry.record_id) == (
        "worklist-handled",
        "ward",
        "tr-1",
    )
    assert entry.detail["by"] == {"name": "Sam Sender", "role": "Duty lead"}
    assert "Example" not in str(entry)
    assert verify(store).is_whole


def test_nobody_handles_what_is_closed_or_anothers(store: Store) -> None:
    add(store, DUTY)
    item = only(store)
    with pytest.raises(UnknownRecord):
        handling.take(store, item.id, "ZZ9A9", SAM, actor="x", at=NOON)
    with pytest.raises(UnknownRecord):
        handling.find_item(store, "none", SENDER)
    close(store, item)
    with pytest.raises(Conflict):
        close(store, item)
    with pytest.raises(Conflict):
        handling.take(store, item.id, SENDER, SAM, actor="x", at=NOON)
    assert len(audit_trail(store, SENDER).items) == 1


def test_the_list_is_soonest_first_and_its_pages_hold_each_once(store: Store) -> None:
    dues = [None, NOON + timedelta(days=3), NOON, None, NOON + timedelta(days=1)]
    for number, due in enumerate(dues):
        add(store, replace(DUTY, person_key=str(number) * 64, due=due), minutes=number)
    add(store, replace(DUTY, ods_code="ZZ9A9"))
    found: list[Item] = []
    after = None
    while True:
        page = list_items(store, SENDER, after=after, limit=2)
        found += page.items
        if (after := page.next) is None:
            break
    assert [each.person_key[0] for each in found] == ["2", "4", "1", "0", "3"]
    assert len(list_items(store, None, limit=10).items) == 6
    assert items(store, "closed") == []
    assert not list_items(store, SENDER, purpose="SEEK_CONSENT").items


GAP = Gap("g1", "safety", "m-1", NOON + timedelta(days=2))


def keep(store: Store, *gaps: Gap, version: int = 1) -> None:
    with store.writing() as connection:
        keep_gaps(
            connection,
            gaps,
            ods_code=SENDER,
            person_key=KEY,
            record_id="tr-1",
            record_version=version,
            by="ward",
            at=NOON,
        )


def tell(store: Store, version: int = 1) -> bool:
    with store.writing() as connection:
        return tell_overdue_gaps(
            connection,
            ["g1"],
            ods_code=SENDER,
            person_key=KEY,
            record_id="tr-1",
            record_version=version,
            at=NOON,
        )


def test_gaps_share_one_item_that_closes_when_they_are_filled(store: Store) -> None:
    keep(store, GAP, replace(GAP, id="g2"))
    assert len(only(store).about) == 2
    keep(store, version=2)
    assert items(store) == []
    keep(store, GAP, version=3)
    item = only(store)
    assert (item.purpose, item.due, len(item.about)) == (DECLARED_GAP, GAP.due, 1)


def test_a_gap_whose_time_has_passed_comes_again_although_it_was_closed(
    store: Store,
) -> None:
    keep(store, GAP, replace(GAP, id="g2"))
    close(store, only(store))
    keep(store, GAP, replace(GAP, id="g2"))
    assert items(store) == []
    assert tell(store)
    assert [(each["gap_id"], each["reason"]) for each in only(store).about] == [
        ("g1", "declared_gap_overdue")
    ]
    assert not tell(store)
    close(store, only(store))
    assert not tell(store)
    assert items(store) == []


def test_an_open_gap_is_told_as_overdue_in_its_place(store: Store) -> None:
    keep(store, GAP, replace(GAP, id="g2"))
    assert tell(store)
    assert {each["gap_id"]: each["reason"] for each in only(store).about} == {
        "g1": "declared_gap_overdue",
        "g2": "declared_gap",
    }
    assert len(only(store).about) == 2
