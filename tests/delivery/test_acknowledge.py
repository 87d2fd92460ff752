"""The recipient's own word: what a Task may become, and what that does."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from handovers import (
    AMH,
    PERSON,
    REFUSED,
    SENDER,
    Receivers,
    SmallParts,
    delivery_to,
    ids_of,
    make_worker,
    post,
)

from adapter.canonical import CODE_SYSTEM
from adapter.delivery.acknowledge import (
    Answered,
    Refused,
    VersionMoved,
    apply_task_answer,
)
from adapter.delivery.model import State
from adapter.delivery.worker import run_once
from adapter.errors import UnknownRecord
from adapter.store import worklist
from adapter.store.audit import audit_trail
from adapter.store.tasks import StoredTask, read_task

RISK = "safety.risks[0].behaviours"


def the_task(parts: SmallParts, version: int = 1) -> StoredTask:
    task = read_task(parts.store, ids_of("r-amh").task_id(version), AMH, None)
    assert task is not None
    return task


def answer(parts: SmallParts, *, expected: int | None = None, **changes: Any) -> Any:
    task = the_task(parts)
    old = orjson.loads(task.body.plain())
    new = {**old, **changes}
    return apply_task_answer(
        parts.store,
        task.id,
        {name: value for name, value in new.items() if value is not None},
        caller_ods=AMH,
        kinds=frozenset({"adult_mh_service"}),
        expected_version=expected or task.version,
        actor="fenwick-ehr",
        at=parts.clock(),
    )


def accept_it(parts: SmallParts, **more: Any) -> Any:
    return answer(parts, status="accepted", **PERSON, **more)


def business(code: str) -> dict[str, Any]:
    return {"coding": [{"system": CODE_SYSTEM, "code": code}]}


def send(parts: SmallParts, *answers: Any) -> None:
    transport = Receivers()
    transport.by_endpoint["fenwick"] = list(answers)
    run_once(parts, transport, worker=make_worker(parts, transport))


def test_a_delivered_handover_is_accepted_by_a_person(parts: SmallParts) -> None:
    post(parts)
    send(parts)
    parts.clock.advance(hours=2)
    answered = accept_it(parts)
    assert isinstance(answered, Answered)
    assert answered.changed
    body = orjson.loads(the_task(parts).body.plain())
    assert body["status"] == "accepted"
    assert body["meta"]["versionId"] == "2"
    assert body["lastModified"] == "2026-11-05T14:00:00.000Z"
    assert body["contained"][1]["name"] == [{"text": "Bo Receiver"}]
    assert delivery_to(parts, "r-amh").state is State.ACCEPTED
    events = [each.event for each in audit_trail(parts.store, SENDER).items]
    assert events[-2:] == ["delivery-moved", "task-answered"]


def test_what_was_pulled_may_be_accepted_while_it_is_queued(parts: SmallParts) -> None:
    post(parts)
    accept_it(parts)
    assert delivery_to(parts, "r-amh").state is State.ACCEPTED
    send(parts)
    assert delivery_to(parts, "r-amh").attempts == 0


def failed(parts: SmallParts) -> set[str]:
    """The recipients of whose failed delivery a person still has to hear."""
    items = worklist.open_items(parts.store, SENDER, purpose=worklist.DELIVERY_FAILED)
    return {each["recipient_id"] for item in items for each in item.about}


def test_an_answer_to_what_failed_closes_the_duty(parts: SmallParts) -> None:
    post(parts)
    send(parts, REFUSED)
    assert "r-amh" in failed(parts)
    accept_it(parts)
    assert delivery_to(parts, "r-amh").state is State.ACCEPTED
    assert "r-amh" not in failed(parts)


def test_an_answer_while_it_is_being_sent_stays(parts: SmallParts) -> None:
    post(parts)
    transport = Receivers()
    worker = make_worker(parts, transport)
    transport.meanwhile = lambda: accept_it(parts)
    run_once(parts, transport, worker=worker)
    assert delivery_to(parts, "r-amh").state is State.ACCEPTED


def test_a_decline_brings_the_duty_back(parts: SmallParts) -> None:
    post(parts)
    send(parts)
    answer(parts, status="rejected", statusReason={"text": "No bed"}, **PERSON)
    assert delivery_to(parts, "r-amh").state is State.DECLINED
    (item,) = worklist.open_items(
        parts.store, SENDER, purpose=worklist.HANDOVER_DECLINED
    )
    assert item.about[0]["recipient_id"] == "r-amh"
    assert "No bed" not in str(item)


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"status": "accepted"}, "TASK_OWNER", "Task.owner"),
        (
            {"status": "accepted", **PERSON, "contained": PERSON["contained"][:1]},
            "TASK_OWNER",
            "Task.owner",
        ),
        ({"status": "rejected", **PERSON}, "TASK_REASON", "Task.statusReason"),
        ({"status": "completed"}, "TASK_STATUS", "Task.status"),
        ({"status": "in-progress"}, "TASK_STATUS", "Task.status"),
        ({"description": "Mine"}, "TASK_CHANGE", "Task.description"),
        ({"focus": None}, "TASK_CHANGE", "Task.focus"),
        ({"intent": "plan"}, "TASK_CHANGE", "Task.intent"),
        (
            {"status": "received", "contained": [{"resourceType": "Patient"}]},
            "TASK_CHANGE",
            "Task.contained[0]",
        ),
        (
            {"businessStatus": business("on-fire")},
            "TASK_BUSINESS_STATUS",
            "Task.businessStatus",
        ),
    ],
)
def test_what_may_not_be_changed_is_refused_with_its_place(
    parts: SmallParts, changes: dict[str, Any], code: str, place: str
) -> None:
    post(parts)
    refused = answer(parts, **changes)
    assert isinstance(refused, Refused)
    assert (code, place) in {(each.code, each.path) for each in refused.issues}
    assert the_task(parts).version == 1
    assert delivery_to(parts, "r-amh").state is State.QUEUED


def test_another_version_is_not_changed(parts: SmallParts) -> None:
    post(parts)
    answer(parts, status="received")
    assert accept_it(parts, expected=1) == VersionMoved(2)


def test_two_answers_at_once_are_one(parts: SmallParts) -> None:
    post(parts)
    results: list[Any] = []
    gate = threading.Barrier(2)

    def race(status: str) -> None:
        gate.wait()
        reason = {"text": "No bed"} if status == "rejected" else None
        results.append(
            answer(parts, expected=1, status=status, statusReason=reason, **PERSON)
        )

    crew = [threading.Thread(target=race, args=(s,)) for s in ("accepted", "rejected")]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert {type(each) for each in results} == {Answered, VersionMoved}


def test_a_decided_task_is_only_completed(parts: SmallParts) -> None:
    post(parts)
    accept_it(parts)
    assert isinstance(answer(parts, status="received"), Refused)
    assert isinstance(answer(parts, status="rejected"), Refused)
    assert isinstance(answer(parts, status="completed", owner=None), Refused)
    completed = answer(parts, status="completed")
    assert isinstance(completed, Answered)
    assert delivery_to(parts, "r-amh").state is State.ACCEPTED


def test_the_same_again_changes_nothing(parts: SmallParts) -> None:
    post(parts)
    accept_it(parts)
    again = answer(parts)
    assert isinstance(again, Answered)
    assert not again.changed
    assert the_task(parts).version == 2


def test_matched_and_opened_are_told_on_the_way(parts: SmallParts) -> None:
    post(parts)
    answer(parts, status="received", businessStatus=business("matched"))
    assert delivery_to(parts, "r-amh").state is State.QUEUED, "it still goes its way"
    send(parts)
    answer(parts, businessStatus=business("opened"))
    assert delivery_to(parts, "r-amh").state is State.OPENED


def test_received_settles_what_could_not_be_pushed(parts: SmallParts) -> None:
    post(parts)
    send(parts, REFUSED)
    answer(parts, status="received")
    assert delivery_to(parts, "r-amh").state is State.DELIVERED


def test_a_task_of_another_is_not_there(parts: SmallParts) -> None:
    post(parts)
    task = the_task(parts)
    for caller, kinds in (("ZZ9X9", None), (AMH, frozenset({"gp"}))):
        with pytest.raises(UnknownRecord):
            apply_task_answer(
                parts.store,
                task.id,
                {},
                caller_ods=caller,
                kinds=kinds,
                expected_version=1,
                actor="x",
                at=parts.clock(),
            )


def test_a_new_version_cancels_the_task_that_nobody_decided(parts: SmallParts) -> None:
    post(parts)
    send(parts)
    post(parts, {RISK: "Newer"}, record_version=2)
    old = the_task(parts)
    assert (old.status, old.version) == ("cancelled", 2)
    assert isinstance(accept_it(parts), Refused)
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    (bundle,) = [body for name, _, body in transport.sent if name == "fenwick"]
    statuses = {
        entry["request"]["method"]: entry["resource"]["status"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Task"
    }
    assert statuses == {"POST": "requested", "PUT": "cancelled"}


def test_a_new_version_leaves_the_task_that_was_decided(parts: SmallParts) -> None:
    post(parts)
    send(parts)
    accept_it(parts)
    post(parts, {RISK: "Newer"}, record_version=2)
    assert the_task(parts).status == "accepted"
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    (bundle,) = [body for name, _, body in transport.sent if name == "fenwick"]
    assert [
        entry["request"]["method"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Task"
    ] == ["POST"]


def test_a_task_of_an_emptied_view_is_not_there(parts: SmallParts) -> None:
    post(parts)
    post(parts, record_version=2, status="withdrawn", status_reason="Wrong person")
    with pytest.raises(UnknownRecord):
        accept_it(parts)
