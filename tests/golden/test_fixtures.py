"""Every fixture case: what each recipient is decided and prepared, whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stories import AT, FIXTURES, STORIES, recipients_of, record_of, tools_of

from adapter.bundle.build import Stamp, acceptance_task, collection, to_bytes
from adapter.bundle.ids import Ids
from adapter.prepare import Tools, prepare
from adapter.record.model import Record
from adapter.settings import Settings
from adapter.wiring import build_tools

BASE = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def tools() -> Tools:
    return build_tools(Settings())


def _bundle(record: Record, recipient: str, tools: Tools) -> tuple[Any, Any]:
    prepared = prepare(record, recipient, at=AT, tools=tools)
    decision = prepared.decision.as_json()
    if prepared.content is None:
        return decision, None
    assert prepared.issues == ()
    ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
    stamp = Stamp(ids.view_id(), 1, AT)
    task = acceptance_task(prepared.content, ids, stamp, BASE)
    return decision, collection(prepared.content, stamp, BASE, task=task)


@pytest.mark.parametrize("story", STORIES)
def test_each_recipient_gets_exactly_this(
    story: str, tools: Tools, golden: Callable[[Path, Any], None]
) -> None:
    record, tools = record_of(story), tools_of(story, tools)
    expected = FIXTURES / story / "expected"
    recipients = recipients_of(story, record)
    for recipient in recipients:
        decision, bundle = _bundle(record, recipient, tools)
        golden(expected / recipient / "decision.json", decision)
        golden(expected / recipient / "bundle.json", bundle)
        assert bundle is None or tools.checker.bundle(bundle) == []
    found = {each.name for each in expected.iterdir() if each.is_dir()}
    assert found == set(recipients)


@pytest.mark.parametrize("story", STORIES)
def test_preparing_again_from_the_bytes_gives_the_same_bytes(
    story: str, tools: Tools
) -> None:
    tools = tools_of(story, tools)
    first, second = record_of(story), record_of(story)
    for recipient in recipients_of(story, first):
        bundle = _bundle(first, recipient, tools)[1]
        again = _bundle(second, recipient, tools)[1]
        if bundle is not None:
            assert to_bytes(bundle) == to_bytes(again)
