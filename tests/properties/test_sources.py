"""Laws of suppliers' exports: the record comes back, and nothing is lost unsaid."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from exports import SUPPLIERS, export, shipped_source, write_tables
from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.clock import parse_instant
from adapter.errors import InvalidRecord, Issue
from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.parse import check
from adapter.sources.source import Given, Source

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
SOURCES = {name: shipped_source(name) for name in SUPPLIERS}
seeds = st.integers(min_value=0, max_value=2**32)
suppliers = st.sampled_from(SUPPLIERS)
MARK = "Zanzibar Quetzal"
WRONG: tuple[Any, ...] = (None, "", MARK, 7, -1.5, True, [], {}, [MARK], {MARK: MARK})


def sent(source: Source, tree: dict[str, Any]) -> Given:
    if source.in_tables:
        return write_tables(source, tree)
    return json.dumps(tree).encode()


def told(source: Source, given_: Given) -> tuple[dict[str, Any], list[Issue]]:
    converted = source.convert(given_)
    _, issues = check(converted.body, policy=DEFAULT_POLICY, now=NOW)
    return json.loads(converted.body), converted.tell(issues)


def comparable(node: Any) -> Any:
    """The tree without lists that are empty, its times as instants."""
    if isinstance(node, dict):
        made = {name: comparable(below) for name, below in node.items()}
        return {name: below for name, below in made.items() if below != []}
    if isinstance(node, list):
        return [comparable(below) for below in node]
    if isinstance(node, str) and len(node) >= 20 and node[10] == "T":
        try:
            return parse_instant(node)
        except ValueError:
            return node
    return node


def spots(node: Any) -> list[tuple[Any, Any]]:
    """Each container of a tree with each of its keys."""
    found: list[tuple[Any, Any]] = []
    entries: Any = ()
    if isinstance(node, dict):
        entries = list(node.items())
    elif isinstance(node, list):
        entries = list(enumerate(node))
    for key, below in entries:
        found.append((node, key))
        found.extend(spots(below))
    return found


@examples(25)
@given(name=suppliers, seed=seeds)
def test_any_record_comes_back_from_its_export(name: str, seed: int) -> None:
    source = SOURCES[name]
    record = generate(random.Random(seed), now=NOW)
    made, issues = told(source, sent(source, export(source, record)))
    assert comparable(made) == comparable(record)
    assert [issue for issue in issues if issue.severity == "error"] == []
    assert "W_UNREAD_FIELD" not in {issue.code for issue in issues}


@examples(60)
@given(seed=seeds, data=st.data())
def test_whatever_stands_in_a_document_is_answered_and_not_repeated(
    seed: int, data: st.DataObject
) -> None:
    source = SOURCES["invented-quill"]
    tree = export(source, generate(random.Random(seed), now=NOW))
    for _ in range(data.draw(st.integers(1, 4))):
        everywhere = spots(tree)
        container, key = data.draw(st.sampled_from(everywhere))
        container[key] = copy.deepcopy(data.draw(st.sampled_from(WRONG)))
    _, issues = told(source, sent(source, tree))
    assert all(MARK not in issue.message + issue.path for issue in issues)


@examples(40)
@given(seed=seeds, data=st.data())
def test_a_cell_that_is_changed_is_carried_or_told_of(
    seed: int, data: st.DataObject
) -> None:
    source = SOURCES["invented-tarn"]
    tree = export(source, generate(random.Random(seed), now=NOW))
    before, _ = told(source, sent(source, tree))
    cells = [
        (table, row, column)
        for table, rows in tree.items()
        for row, given_ in enumerate(rows)
        for column in given_
    ]
    table, row, column = data.draw(st.sampled_from(cells))
    tree[table][row][column] = MARK
    after, issues = told(source, sent(source, tree))
    place = f"{table}.csv row {row + 2}"
    assert MARK in json.dumps(after) or any(
        issue.path.startswith(place) for issue in issues
    ), (place, column)
    if any(issue.severity == "error" for issue in issues):
        assert all(MARK not in issue.message + issue.path for issue in issues)
    else:
        assert before != after


@examples(25)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(
                st.sampled_from(("patient", "export", "risks", "staff", "x")), below
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_at_all_is_answered(tree: Any) -> None:
    source = SOURCES["invented-quill"]
    _, issues = told(source, json.dumps(tree).encode())
    assert any(issue.severity == "error" for issue in issues)


@examples(25)
@given(st.dictionaries(st.sampled_from(("risks.csv", "people.csv")), st.text()))
def test_any_texts_at_all_are_answered(texts: dict[str, str]) -> None:
    _, issues = told(SOURCES["invented-tarn"], texts)
    assert any(issue.severity == "error" for issue in issues)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"NaN"])
def test_what_is_not_json_is_told_alone(body: bytes) -> None:
    with pytest.raises(InvalidRecord) as refused:
        SOURCES["invented-quill"].convert(body)
    assert [issue.code for issue in refused.value.issues] == ["E_JSON"]
