"""The chain that holds the audit trail together: each row's hash is over its content
and the hash of the row before, so that a changed, removed or reordered row shows.

The head of the chain is a row of its own. It is locked last in a transaction, after
everything else, so order and chain agree whoever else writes, and no two writers can
wait for each other. Numbers leave no gap. What was written before there was a chain has
no hash. One who rewrites the whole chain is found out only by a hash that was noted
elsewhere: keep what ``verify`` tells of the head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.engine import Store
from adapter.store.schema import audit, audit_chain, to_microseconds

NAME = "audit"
BEGINNING = "0" * 64
"""What stands for the hash before the first row."""

FORM = 1
MOST_BREAKS = 100
_ROWS_AT_ONCE = 1000

CONTENT = (
    "event",
    "actor",
    "ods_code",
    "record_id",
    "record_version",
    "recipient_id",
    "view_id",
    "view_version",
    "delivery_id",
    "task_id",
    "correlation_id",
    "detail",
)
"""What a hash is over, in this order, after form, previous hash, number and instant."""


@dataclass(frozen=True)
class Head:
    """The last row of the chain: its number and its hash."""

    first_number: int
    number: int
    hash: str


@dataclass(frozen=True)
class Break:
    """Where the chain breaks: the number of the row, and what is wrong there.

    ``fault``: changed, removed, reordered, added (a row that the chain does not have)
    or head (the row that holds the chain's end is not as it was left).
    """

    number: int
    fault: str


@dataclass(frozen=True)
class Verdict:
    """What looking at the whole chain found; whole when there is no break.

    ``rows`` counts those of the chain, ``before`` the older ones without a hash.
    ``noted`` says whether a hash that was noted elsewhere is in the chain, None when
    none was asked for.
    """

    rows: int
    before: int
    head: Head | None
    breaks: tuple[Break, ...]
    noted: bool | None = None

    @property
    def is_whole(self) -> bool:
        return not self.breaks and self.noted is not False


def extend(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Nothing; the rows stand at the end of the chain once the caller commits.

    To be called last in a transaction: until it ends no other can extend the chain.
    """
    head = _lock_head(connection)
    number, previous = head.number, head.hash
    added = []
    for row in rows:
        number += 1
        own = hash_of(number, previous, row)
        added.append({**row, "number": number, "previous_hash": previous, "hash": own})
        previous = own
    connection.execute(_ADD, added)
    connection.execute(_MOVE_HEAD, {"to_number": number, "to_hash": previous})


def hash_of(number: int, previous: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of a row of the trail and of the hash before it, as 64 hex digits."""
    content = [FORM, previous, number, to_microseconds(row["at"])]
    content += [row[name] for name in CONTENT]
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def verify(store: Store, *, noted: str | None = None) -> Verdict:
    """Where the chain breaks, first break first; no more than MOST_BREAKS are told."""
    looked = _Looked(noted)
    with store.reading() as connection:
        beyond = connection.execute(select(func.max(audit.c.number))).scalar_one()
        head = read_head(connection)
        before = connection.execute(
            select(func.count()).where(audit.c.hash.is_(None))
        ).scalar_one()
        first = head.first_number if head else 1
        for row in _rows(connection, head.number if head else beyond or 0):
            looked.at(row, first)
    looked.at_end(head, beyond or 0)
    return Verdict(
        rows=looked.rows,
        before=before,
        head=head,
        breaks=tuple(looked.breaks[:MOST_BREAKS]),
        noted=None if noted is None else looked.has_noted,
    )


def read_head(connection: Connection) -> Head | None:
    """The end of the chain, None before its first row."""
    row = connection.execute(_HEAD).one_or_none()
    return Head(row.first_number, row.number, row.hash) if row is not None else None


class _Looked:
    """What has been seen of the chain so far, row after row."""

    def __init__(self, noted: str | None) -> None:
        self.noted = noted
        self.has_noted = False
        self.rows = 0
        self.breaks: list[Break] = []
        self._last: tuple[int, str] | None = None

    def at(self, row: Any, first: int) -> None:
        if row.number < first:
            if row.hash is not None:
                self.breaks.append(Break(row.number, "head"))
            return
        if self._last is None:
            self._last = (first - 1, BEGINNING)
        number, previous = self._last
        if row.number != number + 1:
            self.breaks.append(Break(number + 1, "removed"))
            previous = row.previous_hash
        if row.previous_hash != previous:
            self.breaks.append(Break(row.number, "reordered"))
        elif row.hash != hash_of(row.number, previous, row._mapping):
            self.breaks.append(Break(row.number, "changed"))
        self.has_noted = self.has_noted or row.hash == self.noted
        self.rows += 1
        self._last = (row.number, row.hash)

    def at_end(self, head: Head | None, beyond: int) -> None:
        if head is None:
            if self.rows and any(self._last or ()):
                self.breaks.append(Break(beyond, "head"))
            return
        number, last = self._last or (head.first_number - 1, BEGINNING)
        if number < head.number:
            self.breaks.append(Break(number + 1, "removed"))
        elif last != head.hash:
            self.breaks.append(Break(number, "head"))
        if beyond > head.number:
            self.breaks.append(Break(head.number + 1, "added"))


def _lock_head(connection: Connection) -> Head:
    row = connection.execute(_LOCK_HEAD).one_or_none()
    if row is None:
        last = connection.execute(select(func.max(audit.c.number))).scalar_one() or 0
        build = sqlite.insert if _is_sqlite(connection) else postgresql.insert
        connection.execute(
            build(audit_chain)
            .values(name=NAME, first_number=last + 1, number=last, hash=BEGINNING)
            .on_conflict_do_nothing()
        )
        row = connection.execute(_LOCK_HEAD).one()
    return Head(row.first_number, row.number, row.hash)


def _rows(connection: Connection, last: int) -> Iterator[Any]:
    after = 0
    while True:
        rows = connection.execute(
            select(audit)
            .where(audit.c.number > after, audit.c.number <= last)
            .order_by(audit.c.number)
            .limit(_ROWS_AT_ONCE)
        ).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].number


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


_HEAD = select(audit_chain).where(audit_chain.c.name == NAME)
_LOCK_HEAD = _HEAD.with_for_update()
_ADD = insert(audit)
_MOVE_HEAD = (
    update(audit_chain)
    .where(audit_chain.c.name == NAME)
    .values(number=bindparam("to_number"), hash=bindparam("to_hash"))
)
