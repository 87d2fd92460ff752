"""What the fields cannot say alone: the rules between them, each with its source."""

from __future__ import annotations

from adapter.record.rules import (
    ages,
    attention,
    conditions,
    consent,
    dates,
    minimums,
    mitigations,
    references,
    step_down,
    stratification,
)
from adapter.record.rules.facts import Check, Rule

_RULES: tuple[Rule, ...] = (
    *stratification.RULES,
    *references.RULES,
    *minimums.RULES,
    *conditions.RULES,
    *mitigations.RULES,
    *dates.RULES,
    *consent.RULES,
    *step_down.RULES,
    *ages.RULES,
    *attention.RULES,
)

RULES: dict[str, list[Check]] = {}
"""What is asked of each part at a declared path, "" for the record as a whole."""

for _path, _check in _RULES:
    RULES.setdefault(_path, []).append(_check)
