"""Views as a receiver reads them: what it may hold of each record now.

Only the present version has rows in ``view_resources``; what is read there is already
stamped. How views are written is in ``adapter.store.heads``. Whether a view is
*current* is a question of the instant and of the policy and directory in force, so
every reading function is handed ``Present``: what is not current cannot be read here,
it must be prepared again first (``adapter.delivery.renewal``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)

from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.heads import CURRENT, EMPTY, INVALID, Present, find_head
from adapter.store.paging import Page, cursor, marks_of
from adapter.store.payload import Payload, pack
from adapter.store.schema import (
    from_microseconds,
    records,
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
    "ALL",
    "About",
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
    asked = {
        "kinds": None if kinds is None else sorted(kinds),
        "ids": None if ids is None else list(ids),
        "statuses": None if status is None else list(status),
    }
    values: dict[str, Any] = {
        **_caller(caller_ods, present),
        "type": resource_type,
        "most": limit + 1,
        **{name: value for name, value in asked.items() if value is not None},
        **{f"bound_{n}": bound[1] for n, bound in enumerate(last_updated)},
    }
    if after is not None:
        since, values["after_id"] = marks_of(after, int, str)
        values["after"] = from_microseconds(int(since))
    rows: list[Any] = []
    with store.reading() as connection:
        if patient is not None or nhs_hash is not None:
            values["views"] = _views_of(connection, caller_ods, patient, nhs_hash)
        given = frozenset(values)
        bounds = tuple(how for how, _ in last_updated)
        for name in _tables_of(resource_type):
            rows += connection.execute(_search(name, given, bounds), values)
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
    values = {"caller": caller_ods, "patients": patient, "number": nhs_hash}
    given = {name: value for name, value in values.items() if value is not None}
    return list(connection.execute(_of_person(frozenset(given)), given).scalars())


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
    values = {**_caller(caller_ods, present), "view": view_id}
    if kinds is not None:
        values["kinds"] = sorted(kinds)
    with store.reading() as connection:
        row = connection.execute(_bundle(kinds is None), values).one_or_none()
        if row is None:
            return None
        task = connection.execute(
            _TASK, {"view": view_id, "version": row.version}
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


@dataclass(frozen=True)
class About:
    """What a question is about; nothing given: all that the caller has."""

    view_id: str | None = None
    patient: tuple[str, ...] | None = None
    nhs_hash: str | None = None


ALL = About()


def stale_views(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    present: Present,
    about: About = ALL,
    *,
    limit: int = 1000,
) -> list[str]:
    """The ids of the caller's own views that must be prepared again before an answer.

    Empty ones are among them: at a birthday something may open. A number is looked for
    in the records too, for a view may come to have it.
    """
    values = {**_caller(caller_ods, present), "most": limit}
    if kinds is not None:
        values["kinds"] = sorted(kinds)
    with store.reading() as connection:
        if about.view_id is not None:
            values["views"] = [about.view_id]
        elif about.patient is not None:
            values["views"] = _views_of(connection, caller_ods, about.patient, None)
        elif about.nhs_hash is not None:
            values["views"] = _views_of_records(connection, about.nhs_hash)
        found = connection.execute(_stale(frozenset(values)), values).scalars()
        return list(dict.fromkeys(found))


def _views_of_records(connection: Connection, person_key: str) -> list[str]:
    """The ids of all views of the records that are about that person."""
    of_person = connection.execute(_RECORDS, {"person": person_key}).all()
    pairs = {"records": [tuple(row) for row in of_person]}
    return list(connection.execute(_OF_RECORDS, pairs).scalars()) if of_person else []


_FOUND = ("id", "view_id", "version", "last_updated", "status")
_IN_COLLECTION = (*_FOUND, "starts_at", "length")
_BY_ITSELF = (*_FOUND, "body", "body_encoding")


def _caller(caller_ods: str, present: Present) -> dict[str, Any]:
    return {
        "caller": caller_ods,
        "at": present.at,
        "policy": present.policy_version,
        "directory": present.directory_version,
    }


def _tables_of(resource_type: str) -> tuple[str, ...]:
    return ("view_resources", "tasks") if resource_type == "Task" else _RESOURCES


_RESOURCES = ("view_resources",)

# Statements are built once for each set of what is asked, for building one costs more
# than running it.
_CALLER = bindparam("caller", type_=views.c.recipient_ods.type)
_AT = bindparam("at", type_=views.c.valid_until.type)
_POLICY, _DIRECTORY = (
    bindparam("policy", type_=Text),
    bindparam("directory", type_=Text),
)
_IS_FRESH = and_(
    or_(views.c.valid_until.is_(None), views.c.valid_until > _AT),
    views.c.policy_version == _POLICY,
    views.c.directory_version == _DIRECTORY,
)
_IS_CURRENT = and_(views.c.standing == CURRENT, _IS_FRESH)


def _in(column: Any, name: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(bindparam(name, expanding=True))
    return found


def _own(table: Table, given: frozenset[str]) -> list[ColumnElement[bool]]:
    caller: ColumnElement[Any] = table.c.recipient_ods
    if {"views", "ids"} & given:
        # Hidden from the indexes: SQLite would rather go through all that the caller
        # has, in order, than look for the few that are named.
        caller = caller.concat("")
    where = [caller == _CALLER]
    return [*where, _in(table.c.recipient_kind, "kinds")] if "kinds" in given else where


@cache
def _search(
    name: str, given: frozenset[str], bounds: tuple[str, ...]
) -> Select[tuple[Any, ...]]:
    """The question that takes these values, of Tasks or of the views' resources."""
    table = tasks if name == "tasks" else view_resources
    where = [*_own(table, given), _IS_CURRENT]
    # A Task has its own body; a resource is a part of its view's collection.
    columns: list[Any]
    if table is tasks:
        columns = [table.c[each] for each in _BY_ITSELF]
    else:
        where.append(table.c.type == bindparam("type"))
        version = views.c.version.label("view_version")
        columns = [*(table.c[each] for each in _IN_COLLECTION), version]
    for key, column in (
        ("views", table.c.view_id),
        ("ids", table.c.id),
        ("statuses", table.c.status),
    ):
        if key in given:
            where.append(_in(column, key))
    for number, how in enumerate(bounds):
        at = bindparam(f"bound_{number}", type_=table.c.last_updated.type)
        where.append(_COMPARED[how](table.c.last_updated, at))
    if "after" in given:
        place = tuple_(
            bindparam("after", type_=table.c.last_updated.type),
            bindparam("after_id", type_=table.c.id.type),
        )
        where.append(tuple_(table.c.last_updated, table.c.id) > place)
    return (
        select(*columns)
        .join(views, views.c.view_id == table.c.view_id)
        .where(*where)
        .order_by(table.c.last_updated, table.c.id)
        .limit(bindparam("most", type_=Integer))
    )


