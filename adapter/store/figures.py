"""Figures of the whole store for those who run it: counts and ages, nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from adapter.delivery.model import UNDELIVERED, State
from adapter.store.brakes import Brake, read_brakes
from adapter.store.deliveries import count_by_state
from adapter.store.engine import Store
from adapter.store.schema import deliveries, worklist


@dataclass(frozen=True)
class Figures:
    """How the store stands at an instant.

    ``deliveries`` has every state. ``oldest_undelivered`` is the age of the oldest
    delivery that has not arrived and still may; nothing without one. ``open_worklist``
    counts what is open by purpose, where there is any.
    """

    deliveries: dict[State, int]
    oldest_undelivered: timedelta
    open_worklist: dict[str, int]
    brakes: tuple[Brake, ...]


def figures(store: Store, at: datetime) -> Figures:
    """The figures at that instant."""
    waiting = sorted(state.value for state in UNDELIVERED)
    with store.reading() as connection:
        oldest = connection.execute(
            select(deliveries.c.created_at)
            .where(deliveries.c.state.in_(waiting))
            .order_by(deliveries.c.number)
            .limit(1)
        ).scalar_one_or_none()
        open_items = connection.execute(
            select(worklist.c.purpose, func.count())
            .where(worklist.c.closed_at.is_(None))
            .group_by(worklist.c.purpose)
        ).all()
        on = tuple(read_brakes(connection))
    age = timedelta() if oldest is None else max(at - oldest, timedelta())
    return Figures(count_by_state(store), age, dict(open_items), on)
