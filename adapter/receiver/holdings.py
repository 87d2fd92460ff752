"""What the receiver holds: resources with their versions, and views it has seen.

SQLite, in memory or in a file. One transaction at a time, all or nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from adapter.clock import format_instant

Resource = dict[str, Any]

_TABLES = """
create table if not exists resources (
  type text not null, id text not null, version integer not null,
  deleted integer not null, body blob not null, primary key (type, id)
);
create table if not exists tokens (
  type text not null, id text not null, parameter text not null,
  system text not null, value text not null
);
create index if not exists tokens_by_value on tokens (type, parameter, value);
create index if not exists tokens_by_resource on tokens (type, id);
create table if not exists views (
  identifier text primary key, version integer not null
);
"""

SEARCHED = ("_id", "_tag", "identifier")
"""The search parameters that the receiver has, on every type."""


@dataclass(frozen=True)
class Written:
    """A resource as it was written: whether it is new, and whether it changed."""

    type: str
    id: str
    version: int
    created: bool
    changed: bool


class Holdings:
    """The receiver's store."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(
            str(path) if path else ":memory:",
            check_same_thread=False,
            isolation_level=None,
        )
        if path:
            self._database.execute("pragma journal_mode = wal")
        self._database.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block, or nothing of it."""
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def read(self, kind: str, name: str) -> Resource | None:
        """The present version, None if there is none or it was deleted."""
        rows = self._query(
            "select body from resources where type = ? and id = ? and deleted = 0",
            kind,
            name,
        )
        return orjson.loads(rows[0][0]) if rows else None

    def all_of(self, kind: str) -> list[Resource]:
        rows = self._query(
            "select body from resources where type = ? and deleted = 0 order by id",
            kind,
        )
        return [orjson.loads(body) for (body,) in rows]

    def types(self) -> dict[str, int]:
        """How many resources it holds, by type."""
        rows = self._query(
            "select type, count(*) from resources where deleted = 0"
            " group by type order by type"
        )
        return dict(rows)

    def find(self, kind: str, parameter: str, token: str) -> list[str]:
        """The ids of the resources that a token search finds, in order.

        ``system|value`` finds both, ``value`` any system, ``|value`` no system.
        """
        if parameter == "_id":
            return [token] if self.read(kind, token) else []
        system, bar, value = token.rpartition("|")
        rows = self._query(
            "select distinct t.id from tokens t"
            " join resources r on r.type = t.type and r.id = t.id and r.deleted = 0"
            " where t.type = ? and t.parameter = ? and t.value = ?"
            " and (? = '' or t.system = ?) order by t.id",
            kind,
            parameter,
            value,
            bar,
            system,
        )
        return [name for (name,) in rows]

    def write(self, kind: str, name: str, resource: Resource, at: datetime) -> Written:
        """Write a resource; the same content again makes no new version."""
        rows = self._query(
            "select version, deleted, body from resources where type = ? and id = ?",
            kind,
            name,
        )
        version, deleted = (rows[0][0], rows[0][1]) if rows else (0, 1)
        if not deleted and _content(orjson.loads(rows[0][2])) == _content(resource):
            return Written(kind, name, version, created=False, changed=False)
        stamped = {
            **resource,
            "id": name,
            "meta": {
                **resource.get("meta", {}),
                "versionId": str(version + 1),
                "lastUpdated": format_instant(at),
            },
        }
        self._store(kind, name, version + 1, 0, stamped)
        return Written(kind, name, version + 1, created=bool(deleted), changed=True)

    def delete(self, kind: str, name: str) -> None:
        rows = self._query(
            "select version from resources where type = ? and id = ? and deleted = 0",
            kind,
            name,
        )
        if rows:
            self._store(kind, name, rows[0][0] + 1, 1, {})

    def view_version(self, identifier: str) -> int:
        """The newest version of a view that was taken; 0 if none was."""
        rows = self._query("select version from views where identifier = ?", identifier)
        return int(rows[0][0]) if rows else 0

    def note_view(self, identifier: str, version: int) -> None:
        with self._lock:
            self._database.execute(
                "insert into views values (?, ?) on conflict (identifier)"
                " do update set version = excluded.version",
                (identifier, version),
            )

    def _query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    def _store(
        self, kind: str, name: str, version: int, deleted: int, resource: Resource
    ) -> None:
        with self._lock:
            self._database.execute(
                "insert into resources values (?, ?, ?, ?, ?)"
                " on conflict (type, id) do update set version = excluded.version,"
                " deleted = excluded.deleted, body = excluded.body",
                (kind, name, version, deleted, orjson.dumps(resource)),
            )
            self._database.execute(
                "delete from tokens where type = ? and id = ?", (kind, name)
            )
            self._database.executemany(
                "insert into tokens values (?, ?, ?, ?, ?)",
                [(kind, name, *token) for token in _tokens(resource)],
            )


def _content(resource: Resource) -> Resource:
    """The resource without what the server itself stamps on it."""
    meta = {
        key: value
        for key, value in resource.get("meta", {}).items()
        if key not in {"versionId", "lastUpdated"}
    }
    return {**resource, "id": None, "meta": meta}


def _tokens(resource: Resource) -> Iterator[tuple[str, str, str]]:
    found = resource.get("identifier", [])
    for identifier in found if isinstance(found, list) else [found]:
        value = identifier.get("value")
        if value:
            yield "identifier", identifier.get("system", ""), value
    for tag in resource.get("meta", {}).get("tag", []):
        if tag.get("code"):
            yield "_tag", tag.get("system", ""), tag["code"]