_COMPARED: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}


@cache
def _of_person(given: frozenset[str]) -> Select[tuple[Any, ...]]:
    where = _own(views, frozenset())
    if "patients" in given:
        where.append(_in(views.c.patient_id, "patients"))
    if "number" in given:
        where.append(views.c.nhs_hash == bindparam("number"))
    return select(views.c.view_id).where(*where)


@cache
def _bundle(of_any_kind: bool) -> Select[tuple[Any, ...]]:
    own = _own(views, frozenset(() if of_any_kind else ("kinds",)))
    return (
        select(views, view_versions.c.collection, view_versions.c.collection_encoding)
        .join(
            view_versions,
            and_(
                view_versions.c.view_id == views.c.view_id,
                view_versions.c.version == views.c.version,
            ),
        )
        .where(views.c.view_id == bindparam("view"), *own, _IS_CURRENT)
    )


@cache
def _stale(given: frozenset[str]) -> Executable:
    own = _own(views, given)
    is_policy = views.c.policy_version == _POLICY
    # Each of these is a seek in an index, where "other than" would read every view.
    reasons = [
        [views.c.valid_until <= _AT],
        [views.c.policy_version < _POLICY],
        [views.c.policy_version > _POLICY],
        [is_policy, views.c.directory_version < _DIRECTORY],
        [is_policy, views.c.directory_version > _DIRECTORY],
    ]
    if "views" in given:
        reasons = [[_in(views.c.view_id, "views"), not_(_IS_FRESH)]]
    return union_all(
        *(select(views.c.view_id).where(*own, *reason) for reason in reasons)
    ).limit(bindparam("most", type_=Integer))


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


_RECORDS = (
    select(records.c.ods_code, records.c.record_id)
    .where(records.c.person_key == bindparam("person"))
    .distinct()
)
_OF_RECORDS = select(views.c.view_id).where(
    tuple_(views.c.ods_code, views.c.record_id).in_(
        bindparam("records", expanding=True)
    )
)
_TASK = select(tasks).where(
    tasks.c.view_id == bindparam("view"), tasks.c.view_version == bindparam("version")
)
_COLLECTION = select(
    view_versions.c.collection, view_versions.c.collection_encoding
).where(
    view_versions.c.view_id == bindparam("of_view"),
    view_versions.c.version == bindparam("of_version"),
)
