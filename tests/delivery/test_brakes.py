"""A brake stops what is pushed, for what it names and until it is released."""

from __future__ import annotations

import pytest
from handovers import SENDER, Receivers, SmallParts, delivery_to, make_worker, post

from adapter.delivery.model import State
from adapter.delivery.worker import BRAKED_WITHIN, run_once
from adapter.store.audit import audit_trail
from adapter.store.brakes import ALL, ENDPOINT, KIND, release_brake, set_brake
from adapter.store.chain import verify


def brake(parts: SmallParts, scope: str, name: str = "") -> None:
    set_brake(
        parts.store,
        scope,
        name,
        reason="Wrong list",
        by="Sam",
        actor="command-line",
        at=parts.clock(),
    )


def release(parts: SmallParts, scope: str, name: str = "") -> None:
    release_brake(
        parts.store, scope, name, by="Sam", actor="command-line", at=parts.clock()
    )


def sent(parts: SmallParts) -> set[str]:
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    return {name for name, _, _ in transport.sent}


@pytest.mark.parametrize(
    ("scope", "name", "held"),
    [
        (ENDPOINT, "surgery", {"surgery"}),
        (KIND, "crisis_team", {"crisis"}),
        (ALL, "", {"fenwick", "surgery", "crisis"}),
    ],
)
def test_what_a_brake_names_is_not_sent_until_it_is_released(
    parts: SmallParts, scope: str, name: str, held: set[str]
) -> None:
    post(parts)
    brake(parts, scope, name)
    everything = {"fenwick", "surgery", "crisis"}
    assert sent(parts) == everything - held
    parts.clock.advance(hours=100)
    assert sent(parts) == set()
    release(parts, scope, name)
    assert sent(parts) == held
    assert verify(parts.store).is_whole


def test_what_waits_behind_a_brake_uses_up_no_try_and_no_time(
    parts: SmallParts,
) -> None:
    post(parts)
    brake(parts, ALL)
    sent(parts)
    waiting = delivery_to(parts, "r-gp")
    assert (waiting.state, waiting.attempts) == (State.QUEUED, 0)


def test_what_was_leased_before_a_brake_is_looked_at_once_more(
    parts: SmallParts,
) -> None:
    post(parts)
    times = iter([0.0, 0.0, *[BRAKED_WITHIN.total_seconds()] * 100])

    def monotonic() -> float:
        now = next(times)
        if now and not was_set:
            was_set.append(True)
            brake(parts, ALL)
        return now

    was_set: list[bool] = []
    transport = Receivers()
    worker = make_worker(parts, transport, monotonic=monotonic)
    assert worker.step()
    assert transport.sent == []
    assert not worker.step()
    release(parts, ALL)
    assert sent(parts) == {"fenwick", "surgery", "crisis"}


def test_brakes_of_nobody_in_particular_are_in_no_senders_trail(
    parts: SmallParts,
) -> None:
    brake(parts, ALL)
    assert not audit_trail(parts.store, SENDER).items
