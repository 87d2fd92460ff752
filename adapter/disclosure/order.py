"""One order for what leaves, so that the order in which a sender listed it is nothing.

Where order has a meaning the record model has a field for it (``order``, ``step``, a
date). Two lists keep theirs: crisis contacts, of which the rules ring the first, and
names, which the rules put in order themselves. Source: disclosure rules, T7, N1 and
section 8, MARK_INCOMPLETE.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

_AS_THEY_ARE = frozenset({"crisis_contacts", "names"})
_NUMBER = re.compile("([0-9]+)")
_HOLDERS = (dict, list)


def in_order(node: Mapping[str, Any]) -> dict[str, Any]:
    """The same object with each list in it in order; nothing of the old is changed.

    Items by their ids, those without by what they hold, plain values by themselves,
    and a number in a text counts as a number: ``rk-2`` before ``rk-10``.
    """
    return {
        name: _held(name, value) if value.__class__ in _HOLDERS else value
        for name, value in node.items()
    }


def _held(name: str, value: Any) -> Any:
    if value.__class__ is dict:
        return in_order(value)
    items = [in_order(each) if each.__class__ is dict else each for each in value]
    if len(items) > 1 and name not in _AS_THEY_ARE:
        items.sort(key=_place)
    return items


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
