"""References after a removal: none dangles, and people go only where something refers.

Source: disclosure rules, section 2 (across references, people), T12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import is_not
from typing import Any

from adapter.record.declarations import DECLARATIONS
from adapter.record.vocabulary import REF_TARGETS, YOUNG_PERSON

_TARGETS = tuple(path.removesuffix("[]").split(".") for path in REF_TARGETS.values())
_ITEM_TARGETS = {"risks", "mitigations"}
_PEOPLE = ("family_and_carers", "people")
_MEMBERS = ("care_team", "members")
_PERSON_ALONE = frozenset({"id", "name", "relation", "phone"})


@dataclass
class _Refs:
    """The refs of one object of the model, and the objects in it that hold some.

    ``needed`` are those without which the item has no sense: a required list of refs,
    and a required ref to a risk or a mitigation.
    """

    names: set[str] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)
    inside: dict[str, _Refs] = field(default_factory=dict)


def _compile() -> _Refs:
    root = _Refs()
    for path, declaration in DECLARATIONS.items():
        if not declaration.refs_to:
            continue
        *parents, name = path.replace("[]", "").split(".")
        place = root
        for parent in parents:
            place = place.inside.setdefault(parent, _Refs())
        place.names.add(name)
        if declaration.required and (
            declaration.many or set(declaration.refs_to) <= _ITEM_TARGETS
        ):
            place.needed.add(name)
    return root


_REFS = _compile()


def mend_references(tree: dict[str, Any], own_id: str) -> dict[str, Any]:
    """The tree without any ref to what is not there, and what then makes no sense.

    Of people only those are left to whom something that is sent refers; a relative of
    whom more is sent than name, relation and phone is spoken of by that. ``own_id`` is
    the recipient's own id, which a view always knows. What is handed in is not changed;
    what needs no mending in it is handed back as it is.
    """
    while True:
        present = {YOUNG_PERSON, own_id}
        for section, name in _TARGETS:
            present.update(each["id"] for each in tree.get(section, {}).get(name, ()))
        referred: set[str] = set()
        tree, taken_out = _mended(tree, _REFS, present, referred)
        if not taken_out:
            break
    for section, name in _PEOPLE, _MEMBERS:
        listed = tree.get(section, {}).get(name, ())
        left = [
            person
            for person in listed
            if person["id"] in referred
            or (name == "people" and not person.keys() <= _PERSON_ALONE)
        ]
        if len(left) < len(listed):
            tree = _with(tree, {section: _with(tree[section], {name: left})})
    return tree


def _with(node: dict[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The object with those values in place of its own; what is empty goes."""
    return {
        name: each
        for name, each in {**node, **changed}.items()
        if each or name not in changed
    }


def _mended(
    node: dict[str, Any], refs: _Refs, present: set[str], referred: set[str]
) -> tuple[dict[str, Any], bool]:
    """The object mended; True when an item was taken out, to which others may refer.

    Adds to ``referred`` every id that a ref which stays names.
    """
    taken_out = False
    changed: dict[str, Any] = {}
    for name in refs.names:
        value = node.get(name)
        if value is None:
            continue
        if value.__class__ is list:
            left = [ref for ref in value if ref in present]
            referred.update(left)
            if not left or len(left) < len(value):
                changed[name] = left
        elif value in present:
            referred.add(value)
        else:
            changed[name] = None
    for name, inner in refs.inside.items():
        value = node.get(name)
        if not value:
            continue
        if value.__class__ is list:
            items = []
            for each in value:
                item, lost = _mended(each, inner, present, referred)
                taken_out |= lost
                if _makes_sense(item, inner):
                    items.append(item)
            if len(items) < len(value):
                taken_out = True
                changed[name] = items
            elif any(map(is_not, items, value)):
                changed[name] = items
        else:
            new, lost = _mended(value, inner, present, referred)
            taken_out |= lost
            if new is not value:
                changed[name] = new
    return _with(node, changed) if changed else node, taken_out


def _makes_sense(item: dict[str, Any], refs: _Refs) -> bool:
    return refs.needed <= item.keys() and item.keys() != {"id"}
