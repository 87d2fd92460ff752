"""Lanes: one patient, one recipient, one endpoint, in order, leased by one worker.

The lane's row is what a worker leases and what every write back is fenced by: a lease
has a token that grows, and whoever comes back with an older one is refused. Lock order,
on PostgreSQL: a record, then lanes by key, then all else. Source: design, section 8.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from time import monotonic as system_monotonic
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    case,
    func,
    not_,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from adapter.delivery import breaker
from adapter.delivery.model import STOPPED, UNDELIVERED, State
from adapter.store import payload
from adapter.store.brakes import LANE_IS_HELD
from adapter.store.deliveries import Delivery, delivery_of, move
from adapter.store.engine import Store
from adapter.store.heads import EMPTY, ViewHead
from adapter.store.payload import Payload
from adapter.store.schema import deliveries, endpoints, lanes, views

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


def lock(connection: Connection, wanted: Mapping[str, str]) -> dict[str, int]:
    """The last place taken in each lane; the lanes exist and are the caller's now.

    ``wanted`` names the endpoint of each lane, by the lane's key.
    """
    if not wanted:
        return {}
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"key": key, "endpoint": wanted[key], "last_sequence": 0, "lease_token": 0}
        for key in sorted(wanted)
    ]
    connection.execute(build(lanes).on_conflict_do_nothing(), rows)
    locked = connection.execute(
        select(lanes.c.key, lanes.c.last_sequence)
        .where(lanes.c.key.in_(sorted(wanted)))
        .order_by(lanes.c.key)
        .with_for_update()
    )
    return {row.key: row.last_sequence for row in locked}


def take_places(connection: Connection, last: Mapping[str, int]) -> None:
    """Nothing; the lanes, which the caller has locked, are taken up to these places."""
    if last:
        connection.execute(
            _TAKE_PLACES,
            [{"of_lane": key, "last": last[key]} for key in sorted(last)],
        )


def refresh(connection: Connection, *keys: str) -> None:
    """Nothing; each lane is due when its first undelivered delivery is, if that waits.

    A delivery that has stopped stops the lane until a person or a later version of the
    same view moves it.
    """
    if keys:
        connection.execute(_REFRESH, [{"of_lane": key} for key in sorted(keys)])


def claim(
    store: Store,
    owner: str,
    *,
    length_for: Callable[[str], timedelta] = lambda endpoint: LEASE,
    most_at: Callable[[str], int | None] = lambda endpoint: None,
    monotonic: Callable[[], float] = system_monotonic,
) -> Claimed | None:
    """The next delivery that is due, leased and marked as sending; None if none is.

    ``length_for`` says how long to lease a lane of the named endpoint, ``most_at`` how
    many of its lanes may be leased at once, None for as many as there are. Committed
    when it returns, so no transaction is open while the caller sends.
    """
    taken = monotonic()
    with store.writing() as connection:
        now = store.now(connection)
        full = _full(connection, now, most_at)
        while True:
            lane = connection.execute(
                _due_to_lease(len(full)),
                {"now": now, **{f"full_{n}": name for n, name in enumerate(full)}},
            ).one_or_none()
            if lane is None:
                return None
            if not _has_room(connection, lane.endpoint, now, most_at):
                full.append(lane.endpoint)
                continue
            found = _next_to_send(connection, lane.key, now)
            if found is None:
                refresh(connection, lane.key)
                continue
            length = length_for(lane.endpoint)
            is_probe = False
            if lane.stopped_at is not None:
                if not breaker.take_probe(connection, lane.endpoint, now, length):
                    return None
                is_probe = True
            token = lane.lease_token + 1
            connection.execute(
                _LEASE,
                {
                    "of_lane": lane.key,
                    "token": token,
                    "owner": owner,
                    "until": now + length,
                },
            )
            connection.execute(_SEND, {"delivery": found[0].id, "now": now})
            lease = Lease(
                lane.key, lane.endpoint, token, owner, length, taken, is_probe
            )
            return _claimed(lease, *found, now)


def _full(
    connection: Connection, now: datetime, most_at: Callable[[str], int | None]
) -> list[str]:
    """The endpoints of which as many lanes are leased as may be."""
    leased = connection.execute(_LEASED, {"now": now}).all()
    return [
        name
        for name, count in leased
        if (most := most_at(name)) is not None and count >= most
    ]


def _has_room(
    connection: Connection,
    endpoint: str,
    now: datetime,
    most_at: Callable[[str], int | None],
) -> bool:
    """Whether one more lane of the endpoint may be leased.

    On SQLite the caller is alone already. On PostgreSQL those who lease a lane of one
    endpoint take turns here, so that two do not both take the last place.
    """
    most = most_at(endpoint)
    if connection.dialect.name == "sqlite" or most is None:
        return True
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:room, :endpoint)"),
        {"room": _ROOM, "endpoint": zlib.crc32(endpoint.encode()) - 2**31},
    )
    leased = connection.execute(_LEASED, {"now": now}).all()
    return all(count < most for name, count in leased if name == endpoint)


def is_due(store: Store) -> bool:
    """Whether a lane waits for a worker now; takes no lock."""
    with store.reading() as connection:
        found = connection.execute(_DUE, {"now": store.now(connection)}).first()
    return found is not None


def check_in(connection: Connection, lease: Lease) -> None:
    """Nothing; the lease is ended, and the caller may write in this transaction.

    LeaseLost when the lane has been leased again since: the caller writes nothing.
    """
    ended = connection.execute(_CHECK_IN, {"of_lane": lease.lane, "token": lease.token})
    if ended.rowcount != 1:
        raise LeaseLost


def give_back(
    store: Store, claimed: Claimed, *, delay: timedelta = timedelta()
) -> None:
    """Nothing; the lane is free again and the delivery waits as if never claimed.

    ``delay`` keeps a delivery that cannot be prepared from coming up again at once.
    """
    with store.writing() as connection:
        check_in(connection, claimed.lease)
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
        refresh(connection, claimed.lease.lane)


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
    connection: Connection, lane: str, now: datetime
) -> tuple[Any, ViewHead] | None:
    """The lane's first undelivered row with its view; None when the lane must wait.

    One that a worker left behind while a later version came is passed over here.
    """
    while True:
        head = connection.execute(_FIRST, {"of_lane": lane}).one_or_none()
        if head is None:
            return None
        if State(head.state) in STOPPED:
            return None
        found = connection.execute(_VIEW, {"of_view": head.view_id}).one()
        view = ViewHead(**found._mapping)
        to = overtaken(view, head.view_version)
        if to is None:
            return head, view
        move(connection, head.id, to, at=now)


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


# Built once: a worker asks these several times for each delivery.
# No IN: a statement that is run for many lanes at once cannot hold a list.
_IS_UNDELIVERED = or_(*(deliveries.c.state == state.value for state in UNDELIVERED))
_HAS_STOPPED = or_(*(deliveries.c.state == state.value for state in STOPPED))
_OF_LANE = bindparam("of_lane", type_=lanes.c.key.type)
_NOW = bindparam("now", type_=lanes.c.next_due.type)

_DUE = (
    select(lanes.c.key, lanes.c.endpoint, lanes.c.lease_token, endpoints.c.stopped_at)
    .join(endpoints, endpoints.c.name == lanes.c.endpoint, isouter=True)
    .where(
        lanes.c.next_due <= _NOW,
        or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= _NOW),
        or_(endpoints.c.stopped_at.is_(None), endpoints.c.probe_at <= _NOW),
        not_(LANE_IS_HELD),
    )
    .order_by(lanes.c.next_due)
    .limit(1)
)
_LEASED = (
    select(lanes.c.endpoint, func.count())
    .where(lanes.c.lease_until > _NOW)
    .group_by(lanes.c.endpoint)
)
_ROOM = 7_402_118
"""The first half of the lock under which a place at an endpoint is taken."""


@cache
def _due_to_lease(full: int) -> Select[Any]:
    """The next lane that is due, past as many endpoints (``full_0`` …) as are full."""
    names = [bindparam(f"full_{n}", type_=lanes.c.endpoint.type) for n in range(full)]
    return _DUE.where(*(lanes.c.endpoint != name for name in names)).with_for_update(
        of=lanes, skip_locked=True
    )


_FIRST = (
    select(deliveries)
    .where(deliveries.c.lane == _OF_LANE, _IS_UNDELIVERED)
    .order_by(deliveries.c.sequence)
    .limit(1)
)
_VIEW = select(views).where(views.c.view_id == bindparam("of_view"))
_FIRST_DUE = (
    _FIRST.with_only_columns(
        case((_HAS_STOPPED, null()), else_=deliveries.c.next_attempt_at)
    )
).scalar_subquery()
_REFRESH = update(lanes).where(lanes.c.key == _OF_LANE).values(next_due=_FIRST_DUE)
_TAKE_PLACES = (
    update(lanes).where(lanes.c.key == _OF_LANE).values(last_sequence=bindparam("last"))
)
_LEASE = (
    update(lanes)
    .where(lanes.c.key == _OF_LANE)
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
        state_since=_NOW,
        attempts=deliveries.c.attempts + 1,
    )
)
_CHECK_IN = (
    update(lanes)
    .where(lanes.c.key == _OF_LANE, lanes.c.lease_token == bindparam("token"))
    .values(lease_owner=None, lease_until=None)
)
