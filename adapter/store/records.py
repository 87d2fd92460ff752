"""Accepted records: their bytes, their receipts, and the decisions made on them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError

from adapter.disclosure.model import Decision, Outcome
from adapter.record.model import Record
from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.payload import Payload, pack
from adapter.store.schema import decisions, records

DRAFT = "draft"


class AlreadyAccepted(Exception):
    """Somebody else's transaction has saved this version of this record first."""


@dataclass(frozen=True)
class StoredReceipt:
    """The receipt of an accepted version, and the hash of what was accepted."""

    content_hash: str
    receipt: Payload

    @property
    def bytes(self) -> bytes:
        """The receipt's bytes, as they were answered the first time."""
        return self.receipt.plain()


@dataclass(frozen=True)
class StoredRecord:
    """One accepted version of a record; ``body`` is its parsed tree as JSON."""

    ods_code: str
    record_id: str
    version: int
    status: str
    content_hash: str
    person_key: str
    correlation_id: str
    accepted_at: datetime
    body: Payload

    def record(self) -> Record:
        """The record as it was parsed; what was accepted is not judged again."""
        return Record(orjson.loads(self.body.plain()))


@dataclass(frozen=True)
class RecordVersion:
    """One accepted version of a record, without its content."""

    version: int
    status: str
    accepted_at: datetime
    correlation_id: str


@dataclass(frozen=True)
class StoredDecision:
    """One decision as it was made; ``as_json`` is the shape of the `decide` command."""

    recipient_id: str
    recipient_kind: str
    record_version: int
    at: datetime
    valid_until: datetime | None
    policy_version: str
    body: Payload

    def as_json(self) -> dict[str, Any]:
        decided: dict[str, Any] = orjson.loads(self.body.plain())
        return decided


def find_receipt(
    store: Store, ods_code: str, record_id: str, version: int
) -> StoredReceipt | None:
    """The receipt of that version, or None when it was never accepted."""
    with store.reading() as connection:
        return read_receipt(connection, ods_code, record_id, version)


def newest_version(
    store: Store, ods_code: str, record_id: str, *, standing: bool = False
) -> int | None:
    """The newest accepted version; with ``standing`` the newest that is no draft."""
    with store.reading() as connection:
        return read_newest(connection, ods_code, record_id, standing=standing)


def record_history(store: Store, ods_code: str, record_id: str) -> list[RecordVersion]:
    """Every accepted version, oldest first; empty for a record that is not known."""
    with store.reading() as connection:
        rows = connection.execute(
            select(
                records.c.version,
                records.c.status,
                records.c.accepted_at,
                records.c.correlation_id,
            )
            .where(_is(ods_code, record_id))
            .order_by(records.c.version)
        ).all()
    return [RecordVersion(*row) for row in rows]


def load_record(
    store: Store, ods_code: str, record_id: str, version: int | None = None
) -> StoredRecord | None:
    """That version, or the newest that is no draft; None when there is none."""
    with store.reading() as connection:
        return read_record(connection, ods_code, record_id, version)


def load_decisions(
    store: Store, ods_code: str, record_id: str, version: int
) -> list[StoredDecision]:
    """The latest decision on each recipient of that version, by recipient id."""
    with store.reading() as connection:
        rows = connection.execute(
            select(decisions)
            .where(
                decisions.c.ods_code == ods_code,
                decisions.c.record_id == record_id,
                decisions.c.record_version == version,
            )
            .order_by(decisions.c.number)
        ).all()
    latest = {row.recipient_id: row for row in rows}
    return [
        StoredDecision(
            recipient_id=row.recipient_id,
            recipient_kind=row.recipient_kind,
            record_version=row.record_version,
            at=row.at,
            valid_until=row.valid_until,
            policy_version=row.policy_version,
            body=payload.read(row, "body"),
        )
        for _, row in sorted(latest.items())
    ]


