from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback import Loopback


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    server = Loopback()
    yield server
    server.stop()


@pytest.fixture
def secure_loopback() -> Iterator[Loopback]:
    server = Loopback(tls=True)
    yield server
    server.stop()
