"""Views as a receiver reads them: what it may hold of each record now.

Only the present version has rows in ``view_resources``; what is read there is already
stamped. How views are written is in ``adapter.store.heads``. Whether a view is
*current* is a question of the instant and of the policy and directory in force, so
every reading function is handed ``Present``: what is not current cannot be read here,
it must be prepared again first (``adapter.delivery.renewal``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    literal,
    or_,
    select,
    tuple_,
)

from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.heads import CURRENT, EMPTY, INVALID, Present, find_head
from adapter.store.paging import Page, cursor, marks_of
from adapter.store.payload import Payload, pack
from adapter.store.schema import (
    from_microseconds,
    tasks,
    to_microseconds,
    view_resources,
    view_versions,
    views,
)

__all__ = [
    "CURRENT",
    "EMPTY",
    "INVALID",
    "Bound",
    "Present",
    "StoredBundle",
    "StoredResource",
    "find_head",
    "read_bundle",
    "read_resource",
    "search_resources",
    "stale_views",
]


@dataclass(frozen=True)
class StoredResource:
    """One resource as a receiver reads it, and the view that it belongs to."""

    type: str
    id: str
    version: int
    last_updated: datetime
    status: str | None
    view_id: str
    body: bytes


@dataclass(frozen=True)
class StoredBundle:
    """The present version of a view as a collection, its Task as it is now.

    ``task_version`` is that of the acceptance Task, 1 until it was answered or where
    there is none: the Task has versions of its own, and changes without the view.
    """

    view_id: str
    version: int
    task_version: int
    last_updated: datetime
    ods_code: str
    record_id: str
    recipient_id: str
    body: Payload


Bound = tuple[str, datetime]
"""A comparison (``ge``, ``gt``, ``le``, ``lt``, ``eq`` or ``ne``) and an instant."""


def search_resources(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    resource_type: str,
    *,
    present: Present,
    ids: Sequence[str] | None = None,
    patient: Sequence[str] | None = None,
    nhs_hash: str | None = None,
    status: Sequence[str] | None = None,
    last_updated: Sequence[Bound] = (),
    after: str | None = None,
    limit: int = 50,
) -> Page[StoredResource]:
    """The caller's own current resources of a type, oldest change first.

    ``kinds`` None: any recipient kind. ``patient`` are ids of Patients. Acceptance
    Tasks are found with the type Task. An unknown name finds nothing.
    """
    rows: list[Any] = []
    with store.reading() as connection:
        of_person = None
        if patient is not None or nhs_hash is not None:
            of_person = _views_of(connection, caller_ods, patient, nhs_hash)
        for table in _tables_of(resource_type):
            where = [*_own(table, caller_ods, kinds), _is_current(views, present)]
            if table is view_resources:
                where.append(table.c.type == resource_type)
            if of_person is not None:
                where.append(table.c.view_id.in_(of_person))
            if ids is not None:
                where.append(table.c.id.in_(ids))
            if status is not None:
                where.append(table.c.status.in_(status))
            where += [_compare(table.c.last_updated, *bound) for bound in last_updated]
            if after is not None:
                where.append(_is_after(table, after))
            rows += connection.execute(
                select(*_columns_of(table))
                .join(views, views.c.view_id == table.c.view_id)
                .where(*where)
                .order_by(table.c.last_updated, table.c.id)
                .limit(limit + 1)
            )
        rows.sort(key=lambda row: (row.last_updated, row.id))
        found = _resources(connection, resource_type, rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    place = cursor(to_microseconds(last.last_updated), last.id) if last else None
    return Page(tuple(found), place)


def _views_of(
    connection: Connection,
    caller_ods: str,
    patient: Sequence[str] | None,
    nhs_hash: str | None,
) -> list[str]:
    """The ids of the caller's own views of that person.

    Asked by itself, so that no database comes upon the thought of looking for one
    person among all that the caller has.
    """
    where = [views.c.recipient_ods == caller_ods]
    if patient is not None:
        where.append(views.c.patient_id.in_(patient))
    if nhs_hash is not None:
        where.append(views.c.nhs_hash == nhs_hash)
    return list(connection.execute(select(views.c.view_id).where(*where)).scalars())


def read_resource(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    resource_type: str,
    resource_id: str,
    *,
    present: Present,
) -> StoredResource | None:
    """That resource, if it is in a current view of the caller's own; else None."""
    found = search_resources(
        store,
        caller_ods,
        kinds,
        resource_type,
        present=present,
        ids=[resource_id],
        limit=1,
    )
    return found.items[0] if found.items else None


