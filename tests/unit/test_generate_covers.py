"""What the generator can make: every field, code, type, and target of a ref."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.cli import cli
from adapter.generate import generate, generate_many
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS, declared
from adapter.record.faults import Place, write_path
from adapter.record.parse import parse
from adapter.record.vocabulary import REF_TARGETS, YOUNG_PERSON

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
SEEDS = 1200

NEVER_VALID = {
    "safety.mitigations[].rationale_kind": {"age_only"},
    "safety.mitigations[].change_rationale_kind": {"age_only"},
    "consent_and_sharing.decisions[].decided_by": {
        "nearest_relative",
        "nominated_person",
    },
}
"""Codes that the model lists in order to refuse them."""


def leaves(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    entries: Any = node.items() if isinstance(node, dict) else enumerate(node)
    for step, value in entries:
        if isinstance(value, dict | list):
            yield from leaves(value, (*place, step))
        else:
            yield (*place, step), value


@pytest.fixture(scope="module")
def made() -> dict[str, set[Any]]:
    """The values that many seeds make, by declared path."""
    found: dict[str, set[Any]] = defaultdict(set)
    for seed in range(SEEDS):
        for place, value in leaves(generate(random.Random(seed), now=NOW)):
            found[declared(write_path(place)).path].add(value)
    return found


PLAIN = {path: found for path, found in DECLARATIONS.items() if not found.is_container}


def test_every_field_is_made(made: dict[str, set[Any]]) -> None:
    assert set(made) == set(PLAIN)


def test_every_code_is_made(made: dict[str, set[Any]]) -> None:
    missing = {
        path: left
        for path, found in PLAIN.items()
        if (left := set(found.codes) - made[path] - NEVER_VALID.get(path, set()))
    }
    assert missing == {}


def test_no_code_is_listed_as_never_valid_that_is_made(
    made: dict[str, set[Any]],
) -> None:
    for path, codes in NEVER_VALID.items():
        assert codes <= set(PLAIN[path].codes)
        assert not codes & made[path]


def test_every_type_is_made_and_booleans_both_ways(made: dict[str, set[Any]]) -> None:
    assert {PLAIN[path].type for path in made} == {each.type for each in PLAIN.values()}
    for path, found in PLAIN.items():
        if found.type == "boolean":
            assert made[path] == {True, False}, path


def test_refs_point_to_every_kind_that_they_may(made: dict[str, set[Any]]) -> None:
    prefix = {name: f"{name[:3]}-" for name in REF_TARGETS}
    for path, found in PLAIN.items():
        for target in found.refs_to:
            wanted = "young_person" if target == YOUNG_PERSON else prefix[target]
            assert any(str(v).startswith(wanted) for v in made[path]), (path, target)


def test_a_longer_run_begins_with_a_shorter_one() -> None:
    short = list(generate_many(3, 4, now=NOW))
    assert short == list(generate_many(3, 9, now=NOW))[:4]
    assert len({tree["record_id"] for tree in short}) == 4


def test_the_command_prints_valid_records_one_a_line() -> None:
    arguments = ["fixtures", "generate", "--count", "12", "--seed", "5"]
    arguments += ["--at", "2026-11-05T09:00:00Z"]
    first = CliRunner().invoke(cli, arguments)
    assert first.exit_code == 0
    assert first.stdout == CliRunner().invoke(cli, arguments).stdout
    lines = first.stdout.splitlines()
    assert len(lines) == 12
    for line in lines:
        parse(line.encode(), policy=DEFAULT_POLICY, now=NOW)
    assert [json.loads(line) for line in lines] == list(generate_many(5, 12, now=NOW))
