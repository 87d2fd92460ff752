"""The schemas once, for all who go over a record: its leaves, and its structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

from marshmallow import ValidationError

from adapter.record.containers import One, Several, object_faults
from adapter.record.declarations import DECLARATIONS, fields_of
from adapter.record.faults import UNKNOWN_FIELD, Finding, Place
from adapter.record.fields import LONGEST_LIST, Declared, Section
from adapter.record.sections.whole import WholeRecord

WHOLE = WholeRecord()


class Leaf(NamedTuple):
    """One plain value, with the declaration of its field."""

    place: Place
    field: Declared
    container: str  # the declared path of the object it stands in, "" for the record
    value: Any


class _Branch(NamedTuple):
    """The fields of one section, with what lies under each container.

    ``required`` are the names whose absence the section itself tells of.
    """

    path: str
    fields: Mapping[str, tuple[Declared, _Branch | None]]
    required: frozenset[str]


def _branch(section: Section, path: str) -> _Branch:
    fields: dict[str, tuple[Declared, _Branch | None]] = {}
    for name, field in fields_of(section).items():
        under = None
        if isinstance(field, One | Several):
            inside = f"{path}.{name}" if path else name
            inside += "[]" if isinstance(field, Several) else ""
            under = _branch(field.section, inside)
        fields[name] = (field, under)
    required = frozenset(name for name, (field, _) in fields.items() if field.is_asked)
    return _Branch(path, fields, required)


_ROOT = _branch(WHOLE, "")


def sound_leaves(tree: Any) -> list[Leaf] | None:
    """The plain values of a tree in which the schemas find no fault; None for others.

    The short way for the records that nearly all are: it looks at each value once, in
    a third of the time that loading, unknown names and leaves take. It finds out that
    something is wrong, never what: that the schemas say.
    """
    found: list[Leaf] = []
    return found if _is_sound(tree, _ROOT, (), found) else None


def _is_sound(node: Any, branch: _Branch, place: Place, found: list[Leaf]) -> bool:
    if type(node) is not dict or not node or not branch.required <= node.keys():
        return False
    fields, container = branch.fields, branch.path
    for name, value in node.items():
        if name not in fields:
            return False
        field, under = fields[name]
        here = (*place, name)
        if field.is_list:
            if type(value) is not list or len(value) > LONGEST_LIST:
                return False
            if not value and field.is_asked:
                return False
            for position, item in enumerate(value):
                there = (*here, position)
                if under is not None:
                    if not _is_sound(item, under, there, found):
                        return False
                elif field.faults(item):
                    return False
                else:
                    found.append(Leaf(there, field, container, item))
        elif under is not None:
            if not _is_sound(value, under, here, found):
                return False
        elif field.faults(value):
            return False
        else:
            found.append(Leaf(here, field, container, value))
    return True


def leaves(tree: Mapping[str, Any], faulted: Set[Place] = frozenset()) -> list[Leaf]:
    """The plain values that stand at declared places, in document order.

    What is at fault, or lies under something that is, is left out; with all faults of
    the structure given, each value is of its field's type.
    """
    found: list[Leaf] = []
    _gather(tree, _ROOT, (), faulted, found)
    return found


def _gather(
    node: Mapping[str, Any],
    branch: _Branch,
    place: Place,
    faulted: Set[Place],
    found: list[Leaf],
) -> None:
    for name, value in node.items():
        here = (*place, name)
        if name not in branch.fields or here in faulted:
            continue
        field, under = branch.fields[name]
        if under is None and not field.many:
            found.append(Leaf(here, field, branch.path, value))
        elif isinstance(value, list):
            for position, item in enumerate(value):
                if (there := (*here, position)) in faulted:
                    continue
                if under is None:
                    found.append(Leaf(there, field, branch.path, item))
                else:
                    _gather(item, under, there, faulted, found)
        elif under is not None:
            _gather(value, under, here, faulted, found)


def structure_findings(tree: Any) -> list[Finding]:
    """What the schemas find wrong: presence, types, forms and codes."""
    if not isinstance(tree, dict):
        return [Finding((), fault) for fault in object_faults(tree)]
    try:
        WHOLE.load(tree)
    except ValidationError as error:
        return list(_flatten(error.messages, ()))
    return []


def _flatten(messages: Any, place: Place) -> Iterator[Finding]:
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            yield from _flatten(inner, (*place, step))
    else:
        for fault in messages:
            yield Finding(place, fault)


def unknown_findings(
    node: Any, branch: _Branch | None = _ROOT, place: Place = ()
) -> Iterator[Finding]:
    """Properties that the model does not define, in every object that it does."""
    if branch is None:
        return
    if isinstance(node, list):
        if len(node) <= LONGEST_LIST:
            for position, item in enumerate(node):
                yield from unknown_findings(item, branch, (*place, position))
    elif isinstance(node, dict):
        for name, value in node.items():
            if name not in branch.fields:
                yield Finding((*place, name), UNKNOWN_FIELD)
            elif isinstance(value, dict | list):
                yield from unknown_findings(
                    value, branch.fields[name][1], (*place, name)
                )


_RANK = {
    path.removesuffix("[]"): position for position, path in enumerate(DECLARATIONS)
}


#: Sorts as the steps of a place stand: whether a step is missing, then its position.
Order = tuple[tuple[int, int], ...]


class _Holder:
    """What holds the last step of a place: its own order, its names, its path."""

    __slots__ = ("names", "node", "order", "path")

    def __init__(self, order: Order, node: Any, path: str) -> None:
        self.order, self.node, self.path = order, node, path
        names = node if isinstance(node, dict) else ()
        self.names = {name: (0, position) for position, name in enumerate(names)}

    def rank(self, step: str | int) -> tuple[int, int]:
        """Where a step stands among what is held."""
        if isinstance(step, int):
            return 0, step
        return self.names.get(step) or (1, _RANK.get(self.below(step), len(_RANK)))

    def below(self, step: str | int) -> str:
        """The declared path of what is held under a step."""
        if isinstance(step, int):
            return f"{self.path}[]"
        return f"{self.path}.{step}" if self.path else step


class DocumentOrder:
    """Where places stand in the JSON text, as keys to sort by.

    What is not there comes at the end of its parent, in declaration order. Source:
    record model, section 14 (Paths).
    """

    def __init__(self, tree: Any) -> None:
        # Many places have a parent in common: where that stands is found out once.
        self._holders: dict[Place, _Holder] = {(): _Holder((), tree, "")}

    def __call__(self, place: Place) -> Order:
        if not place:
            return ()
        holder = self._holder(place[:-1])
        return (*holder.order, holder.rank(place[-1]))

    def _holder(self, place: Place) -> _Holder:
        known = self._holders.get(place)
        if known is None:
            above, step = self._holder(place[:-1]), place[-1]
            order = (*above.order, above.rank(step))
            node = child_of(above.node, step)
            known = _Holder(order, node, above.below(step))
            self._holders[place] = known
        return known


def child_of(node: Any, step: str | int) -> Any:
    """What stands under a step of a node; None where nothing does."""
    if isinstance(step, int):
        return node[step] if isinstance(node, list) and step < len(node) else None
    return node.get(step) if isinstance(node, dict) else None


def stands(tree: Any, place: Place) -> bool:
    """Whether something stands at that place of the tree."""
    node = tree
    for step in place:
        if isinstance(step, int):
            if not isinstance(node, list) or step >= len(node):
                return False
        elif not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True
