"""Time acts unattended: what it changes is found by the sweep, and acted upon."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from builders import REMOVE, a_refusal
from handovers import SENDER, Receivers, SmallParts, ids_of, make_worker, post

from adapter.clock import london_midnight
from adapter.delivery import sweep
from adapter.delivery.sweep import Sweep, sweep_once
from adapter.delivery.worker import run_once
from adapter.store import handling
from adapter.store.handling import Person, list_items
from adapter.store.heads import ViewHead, find_head
from adapter.store.worklist import DECLARED_GAP, TURNING_18, Item

DENY = a_refusal("r-amh", ["risk_and_mitigation"], effective_from="2026-11-06")
BORN = {"young_person.birth_date": "2009-11-05"}
TURNS = london_midnight(date(2027, 11, 5))


def head(parts: SmallParts) -> ViewHead:
    found = find_head(parts.store, ids_of("r-amh").view_id())
    assert found is not None
    return found


def swept(parts: SmallParts, **more: Any) -> Sweep:
    found = sweep_once(parts, "w1", interval=timedelta(), **more)
    assert found is not None
    return found


def items(parts: SmallParts, purpose: str, state: str | None = None) -> list[Item]:
    found = list_items(parts.store, SENDER, purpose=purpose, state=state, limit=50)
    return list(found.items)


def close(parts: SmallParts, item: Item) -> None:
    handling.close(
        parts.store,
        item.id,
        SENDER,
        Person("Sam", "Lead"),
        "Spoken about",
        actor="ward",
        at=parts.clock(),
    )


def test_a_view_whose_time_has_passed_is_prepared_again_unasked(
    parts: SmallParts,
) -> None:
    post(parts, {"consent_and_sharing.decisions[+]": DENY})
    transport = Receivers()
    worker = make_worker(parts, transport)
    run_once(parts, transport, worker=worker)
    first = head(parts)
    assert first.valid_until is not None
    swept(parts)
    assert head(parts) == first
    parts.clock.now = first.valid_until
    assert swept(parts).renewed > 0
    assert head(parts).version == first.version + 1
    run_once(parts, transport, worker=worker)
    assert transport.versions("fenwick") == [1, 2]
    assert swept(parts).renewed == 0


def test_another_policy_has_every_view_prepared_again_once(parts: SmallParts) -> None:
    post(parts)
    swept(parts)
    other = parts.with_policy("trust-7")
    first, rest = swept(other, at_once=1), swept(other)
    assert (first.renewed, rest.renewed > 1) == (1, True)
    assert head(parts).policy_version == "trust-7"
    assert swept(other).renewed == 0


def test_a_view_that_cannot_be_prepared_holds_up_no_other(
    parts: SmallParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(parts)
    post(parts, record_id="tr-0002")
    other = parts.with_policy("trust-7")
    broken = head(parts).view_id
    real = sweep.renew

    def renew(view_id: str, *rest: Any) -> Any:
        if view_id == broken:
            raise ValueError
        return real(view_id, *rest)

    monkeypatch.setattr(sweep, "renew", renew)
    found = swept(other)
    assert (found.failed, found.renewed > 3) == (1, True)


def test_only_one_worker_sweeps_and_only_now_and_then(parts: SmallParts) -> None:
    found: list[Sweep | None] = []

    def work(name: str) -> None:
        found.append(sweep_once(parts, name))

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(each is not None for each in found) == 1
    assert sweep_once(parts, "w9") is None
    parts.clock.advance(minutes=1)
    assert sweep_once(parts, "w9") is not None


def test_the_lease_of_a_worker_that_died_runs_out(parts: SmallParts) -> None:
    lease = sweep.sweeps.lease
    assert lease(parts.store, "w1", length=sweep.LEASE, interval=sweep.INTERVAL)
    parts.clock.advance(minutes=4)
    assert sweep_once(parts, "w2") is None
    parts.clock.advance(minutes=1)
    assert sweep_once(parts, "w2") is not None


def test_the_birthday_is_put_on_the_worklist_180_90_30_and_0_days_before(
    parts: SmallParts,
) -> None:
    post(parts, BORN)
    swept(parts)
    assert items(parts, TURNING_18) == []
    for days in (180, 90, 30, 0):
        parts.clock.now = london_midnight(TURNS.date() - timedelta(days=days)) - (
            timedelta(seconds=1)
        )
        swept(parts)
        assert items(parts, TURNING_18) == []
        parts.clock.advance(seconds=1)
        assert swept(parts).reminded == 1
        (item,) = items(parts, TURNING_18)
        assert item.due == TURNS
        assert [each["reason"] for each in item.about] == [f"birthday_in_{days}_days"]
        close(parts, item)
        swept(parts)
        assert items(parts, TURNING_18) == []
    parts.clock.advance(days=400)
    assert swept(parts).reminded == 0


def test_who_comes_shortly_before_the_birthday_is_put_there_at_once(
    parts: SmallParts,
) -> None:
    parts.clock.now = TURNS - timedelta(days=20)
    post(parts, BORN)
    swept(parts)
    (item,) = items(parts, TURNING_18)
    close(parts, item)
    post(parts, {**BORN, "record_version": 2})
    swept(parts)
    assert items(parts, TURNING_18) == []


def test_an_adult_is_not_put_there(parts: SmallParts) -> None:
    parts.clock.now = TURNS + timedelta(days=1)
    post(parts, BORN)
    swept(parts)
    assert items(parts, TURNING_18) == []


GAP = {
    "id": "gap-1",
    "path": "step_down_plan.clinical_reviews",
    "reason": "The clinic gives dates on Monday",
    "who_fills_ref": "m-2",
    "by": "2026-11-09T12:00:00+00:00",
    "authorised_by_ref": "m-1",
}


def test_a_declared_gap_comes_again_when_its_time_has_passed(
    parts: SmallParts,
) -> None:
    changes = {"step_down_plan.clinical_reviews": REMOVE, "declared_gaps": [GAP]}
    post(parts, changes)
    (item,) = items(parts, DECLARED_GAP)
    close(parts, item)
    swept(parts)
    assert items(parts, DECLARED_GAP) == []
    parts.clock.now = datetime(2026, 11, 9, 12, tzinfo=UTC)
    swept(parts)
    (item,) = items(parts, DECLARED_GAP)
    assert [each["reason"] for each in item.about] == ["declared_gap_overdue"]
    close(parts, item)
    parts.clock.advance(days=3)
    swept(parts)
    assert items(parts, DECLARED_GAP) == []
