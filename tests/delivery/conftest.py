"""Delivery is tried on each database that can be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from handovers import SmallParts, TestClock, make_parts
from stores import databases, fresh_store

from adapter.store import Store


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(params=databases())
def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: TestClock
) -> Iterator[Store]:
    with fresh_store(request.param, tmp_path, clock) as opened:
        yield opened


@pytest.fixture
def parts(store: Store, clock: TestClock) -> SmallParts:
    return make_parts(store, clock)
