"""References after a removal: none dangles, and people go only where something refers.

Source: disclosure rules, section 2 (across references, people), T12.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


def mend_references(tree: dict[str, Any], own_id: str) -> None:
    """Drop, in place, every ref to what is not there, and what then makes no sense.

    Then leave only those people to whom something that is sent refers; a relative of
    whom more is sent than name, relation and phone is spoken of by that. ``own_id`` is
    the recipient's own id, which a view always knows. The lists of the record itself
    are never changed: a list that shrinks is a new one.
    """
    while True:
        present = {YOUNG_PERSON, own_id}
        for section, name in _TARGETS:
            present.update(each["id"] for each in tree.get(section, {}).get(name, ()))
        referred: set[str] = set()
        if not _mend(tree, _REFS, present, referred):
            break
    for section, name in _PEOPLE, _MEMBERS:
        listed = tree.get(section, {}).get(name)
        if not listed:
            continue
        left = [
            person
            for person in listed
            if person["id"] in referred
            or (name == "people" and not person.keys() <= _PERSON_ALONE)
        ]
        if left:
            tree[section][name] = left
        else:
            del tree[section][name]
            if not tree[section]:
                del tree[section]


def _mend(
    node: dict[str, Any], refs: _Refs, present: set[str], referred: set[str]
) -> bool:
    """True when an item was taken out, to which others may refer.

    Adds to ``referred`` every id that a ref which stays names.
    """
    taken_out = False
    for name in refs.names:
        value = node.get(name)
        if value is None:
            continue
        if value.__class__ is list:
            left = [ref for ref in value if ref in present]
            if left:
                node[name] = left
                referred.update(left)
            else:
                del node[name]
        elif value in present:
            referred.add(value)
        else:
            del node[name]
    for name, inner in refs.inside.items():
        value = node.get(name)
        if not value:
            continue
        if value.__class__ is list:
            for each in value:
                taken_out |= _mend(each, inner, present, referred)
            left = [each for each in value if _makes_sense(each, inner)]
            if len(left) < len(value):
                taken_out = True
                if left:
                    node[name] = left
                else:
                    del node[name]
        else:
            taken_out |= _mend(value, inner, present, referred)
            if not value:
                del node[name]
    return taken_out


def _makes_sense(item: dict[str, Any], refs: _Refs) -> bool:
    return refs.needed <= item.keys() and item.keys() != {"id"}
