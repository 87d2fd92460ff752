"""Making the store: the tables, the key, and a plain word where they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from handovers import TestClock, ids_of, make_parts, post
from sqlalchemy import URL, make_url, text

from adapter.errors import NotReady
from adapter.store import Store, migrate, open_store
from adapter.store.heads import find_head, read_texts
from adapter.store.migrate import alembic_config, newest_revision
from adapter.store.records import find_receipt
from adapter.store.schema import metadata


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[URL, Store]]:
    url = make_url(f"sqlite:///{tmp_path}/bare.db")
    store = open_store(url, TestClock())
    yield url, store
    store.close()


def test_the_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_end_of_their_chain() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert scripts.get_heads() == [newest_revision()]


def test_a_store_that_is_up_to_date_says_nothing(store: Store) -> None:
    store.check()


def test_a_store_that_was_never_migrated_says_so(bare: tuple[URL, Store]) -> None:
    _, store = bare
    for ask in (
        store.check,
        store.key,
        store.clock_offset,
        lambda: find_receipt(store, "ZZ9A1", "tr-1", 1),
    ):
        with pytest.raises(NotReady, match="migrate"):
            ask()


def test_migrating_again_changes_nothing(bare: tuple[URL, Store]) -> None:
    url, store = bare
    migrate(url, random_bytes=lambda count: b"a" * count)
    migrate(url, random_bytes=lambda count: b"b" * count)
    assert store.key() == b"a" * 32
    store.check()


def test_a_store_of_another_version_says_so(bare: tuple[URL, Store]) -> None:
    url, store = bare
    migrate(url)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(NotReady, match="migrate"):
        store.check()


def test_going_back_and_forth_loses_no_resource(store: Store) -> None:
    post(make_parts(store, TestClock()))
    view_id = ids_of("r-amh").view_id()
    head = find_head(store, view_id)
    with store.reading() as connection:
        before = read_texts(connection, head)
    assert b"9990000018" in before[f"Patient/{ids_of('r-amh').of('Patient')}"]
    for revision in ("0003", "head"):
        with store.writing() as connection:
            config = alembic_config(connection)
            to = command.upgrade if revision == "head" else command.downgrade
            to(config, revision)
    assert find_head(store, view_id) == head
    with store.reading() as connection:
        assert read_texts(connection, head) == before
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_sqlite_is_set_to_lose_nothing(bare: tuple[URL, Store]) -> None:
    url, store = bare
    migrate(url)
    with store.writing() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert settings == ["wal", 2, 1]


def test_a_database_that_is_away_is_not_ready(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nowhere/x.db", TestClock())
    with pytest.raises(NotReady, match="just now") as caught:
        store.key()
    assert "nowhere" not in str(caught.value)
