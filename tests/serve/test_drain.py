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


def test_a_request_under_way_is_ended_and_written_back(
    start: Callable[..., Any], watch: Callable[..., bool], tmp_path: Path
):
    with Receiver(Identity("Fenwick", "ZZ9B2")) as receiver:
        receiver.listen()
        receiver.orders.add(read_order({"kind": "delay", "seconds": 2}))
        service = start(
            "--clock",
            "2026-11-05T09:00:00Z",
            DIRECTORY_FILE=written(tmp_path / "directory.yaml", directory(receiver)),
            CALLERS_FILE=written(tmp_path / "callers.yaml", callers()),
        )
        assert service.is_ready()
        accepted = requests.post(
            service.url + "/records",
            data=RECORD.read_bytes(),
            headers={
                "Authorization": f"Bearer {TOKEN}",
                "Content-Type": "application/json",
            },
            timeout=20,
        )
        assert accepted.status_code == 202
        assert watch(lambda: "sending" in states(tmp_path))

        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(20) == 0
        assert "sending" not in states(tmp_path)
        assert states(tmp_path).count("delivered") == 1
        assert [seen.status for seen in receiver.journal.listed()] == [200]


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
