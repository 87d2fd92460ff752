"""The tables of the store, one shape for SQLite and PostgreSQL.

Instants are whole microseconds since 1970 in UTC on both databases, so that they sort,
subtract and compare alike. A payload column stands beside the column that says how it
is encoded (``gzip`` now). What is kept of people stands in payloads only; every other
column holds ids, codes, instants, counts and keyed hashes. The migrations make these
tables, and a test holds the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from adapter.clock import check_aware

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(instant: datetime) -> int:
    """Whole microseconds from 1970 to an aware instant."""
    return (check_aware(instant) - EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The instant, in UTC, that many microseconds after the beginning of 1970."""
    return EPOCH + count * _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(
        self, value: int | None, dialect: Dialect
    ) -> datetime | None:
        return None if value is None else from_microseconds(value)


Number = BigInteger().with_variant(Integer(), "sqlite")
"""A counting key; SQLite counts only in a column that is an INTEGER PRIMARY KEY."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

ENCODING = String(16)
ODS = String(16)
UUID_TEXT = String(36)
HASH = String(64)
WORD = String(64)


def _payload(name: str, *, nullable: bool = False) -> tuple[Column[Any], Column[Any]]:
    return (
        Column(name, LargeBinary, nullable=nullable),
        Column(f"{name}_encoding", ENCODING, nullable=nullable),
    )


meta = Table(
    "meta",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("value", Text, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("ods_code", ODS, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("status", WORD, nullable=False),
    Column("content_hash", HASH, nullable=False),
    *_payload("body"),
    *_payload("receipt"),
    Column("person_key", HASH, nullable=False),
    Column("correlation_id", UUID_TEXT, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Index("records_by_person", "person_key"),
)

_OF_RECORD = ("records.ods_code", "records.record_id", "records.version")

decisions = Table(
    "decisions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("ods_code", ODS, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("recipient_id", Text, nullable=False),
    Column("recipient_kind", WORD, nullable=False),
    Column("at", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("policy_version", Text, nullable=False),
    *_payload("body"),
    ForeignKeyConstraint(["ods_code", "record_id", "record_version"], _OF_RECORD),
    Index(
        "decisions_of_record",
        "ods_code",
        "record_id",
        "record_version",
        "recipient_id",
        "number",
    ),
)

views = Table(
    "views",
    metadata,
    Column("view_id", UUID_TEXT, primary_key=True),
    Column("ods_code", ODS, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("recipient_id", Text, nullable=False),
    Column("recipient_kind", WORD, nullable=False),
    Column("recipient_ods", ODS),
    # current: it may be served and sent; empty: nothing may leave; invalid: what would
    # leave fails our own check. Only `current` has rows in view_resources.
    Column("standing", WORD, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content_hash", HASH),
    Column("stamped_at", Instant),
    Column("record_version", Integer, nullable=False),
    Column("prepared_at", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("policy_version", Text, nullable=False),
    Column("directory_version", Text, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    # The version that last let less leave than the one before: history begins there.
    Column("served_from", Integer, nullable=False, server_default="1"),
    # What a search by person finds it by: the id of its Patient, and the keyed hash of
    # the NHS number where the recipient may have that.
    Column("patient_id", UUID_TEXT),
    Column("nhs_hash", HASH),
    CheckConstraint("standing IN ('current', 'empty', 'invalid')", name="standing"),
    UniqueConstraint("ods_code", "record_id", "recipient_id"),
    # What of one receiver's is no longer current is looked for before each answer.
    Index("views_by_policy", "recipient_ods", "policy_version", "directory_version"),
    Index("views_by_valid_until", "recipient_ods", "valid_until"),
    Index("views_due", "valid_until"),
    Index("views_by_patient", "recipient_ods", "patient_id"),
    Index("views_by_number", "recipient_ods", "nhs_hash"),
)

view_versions = Table(
    "view_versions",
    metadata,
    Column("view_id", UUID_TEXT, ForeignKey("views.view_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("standing", WORD, nullable=False),
    Column("content_hash", HASH),
    Column("stamped_at", Instant, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("mapping_version", Text, nullable=False),
    # "Flag/<uuid>" of each resource that the version holds: what a later one retires.
    Column("resources", JSON, nullable=False),
    *_payload("collection", nullable=True),
)

# What the present version of a view holds. A resource's text is ``length`` bytes of
# that version's collection from ``starts_at`` on: nothing is kept twice.
view_resources = Table(
    "view_resources",
    metadata,
    Column("view_id", UUID_TEXT, ForeignKey("views.view_id"), primary_key=True),
    Column("type", WORD, primary_key=True),
    Column("id", UUID_TEXT, primary_key=True),
    Column("recipient_ods", ODS),
    Column("recipient_kind", WORD, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_updated", Instant, nullable=False),
    Column("status", WORD),
    Column("content_hash", HASH, nullable=False),
    Column("starts_at", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Index("view_resources_by_id", "type", "id"),
    Index("view_resources_by_instant", "recipient_ods", "type", "last_updated", "id"),
    sqlite_with_rowid=False,  # the rows of a view lie together
)

lanes = Table(
    "lanes",
    metadata,
    Column("key", HASH, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("next_due", Instant),
    # The fencing token grows with each lease; a write back names the one it was given.
    Column("lease_token", BigInteger, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Index("lanes_due", "next_due", sqlite_where=text("next_due IS NOT NULL"),
          postgresql_where=text("next_due IS NOT NULL")),
    Index("lanes_leased", "endpoint", "lease_until",
          sqlite_where=text("lease_until IS NOT NULL"),
          postgresql_where=text("lease_until IS NOT NULL")),
)  # fmt: skip

endpoints = Table(
    "endpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("stopped_at", Instant),
    Column("reason", WORD),
    Column("probe_at", Instant),
    Column("probes", Integer, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", UUID_TEXT, nullable=False, unique=True),
    Column("ods_code", ODS, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("recipient_id", Text, nullable=False),
    Column("recipient_kind", WORD, nullable=False),
    Column("recipient_ods", ODS),
    Column("view_id", UUID_TEXT, ForeignKey("views.view_id"), nullable=False),
    Column("view_version", Integer, nullable=False),
    Column("lane", HASH, ForeignKey("lanes.key")),
    Column("sequence", Integer),
    Column("endpoint", Text),
    Column("state", WORD, nullable=False),
    Column("reason", WORD),
    Column("issues", JSON),
    *_payload("body", nullable=True),
    Column("request_id", UUID_TEXT, nullable=False),
    Column("correlation_id", UUID_TEXT, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Counted from the last time that it was put into the queue.
    Column("tries", Integer, nullable=False),
    Column("few_tries", Integer, nullable=False),
    Column("retry_since", Instant),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("state_since", Instant, nullable=False),
    # share: a version of the view; withdrawal: the end of what was sent of it.
    Column("purpose", WORD, nullable=False, server_default="share"),
    # How the body speaks of the person: own, match or reference (the directory's word).
    Column("patient", WORD, nullable=False, server_default="own"),
    # "Flag/<uuid>" of each resource that the body ends at the recipient's.
    Column("retires", JSON),
    Column("moves_at", Instant),
    # When a person was last told that it is late, and what the clock watches it for
    # until then: arrival, acceptance, or nothing more.
    Column("alarmed_at", Instant),
    Column("watched_for", WORD),
    UniqueConstraint("lane", "sequence"),
    Index("deliveries_of_sender", "ods_code", "number"),
    Index("deliveries_of_record", "ods_code", "record_id", "record_version"),
    Index("deliveries_of_view", "view_id", "view_version"),
    Index("deliveries_by_state", "state", "number"),
    Index("deliveries_to_watch", "watched_for", "moves_at",
          sqlite_where=text("watched_for IS NOT NULL"),
          postgresql_where=text("watched_for IS NOT NULL")),
)  # fmt: skip

# What waits, or waited, for people to release it. The delivery says how it stands.
holds = Table(
    "holds",
    metadata,
    Column("delivery_id", UUID_TEXT, ForeignKey("deliveries.id"), primary_key=True),
    # Of the content that they look at: only this may leave by their word.
    Column("content_hash", HASH, nullable=False),
    Column("persons", Integer, nullable=False),
    # Who has released it so far: what people wrote stands in payloads only.
    *_payload("releases", nullable=True),
)

# Which record another record of the same sender has taken the place of.
supersessions = Table(
    "supersessions",
    metadata,
    Column("ods_code", ODS, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("by_record_id", Text, nullable=False),
    Column("by_version", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Index("supersessions_by", "ods_code", "by_record_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", UUID_TEXT, ForeignKey("deliveries.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("outcome", WORD, nullable=False),
    Column("reason", WORD, nullable=False),
    Column("http_status", Integer),
    Column("worker", Text, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", UUID_TEXT, primary_key=True),
    Column("view_id", UUID_TEXT, ForeignKey("views.view_id"), nullable=False),
    Column("view_version", Integer, nullable=False),
    Column("recipient_ods", ODS),
    Column("recipient_kind", WORD, nullable=False),
    Column("status", WORD, nullable=False),
    Column("version", Integer, nullable=False),
    Column("authored_on", Instant, nullable=False),
    Column("last_updated", Instant, nullable=False),
    *_payload("body"),
    UniqueConstraint("view_id", "view_version"),
    Index("tasks_by_instant", "recipient_ods", "last_updated", "id"),
)

worklist = Table(
    "worklist",
    metadata,
    Column("id", UUID_TEXT, primary_key=True),
    Column("ods_code", ODS, nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("person_key", HASH, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Instant),
    # What it is about, ids and codes only: [{"record_id", "record_version",
    # "recipient_id", "delivery_id", "reason"}], one entry a different thing.
    Column("about", JSON, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("taken_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    # What a person has dealt with, in the form of ``about``: it does not come again.
    Column("settled", JSON(none_as_null=True)),
    # Who took and closed it, when and why: what people wrote stands in payloads only.
    *_payload("history", nullable=True),
    # One open item per person and purpose.
    Index("worklist_open", "ods_code", "person_key", "purpose", unique=True,
          sqlite_where=text("closed_at IS NULL"),
          postgresql_where=text("closed_at IS NULL")),
    Index("worklist_by_due", "ods_code", "due"),
    Index("worklist_of_person", "ods_code", "person_key", "purpose"),
)  # fmt: skip

brakes = Table(
    "brakes",
    metadata,
    Column("id", UUID_TEXT, primary_key=True),
    Column("scope", WORD, nullable=False),
    # An endpoint's name or a recipient kind; "" for all.
    Column("name", Text, nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("released_at", Instant),
    *_payload("words"),
    CheckConstraint("scope IN ('endpoint', 'kind', 'all')", name="scope"),
    Index("brakes_on", "scope", "name", unique=True,
          sqlite_where=text("released_at IS NULL"),
          postgresql_where=text("released_at IS NULL")),
)  # fmt: skip

# When a record has to be looked at although nobody sends anything.
reminders = Table(
    "reminders",
    metadata,
    Column("ods_code", ODS, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("purpose", WORD, primary_key=True),
    Column("due", Instant, nullable=False),
    Index("reminders_by_due", "due"),
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("swept_at", Instant),
    Column("policy_version", Text),
    Column("directory_version", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("event", WORD, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ods_code", ODS),
    Column("record_id", Text),
    Column("record_version", Integer),
    Column("recipient_id", Text),
    Column("view_id", UUID_TEXT),
    Column("view_version", Integer),
    Column("delivery_id", UUID_TEXT),
    Column("task_id", UUID_TEXT),
    Column("correlation_id", UUID_TEXT),
    Column("detail", JSON, nullable=False),
    # The chain of hashes that makes a changed, removed or reordered row show.
    Column("previous_hash", HASH),
    Column("hash", HASH),
    Index("audit_of_record", "ods_code", "record_id", "number"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("first_number", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", HASH, nullable=False),
)
