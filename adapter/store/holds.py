"""What waits for people to release it: which content, how many of them, who so far.

A hold is no version of its view: it has no resources, no Task and no bytes to be sent,
so nothing of it can be pulled or pushed. Its delivery says how it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Select, insert, select, update

from adapter.delivery.model import State
from adapter.store import payload
from adapter.store.deliveries import Delivery, delivery_of
from adapter.store.engine import Store
from adapter.store.payload import pack
from adapter.store.schema import deliveries, holds

REFUSED = "refused"
"""The reason of a delivery that a named person refused to release."""


@dataclass(frozen=True)
class Hold:
    """Content that waits, or waited, for people: ``persons`` is how many must agree.

    ``content_hash`` is that of what they look at. ``releases`` are theirs so far, each
    with name, role and instant.
    """

    delivery: Delivery
    content_hash: str
    persons: int
    releases: tuple[dict[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.delivery.state is State.HELD

    @property
    def is_refused(self) -> bool:
        """Whether a named person has refused it."""
        delivery = self.delivery
        return delivery.state is State.WITHDRAWN and delivery.reason == REFUSED

    @property
    def missing(self) -> int:
        """How many more people must release it; 0 once it is over."""
        return self.persons - len(self.releases) if self.is_open else 0


def find_hold(store: Store, delivery_id: str) -> Hold | None:
    """The hold of that delivery, or None."""
    with store.reading() as connection:
        row = connection.execute(
            _HOLDS.where(deliveries.c.id == delivery_id)
        ).one_or_none()
    return _hold(row) if row is not None else None


def read_holds(connection: Connection, view_ids: Collection[str]) -> dict[str, Hold]:
    """The newest hold of each of these views, over or not, by the view's id."""
    if not view_ids:
        return {}
    rows = connection.execute(
        _HOLDS.where(deliveries.c.view_id.in_(sorted(view_ids))).order_by(
            deliveries.c.number
        )
    )
    return {row.view_id: _hold(row) for row in rows}


def insert_holds(connection: Connection, added: Sequence[Hold]) -> None:
    """Nothing; the holds are kept, their deliveries apart."""
    if added:
        connection.execute(insert(holds), [_row(each) for each in added])


def keep_releases(connection: Connection, hold: Hold) -> None:
    """Nothing; those stand who have released it."""
    changes = _row(hold)
    connection.execute(
        update(holds)
        .where(holds.c.delivery_id == hold.delivery.id)
        .values(
            releases=changes["releases"], releases_encoding=changes["releases_encoding"]
        )
    )


_HOLDS: Select[Any] = select(
    deliveries,
    holds.c.content_hash,
    holds.c.persons,
    holds.c.releases,
    holds.c.releases_encoding,
).join(holds, holds.c.delivery_id == deliveries.c.id)


def _hold(row: Any) -> Hold:
    releases = payload.read_optional(row, "releases")
    return Hold(
        delivery=delivery_of(row),
        content_hash=row.content_hash,
        persons=row.persons,
        releases=tuple(orjson.loads(releases.plain())) if releases else (),
    )


def _row(hold: Hold) -> dict[str, Any]:
    releases = pack(orjson.dumps(hold.releases)) if hold.releases else None
    return {
        "delivery_id": hold.delivery.id,
        "content_hash": hold.content_hash,
        "persons": hold.persons,
        **payload.columns("releases", releases),
    }
