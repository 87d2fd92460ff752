"""The application in process, over a real SQLite store and the shipped mappings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_house import BASE_URL, DIRECTORY, House, TestClock, make_callers

from adapter.api.app import create_app
from adapter.directory import load_directory
from adapter.settings import Settings
from adapter.store import migrate, open_store
from adapter.wiring import Parts, build_tools


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(public_base_url=BASE_URL, max_body_bytes=200_000)


@pytest.fixture
def house(tmp_path: Path, settings: Settings) -> Iterator[House]:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    clock = TestClock()
    store = open_store(url, clock)
    callers, tokens = make_callers()
    parts = Parts(
        settings=settings,
        clock=clock,
        store=store,
        tools=build_tools(settings, key=store.key()),
        directory=load_directory(DIRECTORY, secrets=lambda name: None),
        callers=callers,
    )
    yield House(create_app(parts), parts, clock, tokens)
    store.close()
