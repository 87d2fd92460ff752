"""What a decision can name: rules, reasons and obligations, each from its one table.

Source: disclosure rules, sections 4 to 10 (``tables/rules.csv``, ``reasons.csv`` and
``obligations.csv``); the explanations are those of section 10, word for word.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """A rule that a decision can rest on.

    ``step`` of the order of evaluation: gate, route, decision, override or item.
    """

    id: str
    step: str
    applies: str
    source: str


@dataclass(frozen=True)
class Reason:
    """A reason code: the text shown, when it is given, and the rules that give it."""

    code: str
    explanation: str
    when: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class ObligationKind:
    """An obligation: when it comes with a decision, and its date, empty for none."""

    code: str
    when: str
    due: str


def read_rules(text: str) -> Mapping[str, Rule]:
    """Each rule by its id. Columns: ``rule``, ``step``, ``applies``, ``source``."""
    rows = _rows(text, "rule")
    return MappingProxyType({row["rule"]: Rule(*row.values()) for row in rows})


def read_reasons(text: str) -> Mapping[str, Reason]:
    """Each reason by its code, in the order of the table.

    Columns: ``code``, ``explanation``, ``when``, ``rules`` (with ``;`` between).
    ValueError when a code stands twice or has no words.
    """
    return MappingProxyType(
        {
            row["code"]: Reason(
                row["code"],
                row["explanation"],
                row["when"],
                tuple(row["rules"].split("; ")),
            )
            for row in _rows(text, "code", "explanation")
        }
    )


def read_obligations(text: str) -> Mapping[str, ObligationKind]:
    """Each obligation by its code. Columns: ``code``, ``when``, ``due``."""
    rows = _rows(text, "code", "when")
    return MappingProxyType(
        {row["code"]: ObligationKind(*row.values()) for row in rows}
    )


def _rows(text: str, key: str, *filled: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    if len({row[key] for row in rows}) != len(rows):
        raise ValueError("each code stands once")
    if not all(row[name] for row in rows for name in filled):
        raise ValueError("each code has its words")
    return rows


def _shipped(name: str) -> str:
    folder = resources.files("adapter.disclosure.tables")
    return (folder / name).read_text("utf-8")


RULES = read_rules(_shipped("rules.csv"))
REASONS = read_reasons(_shipped("reasons.csv"))
OBLIGATIONS = read_obligations(_shipped("obligations.csv"))


def explain(code: str) -> str:
    """The plain explanation of a reason code. KeyError for a code that is none."""
    return REASONS[code].explanation
