"""The reason codes of the disclosure rules and their words, from one table.

Source: disclosure rules, section 10 (``tables/reasons.csv``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType


def read_reasons(text: str) -> Mapping[str, str]:
    """The explanation of each reason code, in the order of the table.

    Columns: ``code``, ``explanation``. ValueError when a code stands twice or has no
    words.
    """
    reasons: dict[str, str] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["code"] in reasons or not row["explanation"]:
            raise ValueError("each reason code stands once, with its words")
        reasons[row["code"]] = row["explanation"]
    return MappingProxyType(reasons)


REASONS = read_reasons(
    (resources.files("adapter.disclosure.tables") / "reasons.csv").read_text("utf-8")
)


def explain(code: str) -> str:
    """The plain explanation of a reason code. KeyError for a code that is none."""
    return REASONS[code]
