"""What an attempt's answer does to its delivery, its lane and its endpoint.

One transaction, fenced by the lease: who comes back too late writes nothing. The table
of outcomes is that of DESIGN.md, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from adapter.delivery import breaker, lateness, leases
from adapter.delivery.duties import failure
from adapter.delivery.entries import moved
from adapter.delivery.leases import Claimed
from adapter.delivery.model import WAITING, Answer, Outcome, State
from adapter.delivery.retry import FEW_TRIES_REASONS, RetryPolicy, next_attempt_at
from adapter.store import audit, deliveries, records, worklist
from adapter.store.deliveries import Attempt
from adapter.store.heads import read_head

LONGEST_REASON = 64


@dataclass(frozen=True)
class Verdict:
    """Where a delivery goes after an answer, and what is written with it."""

    state: State
    reason: str | None
    next_attempt_at: datetime | None = None
    tries: int = 0
    few_tries: int = 0
    retry_since: datetime | None = None


@dataclass(frozen=True)
class Settled:
    """What became of an attempt: the state, why, and what the breaker did ("" else)."""

    state: State
    reason: str | None
    next_attempt_at: datetime | None
    breaker: str


def judge(
    claimed: Claimed,
    answer: Answer,
    *,
    policy: RetryPolicy,
    now: datetime,
    dice: Callable[[], float],
) -> Verdict:
    """Where the delivery goes after this answer. Pure: told the time, handed dice."""
    reason = answer.reason[:LONGEST_REASON]
    if answer.outcome in (Outcome.OK, Outcome.DUPLICATE):
        told = "duplicate" if answer.outcome is Outcome.DUPLICATE else None
        return Verdict(State.DELIVERED, told)
    if answer.outcome is Outcome.FATAL:
        return Verdict(State.FAILED, reason)
    if answer.outcome is Outcome.ENDPOINT_FAULT:
        # It waits for the breaker, not for its own turn, and uses up no time.
        return Verdict(State.QUEUED, reason, next_attempt_at=now, tries=claimed.tries)
    few_tries = claimed.few_tries + (reason in FEW_TRIES_REASONS)
    if few_tries >= policy.few and reason in FEW_TRIES_REASONS:
        return Verdict(State.FAILED, reason, few_tries=few_tries)
    since = claimed.retry_since or now
    again = next_attempt_at(
        policy,
        tries=claimed.tries + 1,
        since=since,
        now=now,
        dice=dice,
        retry_after=answer.retry_after,
    )
    if again is None:
        return Verdict(State.EXPIRED, reason)
    return Verdict(
        State.QUEUED,
        reason,
        next_attempt_at=again,
        tries=claimed.tries + 1,
        few_tries=few_tries,
        retry_since=since,
    )


@dataclass(frozen=True)
class Finished:
    """A delivery whose attempt is over, and what it came to."""

    claimed: Claimed
    answer: Answer


def settle_all(
    connection: Connection,
    finished: Sequence[Finished],
    now: datetime,
    *,
    policy: RetryPolicy,
    dice: Callable[[], float],
) -> list[Settled | None]:
    """What became of each attempt; None where the lane is another's now.

    Of such a one nothing is written. A person's answer that came meanwhile stays; the
    attempt is kept all the same.
    """
    if not finished:
        return []
    ours = leases.still_leased(connection, [each.claimed.lease for each in finished])
    kept = [
        each
        for each in finished
        if (each.claimed.lease.lane, each.claimed.lease.token) in ours
    ]
    deliveries.keep_attempts(connection, [_attempt(each) for each in kept])
    verdicts = {
        each.claimed.lease.lane: _unless_overtaken(
            connection,
            each.claimed,
            judge(each.claimed, each.answer, policy=policy, now=now, dice=dice),
        )
        for each in kept
    }
    went = _move(connection, kept, verdicts, now)
    for each in kept:
        verdict = verdicts[each.claimed.lease.lane]
        if each.claimed.delivery.id in went and verdict.state not in WAITING:
            _tell(connection, each.claimed, verdict, now)
    answers = [(each.claimed.lease.endpoint, each.answer) for each in kept]
    changes = breaker.note(connection, answers, now)
    leases.end_leases(connection, verdicts)
    done: list[Settled | None] = []
    for each in finished:
        lease = each.claimed.lease
        if (lease.lane, lease.token) not in ours:
            done.append(None)
            continue
        verdict, change = verdicts[lease.lane], changes.pop(lease.endpoint, "")
        done.append(
            Settled(verdict.state, verdict.reason, verdict.next_attempt_at, change)
        )
    return done


def _move(
    connection: Connection,
    kept: Sequence[Finished],
    verdicts: Mapping[str, Verdict],
    now: datetime,
) -> frozenset[str]:
    """The ids of the deliveries that went where their verdict says."""
    by_state: dict[State, list[deliveries.Move]] = {}
    for each in kept:
        verdict = verdicts[each.claimed.lease.lane]
        changes = {
            "next_attempt_at": verdict.next_attempt_at,
            "tries": verdict.tries,
            "few_tries": verdict.few_tries,
            "retry_since": verdict.retry_since,
        }
        one = deliveries.Move(each.claimed.delivery.id, verdict.reason, changes)
        by_state.setdefault(verdict.state, []).append(one)
    went: frozenset[str] = frozenset()
    for state in sorted(by_state):
        went |= deliveries.move_all(
            connection, by_state[state], State.SENDING, state, at=now
        )
    return went


def _attempt(finished: Finished) -> Attempt:
    claimed, answer = finished.claimed, finished.answer
    return Attempt(
        delivery_id=claimed.delivery.id,
        attempt=claimed.delivery.attempts,
        started_at=claimed.claimed_at,
        duration=answer.duration,
        outcome=answer.outcome.value,
        reason=answer.reason[:LONGEST_REASON],
        http_status=answer.http_status,
        worker=claimed.lease.owner,
    )


def _unless_overtaken(
    connection: Connection, claimed: Claimed, verdict: Verdict
) -> Verdict:
    """What would be tried again is not, once a later version stands in its place."""
    if verdict.state is State.DELIVERED:
        return verdict
    head = read_head(connection, claimed.delivery.view_id)
    to = leases.overtaken(head, claimed.delivery.view_version) if head else None
    return Verdict(to, verdict.reason) if to is not None else verdict


def _tell(
    connection: Connection, claimed: Claimed, verdict: Verdict, now: datetime
) -> None:
    delivery = replace(claimed.delivery, state=verdict.state, reason=verdict.reason)
    audit.append(
        connection,
        [moved(delivery, verdict.state, verdict.reason, audit.WORKER, now)],
    )
    if verdict.state is State.DELIVERED and delivery.is_told_late:
        person_key = records.read_person_key(
            connection, delivery.ods_code, delivery.record_id
        )
        lateness.arrived(connection, delivery, person_key, audit.WORKER, now)
    purpose = {
        State.FAILED: worklist.DELIVERY_FAILED,
        State.EXPIRED: worklist.DELIVERY_EXPIRED,
    }.get(verdict.state)
    if purpose is not None:
        person_key = records.read_person_key(
            connection, delivery.ods_code, delivery.record_id
        )
        duty = failure(delivery, person_key, purpose)
        worklist.add_duties(connection, [duty], now)
