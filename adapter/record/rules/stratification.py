"""Nothing ranks overall risk. Source: record model, 0.2, first ban."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.record.faults import STRATIFICATION, Finding, Place
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule
from adapter.record.vocabulary import BANNED_NAMES, BANNED_VALUES

_JOINTS = re.compile(r"[ -]")


def check_names(node: Any, place: Place = ()) -> Iterator[Finding]:
    """Banned property names, wherever they stand, also inside unknown properties."""
    if isinstance(node, dict):
        if not BANNED_NAMES.isdisjoint(node):
            for name in BANNED_NAMES.intersection(node):
                yield Finding((*place, name), STRATIFICATION)
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from check_names(value, (*place, name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            if isinstance(value, dict | list):
                yield from check_names(value, (*place, position))


def is_banned(text: str) -> bool:
    """Whether the text, as a whole, is a banned name or a banned value.

    Compared without case; a space or hyphen counts as an underscore.
    """
    spelt = _JOINTS.sub("_", text.strip()).lower()
    return spelt in BANNED_NAMES or spelt in BANNED_VALUES


def _check_texts(*names: str) -> Any:
    def check(part: Part, _: Facts) -> Iterator[Finding]:
        for name in names:
            if part.has(name) and is_banned(part.value(name)):
                yield Finding(part.at(name), STRATIFICATION)

    return check


RULES: tuple[Rule, ...] = (
    ("clinical_essentials.conditions[]", _check_texts("name")),
    ("local_extensions[]", _check_texts("name")),
    ("local_extensions[]", _check_texts("value")),
)
