"""The tester's clock: how far it runs ahead of the system's, kept in the store.

Every process reads it live, so that one that runs already follows when it is moved.
Only an installation that is not in production reads it at all. Source: DESIGN.md
section 9.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic as system_monotonic
from typing import Any

from sqlalchemy import BigInteger, Connection, type_coerce, update

from adapter import logs
from adapter.errors import NotReady
from adapter.store import audit, sweeps
from adapter.store.audit import Entry
from adapter.store.engine import Store
from adapter.store.schema import deliveries, endpoints, lanes, views
from adapter.store.schema import sweeps as sweeps_table

TRUSTED_FOR = timedelta(milliseconds=100)
"""How long a process goes by the offset that it read last."""

FOLLOWED_WITHIN = timedelta(milliseconds=250)
"""After so long every process that can reach the store goes by a new offset."""

_MICROSECOND = timedelta(microseconds=1)

_WAITS = (
    lanes.c.next_due,
    lanes.c.lease_until,
    endpoints.c.stopped_at,
    endpoints.c.probe_at,
    deliveries.c.retry_since,
    deliveries.c.next_attempt_at,
    sweeps_table.c.swept_at,
    sweeps_table.c.lease_until,
)
"""What measures time that passes: put back with the clock, or it would never end."""


class LiveOffset:
    """How far the tester's clock runs ahead, as the store had it a moment ago.

    Called many times for each record, so it asks the store at most every
    ``TRUSTED_FOR``, in one thread at a time; the others go by what is known. What is
    known stays known while the store is away.
    """

    def __init__(
        self, store: Store, monotonic: Callable[[], float] = system_monotonic
    ) -> None:
        self._store = store
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._known = timedelta()
        self._until = monotonic()

    def __call__(self) -> timedelta:
        now = self._monotonic()
        if now >= self._until and self._asking.acquire(blocking=False):
            try:
                self._ask(now)
            finally:
                self._asking.release()
        return self._known

    def _ask(self, now: float) -> None:
        try:
            found = self._store.clock_offset()
        except NotReady:
            found = self._known
        # From before asking: what is answered was so then.
        self._until = now + TRUSTED_FOR.total_seconds()
        if found != self._known:
            self._known = found
            warn(found)


def following(store: Store) -> Store:
    """The same store, whose time follows the tester's clock that it keeps."""
    return replace(store, offset=LiveOffset(store))


def warn(offset: timedelta, **safe_fields: Any) -> None:
    """Nothing; the log tells that time is not what it seems, or is so again."""
    log = logs.get_logger()
    if offset:
        log.warning(
            logs.CLOCK_SHIFTED, offset_seconds=offset.total_seconds(), **safe_fields
        )
    else:
        log.warning(logs.CLOCK_RELEASED, **safe_fields)


def move_clock(
    store: Store, to: timedelta, *, actor: str, ods_code: str | None = None
) -> None:
    """Nothing; the clock of every process on this store runs so far ahead from now on.

    Forward, whatever waits comes due. Back, waits that are running keep what is left
    of them, views that were made at a later instant are made again before they are
    shown, and birthdays and gaps are looked at again; what was written stays written.
    """
    with store.writing() as connection:
        was = store.put_clock_offset(connection, to)
        now = store.unmoved_now(connection) + to
        if to < was:
            _put_back(connection, to - was, now)
        detail = {"offset_seconds": to.total_seconds()}
        audit.append(
            connection,
            [Entry(audit.CLOCK_MOVED, now, actor, ods_code=ods_code, detail=detail)],
        )


def _put_back(connection: Connection, by: timedelta, now: datetime) -> None:
    for column in _WAITS:
        connection.execute(
            update(column.table)
            .where(column > now)
            .values({column: type_coerce(column, BigInteger) + by // _MICROSECOND})
        )
    connection.execute(
        update(views).where(views.c.prepared_at > now).values(valid_until=now)
    )
    sweeps.look_at_all(connection, now)
