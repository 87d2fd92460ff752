"""What an object, a list, a code and a concept have to be, as functions made once.

These are the loops in which the check spends its time: no path is made, and nothing is
copied, until something is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.bundle.check.faults import (
    BINDING,
    NULL,
    Check,
    Extra,
    Fault,
    Faults,
    Field,
    Scope,
    Test,
    below,
)
from adapter.bundle.fhir import STRUCTURE, as_place


def coded(test: Test, codes: tuple[str, ...]) -> Field:
    """The check of a primitive that must be one of those codes."""
    allowed = frozenset(codes)

    def check(value: Any, scope: Scope) -> list[Fault] | str | None:
        if value.__class__ is str and value in allowed:
            return None
        return test(value, scope) or [
            ("", BINDING, "must be a code of the value set that R4 requires here")
        ]

    return check


def list_check(one: Field, *, may_skip: bool = False) -> Field:
    """The check of a list; ``may_skip`` where a null may stand for nothing."""

    def check(value: Any, scope: Scope) -> list[Fault] | str | None:
        if value.__class__ is not list:
            return "must be a list"
        if not value or (may_skip and all(part is None for part in value)):
            return "must not be an empty list"
        faults: list[Fault] = []
        for index, part in enumerate(value):
            found = one(part, scope)
            if found and not (may_skip and part is None):
                faults += below(f"[{index}]", part, found)
        return faults or None

    return check


def concept_check(inner: Check, system: str, codes: frozenset[str]) -> Check:
    """The check of a CodeableConcept that must have one of those codes."""

    def check(value: Any, scope: Scope) -> Faults:
        faults = inner(value, scope)
        if faults:
            return faults
        for coding in value.get("coding", ()):
            if coding.get("system") == system and coding.get("code") in codes:
                return None
        return [("", BINDING, "must have a code of the value set that R4 requires")]

    return check


def object_check(
    fields: Mapping[str, Field],
    required: tuple[tuple[str, bool], ...],
    groups: tuple[tuple[str, frozenset[str], bool], ...],
    siblings: frozenset[str],
    extras: tuple[Extra, ...],
) -> Check:
    """The check of an object with those elements.

    ``required`` says of each name whether it is a primitive, ``groups`` are the choices
    (prefix, names, whether one is needed), ``siblings`` the "_name" of lists.
    """

    def check(value: Any, scope: Scope) -> Faults:
        if value.__class__ is not dict:
            return [("", STRUCTURE, NULL if value is None else "must be an object")]
        if not value:
            return [("", STRUCTURE, "must not be an empty object")]
        faults: list[Fault] = []
        for name, part in value.items():
            field = fields.get(name)
            if field is None:
                faults.append((as_place(str(name)), STRUCTURE, "is no element here"))
                continue
            found = field(part, scope)
            if found:
                faults += below(name, part, found)
        for name, is_primitive in required:
            if name not in value and not (is_primitive and _is_told(value, name)):
                faults.append((name, STRUCTURE, "is required"))
        for prefix, names, is_needed in groups:
            given = names.intersection(value)
            if len(given) > 1 and len({name.lstrip("_") for name in given}) > 1:
                faults.append((f"{prefix}[x]", STRUCTURE, "must be one type only"))
            if is_needed and not any(name[0] != "_" for name in given):
                faults.append((f"{prefix}[x]", STRUCTURE, "is required"))
        if siblings and not siblings.isdisjoint(value):
            faults = _paired(value, siblings, faults)
        if extras and (not faults or all(code != STRUCTURE for _, code, _ in faults)):
            for trigger, extra in extras:
                if trigger is None or trigger in value:
                    faults += extra(value, scope) or ()
        return faults or None

    return check


def _is_told(value: Mapping[str, Any], name: str) -> bool:
    """Whether an extension says why a required primitive has no value."""
    sibling = value.get("_" + name)
    return isinstance(sibling, dict) and bool(sibling.get("extension"))


def _paired(
    value: Mapping[str, Any], siblings: frozenset[str], faults: list[Fault]
) -> list[Fault]:
    """The faults, nulls allowed where the sibling list has an object in their stead."""
    allowed = set()
    more: list[Fault] = []
    for sibling in siblings.intersection(value):
        name, others = sibling[1:], value[sibling]
        own = value.get(name)
        if not isinstance(others, list) or not isinstance(own, list):
            continue
        if len(own) != len(others):
            more.append((sibling, STRUCTURE, "must be as long as what it belongs to"))
        allowed |= {
            f"{name}[{index}]"
            for index, other in enumerate(others)
            if other is not None
        }
    kept = [fault for fault in faults if not (fault[2] == NULL and fault[0] in allowed)]
    return kept + more
