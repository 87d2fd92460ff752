"""Every fixture case: what each recipient is decided and prepared, whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.bundle.build import Stamp, acceptance_task, collection, to_bytes
from adapter.bundle.ids import Ids
from adapter.prepare import Tools, prepare
from adapter.record.parse import parse
from adapter.settings import Settings
from adapter.wiring import build_tools

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
BASE = "http://127.0.0.1:8080"
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)


@pytest.fixture(scope="module")
def tools() -> Tools:
    return build_tools(Settings())


def _bundle(body: bytes, recipient: str, tools: Tools) -> tuple[Any, Any]:
    record = parse(body, policy=tools.policy, now=AT)
    prepared = prepare(record, recipient, at=AT, tools=tools)
    decision = prepared.decision.as_json()
    if prepared.content is None:
        return decision, None
    assert prepared.issues == ()
    ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
    stamp = Stamp(ids.view_id(), 1, AT)
    task = acceptance_task(prepared.content, ids, stamp, BASE)
    return decision, collection(prepared.content, stamp, BASE, task=task)


@pytest.mark.parametrize("case", CASES)
def test_each_recipient_gets_exactly_this(
    case: str, tools: Tools, golden: Callable[[Path, Any], None]
) -> None:
    body = (FIXTURES / case / "record.json").read_bytes()
    record = parse(body, policy=tools.policy, now=AT)
    for recipient in record.recipients:
        decision, bundle = _bundle(body, recipient["id"], tools)
        folder = FIXTURES / case / "expected" / recipient["id"]
        golden(folder / "decision.json", decision)
        golden(folder / "bundle.json", bundle)


@pytest.mark.parametrize("case", CASES)
def test_preparing_twice_gives_the_same_bytes(case: str, tools: Tools) -> None:
    body = (FIXTURES / case / "record.json").read_bytes()
    record = parse(body, policy=tools.policy, now=AT)
    for recipient in record.recipients:
        first = _bundle(body, recipient["id"], tools)[1]
        second = _bundle(body, recipient["id"], tools)[1]
        if first is not None:
            assert to_bytes(first) == to_bytes(second)
