"""What a decision no longer asks for leaves the worklist by itself."""

from __future__ import annotations

from typing import Any

from builders import a_permit, a_recipient, a_refusal, an_override, make_tree
from handovers import (
    SENDER,
    SmallParts,
    post,
    renew_stale,
)

from adapter.store import handling
from adapter.store.audit import WORKLIST_HANDLED, audit_trail
from adapter.store.chain import verify
from adapter.store.handling import CLOSED, Person, list_items
from adapter.store.worklist import NO_LONGER_NEEDED, Item

HOUSING = a_recipient("r-housing", "housing", ods_code="ZZ9H1")
SCHEME = a_recipient("r-scheme", "placement_scheme", ods_code="ZZ9H2")
LISTED = {
    "consent_and_sharing.recipients[+]": HOUSING,
}
AGREED = {
    **LISTED,
    "consent_and_sharing.decisions": [
        a_permit("r-housing", ["demographics"]),
        a_refusal("r-housing", ["safeguarding"], id="d-2"),
    ],
}
SAM = Person("Sam Sender", "Duty lead")


def items(parts: SmallParts, purpose: str, state: str | None = None) -> list[Item]:
    found = list_items(parts.store, SENDER, purpose=purpose, state=state, limit=100)
    return list(found.items)


def handled(parts: SmallParts) -> list[dict[str, Any]]:
    trail = audit_trail(parts.store, SENDER).items
    return [each.detail for each in trail if each.event == WORKLIST_HANDLED]


def test_an_item_whose_duty_is_gone_is_closed_by_itself(parts: SmallParts) -> None:
    post(parts, LISTED)
    (asked,) = items(parts, "SEEK_CONSENT")
    assert {each["recipient_id"] for each in asked.about} == {"r-housing"}
    post(parts, AGREED, record_version=2)
    assert items(parts, "SEEK_CONSENT") == []
    (closed,) = items(parts, "SEEK_CONSENT", CLOSED)
    assert closed.history[-1]["reason"] == NO_LONGER_NEEDED
    assert closed.history[-1]["name"] == "transition-adapter"
    assert [each["reason"] for each in handled(parts)] == [NO_LONGER_NEEDED]
    assert verify(parts.store).is_whole


def test_it_is_opened_again_when_it_is_asked_for_again(parts: SmallParts) -> None:
    post(parts, LISTED)
    post(parts, AGREED, record_version=2)
    post(parts, LISTED, record_version=3)
    (again,) = items(parts, "SEEK_CONSENT")
    assert [each["record_version"] for each in again.about] == [3]


def test_what_others_still_ask_for_stays(parts: SmallParts) -> None:
    recipients = make_tree(LISTED)["consent_and_sharing"]["recipients"]
    both = {"consent_and_sharing.recipients": [*recipients, SCHEME]}
    post(parts, both)
    (asked,) = items(parts, "SEEK_CONSENT")
    assert len(asked.about) == 2
    decisions = AGREED["consent_and_sharing.decisions"]
    agreed = {**both, "consent_and_sharing.decisions": decisions}
    post(parts, agreed, record_version=2)
    (left,) = items(parts, "SEEK_CONSENT")
    assert [each["recipient_id"] for each in left.about] == ["r-scheme"]


def test_an_item_that_a_person_has_taken_stays_with_a_note(parts: SmallParts) -> None:
    post(parts, LISTED)
    (item,) = items(parts, "SEEK_CONSENT")
    handling.take(parts.store, item.id, SENDER, SAM, actor="ward", at=parts.clock())
    post(parts, AGREED, record_version=2)
    (kept,) = items(parts, "SEEK_CONSENT")
    assert kept.state == "taken"
    assert [each["reason"] for each in kept.about] == [NO_LONGER_NEEDED]
    assert [each["verb"] for each in kept.history] == ["take", "note"]
    post(parts, AGREED, record_version=3)
    (still,) = items(parts, "SEEK_CONSENT")
    assert still == kept


def test_having_been_shared_with_stays_something_to_tell(parts: SmallParts) -> None:
    override = an_override("r-housing", ["demographics", "transition_logistics"])
    post(parts, {**LISTED, "consent_and_sharing.overrides": [override]})
    for purpose in ("TELL_YOUNG_PERSON", "NOTIFY_CALDICOTT", "REVIEW_BY"):
        assert len(items(parts, purpose)) == 1
    post(parts, LISTED, record_version=2)
    assert len(items(parts, "TELL_YOUNG_PERSON")) == 1
    assert len(items(parts, "NOTIFY_CALDICOTT")) == 1
    assert items(parts, "REVIEW_BY") == []


def test_telling_that_is_put_off_takes_the_place_of_telling(parts: SmallParts) -> None:
    override = an_override("r-housing", ["demographics", "transition_logistics"])
    post(parts, {**LISTED, "consent_and_sharing.overrides": [override]})
    unsafe = {"young_person_told": "not_told_unsafe", "why_not_told": "Danger at home"}
    later = [{**override, **unsafe}]
    post(parts, {**LISTED, "consent_and_sharing.overrides": later}, record_version=2)
    assert items(parts, "TELL_YOUNG_PERSON") == []
    assert len(items(parts, "TELL_YOUNG_PERSON_DEFERRED")) == 1


def test_a_recipient_that_is_no_longer_named_asks_for_nothing(
    parts: SmallParts,
) -> None:
    post(parts, LISTED)
    post(parts, record_version=2)
    assert items(parts, "SEEK_CONSENT") == []


def test_time_alone_takes_off_what_it_ends(parts: SmallParts) -> None:
    override = an_override("r-gp", ["family_confidential"])
    post(parts, {"consent_and_sharing.overrides": [override]})
    assert len(items(parts, "REVIEW_BY")) == 1
    parts.clock.advance(days=8)
    assert renew_stale("ZZ9G1", None, parts, parts.clock()) == 1
    assert items(parts, "REVIEW_BY") == []
    assert len(items(parts, "NOTIFY_CALDICOTT")) == 1
