"""The alarm before clinical responsibility moves: once a step, closed by itself."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from handovers import (
    AMH,
    BUSY,
    PERSON,
    REFUSED,
    SENDER,
    Receivers,
    SmallParts,
    deliveries_to,
    delivery_to,
    ids_of,
    make_worker,
    post,
)
from sqlalchemy import text
from structlog.testing import capture_logs

from adapter.canonical import CODE_SYSTEM
from adapter.delivery.acknowledge import Answered, apply_task_answer
from adapter.delivery.model import State
from adapter.delivery.renewal import redrive
from adapter.delivery.sweep import sweep_once
from adapter.delivery.worker import run_once
from adapter.errors import SettingsInvalid
from adapter.settings import load_settings
from adapter.store import audit, deliveries, handling
from adapter.store.audit import audit_trail
from adapter.store.deliveries import ACCEPTANCE, ARRIVAL
from adapter.store.handling import Person, list_items
from adapter.store.tasks import read_task
from adapter.store.worklist import DELIVERY_LATE, Item

MOVES = datetime(2026, 11, 10, 12, tzinfo=UTC)
ARRIVE_BY = MOVES - timedelta(hours=72)
ACCEPT_BY = MOVES - timedelta(hours=24)
RISK = "safety.risks[0].behaviours"
ONLY_AMH = {
    "consent_and_sharing.recipients": [
        {
            "id": "r-amh",
            "kind": "adult_mh_service",
            "name": "Fenwick Adult Team",
            "ods_code": AMH,
            "care_relationship": "planned_care_accepted",
        }
    ]
}
WITHDRAWN = {"status": "withdrawn", "status_reason": "Sent in error (synthetic)"}
MOVE = "transition.clinical_responsibility_moves_at"


def late(parts: SmallParts) -> int:
    found = sweep_once(parts, "w1", interval=timedelta())
    assert found is not None
    return found.late


def items(parts: SmallParts, state: str | None = None) -> list[Item]:
    found = list_items(
        parts.store, SENDER, purpose=DELIVERY_LATE, state=state, limit=50
    )
    return list(found.items)


def told(parts: SmallParts) -> list[tuple[str, str]]:
    """Recipient and reason of what the one open item says; nothing without one."""
    found = items(parts)
    assert len(found) <= 1
    about = found[0].about if found else ()
    return sorted((each["recipient_id"], each["reason"]) for each in about)


def not_arrived(*recipients: str) -> list[tuple[str, str]]:
    return sorted((each, "not_arrived_before_move") for each in recipients)


def close(parts: SmallParts) -> None:
    (item,) = items(parts)
    person = Person("Sam", "Lead")
    handling.close(
        parts.store,
        item.id,
        SENDER,
        person,
        "Rung",
        actor="ward",
        at=parts.clock(),
    )


def answer(parts: SmallParts, version: int = 1, **changes: Any) -> None:
    task = read_task(parts.store, ids_of("r-amh").task_id(version), AMH, None)
    assert task is not None
    found = apply_task_answer(
        parts.store,
        task.id,
        {**orjson.loads(task.body.plain()), **changes},
        caller_ods=AMH,
        kinds=None,
        expected_version=task.version,
        actor="fenwick-ehr",
        at=parts.clock(),
    )
    assert isinstance(found, Answered)


def everywhere(parts: SmallParts) -> list[str]:
    """The recipients that the record names, as its deliveries tell."""
    found = deliveries.list_deliveries(parts.store, SENDER, limit=500).items
    return sorted({each.recipient_id for each in found})


def test_what_has_not_arrived_is_told_once_well_before_the_move(
    parts: SmallParts,
) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY - timedelta(seconds=1)
    assert late(parts) == 0
    parts.clock.advance(seconds=1)
    everybody = everywhere(parts)
    assert late(parts) == len(everybody) > 1
    assert told(parts) == not_arrived(*everybody)
    (item,) = items(parts)
    assert (item.due, item.owner) == (MOVES, "sending_team")
    assert late(parts) == 0
    close(parts)
    parts.clock.now = MOVES + timedelta(hours=1)
    assert (late(parts), told(parts)) == (0, [])
    standing = delivery_to(parts, "r-amh")
    assert (standing.alarmed_at, standing.watched_for) == (ARRIVE_BY, None)
    trail = audit_trail(parts.store, SENDER, limit=500).items
    rows = [each for each in trail if each.event == audit.DELIVERY_LATE]
    assert {each.delivery_id for each in rows} == {
        delivery_to(parts, each).id for each in everybody
    }
    assert all(each.actor == audit.WORKER for each in rows)


def test_a_late_delivery_is_logged_by_its_ids_alone(parts: SmallParts) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    with capture_logs() as lines:
        late(parts)
    told = [each for each in lines if each["event"] == "delivery-late"]
    assert {each["delivery_id"] for each in told} == {
        delivery_to(parts, each).id for each in everywhere(parts)
    }
    names = {"event", "log_level", "delivery_id", "correlation_id", "reason"}
    assert all(set(each) == names for each in told)


def test_what_arrives_closes_its_alarm_and_is_watched_for_acceptance(
    parts: SmallParts,
) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    late(parts)
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    arrived = {name for name, _, _ in transport.sent}
    assert {"fenwick", "surgery"} <= arrived
    left = [
        each
        for each in everywhere(parts)
        if delivery_to(parts, each).state is not State.DELIVERED
    ]
    assert told(parts) == not_arrived(*left)
    assert delivery_to(parts, "r-amh").watched_for == ACCEPTANCE
    parts.clock.now = ACCEPT_BY - timedelta(seconds=1)
    assert late(parts) == 0
    parts.clock.advance(seconds=1)
    assert late(parts) > 0
    assert ("r-amh", "not_accepted_before_move") in told(parts)
    assert late(parts) == 0
    answer(parts, status="accepted", **PERSON)
    assert "r-amh" not in dict(told(parts))


def test_the_item_is_closed_when_the_last_has_arrived(parts: SmallParts) -> None:
    post(parts, ONLY_AMH)
    parts.clock.now = ARRIVE_BY
    assert late(parts) == 1
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    assert items(parts) == []
    (closed,) = items(parts, "closed")
    assert closed.closed_at == parts.clock.now


def test_a_prompt_delivery_is_told_only_when_nobody_accepts_it(
    parts: SmallParts,
) -> None:
    post(parts)
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    without = not_arrived(
        *(
            each
            for each in everywhere(parts)
            if delivery_to(parts, each).state is State.FAILED
        )
    )
    parts.clock.now = ARRIVE_BY
    late(parts)
    assert told(parts) == without
    answer(parts, status="accepted", **PERSON)
    parts.clock.now = ACCEPT_BY
    late(parts)
    reasons = dict(told(parts))
    assert "r-amh" not in reasons
    assert reasons["r-gp"] == "not_accepted_before_move"
    assert delivery_to(parts, "r-amh").watched_for is None


def test_opening_is_not_accepting(parts: SmallParts) -> None:
    post(parts)
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    parts.clock.now = ACCEPT_BY
    late(parts)
    coding = {"system": CODE_SYSTEM, "code": "opened"}
    answer(parts, status="received", businessStatus={"coding": [coding]})
    assert delivery_to(parts, "r-amh").state is State.OPENED
    assert dict(told(parts))["r-amh"] == "not_accepted_before_move"
    answer(parts, status="rejected", statusReason={"text": "Not ours"}, **PERSON)
    assert "r-amh" not in dict(told(parts))


def test_what_was_pulled_has_arrived(parts: SmallParts) -> None:
    post(parts)
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [REFUSED]
    run_once(parts, transport, worker=make_worker(parts, transport))
    parts.clock.now = ARRIVE_BY
    late(parts)
    assert dict(told(parts))["r-amh"] == "not_arrived_before_move"
    answer(parts, status="received")
    assert "r-amh" not in dict(told(parts))
    parts.clock.now = ACCEPT_BY
    late(parts)
    assert dict(told(parts))["r-amh"] == "not_accepted_before_move"


def test_a_record_that_comes_in_late_is_told_at_the_next_sweep(
    parts: SmallParts,
) -> None:
    parts.clock.now = MOVES - timedelta(hours=3)
    post(parts)
    transport = Receivers()
    transport.by_endpoint["fenwick"] = [BUSY]
    run_once(parts, transport, worker=make_worker(parts, transport))
    late(parts)
    reasons = dict(told(parts))
    assert reasons["r-amh"] == "not_arrived_before_move"
    assert reasons["r-gp"] == "not_accepted_before_move"


def test_a_later_version_takes_the_alarm_over(parts: SmallParts) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    late(parts)
    (before,) = items(parts)
    person = Person("Sam", "Lead")
    at = parts.clock()
    handling.take(parts.store, before.id, SENDER, person, actor="ward", at=at)
    post(parts, {RISK: "Changed"}, record_version=2)
    (item,) = items(parts)
    assert (item.id, item.state) == (before.id, "taken")
    by_recipient = {each["recipient_id"]: each["delivery_id"] for each in item.about}
    first, second = deliveries_to(parts, "r-amh")
    assert (first.state, by_recipient["r-amh"]) == (State.SUPERSEDED, second.id)
    assert second.alarmed_at == at
    assert late(parts) == 0
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    assert "r-amh" not in dict(told(parts))


def test_a_later_version_of_what_nobody_accepted_has_yet_to_arrive(
    parts: SmallParts,
) -> None:
    post(parts)
    transport = Receivers()
    worker = make_worker(parts, transport)
    run_once(parts, transport, worker=worker)
    parts.clock.now = ACCEPT_BY
    late(parts)
    post(parts, {RISK: "Changed"}, record_version=2)
    assert dict(told(parts))["r-amh"] == "not_arrived_before_move"
    run_once(parts, transport, worker=worker)
    late(parts)
    assert dict(told(parts))["r-amh"] == "not_accepted_before_move"
    assert len(deliveries_to(parts, "r-amh")) == 2


def test_a_later_version_of_what_a_person_dealt_with_is_told_itself(
    parts: SmallParts,
) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    late(parts)
    close(parts)
    post(parts, {RISK: "Changed"}, record_version=2)
    changed = [
        each for each in everywhere(parts) if len(deliveries_to(parts, each)) == 2
    ]
    assert told(parts) == []
    late(parts)
    assert told(parts) == not_arrived(*changed)


def test_a_move_that_is_put_off_is_watched_anew(parts: SmallParts) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    everybody = everywhere(parts)
    late(parts)
    later = {MOVE: "2026-11-20T12:00:00+00:00"}
    post(parts, later, record_version=2)
    assert told(parts) == []
    moved = datetime(2026, 11, 20, 12, tzinfo=UTC)
    # The small mapping shows nobody the move: the deliveries of version 1 still stand.
    standing = delivery_to(parts, "r-amh")
    assert (standing.record_version, standing.moves_at) == (1, moved)
    assert late(parts) == 0
    parts.clock.now = moved - timedelta(hours=72)
    assert late(parts) == len(everybody)


def test_a_new_version_after_a_move_that_is_put_off_takes_no_alarm_over(
    parts: SmallParts,
) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    late(parts)
    changes = {MOVE: "2026-11-20T12:00:00+00:00", RISK: "Changed"}
    post(parts, changes, record_version=2)
    assert "r-amh" not in dict(told(parts))
    assert delivery_to(parts, "r-amh").watched_for == ARRIVAL


def test_what_may_no_longer_leave_is_late_no_more(parts: SmallParts) -> None:
    post(parts)
    parts.clock.now = ARRIVE_BY
    late(parts)
    post(parts, WITHDRAWN, record_version=2)
    assert items(parts) == []
    parts.clock.now = ACCEPT_BY
    assert late(parts) == 0


def test_a_redrive_leaves_the_alarm_until_it_arrives(parts: SmallParts) -> None:
    post(parts, ONLY_AMH)
    transport = Receivers(REFUSED)
    worker = make_worker(parts, transport)
    run_once(parts, transport, worker=worker)
    parts.clock.now = ARRIVE_BY
    late(parts)
    redrive(delivery_to(parts, "r-amh").id, parts, parts.clock(), actor="ward")
    assert told(parts) == not_arrived("r-amh")
    assert late(parts) == 0
    run_once(parts, transport, worker=worker)
    assert told(parts) == []


def test_two_people_have_an_item_each(parts: SmallParts) -> None:
    post(parts)
    other = {"young_person.nhs_number": "9990000026"}
    post(parts, other, record_id="tr-0002")
    parts.clock.now = ARRIVE_BY
    late(parts)
    assert len({each.person_key for each in items(parts)}) == 2


def test_two_sweeps_at_once_tell_it_once(parts: SmallParts) -> None:
    from adapter.delivery.lateness import raise_alarms

    post(parts)
    parts.clock.now = ARRIVE_BY
    raised: list[int] = []

    def work() -> None:
        raised.append(
            raise_alarms(parts.store, parts.settings, parts.clock(), limit=500)
        )

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(raised) == len(everywhere(parts))


def test_what_has_been_looked_at_is_not_read_again(parts: SmallParts) -> None:
    for number in range(3):
        post(parts, record_id=f"tr-{number:04}")
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    parts.clock.now = MOVES
    late(parts)
    with parts.store.reading() as connection:
        left = connection.execute(
            text("SELECT count(*) FROM deliveries WHERE watched_for IS NOT NULL")
        ).scalar_one()
        if parts.store.is_sqlite:
            plan = connection.execute(
                text(
                    "EXPLAIN QUERY PLAN SELECT * FROM deliveries WHERE watched_for = :w"
                    " AND moves_at <= :m ORDER BY moves_at"
                ),
                {"w": ARRIVAL, "m": 1},
            ).all()
            assert "deliveries_to_watch" in str(plan)
            assert "TEMP B-TREE" not in str(plan)
    assert left == 0


def test_the_hours_are_settings_within_a_year() -> None:
    given = load_settings({"ARRIVAL_ALARM_HOURS": "120"})
    assert (given.arrival_alarm_hours, given.acceptance_alarm_hours) == (120, 24)
    for text_of_it in ("-1", "8761", "soon"):
        with pytest.raises(SettingsInvalid, match="settings"):
            load_settings({"ACCEPTANCE_ALARM_HOURS": text_of_it})