def read_outcomes(
    connection: Connection,
    ods_code: str,
    record_id: str,
    record_version: int,
    recipient_id: str,
) -> dict[str, Outcome]:
    """What the last decision on that recipient of that version let go, by category.

    Empty where none was made.
    """
    row = connection.execute(
        select(decisions.c.body, decisions.c.body_encoding)
        .where(
            decisions.c.ods_code == ods_code,
            decisions.c.record_id == record_id,
            decisions.c.record_version == record_version,
            decisions.c.recipient_id == recipient_id,
        )
        .order_by(decisions.c.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return {}
    decided = orjson.loads(payload.read(row, "body").plain())
    return {
        name: Outcome(each["outcome"]) for name, each in decided["categories"].items()
    }


def lock_record(connection: Connection, ods_code: str, record_id: str) -> None:
    """Nothing; until the caller commits, nobody else changes this record's views.

    On SQLite a writing transaction is alone already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:first, :second)"),
            {
                "first": _signed(zlib.crc32(ods_code.encode())),
                "second": _signed(zlib.crc32(record_id.encode())),
            },
        )


def read_receipt(
    connection: Connection, ods_code: str, record_id: str, version: int
) -> StoredReceipt | None:
    """The receipt of that version, or None when it was never accepted."""
    row = connection.execute(
        select(
            records.c.content_hash, records.c.receipt, records.c.receipt_encoding
        ).where(_is(ods_code, record_id), records.c.version == version)
    ).one_or_none()
    if row is None:
        return None
    return StoredReceipt(row.content_hash, payload.read(row, "receipt"))


def read_newest(
    connection: Connection, ods_code: str, record_id: str, *, standing: bool = False
) -> int | None:
    """The newest accepted version; with ``standing`` the newest that is no draft."""
    question = select(records.c.version).where(_is(ods_code, record_id))
    if standing:
        question = question.where(records.c.status != DRAFT)
    return connection.execute(
        question.order_by(records.c.version.desc()).limit(1)
    ).scalar_one_or_none()


def read_record(
    connection: Connection,
    ods_code: str,
    record_id: str,
    version: int | None = None,
) -> StoredRecord | None:
    """That version, or the newest that is no draft; None when there is none."""
    question = select(records).where(_is(ods_code, record_id))
    if version is None:
        question = question.where(records.c.status != DRAFT)
    else:
        question = question.where(records.c.version == version)
    row = connection.execute(
        question.order_by(records.c.version.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return StoredRecord(
        ods_code=row.ods_code,
        record_id=row.record_id,
        version=row.version,
        status=row.status,
        content_hash=row.content_hash,
        person_key=row.person_key,
        correlation_id=row.correlation_id,
        accepted_at=row.accepted_at,
        body=payload.read(row, "body"),
    )


def read_correlation_id(
    connection: Connection, ods_code: str, record_id: str
) -> str | None:
    """The id that all that belongs to this transition bears; None for a new one."""
    return connection.execute(
        select(records.c.correlation_id).where(_is(ods_code, record_id)).limit(1)
    ).scalar_one_or_none()


def read_person_key(connection: Connection, ods_code: str, record_id: str) -> str:
    """What stands for the young person whom the record is about, in the worklist."""
    return str(
        connection.execute(
            select(records.c.person_key)
            .where(_is(ods_code, record_id))
            .order_by(records.c.version.desc())
            .limit(1)
        ).scalar_one()
    )


def insert_record(
    connection: Connection, stored: StoredRecord, receipt: Payload
) -> None:
    """Nothing; the version is kept. AlreadyAccepted when another was first."""
    try:
        connection.execute(
            insert(records).values(
                ods_code=stored.ods_code,
                record_id=stored.record_id,
                version=stored.version,
                status=stored.status,
                content_hash=stored.content_hash,
                person_key=stored.person_key,
                correlation_id=stored.correlation_id,
                accepted_at=stored.accepted_at,
                **payload.columns("body", stored.body),
                **payload.columns("receipt", receipt),
            )
        )
    except IntegrityError:
        # The driver's words hold the values of the key, so they go no further.
        raise AlreadyAccepted from None


def insert_decisions(
    connection: Connection,
    ods_code: str,
    record_id: str,
    made: Sequence[Decision],
) -> None:
    """Nothing; the decisions are kept as they were made."""
    rows: list[Mapping[str, Any]] = [
        {
            "ods_code": ods_code,
            "record_id": record_id,
            "record_version": decision.record_version,
            "recipient_id": decision.recipient_id,
            "recipient_kind": decision.kind,
            "at": decision.at,
            "valid_until": decision.valid_until,
            "policy_version": decision.policy_version,
            **payload.columns("body", pack(orjson.dumps(decision.as_json()))),
        }
        for decision in made
    ]
    if rows:
        connection.execute(insert(decisions), rows)


def _is(ods_code: str, record_id: str) -> Any:
    return (records.c.ods_code == ods_code) & (records.c.record_id == record_id)


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number
