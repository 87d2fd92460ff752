"""The accepted cases of fixtures/: each record, its policy, and its recipients."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from adapter.policy import DEFAULT_POLICY, Policy, load_policy
from adapter.prepare import Tools
from adapter.record.model import Record
from adapter.record.parse import parse

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
"""The instant at which every case is decided."""

STORIES = tuple(
    sorted(
        found.parent.name
        for found in FIXTURES.glob("*/record.json")
        if not found.parent.name.startswith("bad-")
    )
)

STRANGERS = {"known-by-another-name": ("r-not-listed",)}
"""Who asks although the record does not name them, by case."""


def policy_of(story: str) -> Policy:
    """The policy that a case brings along; else the defaults of the rules."""
    file = FIXTURES / story / "policy.yaml"
    return load_policy(file.read_text()) if file.exists() else DEFAULT_POLICY


def record_of(story: str) -> Record:
    """The record of a case, parsed at its instant."""
    body = (FIXTURES / story / "record.json").read_bytes()
    return parse(body, policy=policy_of(story), now=AT)


def recipients_of(story: str, record: Record) -> tuple[str, ...]:
    """Whom a case is decided for, by id."""
    listed = (each["id"] for each in record.recipients)
    return (*listed, *STRANGERS.get(story, ()))


def tools_of(story: str, tools: Tools) -> Tools:
    """The tools with the policy of a case."""
    return replace(tools, policy=policy_of(story))
