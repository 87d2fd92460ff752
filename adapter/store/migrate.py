"""Makes the store's tables and its secret key, or brings them up to date.

The migrations stand in ``migrations/`` inside the package, so that an installed adapter
needs no other file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.dialects import postgresql, sqlite

from adapter.errors import NotReady
from adapter.store.engine import HMAC_KEY, NOT_MIGRATED, Store, make_engine
from adapter.store.schema import meta

if TYPE_CHECKING:
    from alembic.config import Config

KEY_BYTES = 32
_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_LOCK = 7_402_117  # two processes that start at once migrate one after the other


def migrate(
    url: str | URL, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> None:
    """Nothing; afterwards the store at ``url`` has today's tables and a key.

    A store that has them stays as it is; the key is made once and never again.
    """
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK}
                )
            if _revision(connection) != newest_revision():
                from alembic import command  # slow to import, and seldom needed

                command.upgrade(alembic_config(connection), "head")
            _make_key(connection, random_bytes)
    finally:
        engine.dispose()


def check_migrated(store: Store) -> None:
    """Nothing when the tables are those of this version; NotReady when not."""
    with store.reading() as connection:
        found = _revision(connection)
    if found != newest_revision():
        raise NotReady(NOT_MIGRATED)


def newest_revision() -> str:
    """The revision that today's tables have: migrations are numbered in their order."""
    names = (path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    return max(names).partition("_")[0]


def _revision(connection: Connection) -> str | None:
    """The revision of the tables that are there; None when there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()


def alembic_config(connection: Connection | None = None) -> Config:
    """What Alembic needs to find the migrations, and to run them on a connection."""
    from alembic.config import Config

    config = Config()
    config.attributes["connection"] = connection
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_key(connection: Connection, random_bytes: Callable[[int], bytes]) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        insert(meta)
        .values(name=HMAC_KEY, value=random_bytes(KEY_BYTES).hex())
        .on_conflict_do_nothing()
    )
