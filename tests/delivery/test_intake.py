"""Taking records in: one transaction, one receipt, and nothing that should not be."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from builders import REMOVE, make_body, make_tree
from handovers import (
    AMH,
    SENDER,
    SmallChecker,
    SmallParts,
    deliveries_to,
    delivery_to,
    endpoint,
    ids_of,
    make_parts,
    post,
)
from sqlalchemy import func, select

from adapter.delivery.model import State
from adapter.errors import Conflict, InvalidRecord, Issue, NotPermitted
from adapter.intake import Accepted, accept, preview
from adapter.store import Store, heads, schema, views, worklist
from adapter.store.audit import audit_trail
from adapter.store.records import (
    find_receipt,
    load_decisions,
    load_record,
    newest_version,
    record_history,
)

RISK = "safety.risks[0].behaviours"


def count(store: Store, table: Any) -> int:
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_receipt_tells_what_goes_to_whom(parts: SmallParts) -> None:
    receipt = orjson.loads(post(parts).receipt_bytes)
    assert receipt["ods_code"] == SENDER
    assert receipt["record_id"] == "tr-0001"
    assert receipt["record_version"] == 1
    assert receipt["accepted_at"] == "2026-11-05T12:00:00.000Z"
    assert receipt["warnings"] == []
    by_ref = {each["ref"]: each for each in receipt["recipients"]}
    assert list(by_ref) == ["r-amh", "r-gp", "r-crisis", "r-yp"]
    amh = by_ref["r-amh"]
    assert amh["kind"] == "adult_mh_service"
    assert amh["outcomes"]["risk_and_mitigation"] == "share"
    delivery = delivery_to(parts, "r-amh")
    assert amh["delivery"] == {
        "id": delivery.id,
        "url": f"https://adapter.example/deliveries/{delivery.id}",
        "state": "queued",
    }
    assert by_ref["r-yp"]["delivery"]["state"] == "failed"


def test_the_same_content_again_gets_the_same_bytes(parts: SmallParts) -> None:
    first = post(parts)
    parts.clock.advance(hours=1)
    tree = make_tree()
    shuffled = orjson.dumps(dict(reversed(tree.items())), option=orjson.OPT_INDENT_2)
    again = accept(shuffled, caller_ods=SENDER, parts=parts, at=parts.clock())
    assert again == Accepted(first.receipt_bytes, "repeated")
    assert len(deliveries_to(parts, "r-amh")) == 1


def test_the_same_version_with_other_content_is_a_conflict(parts: SmallParts) -> None:
    post(parts)
    with pytest.raises(Conflict):
        post(parts, {RISK: "Something else"})


def test_an_older_version_that_was_never_seen_is_a_conflict(parts: SmallParts) -> None:
    post(parts, record_version=3)
    with pytest.raises(Conflict):
        post(parts, record_version=2)
    assert newest_version(parts.store, SENDER, "tr-0001") == 3


def test_an_older_version_that_was_seen_is_answered_again(parts: SmallParts) -> None:
    first = post(parts)
    post(parts, record_version=2)
    assert post(parts).receipt_bytes == first.receipt_bytes


def test_a_record_of_another_organisation_is_not_taken(parts: SmallParts) -> None:
    with pytest.raises(NotPermitted):
        accept(make_body(), caller_ods="ZZ9X9", parts=parts, at=parts.clock())
    assert count(parts.store, schema.records) == 0


def test_an_invalid_record_leaves_no_trace(parts: SmallParts) -> None:
    with pytest.raises(InvalidRecord):
        post(parts, {"safety.risks[0].domain": "nonsense"})
    for table in schema.metadata.sorted_tables:
        if table.name not in {"meta"}:
            assert count(parts.store, table) == 0, table.name


def test_what_is_kept_is_what_was_parsed(parts: SmallParts) -> None:
    post(parts)
    stored = load_record(parts.store, SENDER, "tr-0001")
    assert stored is not None
    assert stored.record().tree == make_tree()
    assert [
        each.version for each in record_history(parts.store, SENDER, "tr-0001")
    ] == [1]
    decisions = load_decisions(parts.store, SENDER, "tr-0001", 1)
    assert [each.recipient_id for each in decisions] == [
        "r-amh",
        "r-crisis",
        "r-gp",
        "r-yp",
    ]
    assert decisions[0].as_json()["categories"]["risk_and_mitigation"]["outcome"]


def test_a_change_that_a_recipient_sees_makes_a_new_version(parts: SmallParts) -> None:
    post(parts)
    parts.clock.advance(hours=1)
    post(parts, {RISK: "Cuts forearms when alone"}, record_version=2)
    first, second = deliveries_to(parts, "r-amh")
    assert (first.view_version, first.state) == (1, State.SUPERSEDED)
    assert (second.view_version, second.state) == (2, State.QUEUED)
    assert second.correlation_id == first.correlation_id
    assert second.request_id != first.request_id


def test_a_change_that_no_recipient_sees_makes_no_delivery(parts: SmallParts) -> None:
    first = orjson.loads(post(parts).receipt_bytes)
    before = bundle_of(parts)
    parts.clock.advance(hours=1)
    second = orjson.loads(
        post(
            parts,
            record_version=2,
            updated_at="2026-11-05T12:30:00+00:00",
            authored_at="2026-11-05T11:30:00+00:00",
        ).receipt_bytes
    )
    assert len(deliveries_to(parts, "r-amh")) == 1
    assert bundle_of(parts) == before
    assert second["recipients"][0]["delivery"] == first["recipients"][0]["delivery"]
    head = heads.find_head(parts.store, ids_of("r-amh").view_id())
    assert head is not None
    assert (head.version, head.record_version) == (1, 2)


def test_only_the_resources_that_changed_get_new_stamps(parts: SmallParts) -> None:
    post(parts)
    parts.clock.advance(hours=1)
    post(parts, {RISK: "Cuts forearms when alone"}, record_version=2)
    found = {
        each.type: (each.version, each.last_updated.hour)
        for kind in ("Patient", "CarePlan", "Flag")
        for each in search(parts, kind)
    }
    assert found == {"Patient": (1, 12), "CarePlan": (1, 12), "Flag": (2, 13)}


def test_a_draft_is_kept_and_reaches_nobody(parts: SmallParts) -> None:
    post(parts)
    before = bundle_of(parts)
    receipt = orjson.loads(
        post(parts, {RISK: "Not yet"}, record_version=2, status="draft").receipt_bytes
    )
    assert all(each["delivery"] is None for each in receipt["recipients"])
    assert bundle_of(parts) == before
    assert len(deliveries_to(parts, "r-amh")) == 1
    assert newest_version(parts.store, SENDER, "tr-0001") == 2
    assert newest_version(parts.store, SENDER, "tr-0001", standing=True) == 1


def test_without_an_endpoint_a_person_is_told(store: Store, clock: Any) -> None:
    parts = make_parts(store, clock, endpoints=[])
    post(parts)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.FAILED, "no_endpoint")
    items = worklist.open_items(store, SENDER, purpose=worklist.DELIVERY_FAILED)
    assert len(items) == 1
    assert len(items[0].about) == 4
    assert search(parts, "Flag"), "it may still be pulled"


def test_a_bundle_that_fails_the_check_never_leaves(store: Store, clock: Any) -> None:
    checker = SmallChecker()
    parts = make_parts(store, clock, checker=checker)
    checker.issues = [Issue("error", "BUNDLE_STRUCTURE", "Flag.status", "is required")]
    post(parts)
    delivery = delivery_to(parts, "r-amh")
    assert (delivery.state, delivery.reason) == (State.FAILED, "bundle_invalid")
    assert delivery.issues == ({"code": "BUNDLE_STRUCTURE", "path": "Flag.status"},)
    assert delivery.lane is None
    assert search(parts, "Flag") == ()
    assert worklist.open_items(store, SENDER, purpose=worklist.DELIVERY_FAILED)


def test_what_is_bad_now_does_not_leave_what_stood_before(
    store: Store, clock: Any
) -> None:
    checker = SmallChecker()
    parts = make_parts(store, clock, checker=checker)
    post(parts)
    checker.issues = [Issue("error", "BUNDLE_STRUCTURE", "Flag.status", "is required")]
    post(parts, {RISK: "New"}, record_version=2)
    assert search(parts, "Flag") == ()
    first, second = deliveries_to(parts, "r-amh")
    assert first.state is State.SUPERSEDED
    assert second.state is State.FAILED


def test_a_withdrawn_record_is_withdrawn_from_the_queue(parts: SmallParts) -> None:
    post(parts)
    post(
        parts,
        record_version=2,
        status="withdrawn",
        status_reason="Entered for the wrong person",
    )
    assert delivery_to(parts, "r-amh").state is State.WITHDRAWN
    assert search(parts, "Patient") == ()
    head = heads.find_head(parts.store, ids_of("r-amh").view_id())
    assert head is not None
    assert (head.standing, head.version) == (views.EMPTY, 2)


def test_a_recipient_no_longer_named_gets_nothing(parts: SmallParts) -> None:
    post(parts)
    assert search(parts, "Patient", ods_code="ZZ9G1")
    post(
        parts,
        {"consent_and_sharing.recipients[1]": REMOVE},
        record_version=2,
    )
    assert search(parts, "Patient", ods_code="ZZ9G1") == ()
    assert search(parts, "Patient")
    assert delivery_to(parts, "r-gp").state is State.WITHDRAWN


def test_one_person_has_one_item_for_one_purpose(store: Store, clock: Any) -> None:
    parts = make_parts(store, clock, endpoints=[])
    post(parts)
    post(parts, record_id="tr-0002")
    post(parts, {RISK: "New"}, record_version=2)
    items = worklist.open_items(store, SENDER, purpose=worklist.DELIVERY_FAILED)
    assert len(items) == 1
    about = {(each["record_id"], each["record_version"]) for each in items[0].about}
    assert about == {("tr-0001", 2), ("tr-0002", 1)}


def test_everything_is_in_the_audit_trail(parts: SmallParts) -> None:
    post(parts)
    events = [each.event for each in audit_trail(parts.store, SENDER).items]
    assert events[0] == "record-accepted"
    assert events.count("decision-made") == 4
    assert events.count("delivery-queued") == 4


def test_of_two_that_post_one_version_at_once_one_wins(parts: SmallParts) -> None:
    answers: list[object] = []
    gate = threading.Barrier(4)

    def race(words: str) -> None:
        gate.wait()
        try:
            answers.append(post(parts, {RISK: words}).status)
        except Conflict:
            answers.append("conflict")

    crew = [
        threading.Thread(target=race, args=(words,))
        for words in ("One", "One", "Two", "Two")
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert sorted(map(str, answers)) == ["accepted", "conflict", "conflict", "repeated"]
    assert count(parts.store, schema.records) == 1
    assert len(deliveries_to(parts, "r-amh")) == 1


def test_versions_posted_at_once_end_with_the_newest(parts: SmallParts) -> None:
    gate = threading.Barrier(4)
    answers = []

    def race(version: int) -> None:
        gate.wait()
        try:
            post(parts, {RISK: f"Version {version}"}, record_version=version)
            answers.append(version)
        except Conflict:
            pass

    crew = [threading.Thread(target=race, args=(version,)) for version in (1, 2, 3, 4)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert 4 in answers
    assert answers == sorted(answers)
    states = [each.state for each in deliveries_to(parts, "r-amh")]
    assert states == [State.SUPERSEDED] * (len(answers) - 1) + [State.QUEUED]


def test_a_preview_keeps_nothing(parts: SmallParts) -> None:
    shown = preview(make_body(), caller_ods=SENDER, parts=parts, at=parts.clock())
    by_ref = {each["ref"]: each for each in shown["recipients"]}
    assert by_ref["r-amh"]["bundle"]["type"] == "collection"
    assert by_ref["r-amh"]["decision"]["kind"] == "adult_mh_service"
    assert count(parts.store, schema.records) == 0
    assert count(parts.store, schema.views) == 0


def test_the_receipt_is_kept_as_it_was_answered(parts: SmallParts) -> None:
    accepted = post(parts)
    held = find_receipt(parts.store, SENDER, "tr-0001", 1)
    assert held is not None
    assert held.bytes == accepted.receipt_bytes


def test_an_endpoint_serves_only_the_kinds_that_it_names(
    store: Store, clock: Any
) -> None:
    parts = make_parts(store, clock, endpoints=[endpoint("fenwick", AMH, "gp")])
    post(parts)
    assert delivery_to(parts, "r-amh").reason == "no_endpoint"


def present(parts: SmallParts) -> views.Present:
    return views.Present(parts.clock(), parts.policy.version, parts.directory.version)


def search(
    parts: SmallParts, resource_type: str, ods_code: str = AMH
) -> tuple[views.StoredResource, ...]:
    return views.search_resources(
        parts.store, ods_code, None, resource_type, present=present(parts)
    ).items


def bundle_of(parts: SmallParts) -> bytes:
    found = views.read_bundle(
        parts.store, AMH, None, ids_of("r-amh").view_id(), present=present(parts)
    )
    assert found is not None
    return found.body.plain()
