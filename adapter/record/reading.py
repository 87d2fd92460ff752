"""The text of a record, read as JSON without losing what a plain reader loses.

Repeated property names, NaN, numbers of any size and any depth are all told of, and
none of them ends in anything but a fault. Source: record model, 0, 0.4 and section 14.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from adapter.record.faults import Place
from adapter.record.identifiers import normalise_nhs_number
from adapter.record.normal import to_nfc
from adapter.record.vocabulary import BANNED_NAMES

DEEPEST = 32
_LONGEST_NUMBER = 32  # digits; a longer one is no integer of the model


class NotJson(Exception):
    """The body is not JSON, or is nested deeper than a record may be."""


@dataclass(frozen=True)
class Text:
    """What was read: the tree, texts in NFC, and the places of repeated names.

    ``has_banned_name`` is true when a name that ranks risk stands anywhere in it.
    """

    tree: Any
    repeated: tuple[Place, ...]
    has_banned_name: bool


def read_json(body: bytes) -> Text:
    """The JSON value in these bytes, with its texts in Unicode NFC.

    Of a property that stands twice the later value is kept, at its later place. A
    number too long to be one of the model's is kept as infinity. NotJson for anything
    but well-formed UTF-8 JSON nested at most 32 deep.
    """
    repeats: dict[int, tuple[dict[str, Any], list[str]]] = {}
    banned: set[str] = set()

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if not BANNED_NAMES.isdisjoint(found):
            banned.update(found)
        if len(found) < len(pairs):
            found.clear()
            names = []
            for name, value in pairs:
                if name in found:
                    del found[name]
                    names.append(name)
                found[name] = value
            repeats[id(found)] = (found, names)  # kept alive, so the id stays its own
        return found

    try:
        tree = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=collect,
            parse_constant=_refuse_constant,
            parse_int=_read_integer,
        )
    except (ValueError, RecursionError):
        raise NotJson from None
    settled = _Settling({key: names for key, (_, names) in repeats.items()})
    tree = settled.settle(tree, (), 1)
    if isinstance(tree, dict):
        _strip_nhs_number(tree.get("young_person"))
    return Text(tree, tuple(settled.repeated), bool(banned))


class _Settling:
    """One pass over a fresh tree: depth, NFC, and where repeated names stand."""

    def __init__(self, repeats: dict[int, list[str]]) -> None:
        self.repeats = repeats
        self.repeated: list[Place] = []

    def settle(self, node: Any, place: Place, depth: int) -> Any:
        if type(node) is str:
            return to_nfc(node)
        if type(node) is dict:
            self._check_depth(depth)
            for name in self.repeats.get(id(node), ()) if self.repeats else ():
                self.repeated.append((*place, name))
            for name, value in node.items():
                if type(value) is str:
                    if not value.isascii():
                        node[name] = to_nfc(value)
                elif type(value) in _HOLDING:
                    node[name] = self.settle(value, (*place, name), depth + 1)
        elif type(node) is list:
            self._check_depth(depth)
            for position, value in enumerate(node):
                if type(value) is str:
                    if not value.isascii():
                        node[position] = to_nfc(value)
                elif type(value) in _HOLDING:
                    node[position] = self.settle(value, (*place, position), depth + 1)
        return node

    def _check_depth(self, depth: int) -> None:
        if depth > DEEPEST:
            raise NotJson


_HOLDING = (dict, list)


def _refuse_constant(_: str) -> Any:
    raise ValueError("not a JSON number")


def _read_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def _strip_nhs_number(young_person: Any) -> None:
    if isinstance(young_person, dict):
        number = young_person.get("nhs_number")
        if isinstance(number, str):
            young_person["nhs_number"] = normalise_nhs_number(number)
