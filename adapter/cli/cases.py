"""Which fixture shows what: read off the decisions that the fixtures expect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from adapter.disclosure.reasons import OBLIGATIONS, REASONS, RULES
from adapter.record.pages import MADE, table
from adapter.record.vocabulary import RECIPIENT_KINDS

PAGE = "docs/reference/cases.md"

_REFUSED = "G0", "RECORD_INVALID"
"""What a record that is refused shows: it has no decision."""

_HEAD = f"""# Cases

{MADE}

The stories of [fixtures](../../fixtures/README.md), and which of them shows which
[rule, reason code](disclosure.md) and [obligation](worklist.md). Beside each case stand
the recipients whose expected decision shows it.
"""


Codes = Mapping[str, Mapping[str, list[str]]]


@dataclass(frozen=True)
class Shown:
    """What the cases show: for each code, by case, the recipients that show it."""

    rules: Codes
    reasons: Codes
    obligations: Codes
    kinds: Codes


def pages(fixtures: Path) -> Mapping[str, str]:
    """The text of the page by its path in the project."""
    shown = shown_by(fixtures)
    cases = table(("Case", "Story"), _titles(fixtures))
    parts = [
        f"{_HEAD}\n{cases}",
        f"## Rules\n\n{_shown('Rule', RULES, shown.rules)}",
        f"## Reason codes\n\n{_shown('Code', REASONS, shown.reasons)}",
        f"## Obligations\n\n{_shown('Code', OBLIGATIONS, shown.obligations)}",
        f"## Recipient kinds\n\n{_shown('Kind', RECIPIENT_KINDS, shown.kinds)}",
    ]
    return {PAGE: "\n".join(parts)}


def shown_by(fixtures: Path) -> Shown:
    """What each case of a folder of fixtures shows."""
    rules: dict[str, dict[str, list[str]]] = defaultdict(dict)
    reasons: dict[str, dict[str, list[str]]] = defaultdict(dict)
    obligations: dict[str, dict[str, list[str]]] = defaultdict(dict)
    kinds: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for case in _cases(fixtures):
        if _is_refused(case):
            rules[_REFUSED[0]][case.name] = []
            reasons[_REFUSED[1]][case.name] = []
        for file in sorted(case.glob("expected/*/decision.json")):
            decision = orjson.loads(file.read_bytes())
            parts = [*decision["categories"].values(), *decision["items"]]
            duties = decision["obligations"]
            _note(rules, case.name, file.parent.name, parts, "rule")
            _note(reasons, case.name, file.parent.name, parts, "reason")
            _note(obligations, case.name, file.parent.name, duties, "code")
            _note(kinds, case.name, file.parent.name, [decision], "kind")
    return Shown(rules, reasons, obligations, kinds)


def _note(
    shown: dict[str, dict[str, list[str]]],
    case: str,
    recipient: str,
    parts: Iterable[Mapping[str, Any]],
    name: str,
) -> None:
    for code in {part[name] for part in parts}:
        shown[code].setdefault(case, []).append(recipient)


def _cases(fixtures: Path) -> list[Path]:
    return sorted(found.parent for found in fixtures.glob("*/record.json"))


def _is_refused(case: Path) -> bool:
    issues = orjson.loads((case / "expected" / "issues.json").read_bytes())
    return any(issue["severity"] == "error" for issue in issues)


def _titles(fixtures: Path) -> Iterator[tuple[str, str]]:
    for case in _cases(fixtures):
        first = (case / "README.md").read_text(encoding="utf-8").partition("\n")[0]
        link = f"[`{case.name}`](../../fixtures/{case.name}/README.md)"
        yield link, first.removeprefix("# ")


def _shown(head: str, codes: Iterable[str], shown: Codes) -> str:
    every = {case for by_case in shown.values() for case in by_case}
    rows = (
        (
            f"`{code}`",
            "every case that is decided"
            if set(shown.get(code, {})) == every
            else _told(shown.get(code, {})),
        )
        for code in codes
    )
    return table((head, "Shown by"), rows)


def _told(by_case: Mapping[str, list[str]]) -> str:
    return "; ".join(
        f"`{case}`" + (f" ({', '.join(recipients)})" if recipients else "")
        for case, recipients in by_case.items()
    )
