"""The open store: its engine, its two kinds of transaction, its clock and its key.

What a question looks like in SQL belongs to the modules beside this one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapter.clock import Clock
from adapter.errors import NotReady
from adapter.store.schema import from_microseconds, meta
from adapter.store.together import Together

BUSY_TIMEOUT = timedelta(seconds=10)
CLOCK_OFFSET = "clock_offset_microseconds"
HMAC_KEY = "hmac_key"
AWAY = "the store cannot answer just now"
NOT_MIGRATED = "the store has not been made ready: run `transition-adapter migrate`"
_WRITES = "transition_adapter_writes"
_LAST = "transition_adapter_last"
_NOW = text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")


Finish = Callable[[Connection, list[Any]], None]
"""What a transaction does last with all that was left to its end."""


def leave_to_the_end(
    connection: Connection, finish: Finish, what: Sequence[Any]
) -> None:
    """Nothing; ``finish`` gets all of it, in order, right before the commit.

    For what locks out every other writer. The connection is that of ``writing``.
    """
    connection.get_execution_options()[_LAST].setdefault(finish, []).extend(what)


@dataclass(frozen=True)
class Store:
    """A store that is open: hand it to the functions of this package.

    ``clock`` tells the time on SQLite; on PostgreSQL the database does, unless
    ``uses_own_clock`` says otherwise (for tests). ``offset`` is how far a tester has
    moved either; in production nobody has.
    """

    engine: Engine = field(repr=False)
    clock: Clock = field(repr=False)
    uses_own_clock: bool = True
    offset: Callable[[], timedelta] = timedelta
    _one_writer: AbstractContextManager[Any] = field(
        default_factory=nullcontext, repr=False
    )

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store and changes nothing."""
        with _told_plainly(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable once the block has ended, or never was.

        On SQLite it has the write lock from its beginning, so what it reads holds.
        """
        last: dict[Finish, list[Any]] = {}
        with _told_plainly(), self._one_writer, self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True, _LAST: last})
            with connection.begin():
                yield connection
                for finish, what in last.items():
                    finish(connection, what)

    def write_together(self, write: Callable[[Connection], None]) -> None:
        """Nothing; what ``write`` wrote is durable.

        Threads that ask at one time share the transaction, and so wait for the disk
        once; ``write`` is called again when it had to be begun anew.
        """
        self._together.ask(write)

    @cached_property
    def _together(self) -> Together[Callable[[Connection], None], None]:
        return Together(self._write_all)

    def _write_all(self, writes: Sequence[Callable[[Connection], None]]) -> list[None]:
        with self.writing() as connection:
            for write in writes:
                write(connection)
        return [None] * len(writes)

    def now(self, connection: Connection) -> datetime:
        """The instant by which leases and due times are measured, in UTC."""
        return self.unmoved_now(connection) + self.offset()

    def unmoved_now(self, connection: Connection) -> datetime:
        """The instant by the clock as no tester has moved it, in UTC."""
        if self.uses_own_clock:
            return self.clock()
        return from_microseconds(connection.execute(_NOW).scalar_one())

    def key(self) -> bytes:
        """The secret from which every id is made. NotReady when never migrated."""
        with self.reading() as connection:
            value = _read_meta(connection, HMAC_KEY)
        if value is None:
            raise NotReady(NOT_MIGRATED)
        return bytes.fromhex(value)

    def clock_offset(self) -> timedelta:
        """How far the store says that a tester has moved the clock; none: nobody."""
        with self.reading() as connection:
            return _read_offset(connection)

    def put_clock_offset(self, connection: Connection, offset: timedelta) -> timedelta:
        """How far the clock was moved before; from now on it is moved so far."""
        was = _read_offset(connection)
        count = offset // timedelta(microseconds=1)
        connection.execute(meta.delete().where(meta.c.name == CLOCK_OFFSET))
        if offset:
            row = {"name": CLOCK_OFFSET, "value": str(count)}
            connection.execute(meta.insert().values(row))
        return was

    def check(self) -> None:
        """Nothing when the store can be used. NotReady with the reason when not."""
        from adapter.store.migrate import check_migrated

        check_migrated(self)

    def close(self) -> None:
        self.engine.dispose()


def open_store(
    url: str | URL, clock: Clock, *, uses_own_clock: bool | None = None
) -> Store:
    """The store at a SQLAlchemy URL, not yet spoken to.

    ``postgresql://`` is spoken to by psycopg 3. ``uses_own_clock`` None: on SQLite
    only. No tester moves its clock, until it is said to be ``following`` one.
    """
    engine = make_engine(url)
    is_sqlite = engine.dialect.name == "sqlite"
    if uses_own_clock is None:
        uses_own_clock = is_sqlite
    one_writer: AbstractContextManager[Any] = (
        # Threads of one process wait here in turn; SQLite's own waiting sleeps.
        threading.Lock() if is_sqlite else nullcontext()
    )
    return Store(engine, clock, uses_own_clock, _one_writer=one_writer)


def make_engine(url: str | URL) -> Engine:
    """The engine for a URL, with what each database needs to keep its promises."""
    address = make_url(url)
    if address.drivername in {"postgresql", "postgres"}:
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        address,
        hide_parameters=True,  # an error's text must not hold what was being written
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT // timedelta(milliseconds=1)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """A store that cannot answer is NotReady; the database's own words stay inside."""
    try:
        yield
    except ProgrammingError as error:
        if not _is_unmigrated(error):
            raise
        raise NotReady(NOT_MIGRATED) from error
    except OperationalError as error:
        if _is_unmigrated(error):
            raise NotReady(NOT_MIGRATED) from error
        raise NotReady(AWAY) from error
    except (InterfaceError, PoolTimeout) as error:
        raise NotReady(AWAY) from error


def _is_unmigrated(error: DBAPIError) -> bool:
    state, words = getattr(error.orig, "sqlstate", None), str(error.orig)
    return state in {"42P01", "42703"} or words.startswith(
        ("no such table", "no such column")
    )


def _read_meta(connection: Connection, name: str) -> str | None:
    return connection.execute(
        select(meta.c.value).where(meta.c.name == name)
    ).scalar_one_or_none()


def _read_offset(connection: Connection) -> timedelta:
    return timedelta(microseconds=int(_read_meta(connection, CLOCK_OFFSET) or 0))
