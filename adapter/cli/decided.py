"""Decisions as people read them: a table of letters, then the reasons, 80 wide."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from adapter.clock import LONDON
from adapter.disclosure.model import Decision, Outcome
from adapter.disclosure.pages import LETTERS
from adapter.disclosure.reasons import explain
from adapter.record.model import Record
from adapter.record.vocabulary import COLUMN_HEADS

WIDTH = 80
_TURNS = dict.fromkeys(
    (*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"
)
"""Characters that would turn the text around them (record model, W_TEXT_BIDI)."""

_LEGEND = "S  share     M  share_minimum     W  withhold"


def as_text(record: Record, decisions: Iterable[Decision]) -> str:
    """The decisions as plain text, without colour, no line longer than ``WIDTH``."""
    decided = list(decisions)
    if not decided:
        return "The record names no recipient.\n"
    names = {each["id"]: each for each in record.recipients}
    file = io.StringIO()
    console = Console(
        file=file, width=WIDTH, color_system=None, highlight=False, legacy_windows=False
    )
    for part in (_when(decided), _letters(decided, names), _legend()):
        console.print(part)
    for decision in decided:
        console.print()
        console.print(_who(decision, names[decision.recipient_id]))
        console.print(Padding(_reasons(decision), (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _when(decisions: list[Decision]) -> Text:
    """At which instant and under which policy; all of the decisions share them."""
    first = decisions[0]
    return _plain(
        f"Decided for {_in_london(first.at)} (London), by policy "
        f"{first.policy_version}.\n"
    )


def _letters(
    decisions: Iterable[Decision], names: Mapping[str, Mapping[str, Any]]
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Recipient", overflow="fold", max_width=12)
    table.add_column("", overflow="fold")
    for head in COLUMN_HEADS.values():
        table.add_column(head, width=3, justify="center")
    for decision in decisions:
        table.add_row(
            _plain(decision.recipient_id),
            _plain(names[decision.recipient_id]["name"]),
            *(LETTERS[decision.outcome(category)] for category in COLUMN_HEADS),
        )
    return table


def _legend() -> Text:
    lines = [
        ", ".join(f"{head} {name}" for name, head in names)
        for names in _in_threes(list(COLUMN_HEADS.items()))
    ]
    return Text("\n".join(["", _LEGEND, "", *lines]))


def _in_threes(names: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    for start in range(0, len(names), 3):
        yield names[start : start + 3]


def _who(decision: Decision, recipient: Mapping[str, Any]) -> Text:
    kind = decision.kind.replace("_", " ")
    return _plain(f"{decision.recipient_id}: {recipient['name']}, {kind}")


def _reasons(decision: Decision) -> Table:
    """A row for each reason: the letter, what it speaks of, and why."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(width=11)
    table.add_column(overflow="fold")
    of: dict[tuple[Outcome, str, str], list[str]] = {}
    for category, decided in decision.categories.items():
        why = (decided.outcome, decided.reason, decided.rule)
        of.setdefault(why, []).append(COLUMN_HEADS[category])
    for (outcome, reason, rule), heads in sorted(of.items(), key=_most_first):
        what = "everything" if len(of) == 1 else " ".join(heads)
        table.add_row(LETTERS[outcome], what, _why(reason, rule))
    items: dict[tuple[Outcome, str, str], list[str]] = {}
    for item in decision.items:
        items.setdefault((item.outcome, item.reason, item.rule), []).append(item.path)
    for (outcome, reason, rule), paths in items.items():
        where = f"{', '.join(paths)}: "
        table.add_row(LETTERS[outcome], "items", _plain(where) + _why(reason, rule))
    duties = ", ".join(_duty(duty.code, duty.due) for duty in decision.obligations)
    table.add_row("", "duties", duties)
    if decision.valid_until is not None:
        table.add_row("", "holds until", _in_london(decision.valid_until))
    return table


def _most_first(row: tuple[tuple[Outcome, str, str], list[str]]) -> int:
    return -row[0][0].rank


def _why(reason: str, rule: str) -> Text:
    return Text(f"{explain(reason)} ({reason}, {rule})")


def _duty(code: str, due: datetime | None) -> str:
    return code if due is None else f"{code} by {_in_london(due)}"


def _in_london(instant: datetime) -> str:
    moment = instant.astimezone(LONDON)
    return f"{moment.day} {moment:%B %Y at %H:%M}"


def _plain(text: str) -> Text:
    """The text as it stands: no markup, and nothing that turns what is beside it."""
    return Text(text.translate(_TURNS))
