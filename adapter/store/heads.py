"""Views as they stand and as they are written: heads, versions, resources.

A head says which version of a view stands, made from what, and good until when; every
version is kept. What receivers read is in ``adapter.store.views``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.payload import Payload
from adapter.store.schema import view_resources, view_versions, views

CURRENT = "current"
EMPTY = "empty"
INVALID = "invalid"


@dataclass(frozen=True)
class Present:
    """The instant, and the versions of policy and directory that are in force then."""

    at: datetime
    policy_version: str
    directory_version: str


class Moved(Exception):
    """What was read before has changed since: read it again and begin anew."""


@dataclass(frozen=True)
class ResourceStamp:
    """In which version of its view a resource last changed, when, and to what."""

    version: int
    last_updated: datetime
    content_hash: str


@dataclass(frozen=True)
class ViewHead:
    """A view as it stands: which version, made from what, and good until when.

    ``resources`` has the stamp of each resource of the present version, by
    "Flag/<uuid>". ``revision`` grows with each write, so that a writer who read it
    earlier can tell that nobody else came between. ``served_from`` is the version that
    last let less leave than the one before it: none older is served. ``patient_id`` is
    the id of its Patient; ``nhs_hash`` what an NHS number in it is looked up by.
    """

    view_id: str
    ods_code: str
    record_id: str
    recipient_id: str
    recipient_kind: str
    recipient_ods: str | None
    standing: str
    version: int
    content_hash: str | None
    stamped_at: datetime | None
    record_version: int
    prepared_at: datetime
    valid_until: datetime | None
    policy_version: str
    directory_version: str
    mapping_version: str
    revision: int
    served_from: int = 1
    patient_id: str | None = None
    nhs_hash: str | None = None
    resources: Mapping[str, ResourceStamp] = field(default_factory=dict)

    def is_fresh(self, present: Present) -> bool:
        """Whether it may be relied on as it is; if not, it must be prepared again."""
        return (
            (self.valid_until is None or self.valid_until > present.at)
            and self.policy_version == present.policy_version
            and self.directory_version == present.directory_version
        )


@dataclass(frozen=True)
class ResourceRow:
    """One resource of a view as it will be kept: what it is found by, and its place.

    Its text is ``length`` bytes of the version's collection from ``starts_at`` on.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    status: str | None
    content_hash: str
    starts_at: int
    length: int


def find_head(store: Store, view_id: str) -> ViewHead | None:
    """The view of that id as it stands, or None."""
    with store.reading() as connection:
        return read_head(connection, view_id)


def read_head(connection: Connection, view_id: str) -> ViewHead | None:
    """The view of that id as it stands, or None."""
    heads = _read_heads(connection, views.c.view_id == view_id)
    return heads[0] if heads else None


def read_heads(
    connection: Connection, ods_code: str, record_id: str
) -> dict[str, ViewHead]:
    """The views of a record as they stand, by recipient id."""
    heads = _read_heads(
        connection, (views.c.ods_code == ods_code) & (views.c.record_id == record_id)
    )
    return {head.recipient_id: head for head in heads}


def check_unmoved(
    connection: Connection, ods_code: str, record_id: str, heads: Collection[ViewHead]
) -> None:
    """Nothing when the record's views are as they were read. Moved when not."""
    rows = connection.execute(
        select(views.c.view_id, views.c.revision).where(
            views.c.ods_code == ods_code, views.c.record_id == record_id
        )
    ).all()
    found = {row.view_id: row.revision for row in rows}
    if found != {head.view_id: head.revision for head in heads}:
        raise Moved


def read_texts(connection: Connection, head: ViewHead) -> dict[str, bytes]:
    """The resources of a view's present version as they are read, by "Flag/<uuid>"."""
    rows = connection.execute(
        select(view_resources).where(view_resources.c.view_id == head.view_id)
    ).all()
    found = connection.execute(
        select(view_versions.c.collection, view_versions.c.collection_encoding).where(
            view_versions.c.view_id == head.view_id,
            view_versions.c.version == head.version,
        )
    ).one_or_none()
    collection = payload.read_optional(found, "collection") if found else None
    return texts_of(collection, rows)


