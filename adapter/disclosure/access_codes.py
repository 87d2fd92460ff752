"""Texts that tell how to open a door: they never go to a silent recipient.

There is no field for a ward's or a building's access code, so one that somebody wrote
down stands in the middle of a text. A text is left out whole: one with a hole in it
would tell that something is kept. Telephone numbers are none. Source: disclosure
rules, N8f.
"""

from __future__ import annotations

import re
from typing import Any

_SOME_DIGITS = re.compile(r"\d{3}")
_WORDS = ("code", "combination", "pin", "key", "lock")
"""No text without one of them is looked at any closer."""

_DOOR = re.compile(
    r"\b(?:access|alarm|building|door|entrance|entry|gate|key ?box|key ?pad|key ?safe|"
    r"lift|lock ?box|security|ward)\b"
)
_BOX = re.compile(r"\b(?:key ?box|key ?pad|key ?safe|lock ?box)\b")
_CODE = re.compile(r"\b(?:code|combination|pin)\b")
_DIGITS = re.compile(r"(?<![\d+])(?<!\d )[a-z]{0,2}\d{3,8}(?! ?\d)")
_END_OF_CLAUSE = re.compile(r"[.;\n]")
_BEFORE, _AFTER = 45, 30


def tells_access_code(text: str) -> bool:
    """True for a text with an access code in it, as people write one down."""
    if _SOME_DIGITS.search(text) is None:
        return False
    lowered = text.lower()
    return any(word in lowered for word in _WORDS) and any(
        _is_code(lowered, digits.start(), digits.end())
        for digits in _DIGITS.finditer(lowered)
    )


def _is_code(text: str, start: int, end: int) -> bool:
    """Whether the words around these digits, in their clause, speak of a door."""
    before = _END_OF_CLAUSE.split(text[max(0, start - _BEFORE) : start])[-1]
    after = _END_OF_CLAUSE.split(text[end : end + _AFTER])[0]
    if _BOX.search(before):
        return True
    return bool(_CODE.search(before) and _DOOR.search(f"{before} {after}"))


def without_access_codes(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree without such texts, and without what then says nothing.

    What is handed in is not changed, and handed back where it has none.
    """
    if not _has_one(tree):
        return tree
    kept: dict[str, Any] = _without(tree) or {}
    return kept


def _has_one(tree: dict[str, Any]) -> bool:
    waiting: list[Any] = [tree]
    for value in waiting:  # which grows as it is gone through
        kind = value.__class__
        if kind is str:
            if tells_access_code(value):
                return True
        elif kind is dict:
            waiting += value.values()
        elif kind is list:
            waiting += value
    return False


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return None if tells_access_code(value) else value
    if isinstance(value, dict):
        left = {name: _without(each) for name, each in value.items()}
        kept = {name: each for name, each in left.items() if each is not None}
        says_nothing = len(kept) < len(value) and kept.keys() <= {"id"}
        return None if says_nothing else kept
    if isinstance(value, list):
        items = [_without(each) for each in value]
        kept_items = [each for each in items if each is not None]
        return kept_items if kept_items or not value else None
    return value
