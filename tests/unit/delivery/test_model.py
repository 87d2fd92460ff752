"""The states of a delivery are a table, and the page about them is made from it."""

from __future__ import annotations

import re
from pathlib import Path

from adapter.delivery.model import (
    ARRIVED,
    BEGINNINGS,
    MEANINGS,
    REDRIVABLE,
    STOPPED,
    TRANSITIONS,
    UNDELIVERED,
    WAITING,
    State,
    may_move,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "delivery.md"


def diagram() -> str:
    """The state diagram of the table, as Mermaid draws it."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in BEGINNINGS)]
    for state in State:
        lines += [f"    {state} --> {to}" for to in State if may_move(state, to)]
    return "\n".join(lines)


def table() -> str:
    """The states with their meaning and what may follow, as a Markdown table."""
    lines = ["| state | what it means | may become |", "|---|---|---|"]
    for state in State:
        after = ", ".join(to for to in State if may_move(state, to)) or "(an end)"
        lines.append(f"| {state} | {state.words} | {after} |")
    return "\n".join(lines)


def test_every_state_has_its_row_and_its_meaning() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(MEANINGS) == set(State)


def test_every_state_can_be_reached() -> None:
    reached = set(BEGINNINGS)
    while True:
        further = reached | {to for state in reached for to in TRANSITIONS[state]}
        if further == reached:
            break
        reached = further
    assert reached == set(State)


def test_an_answer_counts_from_every_state_before_an_answer() -> None:
    for state in (UNDELIVERED | ARRIVED) - {State.ACCEPTED, State.DECLINED}:
        assert may_move(state, State.ACCEPTED), state
        assert may_move(state, State.DECLINED), state


def test_an_answer_is_never_changed() -> None:
    assert TRANSITIONS[State.ACCEPTED] == frozenset()
    assert TRANSITIONS[State.DECLINED] == frozenset()


def test_what_has_not_arrived_can_be_superseded_and_withdrawn() -> None:
    for state in UNDELIVERED:
        assert may_move(state, State.SUPERSEDED), state
        assert may_move(state, State.WITHDRAWN), state
    for state in ARRIVED:
        assert not may_move(state, State.SUPERSEDED), state


def test_what_is_held_reaches_nobody_before_it_is_released() -> None:
    assert not TRANSITIONS[State.HELD] & (ARRIVED | {State.SENDING})
    assert not any(may_move(state, State.HELD) for state in State)


def test_what_has_stopped_can_be_put_back() -> None:
    for state in REDRIVABLE:
        assert may_move(state, State.QUEUED)
    assert REDRIVABLE <= STOPPED
    assert not WAITING & STOPPED


def test_the_page_is_not_stale() -> None:
    text = PAGE.read_text(encoding="utf-8")
    drawn = re.search(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert drawn is not None
    assert drawn.group(1) == diagram()
    assert table() in text