def read_bundle(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    view_id: str,
    *,
    present: Present,
) -> StoredBundle | None:
    """The current view of that id as a collection, if it is the caller's own."""
    question = (
        select(views, view_versions.c.collection, view_versions.c.collection_encoding)
        .join(
            view_versions,
            and_(
                view_versions.c.view_id == views.c.view_id,
                view_versions.c.version == views.c.version,
            ),
        )
        .where(
            views.c.view_id == view_id,
            *_own(views, caller_ods, kinds),
            _is_current(views, present),
        )
    )
    with store.reading() as connection:
        row = connection.execute(question).one_or_none()
        if row is None:
            return None
        task = connection.execute(
            select(tasks).where(
                tasks.c.view_id == view_id, tasks.c.view_version == row.version
            )
        ).one_or_none()
    body, task_version = payload.read(row, "collection"), 1
    last_updated: datetime = row.stamped_at
    if task is not None and task.version > 1:
        body = _with_task(body, task.id, payload.read(task, "body"))
        task_version = task.version
        last_updated = max(last_updated, task.last_updated)
    return StoredBundle(
        view_id=row.view_id,
        version=row.version,
        task_version=task_version,
        last_updated=last_updated,
        ods_code=row.ods_code,
        record_id=row.record_id,
        recipient_id=row.recipient_id,
        body=body,
    )


def _with_task(collection: Payload, task_id: str, task: Payload) -> Payload:
    """The collection with the acceptance Task as it is now."""
    bundle = orjson.loads(collection.plain())
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if (resource["resourceType"], resource["id"]) == ("Task", task_id):
            entry["resource"] = orjson.Fragment(task.plain())
    return pack(orjson.dumps(bundle))


def stale_views(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    present: Present,
    *,
    limit: int = 1000,
) -> list[str]:
    """The ids of the caller's own views that must be prepared again before an answer.

    Empty ones are among them: at a birthday something may open.
    """
    own = _own(views, caller_ods, kinds)
    policy, directory = views.c.policy_version, views.c.directory_version
    is_policy = policy == present.policy_version
    # Each of these is a seek in an index, where "other than" would read every view.
    reasons = (
        views.c.valid_until <= present.at,
        policy < present.policy_version,
        policy > present.policy_version,
        is_policy & (directory < present.directory_version),
        is_policy & (directory > present.directory_version),
    )
    found: dict[str, None] = {}
    with store.reading() as connection:
        for reason in reasons:
            question = select(views.c.view_id).where(*own, reason).limit(limit)
            found.update(dict.fromkeys(connection.execute(question).scalars()))
    return list(found)[:limit]


_FOUND = ("id", "view_id", "version", "last_updated", "status")
_IN_COLLECTION = (*_FOUND, "starts_at", "length")
_BY_ITSELF = (*_FOUND, "body", "body_encoding")


def _columns_of(table: Table) -> list[Any]:
    """A Task has its own body; a resource is a part of its view's collection."""
    if table is tasks:
        return [table.c[name] for name in _BY_ITSELF]
    version = views.c.version.label("view_version")
    return [*(table.c[name] for name in _IN_COLLECTION), version]


def _tables_of(resource_type: str) -> tuple[Table, ...]:
    return (view_resources, tasks) if resource_type == "Task" else (view_resources,)


def _is_after(table: Table, after: str) -> ColumnElement[bool]:
    since, last_id = marks_of(after, int, str)
    return tuple_(table.c.last_updated, table.c.id) > tuple_(
        literal(from_microseconds(int(since)), table.c.last_updated.type),
        literal(str(last_id)),
    )


def _own(
    found: Any, caller_ods: str, kinds: Collection[str] | None
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [found.c.recipient_ods == caller_ods]
    if kinds is not None:
        where.append(found.c.recipient_kind.in_(sorted(kinds)))
    return where


def _is_fresh(found: Any, present: Present) -> ColumnElement[bool]:
    return and_(
        or_(found.c.valid_until.is_(None), found.c.valid_until > present.at),
        found.c.policy_version == present.policy_version,
        found.c.directory_version == present.directory_version,
    )


def _is_current(found: Any, present: Present) -> ColumnElement[bool]:
    return and_(found.c.standing == CURRENT, _is_fresh(found, present))


def _compare(column: Any, how: str, instant: datetime) -> ColumnElement[bool]:
    compared: dict[str, ColumnElement[bool]] = {
        "ge": column >= instant,
        "gt": column > instant,
        "le": column <= instant,
        "lt": column < instant,
        "eq": column == instant,
        "ne": column != instant,
    }
    return compared[how]


def _resources(
    connection: Connection, resource_type: str, rows: Sequence[Any]
) -> list[StoredResource]:
    """The resources of these rows, in their order."""
    wanted = {
        (row.view_id, row.view_version) for row in rows if "starts_at" in row._fields
    }
    collections: dict[str, bytes] = {}
    for view_id, version in wanted:
        kept = connection.execute(
            _COLLECTION, {"of_view": view_id, "of_version": version}
        ).one()
        collections[view_id] = payload.read(kept, "collection").plain()
    found = []
    for row in rows:
        if "starts_at" in row._fields:
            whole = collections[row.view_id]
            body = whole[row.starts_at : row.starts_at + row.length]
        else:
            body = payload.read(row, "body").plain()
        found.append(
            StoredResource(
                type=resource_type,
                id=row.id,
                version=row.version,
                last_updated=row.last_updated,
                status=row.status,
                view_id=row.view_id,
                body=body,
            )
        )
    return found


_COLLECTION = select(
    view_versions.c.collection, view_versions.c.collection_encoding
).where(
    view_versions.c.view_id == bindparam("of_view"),
    view_versions.c.version == bindparam("of_version"),
)
