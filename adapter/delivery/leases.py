"""Leases: which worker a lane is for a time, and what it is to send.

The lane's row is what a worker leases and what every write back is fenced by: a lease
has a token that grows, and whoever comes back with an older one is refused. Source:
design, section 8.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from time import monotonic as system_monotonic
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, text, update

from adapter.delivery import breaker
from adapter.delivery.lanes import (
    DUE,
    IS_UNDELIVERED,
    NOW,
    OF_LANE,
    REFRESH,
    refresh,
)
from adapter.delivery.model import STOPPED, UNDELIVERED, State
from adapter.store import payload
from adapter.store.deliveries import Delivery, delivery_of, move
from adapter.store.engine import Store
from adapter.store.heads import EMPTY, ViewHead
from adapter.store.payload import Payload
from adapter.store.schema import deliveries, lanes, views

LEASE = timedelta(seconds=45)
"""How long a lane is leased; an endpoint with long time-outs has a longer one."""


class LeaseLost(Exception):
    """The lane has been leased to another since: nothing may be written back."""


@dataclass(frozen=True)
class Lease:
    """A lane that is ours for a time. ``taken`` is monotonic time, in seconds."""

    lane: str
    endpoint: str
    token: int
    owner: str
    length: timedelta
    taken: float
    is_probe: bool


@dataclass(frozen=True)
class Claimed:
    """The delivery that a lease was taken for, and what to send.

    ``tries``, ``few_tries`` and ``retry_since`` tell how it has fared since it was last
    put into the queue. ``view`` is its view as it stands, the resources apart.
    """

    lease: Lease
    delivery: Delivery
    body: Payload
    tries: int
    few_tries: int
    retry_since: datetime | None
    view: ViewHead
    claimed_at: datetime


@dataclass(frozen=True)
class Terms:
    """To whom lanes are leased and how.

    ``length_for`` says how long to lease a lane of the named endpoint, ``most_at`` how
    many of its lanes may be leased at once, None for as many as there are.
    """

    owner: str
    length_for: Callable[[str], timedelta]
    most_at: Callable[[str], int | None]


def claim_some(
    connection: Connection, most: int, terms: Terms, *, now: datetime, taken: float
) -> list[Claimed]:
    """Up to so many deliveries that are due, each with the lease of its lane.

    The caller commits before it sends any. ``taken`` is the monotonic time.
    """
    claimed: list[Claimed] = []
    if most <= 0:
        return claimed
    leased = {row[0]: int(row[1]) for row in connection.execute(_LEASED, {"now": now})}
    closed = [name for name in leased if not _has_room(leased, name, terms)]
    while len(claimed) < most:
        rows = connection.execute(
            _due_to_lease(len(closed)),
            {
                "now": now,
                "most": most - len(claimed),
                **{f"closed_{n}": name for n, name in enumerate(closed)},
            },
        ).all()
        if not rows:
            break
        heads = _next_to_send(connection, [row.key for row in rows], now)
        found = []
        for row in rows:
            if row.key not in heads or row.endpoint in closed:
                continue
            if not _may_lease(connection, row, leased, terms, now):
                closed.append(row.endpoint)
                continue
            if row.stopped_at is not None:
                closed.append(row.endpoint)  # one probe at a time
            leased[row.endpoint] = leased.get(row.endpoint, 0) + 1
            found.append(_lease(row, heads[row.key], terms, now, taken))
        _keep_leases(connection, found, now)
        claimed += found
    return claimed


def _has_room(leased: Mapping[str, int], endpoint: str, terms: Terms) -> bool:
    most = terms.most_at(endpoint)
    return most is None or leased.get(endpoint, 0) < most


def _may_lease(
    connection: Connection,
    lane: Any,
    leased: dict[str, int],
    terms: Terms,
    now: datetime,
) -> bool:
    """Whether one more lane of the endpoint may be leased, as a probe if need be.

    On SQLite the caller is alone already. On PostgreSQL no two lease lanes of one
    endpoint at once, or both would take the last place; who comes second goes on to
    other endpoints.
    """
    endpoint: str = lane.endpoint
    is_limited = terms.most_at(endpoint) is not None
    if is_limited and connection.dialect.name == "postgresql":
        place = {"room": _ROOM, "endpoint": zlib.crc32(endpoint.encode()) - 2**31}
        if not connection.execute(_TAKE_TURN, place).scalar_one():
            return False
        counts = connection.execute(_LEASED, {"now": now}).all()
        found = {row[0]: int(row[1]) for row in counts}
        leased[endpoint] = max(leased.get(endpoint, 0), found.get(endpoint, 0))
    if not _has_room(leased, endpoint, terms):
        return False
    return lane.stopped_at is None or breaker.take_probe(
        connection, endpoint, now, terms.length_for(endpoint)
    )


def _lease(
    lane: Any, found: tuple[Any, ViewHead], terms: Terms, now: datetime, taken: float
) -> Claimed:
    head, view = found
    lease = Lease(
        lane=lane.key,
        endpoint=lane.endpoint,
        token=lane.lease_token + 1,
        owner=terms.owner,
        length=terms.length_for(lane.endpoint),
        taken=taken,
        is_probe=lane.stopped_at is not None,
    )
    return _claimed(lease, head, view, now)


def _keep_leases(
    connection: Connection, claimed: Sequence[Claimed], now: datetime
) -> None:
    if not claimed:
        return
    connection.execute(
        _LEASE,
        [
            {
                "of_lane": each.lease.lane,
                "token": each.lease.token,
                "owner": each.lease.owner,
                "until": now + each.lease.length,
            }
            for each in claimed
        ],
    )
    connection.execute(
        _SEND, [{"delivery": each.delivery.id, "now": now} for each in claimed]
    )


def give_back(
    store: Store, claimed: Claimed, *, delay: timedelta = timedelta()
) -> None:
    """Nothing; the lane is free again and the delivery waits as if never claimed.

    ``delay`` keeps a delivery that cannot be prepared from coming up again at once.
    """
    with store.writing() as connection:
        if not still_leased(connection, [claimed.lease]):
            raise LeaseLost
        now = store.now(connection)
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == claimed.delivery.id,
                deliveries.c.state == State.SENDING.value,
            )
            .values(
                state=State.QUEUED.value,
                state_since=now,
                attempts=deliveries.c.attempts - 1,
                next_attempt_at=now + delay,
            )
        )
        if claimed.lease.is_probe:
            breaker.return_probe(connection, claimed.lease.endpoint, now)
        end_leases(connection, [claimed.lease.lane])


def still_leased(
    connection: Connection, leases: Collection[Lease]
) -> frozenset[tuple[str, int]]:
    """The lanes, each with its token, that have not been leased to another since.

    They are locked: the caller may write what came of them in this transaction, and
    nothing about any other.
    """
    wanted = {"lanes": sorted(lease.lane for lease in leases)}
    found = {row.key: row.lease_token for row in connection.execute(_TOKENS, wanted)}
    return frozenset(
        (lease.lane, lease.token)
        for lease in leases
        if found.get(lease.lane) == lease.token
    )


def end_leases(connection: Connection, keys: Collection[str]) -> None:
    """Nothing; these lanes are free, and due when their first delivery is."""
    if keys:
        connection.execute(_END_LEASE, [{"of_lane": key} for key in sorted(keys)])


def free_lanes_of(store: Store, owners: Collection[str]) -> int:
    """How many lanes were freed of owners who are known to have died.

    The token grows, so that one who was not dead after all is still refused.
    """
    with store.writing() as connection:
        freed = connection.execute(
            update(lanes)
            .where(lanes.c.lease_owner.in_(sorted(owners)))
            .values(
                lease_owner=None, lease_until=None, lease_token=lanes.c.lease_token + 1
            )
        )
    return int(freed.rowcount)


def lease_owners(store: Store) -> list[str]:
    """The names of those who hold a lane now."""
    with store.reading() as connection:
        return list(
            connection.execute(
                select(lanes.c.lease_owner)
                .where(lanes.c.lease_owner.is_not(None))
                .distinct()
            ).scalars()
        )


def may_still_send(
    lease: Lease,
    time_out: timedelta,
    monotonic: Callable[[], float] = system_monotonic,
) -> bool:
    """Whether a request begun now ends within the lease, by this machine's own count.

    The time-out is under half the lease, so half of it may be gone by now.
    """
    gone = timedelta(seconds=monotonic() - lease.taken)
    return time_out < lease.length / 2 and gone < lease.length / 2


def _next_to_send(
    connection: Connection, keys: Sequence[str], now: datetime
) -> dict[str, tuple[Any, ViewHead]]:
    """Each lane's first undelivered row with its view; none for one that must wait.

    One that a worker left behind while a later version came is passed over here.
    """
    found: dict[str, tuple[Any, ViewHead]] = {}
    looked_at = sorted(keys)
    while looked_at:
        heads = connection.execute(_FIRSTS, {"lanes": looked_at}).all()
        waiting = [head for head in heads if State(head.state) not in STOPPED]
        refresh(connection, *{*looked_at} - {head.lane for head in waiting})
        views_of = {
            row.view_id: ViewHead(**row._mapping)
            for row in connection.execute(
                _VIEWS, {"views": [head.view_id for head in waiting]}
            )
        }
        looked_at = []
        for head in waiting:
            view = views_of[head.view_id]
            to = overtaken(view, head.view_version)
            if to is None:
                found[head.lane] = head, view
            else:
                move(connection, head.id, to, at=now)
                looked_at.append(head.lane)
    return found


def overtaken(view: ViewHead, view_version: int) -> State | None:
    """Where a delivery of that version ends once its view has moved on; else None."""
    if view.version == view_version:
        return None
    return State.WITHDRAWN if view.standing == EMPTY else State.SUPERSEDED


def _claimed(lease: Lease, head: Any, view: ViewHead, now: datetime) -> Claimed:
    delivery = delivery_of(head)
    return Claimed(
        lease=lease,
        delivery=replace(
            delivery,
            state=State.SENDING,
            state_since=now,
            attempts=delivery.attempts + 1,
        ),
        body=payload.read(head, "body"),
        tries=head.tries,
        few_tries=head.few_tries,
        retry_since=head.retry_since,
        view=view,
        claimed_at=now,
    )


_LEASED = (
    select(lanes.c.endpoint, func.count())
    .where(lanes.c.lease_until > NOW)
    .group_by(lanes.c.endpoint)
)

_ROOM = 7_402_118
"""The first half of the lock under which a place at an endpoint is taken."""

_TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(:room, :endpoint)")


@cache
def _due_to_lease(closed: int) -> Select[Any]:
    """The next lanes that are due, past so many endpoints: ``closed_0``, …."""
    names = [
        bindparam(f"closed_{n}", type_=lanes.c.endpoint.type) for n in range(closed)
    ]
    return DUE.where(*(lanes.c.endpoint != name for name in names)).with_for_update(
        of=lanes, skip_locked=True
    )


_ANOTHER = deliveries.alias()
_FIRSTS = select(deliveries).where(
    deliveries.c.lane.in_(bindparam("lanes", expanding=True)),
    IS_UNDELIVERED,
    deliveries.c.sequence
    == select(func.min(_ANOTHER.c.sequence))
    .where(
        _ANOTHER.c.lane == deliveries.c.lane,
        or_(*(_ANOTHER.c.state == state.value for state in UNDELIVERED)),
    )
    .scalar_subquery(),
)

_VIEWS = select(views).where(views.c.view_id.in_(bindparam("views", expanding=True)))

_LEASE = (
    update(lanes)
    .where(lanes.c.key == OF_LANE)
    .values(
        lease_token=bindparam("token"),
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
    )
)

_SEND = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"))
    .values(
        state=State.SENDING.value,
        state_since=NOW,
        attempts=deliveries.c.attempts + 1,
    )
)

_TOKENS = (
    select(lanes.c.key, lanes.c.lease_token)
    .where(lanes.c.key.in_(bindparam("lanes", expanding=True)))
    .order_by(lanes.c.key)
    .with_for_update()
)

_END_LEASE = REFRESH.values(lease_owner=None, lease_until=None)
