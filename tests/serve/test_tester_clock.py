"""A tester's clock in a running ``serve``: web and worker, each its own process.

The waits are tens of minutes and months by the clock; the test takes seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from faults.house import (
    Adapter,
    database,
    directory_of,
    kinds_by_ods,
    listening,
    until,
)
from stores import databases

from adapter.clock import parse_instant, system_clock
from adapter.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]
CLOCK = "2026-11-05T09:00:00Z"
TURNS = "2027-01-14T00:00:00Z"
RECORD = json.loads((ROOT / "fixtures/planned-handover/record.json").read_text())

Start = Callable[..., Adapter]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


@pytest.fixture(params=databases())
def serve(
    request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver
) -> Iterator[Start]:
    started: list[Adapter] = []
    with database(request.param, tmp_path) as url:
        directory = directory_of(kinds_by_ods([RECORD]), receiver)

        def start(*arguments: str) -> Adapter:
            started.append(Adapter(tmp_path, url, directory, *arguments))
            started[-1].wait_ready()
            return started[-1]

        yield start
        for adapter in started:
            adapter.end()


def put(adapter: Adapter, **body: Any) -> dict[str, Any]:
    answer = adapter.call("PUT", "/test/clock", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def states(adapter: Adapter) -> dict[str, tuple[str, str | None]]:
    """Of the newest delivery to each recipient that has an endpoint."""
    found: dict[str, tuple[str, str | None]] = {}
    for each in adapter.deliveries():
        if each["reason"] != "no_endpoint":
            key = each["recipient_id"]
            found.setdefault(key, (each["state"], each["reason"]))
    return found


def test_a_back_off_comes_due_and_a_birthday_happens_when_the_clock_is_moved(
    serve: Start, receiver: Receiver
) -> None:
    adapter = serve("--clock", CLOCK)
    told = adapter.call("GET", "/test/clock").json()
    assert told["is_set"] is True
    gone = parse_instant(told["now"]) - parse_instant(CLOCK)
    assert timedelta() <= gone < timedelta(minutes=5)
    faults = f"{receiver.url}/faults"
    busy = {"status": 503, "retry_after": 3000, "rate": 1.0}
    assert requests.post(faults, json=busy, timeout=5).ok
    adapter.post(RECORD, time.monotonic() + 30)
    assert until(lambda: {s for s, _ in states(adapter).values()} == {"queued"})
    assert until(lambda: {r for _, r in states(adapter).values()} == {"http_503"})
    assert requests.delete(faults, timeout=5).ok

    put(adapter, advance="PT49M")
    time.sleep(1.5)
    assert {s for s, _ in states(adapter).values()} == {"queued"}
    put(adapter, advance="PT2M")
    assert until(lambda: {s for s, _ in states(adapter).values()} == {"delivered"})

    def birthdays() -> list[str]:
        items = adapter.call("GET", "/worklist?purpose=TURNING_18").json()["items"]
        return [about["reason"] for item in items for about in item["about"]]

    put(adapter, set=TURNS)
    assert until(lambda: "birthday_in_0_days" in birthdays())
    answer = adapter.call("GET", "/deliveries")
    assert answer.headers["Test-Clock"] > TURNS[:19]
    lines = adapter.service.log.read_text().splitlines()
    assert sum('"clock-shifted"' in line for line in lines) >= 2


def test_a_forgotten_clock_is_told_at_the_start_and_can_be_let_go(
    serve: Start,
) -> None:
    serve("--clock", "2031-01-01T00:00:00Z").end()
    adapter = serve()
    first = [
        line for line in adapter.service.lines() if line["event"] == "clock-shifted"
    ]
    assert first
    assert float(str(first[0]["offset_seconds"])) > 0
    assert adapter.call("GET", "/readyz").json()["clock"] == "set by a tester"

    told = put(adapter, release=True)
    assert told["is_set"] is False
    off = parse_instant(told["now"]) - system_clock()
    assert abs(off) < timedelta(seconds=30)
    assert "clock" not in adapter.call("GET", "/readyz").json()
