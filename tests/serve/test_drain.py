"""What a worker has begun is ended and written back before ``serve`` ends."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from adapter.receiver import Identity, Receiver
from adapter.receiver.faults import read_order

RECORD = Path(__file__).resolve().parents[2] / "fixtures/planned-handover/record.json"
TOKEN = "a-token-of-this-test"


def test_a_request_under_way_is_ended_and_no_other_begun(
    start: Callable[..., Any], watch: Callable[..., bool], tmp_path: Path
):
    with Receiver(Identity("Fenwick", "ZZ9B2")) as receiver:
        service = busy(start, receiver, tmp_path, seconds=3)
        assert watch(lambda: "sending" in states(tmp_path))
        assert post(service, changed(2)).status_code == 202
        assert "queued" in states(tmp_path)

        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(20) == 0
        left = states(tmp_path)
        assert "sending" not in left
        assert (left.count("delivered"), left.count("queued")) == (1, 1)
        assert [seen.status for seen in receiver.journal.listed()] == [200]


def test_no_child_outlives_a_supervisor_that_is_killed_amid_a_request(
    start: Callable[..., Any],
    watch: Callable[..., bool],
    alive: Callable[[int], bool],
    tmp_path: Path,
):
    with Receiver(Identity("Fenwick", "ZZ9B2")) as receiver:
        service = busy(start, receiver, tmp_path, seconds=15)
        assert watch(lambda: "sending" in states(tmp_path))
        family = service.family()

        service.process.kill()

        assert watch(lambda: not any(alive(pid) for pid in family), 10)
        assert states(tmp_path).count("sending") == 1
        receiver.orders.clear()
        again = start(*AT, **told(tmp_path, receiver))
        assert again.is_ready()
        assert watch(lambda: states(tmp_path).count("delivered") == 1, 30)


AT = ("--clock", "2026-11-05T09:00:00Z")


def busy(
    start: Callable[..., Any], receiver: Receiver, folder: Path, *, seconds: float
) -> Any:
    """A service that has a record whose receiver takes so long to answer."""
    receiver.listen()
    receiver.orders.add(read_order({"kind": "delay", "seconds": seconds}))
    service = start(*AT, **told(folder, receiver))
    assert service.is_ready()
    assert post(service, changed(1)).status_code == 202
    return service


def told(folder: Path, receiver: Receiver) -> dict[str, str]:
    """Who may call, and where the receiver is."""
    return {
        "DIRECTORY_FILE": written(folder / "directory.yaml", directory(receiver)),
        "CALLERS_FILE": written(folder / "callers.yaml", callers()),
    }


def changed(version: int) -> bytes:
    """That version of the record, which says something that no other does."""
    tree = json.loads(RECORD.read_text(encoding="utf-8"))
    tree["record_version"] = version
    tree["young_person"]["names"][0]["family"] += f"-{version}"
    return json.dumps(tree).encode()


def post(service: Any, record: bytes) -> requests.Response:
    return requests.post(
        service.url + "/records",
        data=record,
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Content-Type": "application/json",
        },
        timeout=20,
    )


def states(folder: Path) -> list[str]:
    database = sqlite3.connect(folder / "adapter.db")
    try:
        return [state for (state,) in database.execute("select state from deliveries")]
    finally:
        database.close()


def written(path: Path, document: Any) -> str:
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return str(path)


def directory(receiver: Receiver) -> Any:
    endpoint = {
        "ods_code": "ZZ9B2",
        "kinds": ["adult_mh_service"],
        "transport": "rest",
        "address": receiver.url + "/fhir",
        "auth": {"type": "none"},
    }
    return {"endpoints": {"fenwick": endpoint}}


def callers() -> Any:
    sender = {
        "name": "larkmoor",
        "role": "sender",
        "ods_code": "ZZ9A1",
        "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
    }
    return {"callers": [sender]}
