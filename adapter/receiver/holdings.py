"""What the receiver holds: resources with their versions, and views it has seen.

Kept in memory, so that a receiver keeps up with a worker; with a file, each transaction
is written to SQLite there before it counts. One transaction at a time, all or nothing.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from adapter.clock import format_instant
from adapter.receiver.outcomes import Refused

Resource = dict[str, Any]
Key = tuple[str, str]

SEARCHED = ("_id", "_tag", "identifier")
"""The search parameters that the receiver has, on every type."""

_TABLES = """
create table if not exists resources (
  type text, id text, version integer, deleted integer, at text, content blob,
  primary key (type, id)
);
create table if not exists views (identifier text primary key, version integer);
"""
# In compact JSON; inside a string the quotes would be escaped, so it is never text.
_REFERENCE = re.compile(rb'"reference":"(urn:[^"\\]+)"')


@dataclass(frozen=True)
class Held:
    """A version of a resource; ``content`` is its JSON without the server's stamps."""

    version: int
    deleted: bool
    at: str
    content: bytes

    def as_resource(self, name: str) -> Resource:
        resource = orjson.loads(self.content)
        stamps = {"versionId": str(self.version), "lastUpdated": self.at}
        meta = {**resource.get("meta", {}), **stamps}
        return {**resource, "id": name, "meta": meta}


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
        self._held: defaultdict[str, dict[str, Held]] = defaultdict(dict)
        self._found: defaultdict[tuple[str, str, str], dict[str, set[str]]]
        self._found = defaultdict(lambda: defaultdict(set))
        self._views: dict[str, int] = {}
        self._undo: list[Callable[[], None]] = []
        self._touched: set[Key] = set()
        self._file: sqlite3.Connection | None = None
        if path is not None:
            self._file = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None
            )
            self._file.executescript("pragma journal_mode = wal;" + _TABLES)
            self._load(self._file)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block, or nothing of it."""
        with self._lock:
            self._undo.clear()
            self._touched.clear()
            try:
                yield
                if self._file is not None:
                    self._save(self._file)
            except BaseException:
                for undo in reversed(self._undo):
                    undo()
                raise

    def read(self, kind: str, name: str) -> Resource | None:
        """The present version, None if there is none or it was deleted."""
        with self._lock:
            held = self._held[kind].get(name) if kind in self._held else None
        return None if held is None or held.deleted else held.as_resource(name)

    def has(self, kind: str, name: str) -> bool:
        return self.version(kind, name) is not None

    def version(self, kind: str, name: str) -> int | None:
        """The number of the present version, None as for ``read``."""
        with self._lock:
            held = self._held[kind].get(name) if kind in self._held else None
            return None if held is None or held.deleted else held.version

    def all_of(self, kind: str) -> list[Resource]:
        with self._lock:
            held = sorted(self._held[kind].items()) if kind in self._held else []
        return [each.as_resource(name) for name, each in held if not each.deleted]

    def types(self) -> dict[str, int]:
        """How many resources it holds, by type."""
        with self._lock:
            counts = {
                kind: sum(not held.deleted for held in by_id.values())
                for kind, by_id in sorted(self._held.items())
            }
        return {kind: count for kind, count in counts.items() if count}

    def find(self, kind: str, parameter: str, token: str) -> list[str]:
        """The ids of the resources that a token search finds, in order.

        ``system|value`` finds both, ``value`` any system, ``|value`` no system.
        """
        if parameter == "_id":
            return [token] if self.has(kind, token) else []
        system, bar, value = token.rpartition("|")
        with self._lock:
            found = self._found.get((kind, parameter, value), {})
            return sorted(
                name
                for name, systems in found.items()
                if (not bar and systems) or system in systems
            )

    def write(
        self,
        kind: str,
        name: str,
        resource: Resource,
        at: datetime,
        places: Mapping[str, str] | None = None,
    ) -> Written:
        """Write a resource; the same content again makes no new version.

        Each reference to an address in ``places`` becomes one to its place here.
        Refused when a reference is to a ``urn:`` that has no place.
        """
        content = _settled(_content_of(resource), places or {})
        with self._lock:
            before = self._held[kind].get(name)
            is_new = before is None or before.deleted
            version = 1 if before is None else before.version + 1
            if before is not None and not is_new and before.content == content:
                return Written(kind, name, before.version, False, False)
            self._put(
                kind, name, Held(version, False, format_instant(at), content), resource
            )
        return Written(kind, name, version, created=is_new, changed=True)

    def delete(self, kind: str, name: str, at: datetime) -> None:
        with self._lock:
            version = self.version(kind, name)
            if version is not None:
                self._put(
                    kind, name, Held(version + 1, True, format_instant(at), b"{}"), {}
                )

    def view_version(self, identifier: str) -> int:
        """The newest version of a view that was taken; 0 if none was."""
        return self._views.get(identifier, 0)

    def note_view(self, identifier: str, version: int) -> None:
        with self._lock:
            before = self._views.get(identifier, 0)
            self._undo.append(lambda: self._views.update({identifier: before}))
            self._views[identifier] = version

    def _put(self, kind: str, name: str, held: Held, resource: Resource) -> None:
        before = self._held[kind].get(name)
        self._undo.append(lambda: self._set(kind, name, before))
        self._touched.add((kind, name))
        self._set(kind, name, held, resource)

    def _set(
        self, kind: str, name: str, held: Held | None, resource: Resource | None = None
    ) -> None:
        """Put a version in its place, and what it is found by; None takes it out."""
        before = self._held[kind].pop(name, None)
        if before is not None:
            for parameter, _, value in _tokens(orjson.loads(before.content)):
                self._found[kind, parameter, value].pop(name, None)
        if held is None:
            return
        self._held[kind][name] = held
        if resource is None:
            resource = orjson.loads(held.content)
        for parameter, system, value in _tokens(resource):
            self._found[kind, parameter, value][name].add(system)

    def _load(self, database: sqlite3.Connection) -> None:
        for row in database.execute("select * from resources"):
            kind, name, version, deleted, at, content = row
            self._set(kind, name, Held(version, bool(deleted), at, content))
        self._views.update(database.execute("select * from views"))

    def _save(self, database: sqlite3.Connection) -> None:
        rows = []
        for kind, name in self._touched:
            held = self._held[kind][name]
            rows.append((kind, name, held.version, held.deleted, held.at, held.content))
        database.execute("begin immediate")
        database.executemany(
            "insert or replace into resources values (?, ?, ?, ?, ?, ?)", rows
        )
        database.executemany(
            "insert or replace into views values (?, ?)", self._views.items()
        )
        database.execute("commit")


def _content_of(resource: Resource) -> bytes:
    """The resource as JSON, keys sorted, without what a server stamps on it."""
    content = {key: value for key, value in resource.items() if key != "id"}
    meta = content.pop("meta", {})
    lasting = {
        key: value
        for key, value in meta.items()
        if key not in {"versionId", "lastUpdated"}
    }
    if lasting:
        content["meta"] = lasting
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _settled(content: bytes, places: Mapping[str, str]) -> bytes:
    def place(found: re.Match[bytes]) -> bytes:
        target = places.get(found.group(1).decode())
        if target is None:
            raise Refused(400, "invalid", "a reference points outside the Bundle")
        return b'"reference":' + orjson.dumps(target)

    return _REFERENCE.sub(place, content)


def _tokens(resource: Resource) -> Iterator[tuple[str, str, str]]:
    found = resource.get("identifier", [])
    for identifier in found if isinstance(found, list) else [found]:
        value = identifier.get("value")
        if value:
            yield "identifier", identifier.get("system", ""), value
    for tag in resource.get("meta", {}).get("tag", []):
        if tag.get("code"):
            yield "_tag", tag.get("system", ""), tag["code"]
