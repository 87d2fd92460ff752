"""Lanes: one patient, one recipient, one endpoint, in order.

When a lane is due is kept with it, so that a worker finds what to do by one index. Lock
order, on PostgreSQL: a record, then lanes by key, then all else. How a lane is leased
is in ``adapter.delivery.leases``. Source: design, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    Connection,
    Integer,
    bindparam,
    case,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from adapter.delivery.model import STOPPED, UNDELIVERED
from adapter.store.brakes import LANE_IS_HELD
from adapter.store.engine import Store
from adapter.store.schema import deliveries, endpoints, lanes


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
        connection.execute(REFRESH, [{"of_lane": key} for key in sorted(keys)])


def is_due(store: Store) -> bool:
    """Whether a lane waits for a worker now; takes no lock."""
    with store.reading() as connection:
        found = connection.execute(
            DUE, {"now": store.now(connection), "most": 1}
        ).first()
    return found is not None


# Built once: a worker asks these several times for each delivery.
# No IN: a statement that is run for many lanes at once cannot hold a list.
IS_UNDELIVERED = or_(*(deliveries.c.state == state.value for state in UNDELIVERED))
_HAS_STOPPED = or_(*(deliveries.c.state == state.value for state in STOPPED))
OF_LANE = bindparam("of_lane", type_=lanes.c.key.type)
NOW = bindparam("now", type_=lanes.c.next_due.type)
DUE = (
    select(lanes.c.key, lanes.c.endpoint, lanes.c.lease_token, endpoints.c.stopped_at)
    .join(endpoints, endpoints.c.name == lanes.c.endpoint, isouter=True)
    .where(
        lanes.c.next_due <= NOW,
        or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= NOW),
        or_(endpoints.c.stopped_at.is_(None), endpoints.c.probe_at <= NOW),
        not_(LANE_IS_HELD),
    )
    .order_by(lanes.c.next_due)
    .limit(bindparam("most", type_=Integer))
)
_FIRST = (
    select(deliveries)
    .where(deliveries.c.lane == OF_LANE, IS_UNDELIVERED)
    .order_by(deliveries.c.sequence)
    .limit(1)
)
_FIRST_DUE = (
    _FIRST.with_only_columns(
        case((_HAS_STOPPED, null()), else_=deliveries.c.next_attempt_at)
    )
).scalar_subquery()
REFRESH = update(lanes).where(lanes.c.key == OF_LANE).values(next_due=_FIRST_DUE)
_TAKE_PLACES = (
    update(lanes).where(lanes.c.key == OF_LANE).values(last_sequence=bindparam("last"))
)
