"""One breaker an endpoint: it opens on faults, lets a probe through, and closes again.

It opens at once when the endpoint itself is at fault (a credential, an address), and
after a row of failures that time should mend. While it is open every delivery stays
queued; one at a time goes as a probe. Source: design, section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.delivery.model import Answer, Outcome
from adapter.delivery.retry import FEW_TRIES_REASONS, RetryPolicy, ceiling
from adapter.store.engine import Store
from adapter.store.schema import endpoints, lanes

FAILURES_BEFORE_STOP = 10
PROBES = RetryPolicy(first=timedelta(seconds=5), longest=timedelta(minutes=5))


@dataclass(frozen=True)
class Breaker:
    """How an endpoint fares: ``stopped_at`` None means that deliveries go to it."""

    endpoint: str
    failures: int
    stopped_at: datetime | None
    reason: str | None
    probe_at: datetime | None


def breakers(store: Store) -> list[Breaker]:
    """The endpoints that have had a failure since their last success, by name."""
    with store.reading() as connection:
        rows = connection.execute(
            select(
                endpoints.c.name,
                endpoints.c.failures,
                endpoints.c.stopped_at,
                endpoints.c.reason,
                endpoints.c.probe_at,
            )
            .where(or_(endpoints.c.failures > 0, endpoints.c.stopped_at.is_not(None)))
            .order_by(endpoints.c.name)
        ).all()
    return [Breaker(*row) for row in rows]


def is_alive(answer: Answer) -> bool:
    """Whether the endpoint works, whatever it said to this one request."""
    if answer.outcome is Outcome.TRANSIENT:
        return answer.reason in FEW_TRIES_REASONS
    return answer.outcome is not Outcome.ENDPOINT_FAULT


def note(
    connection: Connection, answers: Sequence[tuple[str, Answer]], now: datetime
) -> dict[str, str]:
    """What the answers did to each endpoint's breaker: ``stopped`` or ``resumed``.

    Nothing of an endpoint whose breaker stays as it is.
    """
    changed: dict[str, str] = {}
    names = sorted({endpoint for endpoint, _ in answers})
    if not names:
        return changed
    failing = [name for name, answer in answers if not is_alive(answer)]
    if failing:
        build = sqlite.insert if _is_sqlite(connection) else postgresql.insert
        connection.execute(
            build(endpoints).on_conflict_do_nothing(),
            [
                {"name": name, "failures": 0, "probes": 0}
                for name in sorted(set(failing))
            ],
        )
    known = connection.execute(_BREAKERS, {"names": names}).all()
    touched = {row.name for row in known if row.failures or row.stopped_at is not None}
    touched.update(failing)
    if not touched:
        return changed
    locked = connection.execute(_LOCK, {"names": sorted(touched)})
    rows = {row.name: row for row in locked}
    for name, answer in answers:
        row = rows.get(name)
        if row is None:
            continue
        if is_alive(answer):
            change = _close(connection, row, now)
        else:
            change = _count(connection, row, answer, now)
        if change:
            changed[name] = change
        if change is not None:
            rows[name] = connection.execute(_BREAKERS, {"names": [name]}).one()
    return changed


def _count(connection: Connection, row: Any, answer: Answer, now: datetime) -> str:
    failures = row.failures + 1
    change: dict[str, object] = {"failures": failures}
    is_open = row.stopped_at is not None
    opens = answer.outcome is Outcome.ENDPOINT_FAULT or failures >= FAILURES_BEFORE_STOP
    if is_open or opens:
        probes = row.probes + 1
        change |= {
            "stopped_at": row.stopped_at or now,
            "reason": answer.reason[:64],
            "probes": probes,
            "probe_at": now + ceiling(PROBES, probes),
        }
    connection.execute(
        update(endpoints).where(endpoints.c.name == row.name).values(**change)
    )
    return "stopped" if opens and not is_open else ""


def take_probe(
    connection: Connection, endpoint: str, now: datetime, length: timedelta
) -> bool:
    """Whether the caller may send one delivery to a stopped endpoint; only one may.

    If its worker dies, the next may try when its lease has ended.
    """
    taken = connection.execute(
        update(endpoints)
        .where(
            endpoints.c.name == endpoint,
            or_(endpoints.c.stopped_at.is_(None), endpoints.c.probe_at <= now),
        )
        .values(probe_at=now + length)
    )
    return taken.rowcount == 1


def return_probe(connection: Connection, endpoint: str, now: datetime) -> None:
    """Nothing; the probe was not sent, so another may go."""
    connection.execute(
        update(endpoints)
        .where(endpoints.c.name == endpoint, endpoints.c.stopped_at.is_not(None))
        .values(probe_at=now)
    )


def _close(connection: Connection, row: Any, now: datetime) -> str | None:
    """``resumed`` when it was open, "" when it only forgets failures, else None."""
    if row.failures == 0 and row.stopped_at is None:
        return None
    endpoint = row.name
    connection.execute(
        update(endpoints)
        .where(endpoints.c.name == endpoint)
        .values(failures=0, stopped_at=None, reason=None, probe_at=None, probes=0)
    )
    if row.stopped_at is None:
        return ""
    waiting = (
        select(lanes.c.key)
        .where(lanes.c.endpoint == endpoint, lanes.c.next_due > now)
        .order_by(lanes.c.key)
        .with_for_update(skip_locked=True)
    )
    keys = list(connection.execute(waiting).scalars())
    for start in range(0, len(keys), 500):
        connection.execute(
            update(lanes)
            .where(lanes.c.key.in_(keys[start : start + 500]))
            .values(next_due=now)
        )
    return "resumed"


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


_BREAKERS = (
    select(endpoints)
    .where(endpoints.c.name.in_(bindparam("names", expanding=True)))
    .order_by(endpoints.c.name)
)
_LOCK = _BREAKERS.with_for_update()
