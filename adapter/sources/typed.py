"""What a supplier sent, held to what is declared: typed values, faults, unread places.

A null and an empty text say that there is no value, as most exports mean them. A value
that is not of its type is told of at its place and left out, so that all else can
still be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapter.record.faults import (
    LIST_TOO_LONG,
    NOT_A_LIST,
    NOT_A_TEXT,
    NOT_AN_OBJECT,
    Fault,
    Finding,
    Place,
)
from adapter.sources.fields import Branch, SourceField
from adapter.sources.forms import DateForm, Unreadable, YesNo, read_number

NOT_A_NUMBER = Fault("E_SCHEMA", "must be a whole number")
NOT_A_BOOLEAN = Fault("E_SCHEMA", "must be true or false")
TWICE = Fault(
    "W_TIME_TWICE",
    "the clocks in London show this time twice that night; taken as the earlier",
)


LONGEST_LIST = 500
MOST_ITEMS = 10_000
TOO_MANY_ITEMS = Fault(
    "E_LIMIT", f"the lists of an export hold at most {MOST_ITEMS} items together"
)


@dataclass
class Typed:
    """The tree with its values in the record's types; what is wrong; what is unknown.

    ``unread`` are places that no declaration knows; nothing under one is looked at.
    """

    in_texts: bool
    items: int = 0
    tree: Any = None
    findings: list[Finding] = field(default_factory=list)
    unread: list[Place] = field(default_factory=list)


def read_typed(tree: Any, declared: Branch, *, in_texts: bool) -> Typed:
    """The tree as the mapping may read it; ``in_texts`` where every value is a text."""
    typed = Typed(in_texts)
    typed.tree = _object(tree, declared, (), typed)
    return typed


def _object(node: Any, branch: Branch, place: Place, typed: Typed) -> Any:
    if type(node) is not dict:
        typed.findings.append(Finding(place, NOT_AN_OBJECT))
        return None
    made = {}
    for name, value in node.items():
        if value is None or value == "":
            continue
        here = (*place, name)
        known = branch.below.get(name)
        if known is None:
            typed.unread.append(here)
            continue
        read = _list(value, known, here, typed) if known.is_list else None
        if not known.is_list:
            read = _one(value, known, here, typed)
        if read is not None:
            made[name] = read
    return made


def _list(node: Any, branch: Branch, place: Place, typed: Typed) -> list[Any] | None:
    if type(node) is not list:
        typed.findings.append(Finding(place, NOT_A_LIST))
        return None
    if len(node) > LONGEST_LIST and not typed.in_texts:
        typed.findings.append(Finding(place, LIST_TOO_LONG))
        return None
    typed.items += len(node)
    if typed.items > MOST_ITEMS:
        if typed.items - len(node) <= MOST_ITEMS:
            typed.findings.append(Finding(place, TOO_MANY_ITEMS))
        return None
    # An item that is at fault stays as nothing, so that the others keep their places.
    nothing: dict[str, Any] | None = {} if branch.leaf is None else None
    read = (
        _one(item, branch, (*place, position), typed)
        for position, item in enumerate(node)
    )
    return [nothing if item is None else item for item in read]


def _one(node: Any, branch: Branch, place: Place, typed: Typed) -> Any:
    if branch.leaf is None:
        return _object(node, branch, place, typed)
    if branch.leaf.source_type == "any":
        return None
    try:
        return _value(node, branch.leaf, place, typed)
    except Unreadable as error:
        typed.findings.append(Finding(place, Fault("E_SCHEMA", str(error))))
        return None


def _value(value: Any, declared: SourceField, place: Place, typed: Typed) -> Any:
    fault: Fault | None = None
    match declared.source_type:
        case "number":
            if typed.in_texts:
                return read_number(value)
            fault = None if type(value) is int else NOT_A_NUMBER
        case "boolean" if declared.form is None:
            fault = None if type(value) is bool else NOT_A_BOOLEAN
        case _:
            fault = None if type(value) is str else NOT_A_TEXT
    if fault is not None:
        typed.findings.append(Finding(place, fault))
        return None
    if isinstance(declared.form, YesNo):
        return declared.form.read(value)
    if isinstance(declared.form, DateForm):
        read = declared.form.read(value)
        if read.is_twice:
            typed.findings.append(Finding(place, TWICE))
        return read.value
    return value
