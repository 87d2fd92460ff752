"""One order for what leaves, so that the order in which a sender listed it is nothing.

Where order has a meaning the record model has a field for it (``order``, ``step``, a
date). Two lists keep theirs: crisis contacts, of which the rules ring the first, and
names, which the rules put in order themselves. Source: disclosure rules, T7, N1 and
section 8, MARK_INCOMPLETE.
"""

from __future__ import annotations

import re
from collections.abc import Container
from operator import is_not
from typing import Any

import orjson

_AS_THEY_ARE = frozenset({"crisis_contacts", "names"})
_NUMBER = re.compile("([0-9]+)")


def in_order(value: Any, ordered: Container[int] = ()) -> Any:
    """The same object or list with each list in it in order; the old is not changed.

    What was in order already is handed back as it is.

    Items by their ids, those without by what they hold, plain values by themselves,
    and a number in a text counts as a number: ``rk-2`` before ``rk-10``. ``ordered``:
    where those stand in memory that are known to be in order.
    """
    return _held("", value, ordered)


def _held(name: str, value: Any, ordered: Container[int]) -> Any:
    if value.__class__ is dict:
        return _object(value, ordered)
    items = [
        _object(each, ordered) if each.__class__ is dict else each for each in value
    ]
    if len(items) > 1 and name not in _AS_THEY_ARE:
        items.sort(key=_place)
    return items if any(map(is_not, items, value)) else value


def _object(node: dict[str, Any], ordered: Container[int]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in node.items():
        if value.__class__ is dict or value.__class__ is list:
            new = value if id(value) in ordered else _held(name, value, ordered)
            if new is not value:
                changed[name] = new
    return {**node, **changed} if changed else node


def _place(item: Any) -> tuple[list[Any], str]:
    text: str = item
    if item.__class__ is dict:
        text = (
            item.get("id") or orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
        )
    parts: list[Any] = _NUMBER.split(text)
    numbers = [digits.lstrip("0") for digits in parts[1::2]]
    parts[1::2] = [(len(digits), digits) for digits in numbers]
    return parts, text