def texts_of(collection: Payload | None, rows: Sequence[Any]) -> dict[str, bytes]:
    """The text of each of these resources of a collection, by "Flag/<uuid>".

    A row has what ``ResourceRow`` has.
    """
    plain = collection.plain() if collection is not None and rows else b""
    return {
        f"{row.type}/{row.id}": plain[row.starts_at : row.starts_at + row.length]
        for row in rows
    }


def write_heads(
    connection: Connection, heads: Sequence[ViewHead], *, are_new: bool
) -> None:
    """Nothing; the views stand as ``heads`` say, their resources apart."""
    names = [column.name for column in views.columns]
    rows = [{name: getattr(head, name) for name in names} for head in heads]
    if rows and are_new:
        connection.execute(insert(views), rows)
    elif rows:
        connection.execute(
            _REPLACE_HEAD,
            [{f"new_{name}": row[name] for name in names} for row in rows],
        )


@dataclass(frozen=True)
class NewVersion:
    """A version of a view to be kept, with the resources to be read from now on."""

    head: ViewHead
    stamped_at: datetime
    resources: Sequence[ResourceRow]
    collection: Payload | None
    is_first: bool
    also_sent: Sequence[str] = ()


def write_versions(connection: Connection, versions: Sequence[NewVersion]) -> None:
    """Nothing; the versions are kept, and their resources are those to be read."""
    if not versions:
        return
    connection.execute(insert(view_versions), [_version_row(each) for each in versions])
    earlier = [each.head.view_id for each in versions if not each.is_first]
    if earlier:
        connection.execute(
            delete(view_resources).where(view_resources.c.view_id.in_(earlier))
        )
    rows = [row for each in versions for row in _resource_rows(each)]
    if rows:
        connection.execute(insert(view_resources), rows)


def _version_row(new: NewVersion) -> dict[str, Any]:
    head = new.head
    return {
        "view_id": head.view_id,
        "version": head.version,
        "standing": head.standing,
        "content_hash": head.content_hash,
        "stamped_at": new.stamped_at,
        "record_version": head.record_version,
        "mapping_version": head.mapping_version,
        "resources": [
            *(f"{each.type}/{each.id}" for each in new.resources),
            *new.also_sent,
        ],
        **payload.columns("collection", new.collection),
    }


def _resource_rows(new: NewVersion) -> list[dict[str, Any]]:
    head = new.head
    return [
        {
            "view_id": head.view_id,
            "recipient_ods": head.recipient_ods,
            "recipient_kind": head.recipient_kind,
            "type": each.type,
            "id": each.id,
            "version": each.version,
            "last_updated": each.last_updated,
            "status": each.status,
            "content_hash": each.content_hash,
            "starts_at": each.starts_at,
            "length": each.length,
        }
        for each in new.resources
    ]


_REPLACE_HEAD = (
    update(views)
    .where(views.c.view_id == bindparam("new_view_id"))
    .values(
        {
            column: bindparam(f"new_{column.name}")
            for column in views.columns
            if column.name != "view_id"
        }
    )
)


def _read_heads(connection: Connection, which: ColumnElement[bool]) -> list[ViewHead]:
    rows = connection.execute(select(views).where(which)).all()
    stamps: dict[str, dict[str, ResourceStamp]] = {}
    if rows:
        for part in connection.execute(
            select(
                view_resources.c.view_id,
                view_resources.c.type,
                view_resources.c.id,
                view_resources.c.version,
                view_resources.c.last_updated,
                view_resources.c.content_hash,
            ).where(view_resources.c.view_id.in_([row.view_id for row in rows]))
        ):
            stamps.setdefault(part.view_id, {})[f"{part.type}/{part.id}"] = (
                ResourceStamp(part.version, part.last_updated, part.content_hash)
            )
    return [
        ViewHead(**row._mapping, resources=stamps.get(row.view_id, {})) for row in rows
    ]
