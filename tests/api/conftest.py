"""The application in process, over a real SQLite store and the shipped mappings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from api_house import BASE_URL, DIRECTORY, House, TestClock, make_callers
from openapi_contract import Contract

from adapter.api.app import create_app
from adapter.directory import load_directory
from adapter.prepare import Tools
from adapter.settings import Settings
from adapter.store import migrate, open_store
from adapter.wiring import Parts, build_tools


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(public_base_url=BASE_URL, max_body_bytes=200_000)


@pytest.fixture(scope="session")
def tools(settings: Settings) -> Tools:
    """The shipped mappings and profiles, compiled once; a store's key goes in later."""
    return build_tools(settings)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was migrated and holds nothing."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def house(
    tmp_path: Path, settings: Settings, tools: Tools, empty_store: Path
) -> Iterator[House]:
    path = tmp_path / "store.db"
    shutil.copy(empty_store, path)
    clock = TestClock()
    store = open_store(f"sqlite:///{path}", clock)
    callers, tokens = make_callers()
    parts = Parts(
        settings=settings,
        clock=clock,
        store=store,
        tools=replace(tools, key=store.key()),
        directory=load_directory(DIRECTORY, secrets=lambda name: None),
        callers=callers,
    )
    app = create_app(parts)
    contract = Contract(app)
    yield House(app, parts, clock, tokens)
    store.close()
    assert contract.faults == []
