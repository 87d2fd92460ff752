"""Brakes: what a person has stopped, why, and until they release it.

A brake holds one endpoint, one recipient kind, or all. While it is on nothing is sent
there (``adapter.delivery.leases`` leases no such lane) and nothing can be fetched from
there (the caller's kinds shrink, so that a pull finds what one finds who is not known).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, and_, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from adapter.errors import Conflict, UnknownRecord
from adapter.store import audit, payload
from adapter.store.audit import Entry
from adapter.store.engine import Store
from adapter.store.payload import pack
from adapter.store.schema import brakes, deliveries, lanes

ENDPOINT, KIND, ALL = "endpoint", "kind", "all"


@dataclass(frozen=True)
class Brake:
    """One brake: ``name`` is an endpoint's or a recipient kind, "" for all."""

    id: str
    scope: str
    name: str
    reason: str
    by: str
    set_at: datetime
    released_at: datetime | None

    def holds(self, endpoint: str | None, kind: str) -> bool:
        """Whether it stops what goes to that endpoint, or to recipients of a kind."""
        return (
            self.scope == ALL
            or (self.scope == ENDPOINT and self.name == endpoint)
            or (self.scope == KIND and self.name == kind)
        )


def holding(on: Collection[Brake], endpoint: str | None, kind: str) -> Brake | None:
    """The first of these brakes that stops it, None when none does."""
    return next((brake for brake in on if brake.holds(endpoint, kind)), None)


def set_brake(
    store: Store,
    scope: str,
    name: str,
    *,
    reason: str,
    by: str,
    actor: str,
    at: datetime,
) -> Brake:
    """The brake, which is on from now. Conflict when the same one is on already."""
    words = orjson.dumps({"reason": reason, "by": by})
    brake = Brake(str(uuid.uuid4()), scope, name, reason, by, at, None)
    with store.writing() as connection:
        try:
            connection.execute(
                insert(brakes).values(
                    id=brake.id,
                    scope=scope,
                    name=name,
                    set_at=at,
                    **payload.columns("words", pack(words)),
                )
            )
        except IntegrityError:
            raise Conflict("this brake is on already") from None
        audit.append(connection, [_entry(audit.BRAKE_ON, scope, name, by, actor, at)])
    return brake


def release_brake(
    store: Store, scope: str, name: str, *, by: str, actor: str, at: datetime
) -> Brake:
    """The brake, released: what waited goes on at once. UnknownRecord if none is on."""
    with store.writing() as connection:
        row = connection.execute(
            select(brakes)
            .where(_IS_ON, brakes.c.scope == scope, brakes.c.name == name)
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise UnknownRecord("no such brake is on")
        connection.execute(
            update(brakes).where(brakes.c.id == row.id).values(released_at=at)
        )
        audit.append(connection, [_entry(audit.BRAKE_OFF, scope, name, by, actor, at)])
        released = connection.execute(select(brakes).where(brakes.c.id == row.id)).one()
    return _brake(released)


def list_brakes(store: Store, *, only_on: bool = True) -> list[Brake]:
    """The brakes that are on, or all that ever were, oldest first."""
    with store.reading() as connection:
        return read_brakes(connection, only_on=only_on)


def read_brakes(connection: Connection, *, only_on: bool = True) -> list[Brake]:
    """As ``list_brakes``, in the caller's transaction."""
    rows = connection.execute(_ON if only_on else _EVER).all()
    return [_brake(row) for row in rows]


def _brake(row: Any) -> Brake:
    words = orjson.loads(payload.read(row, "words").plain())
    return Brake(
        id=row.id,
        scope=row.scope,
        name=row.name,
        reason=words["reason"],
        by=words["by"],
        set_at=row.set_at,
        released_at=row.released_at,
    )


def _entry(
    event: str, scope: str, name: str, by: str, actor: str, at: datetime
) -> Entry:
    return Entry(event, at, actor, detail={"scope": scope, "name": name, "by": by})


_IS_ON = brakes.c.released_at.is_(None)
_EVER = select(brakes).order_by(brakes.c.set_at, brakes.c.id)
_ON = _EVER.where(_IS_ON)

LANE_IS_HELD = exists(
    select(brakes.c.id)
    .where(
        _IS_ON,
        or_(
            brakes.c.scope == ALL,
            and_(brakes.c.scope == ENDPOINT, brakes.c.name == lanes.c.endpoint),
            and_(
                brakes.c.scope == KIND,
                # A lane is one recipient's, so all of it is of one kind.
                exists(
                    select(deliveries.c.id)
                    .where(
                        deliveries.c.lane == lanes.c.key,
                        deliveries.c.recipient_kind == brakes.c.name,
                    )
                    .correlate(lanes, brakes)
                ),
            ),
        ),
    )
    .correlate(lanes)
)
"""Whether a brake holds the lane of the row that is looked at."""
