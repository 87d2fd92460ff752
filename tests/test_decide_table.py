"""``decide --table``: what people read at a terminal of 80 columns, without colour."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from builders import REMOVE, a_recipient, make_body
from click.testing import CliRunner
from stories import FIXTURES, STORIES, record_of

from adapter.cli import cli
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS

AT = "2026-11-05T09:00:00Z"
REASONS_AT = 18
"""The column at which the reasons begin."""
LETTERS = {"share": "S", "share_minimum": "M", "withhold": "W"}


def table(file: Path, *arguments: str) -> str:
    answer = CliRunner().invoke(
        cli, ["decide", str(file), "--at", AT, "--table", *arguments]
    )
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def is_readable(text: str) -> bool:
    """True for plain lines of at most 80 columns."""
    return "\x1b" not in text and all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("story", STORIES)
def test_each_recipient_has_its_letters_and_its_reasons(
    story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = FIXTURES / story / "policy.yaml"
    if policy.exists():
        monkeypatch.setenv("POLICY_FILE", str(policy))
    text = table(FIXTURES / story / "record.json")
    assert is_readable(text)
    letters, _, reasons = text.partition("MED medication")
    for recipient in record_of(story).recipients:
        file = FIXTURES / story / "expected" / recipient["id"] / "decision.json"
        decision = json.loads(file.read_bytes())
        found = [decision["categories"][each] for each in CATEGORIES]
        row = " +".join(LETTERS[each["outcome"]] for each in found)
        assert re.search(rf"^{recipient['id']} .*{row}$", letters, re.M)
        block = reasons.split(f"\n{recipient['id']}: ")[1].split("\n\n")[0]
        column = [line[REASONS_AT:].strip() for line in block.splitlines()[1:]]
        told = " ".join(column)
        for each in (*found, *decision["items"]):
            assert f"{each['why']} ({each['reason']}, {each['rule']})" in told
        assert all(duty["code"] in told for duty in decision["obligations"])


def test_many_recipients_with_long_names_stay_readable(tmp_path: Path) -> None:
    name = "The [bold]Very Long Name[/bold] of an Invented\u202e Service " * 2
    recipients = [
        a_recipient(f"r-{position}-of-the-many", kind, name=name.strip())
        for position, kind in enumerate(RECIPIENT_KINDS)
        if kind not in ("family_member", "community_placement_carer", "advocate")
    ]
    file = tmp_path / "record.json"
    body = make_body({"consent_and_sharing.recipients": recipients})
    file.write_bytes(body.replace(b"ZZ9X1", b"ZZ9B1"))
    text = table(file)
    assert is_readable(text)
    assert "[bold]" in text
    assert "\u202e" not in text
    assert text.count("The [bold]Very") >= len(recipients)


def test_one_recipient_can_be_asked_for() -> None:
    file = FIXTURES / "planned-handover" / "record.json"
    text = table(file, "--recipient", "r-mum")
    assert text.count("r-mum") == 2
    assert "r-gp" not in text


def test_a_draft_that_names_nobody_yet_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    nobody = {"status": "draft", "consent_and_sharing.recipients": REMOVE}
    file.write_bytes(make_body(nobody))
    assert table(file) == "The record names no recipient.\n"
