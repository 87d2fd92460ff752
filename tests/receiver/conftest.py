from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapter.receiver import Identity, Receiver

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    identity = Identity("Fenwick Adult Community Team", "ZZ9B2", ("adult_mh_service",))
    with Receiver(identity, clock=lambda: NOON, rng=random.Random(7)) as running:
        running.listen()
        yield running
