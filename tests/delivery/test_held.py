"""What is new for a kind under review waits for people; what ends never waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import REMOVE, a_refusal, a_risk
from handovers import (
    AMH,
    SENDER,
    SmallParts,
    deliveries_to,
    delivery_to,
    endpoint,
    ids_of,
    make_worker,
    post,
    to_another,
)
from holders import Holders
from sqlalchemy import select

from adapter.delivery.model import State
from adapter.delivery.renewal import (
    plan_again,
    present_of,
    preview_redrive,
    redrive,
    renew,
    save_again,
)
from adapter.delivery.sweep import sweep_once
from adapter.delivery.verdict import refuse_held, release_held
from adapter.delivery.worker import run_once
from adapter.errors import Conflict, UnknownRecord
from adapter.policy import ReleaseRule
from adapter.record.vocabulary import CATEGORIES
from adapter.store import handling, heads, views, worklist
from adapter.store.audit import audit_trail
from adapter.store.deliveries import Delivery
from adapter.store.handling import Person
from adapter.store.history import resource_history
from adapter.store.holds import find_hold
from adapter.store.schema import view_resources, view_versions
from adapter.store.worklist import Item

SAM = Person("Sam Sender", "Duty lead")
ALEX = Person("Alex Other", "Ward manager")
TWO = {"safety.risks[+]": a_risk("rk-2")}
NAMED = {"young_person.names[0].family": "Other"}
WITHDRAWN = {"status": "withdrawn", "status_reason": "Sent in error (synthetic)"}


def under(parts: SmallParts, rule: ReleaseRule, version: str = "reviewing") -> Any:
    policy = replace(parts.policy, version=version, release={"adult_mh_service": rule})
    return replace(parts, tools=replace(parts.tools, policy=policy))


@pytest.fixture
def reviewed(parts: SmallParts) -> SmallParts:
    reviewing: SmallParts = under(parts, ReleaseRule.AFTER_REVIEW)
    return reviewing


@pytest.fixture
def by_two(parts: SmallParts) -> SmallParts:
    reviewing: SmallParts = under(parts, ReleaseRule.TWO_PERSON)
    return reviewing


def send(parts: SmallParts) -> Holders:
    holders = Holders()
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]
    return holders


def items(parts: SmallParts, state: str | None = None) -> list[Item]:
    found = handling.list_items(
        parts.store, SENDER, state=state, purpose=worklist.RELEASE_VIEW, limit=9
    )
    return list(found.items)


def release(parts: SmallParts, person: Person = SAM) -> Item:
    (item,) = items(parts)
    held = delivery_to(parts, "r-amh")
    return release_held(
        item.id, held.id, person, parts, parts.clock(), actor="ward", ods_code=SENDER
    )


def refuse(parts: SmallParts, person: Person = SAM) -> Item:
    (item,) = items(parts)
    held = delivery_to(parts, "r-amh")
    why, at = "Names the wrong school", parts.clock()
    return refuse_held(item.id, held.id, person, why, parts, at, actor="ward")


def pulled(parts: SmallParts, kind: str) -> tuple[views.StoredResource, ...]:
    return views.search_resources(
        parts.store, AMH, None, kind, present=present_of(parts, parts.clock())
    ).items


def family(parts: SmallParts) -> list[str]:
    found = pulled(parts, "Patient")
    return ["Other" if b'"Other"' in each.body else "first" for each in found]


def states(parts: SmallParts) -> list[State]:
    return [each.state for each in deliveries_to(parts, "r-amh")]


def head_of(parts: SmallParts) -> heads.ViewHead:
    head = heads.find_head(parts.store, ids_of("r-amh").view_id())
    assert head is not None
    return head


def release_first(parts: SmallParts, changes: Any = None) -> None:
    """A first version, released and sent."""
    post(parts, changes)
    release(parts)
    send(parts)


def test_nothing_of_it_leaves_nor_is_kept_to_be_read(reviewed: SmallParts) -> None:
    post(reviewed)
    held = delivery_to(reviewed, "r-amh")
    assert (held.state, held.reason) == (State.HELD, "after_review")
    assert (held.lane, held.view_version) == (None, 0)
    assert [name for name, _ in send(reviewed).sent if name == "fenwick"] == []
    for kind in ("Patient", "Flag", "CarePlan", "Task"):
        assert pulled(reviewed, kind) == ()
    view = ids_of("r-amh").view_id()
    present = present_of(reviewed, reviewed.clock())
    assert views.read_bundle(reviewed.store, AMH, None, view, present=present) is None
    with reviewed.store.reading() as connection:
        for table in (view_versions, view_resources):
            rows = select(table).where(table.c.view_id == view)
            assert connection.execute(rows).all() == []
    assert len([e for e in send(reviewed).sent if e[0] != "fenwick"]) == 0
    assert delivery_to(reviewed, "r-gp").state is State.DELIVERED


def test_a_released_one_is_stamped_when_it_is_released(reviewed: SmallParts) -> None:
    post(reviewed)
    held = delivery_to(reviewed, "r-amh")
    reviewed.clock.advance(hours=5)
    item = release(reviewed)
    assert item.state == "closed"
    assert item.history[-1]["verb"] == "release"
    (bundle,) = [b for name, b in send(reviewed).sent if name == "fenwick"]
    assert bundle["meta"]["versionId"] == "1"
    delivered = delivery_to(reviewed, "r-amh")
    assert (delivered.id, delivered.view_version) == (held.id, 1)
    assert delivered.state is State.DELIVERED
    (flag,) = pulled(reviewed, "Flag")
    assert flag.last_updated == reviewed.clock()


def test_the_version_that_stands_goes_on_while_another_waits(
    reviewed: SmallParts,
) -> None:
    release_first(reviewed)
    post(reviewed, NAMED, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.HELD]
    assert family(reviewed) == ["first"]
    assert head_of(reviewed).version == 1
    flag = pulled(reviewed, "Flag")[0].id
    history = resource_history(
        reviewed.store,
        AMH,
        None,
        "Flag",
        flag,
        present=present_of(reviewed, reviewed.clock()),
    )
    assert [each.version for each in history] == [1]
    release(reviewed)
    assert family(reviewed) == ["Other"]
    assert head_of(reviewed).version == 2


def test_it_is_not_found_by_what_only_waits(reviewed: SmallParts) -> None:
    release_first(reviewed)
    found_by = head_of(reviewed).nhs_hash
    assert found_by is not None
    number = {"young_person.nhs_number": "9990000026"}
    post(reviewed, number, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.HELD]
    assert head_of(reviewed).nhs_hash == found_by
    release(reviewed)
    assert head_of(reviewed).nhs_hash not in (None, found_by)


def test_what_was_queued_before_goes_on_its_way(reviewed: SmallParts) -> None:
    post(reviewed)
    release(reviewed)
    post(reviewed, NAMED, record_version=2)
    assert states(reviewed) == [State.QUEUED, State.HELD]
    holders = send(reviewed)
    assert [b["meta"]["versionId"] for n, b in holders.sent if n == "fenwick"] == ["1"]
    assert states(reviewed) == [State.DELIVERED, State.HELD]


def test_what_is_queued_is_never_made_anew_of_what_waits(
    reviewed: SmallParts,
) -> None:
    post(reviewed)
    release(reviewed)
    post(reviewed, NAMED, record_version=2)
    by_reference = replace(
        endpoint("fenwick", AMH, "adult_mh_service"), patient="match"
    )
    holders = send(reviewed.with_endpoints(by_reference))
    (bundle,) = [b for name, b in holders.sent if name == "fenwick"]
    assert bundle["meta"]["versionId"] == "1"
    assert "Testley" in str(bundle)
    assert "Other" not in str(bundle)


def test_two_different_people_must_release_it(by_two: SmallParts) -> None:
    post(by_two)
    item = release(by_two)
    assert (item.state, states(by_two)) == ("open", [State.HELD])
    for name in ("Sam Sender", " sam  SENDER", "Sam\u00a0Sender"):
        with pytest.raises(Conflict, match="another person"):
            release(by_two, Person(name, "Another role"))
    assert states(by_two) == [State.HELD]
    hold = find_hold(by_two.store, delivery_to(by_two, "r-amh").id)
    assert hold is not None
    assert (hold.missing, [each["name"] for each in hold.releases]) == (
        1,
        ["Sam Sender"],
    )
    assert release(by_two, ALEX).state == "closed"
    assert states(by_two) == [State.QUEUED]


def test_one_person_counts_once_however_quick_they_are(by_two: SmallParts) -> None:
    post(by_two)
    start = threading.Barrier(4)

    def press(_: int) -> str:
        start.wait()
        try:
            return release(by_two).state
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(4) as people:
        came = sorted(people.map(press, range(4)))
    assert came == ["open", "refused", "refused", "refused"]
    assert states(by_two) == [State.HELD]


def test_one_person_is_enough_to_refuse(by_two: SmallParts) -> None:
    post(by_two)
    release(by_two)
    item = refuse(by_two, ALEX)
    assert item.state == "closed"
    assert item.history[-1]["reason"] == "Names the wrong school"
    (delivery,) = deliveries_to(by_two, "r-amh")
    assert (delivery.state, delivery.reason) == (State.WITHDRAWN, "refused")
    assert pulled(by_two, "Flag") == ()


def test_what_was_refused_stays_refused_until_it_is_another(
    reviewed: SmallParts, parts: SmallParts
) -> None:
    post(reviewed)
    refuse(reviewed)
    post(reviewed, record_version=2)
    assert states(reviewed) == [State.WITHDRAWN]
    renew(head_of(reviewed).view_id, parts.with_policy("automatic"), parts.clock())
    assert states(reviewed) == [State.WITHDRAWN]
    post(reviewed, NAMED, record_version=3)
    assert states(reviewed) == [State.WITHDRAWN, State.HELD]
    assert len(items(reviewed)) == 1


def test_a_later_version_takes_its_place_and_is_looked_at_afresh(
    by_two: SmallParts,
) -> None:
    post(by_two)
    old = delivery_to(by_two, "r-amh")
    release(by_two)
    (item,) = items(by_two)
    post(by_two, NAMED, record_version=2)
    assert states(by_two) == [State.SUPERSEDED, State.HELD]
    (now,) = items(by_two)
    new = delivery_to(by_two, "r-amh")
    assert (now.id, [each["delivery_id"] for each in now.about]) == (item.id, [new.id])
    with pytest.raises(Conflict, match="not about this delivery"):
        release_held(item.id, old.id, ALEX, by_two, by_two.clock(), actor="ward")
    assert release(by_two).state == "open"


def test_the_same_content_waits_on_with_what_was_said(by_two: SmallParts) -> None:
    post(by_two)
    release(by_two)
    post(by_two, record_version=2)
    assert states(by_two) == [State.HELD]
    release(by_two, ALEX)
    assert states(by_two) == [State.QUEUED]


def test_content_that_changed_since_must_be_looked_at_again(
    reviewed: SmallParts,
) -> None:
    post(reviewed)

    class Other:
        version = "other-1"

        def apply(self, context: Any, shared: Any = None) -> Any:
            mapped = reviewed.tools.mapping.apply(context)
            mapped[1]["description"] = "another mapping"
            return mapped

    tools = replace(reviewed.tools, mapping=Other())  # type: ignore[arg-type]
    changed = replace(reviewed, tools=tools)
    with pytest.raises(Conflict, match="look at it again"):
        release(changed)
    assert states(changed) == [State.SUPERSEDED, State.HELD]
    assert pulled(changed, "Flag") == ()
    release(changed)
    assert states(changed) == [State.SUPERSEDED, State.QUEUED]


def test_nothing_is_released_that_may_leave_no_longer(reviewed: SmallParts) -> None:
    deny = a_refusal("r-amh", list(CATEGORIES), effective_from="2026-11-06")
    post(reviewed, {"consent_and_sharing.decisions[+]": deny})
    (item,) = items(reviewed)
    held = delivery_to(reviewed, "r-amh")
    reviewed.clock.advance(days=1)
    with pytest.raises(Conflict, match="nothing of it may leave"):
        release_held(item.id, held.id, SAM, reviewed, reviewed.clock(), actor="ward")
    assert states(reviewed) == [State.WITHDRAWN]
    assert items(reviewed) == []


def test_a_withdrawal_waits_for_nobody(reviewed: SmallParts) -> None:
    release_first(reviewed)
    post(reviewed, NAMED, record_version=2)
    post(reviewed, WITHDRAWN, record_version=3)
    assert states(reviewed) == [State.DELIVERED, State.WITHDRAWN, State.QUEUED]
    assert pulled(reviewed, "Flag") == ()
    assert items(reviewed) == []


def test_what_only_takes_away_waits_for_nobody(reviewed: SmallParts) -> None:
    release_first(reviewed, TWO)
    post(reviewed, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.QUEUED]
    assert len(pulled(reviewed, "Flag")) == 1
    assert items(reviewed) == []


def test_what_is_taken_away_ends_at_once_and_what_is_new_waits(
    reviewed: SmallParts,
) -> None:
    holders = Holders()
    worker = make_worker(reviewed, holders)  # type: ignore[arg-type]
    post(reviewed, TWO)
    release(reviewed)
    run_once(reviewed, holders, worker=worker)
    flags = {risk: f"Flag/{ids_of('r-amh').of('Flag', risk)}" for risk in RISKS}
    third = {"safety.risks[+]": a_risk("rk-3")}
    post(reviewed, third, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.QUEUED, State.HELD]
    run_once(reviewed, holders, worker=worker)
    there = holders.standing("fenwick")
    assert flags["rk-2"] not in there
    assert flags["rk-3"] not in there
    assert flags["rk-1"] in there
    assert {f"Flag/{each.id}" for each in pulled(reviewed, "Flag")} == {flags["rk-1"]}
    release(reviewed)
    run_once(reviewed, holders, worker=worker)
    there = holders.standing("fenwick")
    assert flags["rk-3"] in there
    assert flags["rk-2"] not in there


RISKS = ("rk-1", "rk-2", "rk-3")


def test_where_nothing_of_it_stands_all_is_withdrawn_while_the_new_one_waits(
    reviewed: SmallParts,
) -> None:
    holders = Holders()
    worker = make_worker(reviewed, holders)  # type: ignore[arg-type]
    post(reviewed, TWO)
    release(reviewed)
    run_once(reviewed, holders, worker=worker)
    post(reviewed, NAMED, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.QUEUED, State.HELD]
    assert pulled(reviewed, "Patient") == ()
    run_once(reviewed, holders, worker=worker)
    assert {each.split("/")[0] for each in holders.standing("fenwick")} == {
        "Communication"
    }
    release(reviewed)
    run_once(reviewed, holders, worker=worker)
    assert len([e for e in holders.standing("fenwick") if "Flag" in e]) == 1
    assert family(reviewed) == ["Other"]


def test_an_outcome_lowered_ends_what_may_be_had_no_longer(
    reviewed: SmallParts,
) -> None:
    release_first(reviewed)
    deny = a_refusal("r-amh", ["risk_and_mitigation"])
    post(
        reviewed,
        {**NAMED, "consent_and_sharing.decisions[+]": deny},
        record_version=2,
    )
    assert states(reviewed)[-1] is State.HELD
    assert pulled(reviewed, "Flag") == ()
    assert b"Testley" not in b"".join(e.body for e in pulled(reviewed, "Flag"))


def test_going_back_to_what_stands_ends_what_waited(reviewed: SmallParts) -> None:
    release_first(reviewed)
    post(reviewed, NAMED, record_version=2)
    post(reviewed, record_version=3)
    assert states(reviewed) == [State.DELIVERED, State.SUPERSEDED]
    assert items(reviewed) == []


def test_a_recipient_named_no_more_ends_what_waited(parts: SmallParts) -> None:
    policy = replace(parts.policy, release={"gp": ReleaseRule.AFTER_REVIEW})
    reviewed = replace(parts, tools=replace(parts.tools, policy=policy))
    post(reviewed)
    post(reviewed, {"consent_and_sharing.recipients[1]": REMOVE}, record_version=2)
    assert [e.state for e in deliveries_to(reviewed, "r-gp")] == [State.WITHDRAWN]
    assert items(reviewed) == []


def test_who_takes_over_an_id_is_given_nothing_that_was_released_to_another(
    reviewed: SmallParts,
) -> None:
    release_first(reviewed)
    later = endpoint("later", "ZZ9B7", "adult_mh_service")
    endpoints = (*reviewed.directory.endpoints, later)
    parts = reviewed.with_endpoints(*endpoints, version="d1")
    post(parts, to_another("ZZ9B7"), record_version=2)
    assert [name for name, _ in send(parts).sent if name == "later"] == []
    present = present_of(parts, parts.clock())
    for kind in ("Patient", "Flag", "Task"):
        found = views.search_resources(
            parts.store, "ZZ9B7", None, kind, present=present
        )
        assert found.items == ()
    release(parts)
    assert [name for name, _ in send(parts).sent if name == "later"] == ["later"]


def test_a_record_whose_place_is_taken_ends_though_the_new_one_waits(
    reviewed: SmallParts,
) -> None:
    release_first(reviewed)
    post(reviewed, NAMED, record_version=2)
    supersedes = {"record_id": "tr-0001", "record_version": 2}
    post(reviewed, record_id="tr-0002", supersedes=supersedes)
    assert states(reviewed) == [
        State.DELIVERED,
        State.WITHDRAWN,
        State.QUEUED,
        State.HELD,
    ]
    assert pulled(reviewed, "Flag") == ()
    (item,) = items(reviewed)
    assert [each["record_id"] for each in item.about] == ["tr-0002"]


def test_the_sweep_ends_what_waited_when_its_time_is_over(reviewed: SmallParts) -> None:
    deny = a_refusal("r-amh", list(CATEGORIES), effective_from="2026-11-06")
    post(reviewed, {"consent_and_sharing.decisions[+]": deny})
    reviewed.clock.advance(days=1)
    swept = sweep_once(reviewed, "w1")
    assert swept is not None
    assert swept.failed == 0
    assert states(reviewed) == [State.WITHDRAWN]
    assert items(reviewed) == []


def test_another_policy_releases_nothing_silently(
    parts: SmallParts, by_two: SmallParts
) -> None:
    post(by_two)
    automatic = parts.with_policy("automatic")
    renew(head_of(automatic).view_id, automatic, automatic.clock())
    assert states(automatic) == [State.HELD]
    release(automatic)
    assert states(automatic) == [State.HELD]
    release(automatic, ALEX)
    assert states(automatic) == [State.QUEUED]


def test_what_is_new_under_a_policy_of_automatic_goes(
    parts: SmallParts, reviewed: SmallParts
) -> None:
    post(reviewed)
    automatic = parts.with_policy("automatic")
    post(automatic, NAMED, record_version=2)
    assert states(automatic) == [State.SUPERSEDED, State.QUEUED]
    assert items(automatic) == []


def test_what_went_before_a_stricter_policy_stands(
    parts: SmallParts, reviewed: SmallParts
) -> None:
    post(parts)
    renew(head_of(parts).view_id, reviewed, parts.clock())
    send(reviewed)
    assert states(reviewed) == [State.DELIVERED]
    post(reviewed, NAMED, record_version=2)
    assert states(reviewed) == [State.DELIVERED, State.HELD]


def test_what_is_held_is_not_redriven_but_can_be_looked_at(
    reviewed: SmallParts,
) -> None:
    post(reviewed)
    held: Delivery = delivery_to(reviewed, "r-amh")
    with pytest.raises(Conflict, match="released or refused"):
        redrive(held.id, reviewed, reviewed.clock(), actor="ward")
    seen = preview_redrive(held.id, reviewed, reviewed.clock())
    assert seen.would == "send_once_released"
    assert seen.bundle is not None
    assert b"Testley" in seen.bundle.plain()
    assert states(reviewed) == [State.HELD]


def test_without_an_endpoint_it_is_released_to_be_pulled(reviewed: SmallParts) -> None:
    nowhere = reviewed.with_endpoints()
    post(nowhere)
    release(nowhere)
    (delivery,) = deliveries_to(nowhere, "r-amh")
    assert (delivery.state, delivery.reason) == (State.FAILED, "no_endpoint")
    assert len(pulled(nowhere, "Flag")) == 1


def test_an_item_about_two_is_worked_through_one_by_one(parts: SmallParts) -> None:
    rules = dict.fromkeys(("adult_mh_service", "gp"), ReleaseRule.AFTER_REVIEW)
    policy = replace(parts.policy, version="both", release=rules)
    both = replace(parts, tools=replace(parts.tools, policy=policy))
    post(both)
    item = release(both)
    assert item.state == "open"
    (left,) = item.about
    assert left["recipient_id"] == "r-gp"
    gp = delivery_to(both, "r-gp")
    done = release_held(item.id, gp.id, SAM, both, both.clock(), actor="ward")
    assert done.state == "closed"
    with pytest.raises(Conflict, match="closed"):
        release_held(item.id, gp.id, SAM, both, both.clock(), actor="ward")


def test_it_cannot_be_closed_but_by_releasing_or_refusing(reviewed: SmallParts) -> None:
    post(reviewed)
    (item,) = items(reviewed)
    with pytest.raises(Conflict, match="released or refused"):
        handling.close(
            reviewed.store,
            item.id,
            SENDER,
            SAM,
            "Seen to",
            actor="ward",
            at=reviewed.clock(),
        )
    with pytest.raises(UnknownRecord):
        release_held(
            item.id,
            delivery_to(reviewed, "r-amh").id,
            SAM,
            reviewed,
            reviewed.clock(),
            actor="x",
            ods_code="ZZ9A9",
        )


def test_every_step_stands_in_the_audit_trail(by_two: SmallParts) -> None:
    post(by_two)
    release(by_two)
    release(by_two, ALEX)
    post(by_two, NAMED, record_version=2)
    refuse(by_two)
    held = {each.id for each in deliveries_to(by_two, "r-amh")}
    trail = audit_trail(by_two.store, SENDER, limit=500).items
    told = [
        (each.event, each.detail.get("verb") or each.detail.get("state"))
        for each in trail
        if each.delivery_id in held
    ]
    assert told == [
        ("view-held", None),
        ("worklist-handled", "release"),
        ("delivery-queued", "queued"),
        ("worklist-handled", "release"),
        ("view-held", None),
        ("delivery-moved", "withdrawn"),
        ("worklist-handled", "refuse"),
    ]


def test_what_was_refused_meanwhile_is_planned_again(reviewed: SmallParts) -> None:
    post(reviewed)
    at = reviewed.clock()
    planned = plan_again(head_of(reviewed), reviewed, at)
    refuse(reviewed)
    with pytest.raises(heads.Moved), reviewed.store.writing() as connection:
        save_again(connection, planned, actor="ward", at=at)
    assert states(reviewed) == [State.WITHDRAWN]


def late(parts: SmallParts) -> set[str]:
    """The deliveries of which people are told that they are late for the move."""
    sweep_once(parts, "w1", interval=timedelta())
    open_items = worklist.open_items(
        parts.store, SENDER, purpose=worklist.DELIVERY_LATE
    )
    return {each["delivery_id"] for item in open_items for each in item.about}


def test_what_waits_too_near_the_move_is_late_until_it_arrives(
    reviewed: SmallParts,
) -> None:
    post(reviewed)
    held = delivery_to(reviewed, "r-amh")
    assert held.id not in late(reviewed)
    assert held.moves_at is not None
    reviewed.clock.now = held.moves_at - timedelta(hours=72)
    assert held.id in late(reviewed)
    post(reviewed, NAMED, record_version=2)
    again = delivery_to(reviewed, "r-amh")
    assert again.alarmed_at == reviewed.clock.now
    told = late(reviewed)
    assert (held.id in told, again.id in told) == (False, True)
    release(reviewed)
    assert again.id in late(reviewed)
    assert delivery_to(reviewed, "r-amh").alarmed_at == reviewed.clock.now
    send(reviewed)
    assert again.id not in late(reviewed)


def test_what_is_refused_is_late_no_more(reviewed: SmallParts) -> None:
    post(reviewed)
    held = delivery_to(reviewed, "r-amh")
    assert held.moves_at is not None
    reviewed.clock.now = held.moves_at - timedelta(hours=72)
    assert held.id in late(reviewed)
    refuse(reviewed)
    assert held.id not in late(reviewed)
