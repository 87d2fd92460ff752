"""The reference page on who sees what: the tables, the rules and the reason codes.

Source of what it says: the disclosure rules, by way of ``tables/`` and the policy's
defaults; here is only how it is laid out.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapter.disclosure.reasons import REASONS, RULES
from adapter.policy import M1, M2, M3, Outcome, Table
from adapter.record.declarations import DECLARATIONS
from adapter.record.pages import MADE, table
from adapter.record.vocabulary import CATEGORIES, COLUMN_HEADS, FAM, TPI

PAGE = "docs/reference/disclosure.md"

LETTERS = {Outcome.SHARE: "S", Outcome.SHARE_MINIMUM: "M", Outcome.WITHHOLD: "W"}

_CONDITIONS = {
    "": "",
    "safeguarding_basis": "with a safeguarding alert that calls for it (B2)",
    "social_care_basis": "with a recorded duty (B3)",
    "holds_pr": "holding parental responsibility that decides (B5)",
    "able": "able to decide (B6)",
    "limited": "not yet able to decide, or in doubt (B6)",
    "imca": "instructed mental capacity advocate (B7)",
}

_HEAD = f"""# Who sees what, and why

{MADE}

What each kind of recipient gets of each category, by which rule, and in which words
the decision says so. How the rules are followed, and which readings are taken where
they leave room: [How disclosure is decided](../explanation/disclosure.md). Which
fixture shows what: [Cases](cases.md). Which duties come with a decision:
[The worklist](worklist.md).

S = share, M = share_minimum, W = withhold. A gate, a decision in force, an override or
an item's own marks can make it otherwise, in the order of the rules below.
"""

_CATEGORIES = """## Categories

The pointer is a sentence: the sending team holds further information, ring before
relying on this record as complete. It goes only where something is held. An item in
several categories goes at the minimum only as far as each of them lists its fields.
"""

_M1 = """## When nobody with authority has decided (M1)

A row with a condition holds while the condition is met; otherwise the kind gets
nothing. A health service gets its row with a part in the care (B1). While its care is
pending, safeguarding, clinical detail, substance use, and sexual health and gender are
at most M; without a part in the care it gets nothing.
"""
_M2 = """## At most, under a permit in force (M2)

A permit for a category whose cell is W shares nothing, and a person is asked to look.
"""
_M3 = """## At most, under a valid override (M3)
"""
_REASONS = """## Reason codes

Each decision on a category has one. The text is shown to the sending team, in the audit
trail and in the worklist; a recipient never sees it.
"""


def pages() -> Mapping[str, str]:
    """The text of the page by its path in the project."""
    parts = [
        _HEAD,
        f"{_CATEGORIES}\n{_categories()}",
        f"{_M1}\n{_outcomes(M1)}",
        f"{_M2}\n{_outcomes(M2)}",
        f"{_M3}\n{_outcomes(M3)}",
        "## Rules, in the order in which they are asked\n\n" + _rules(),
        f"{_REASONS}\n{_reasons()}",
    ]
    return {PAGE: "\n".join(parts)}


def _categories() -> str:
    rows = (
        (head, f"`{name}`", ", ".join(_minimum(name)))
        for name, head in COLUMN_HEADS.items()
    )
    return table(("Head", "Category", "share_minimum means only"), rows)


def _minimum(category: str) -> list[str]:
    """The fields of a category's minimum, as they are declared."""
    fields = [
        f"`{path}`" for path, found in DECLARATIONS.items() if category in found.minimum
    ]
    return [*fields, *(("the pointer",) if category in (FAM, TPI) else ())]


def _outcomes(cells: Table) -> str:
    rows = (
        (
            f"`{kind}`" + (f", {_CONDITIONS[when]}" if when else ""),
            *(LETTERS[row[category]] for category in CATEGORIES),
        )
        for (kind, when), row in cells.items()
    )
    return table(("Recipient", *COLUMN_HEADS.values()), rows)


def _rules() -> str:
    rows = ((each.id, each.step, each.applies, each.source) for each in RULES.values())
    return table(("Rule", "Step", "What it says", "Source"), rows)


def _reasons() -> str:
    rows = (
        (
            f"`{each.code}`",
            each.when,
            each.explanation,
            ", ".join(each.rules),
            "; ".join(("section 10", *_sections(each.rules))),
        )
        for each in REASONS.values()
    )
    return table(("Code", "Given when", "Text shown", "Rule", "Source"), rows)


def _sections(rules: tuple[str, ...]) -> list[str]:
    """The sections of the disclosure rules in which these rules stand, once each."""
    return list(dict.fromkeys(RULES[rule].source.partition(";")[0] for rule in rules))
