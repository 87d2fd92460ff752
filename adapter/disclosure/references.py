"""References after a removal: none dangles, and people go only where something refers.

Source: disclosure rules, section 2 (across references, people), T12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.record.declarations import DECLARATIONS
from adapter.record.vocabulary import YOUNG_PERSON

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


def mend_references(tree: dict[str, Any], own_id: str | None) -> None:
    """Drop, in place, every ref to what is not there, and what then makes no sense.

    ``own_id`` is the recipient's own id, which a view always knows. The lists of the
    record itself are never changed: a list that shrinks is a new one.
    """
    while True:
        present = {YOUNG_PERSON, *_ids(tree)}
        if own_id is not None:
            present.add(own_id)
        if not _mend(tree, _REFS, present):
            return


def drop_people_without_reference(tree: dict[str, Any]) -> None:
    """Leave, in place, only those people to whom something that is sent refers.

    A relative of whom more is sent than name, relation and phone is spoken of by that.
    """
    referred = set(_referred(tree, _REFS))
    for section, name in (_PEOPLE, _MEMBERS):
        listed = tree.get(section, {}).get(name)
        if listed is None:
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


def _ids(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "id" in node:
            yield node["id"]
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _ids(value)
    else:
        for value in node:
            if not isinstance(value, dict | list):
                return
            yield from _ids(value)


def _mend(node: dict[str, Any], refs: _Refs, present: set[str]) -> bool:
    """True when something was taken out that others may refer to."""
    taken_out = False
    for name in refs.names & node.keys():
        value = node[name]
        if isinstance(value, list):
            left = [ref for ref in value if ref in present]
            if left:
                node[name] = left
            else:
                del node[name]
        elif value not in present:
            del node[name]
    for name, inner in refs.inside.items():
        value = node.get(name)
        if isinstance(value, dict):
            taken_out |= _mend(value, inner, present)
            if not value:
                del node[name]
        elif value:
            for each in value:
                taken_out |= _mend(each, inner, present)
            left = [
                each
                for each in value
                if inner.needed <= each.keys() and each.keys() != {"id"}
            ]
            taken_out |= len(left) < len(value)
            if left:
                node[name] = left
            else:
                del node[name]
    return taken_out


def _referred(node: Mapping[str, Any], refs: _Refs) -> Iterator[str]:
    for name in refs.names & node.keys():
        value = node[name]
        if isinstance(value, list):
            yield from value
        else:
            yield value
    for name, inner in refs.inside.items():
        value = node.get(name)
        if isinstance(value, Mapping):
            yield from _referred(value, inner)
        elif value:
            for each in value:
                yield from _referred(each, inner)
