"""How a named function is declared, checked where it is called, and bound there.

A function is bound once for each place it is called from, when the template is
loaded: literal arguments (a map, a kind, a field) are resolved then, and what is left
is a plain Python callable over the values of the other arguments.
The functions themselves stand in ``functions.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapter.mapping.codes import CodeMap, CodeMaps
from adapter.mapping.expressions import Constant, Expression, Refused
from adapter.mapping.shapes import NOTHING, SCALARS, Shape


class State:
    """What one application of a mapping keeps: the context, and its items by id."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self.context = context
        self._tables: dict[int, tuple[object, dict[str, Any]]] = {}
        self._kinds: dict[str, str] | None = None
        self._indexes: dict[tuple[int, str], tuple[object, dict[Any, list[Any]]]] = {}

    def index(
        self, items: Sequence[Mapping[str, Any]], name: str
    ) -> dict[Any, list[Any]]:
        """The items of a list by a field, worked out once for each list and field.

        An item whose field is a list stands under each of its values.
        """
        known = self._indexes.get((id(items), name))
        if known is None:
            index: dict[Any, list[Any]] = {}
            for item in items:
                value = item.get(name)
                each = dict.fromkeys(value) if isinstance(value, list) else (value,)
                for one in each:
                    index.setdefault(one, []).append(item)
            self._indexes[(id(items), name)] = known = (items, index)
        return known[1]

    def table(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The items of a list by their id, worked out once for each list."""
        known = self._tables.get(id(items))
        if known is None:
            table = {item["id"]: item for item in items if "id" in item}
            # The list is kept beside its table so that its address stays its own.
            self._tables[id(items)] = known = (items, table)
        return known[1]

    def kind_of(self, ref: str) -> str | None:
        """What a ref points to: young_person, member, person, agency, or None."""
        if self._kinds is None:
            self._kinds = {"young_person": "young_person"}
            for section, name, kind in REF_TARGETS:
                for item in self.context.get(section, {}).get(name, ()):
                    if "id" in item:
                        self._kinds[item["id"]] = kind
        return self._kinds.get(ref)


REF_TARGETS = (
    ("care_team", "members", "member"),
    ("family_and_carers", "people", "person"),
    ("safeguarding", "agencies", "agency"),
)


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, what it takes, and whether it may be left out."""

    name: str
    takes: str
    optional: bool = False
    many: bool = False

    @property
    def spelling(self) -> str:
        return f"{self.name}{'…' if self.many else ''}{'?' if self.optional else ''}"


@dataclass(frozen=True)
class Site:
    """One place that calls a function: its checked arguments and the code maps."""

    arguments: tuple[Expression, ...]
    code_maps: CodeMaps

    def literal(self, index: int) -> str:
        """A literal argument, which the signature has checked to be a text."""
        argument = self.arguments[index]
        assert isinstance(argument, Constant)
        return str(argument.value)

    def shape(self, index: int) -> Shape:
        return self.arguments[index].shape if index < len(self.arguments) else NOTHING

    def item_field(self, index: int, name: str) -> Shape:
        """The shape of a field of a list's items; Refused when they have none such."""
        item = self.shape(index).item
        assert item is not None
        if name not in item.fields:
            raise Refused(f"no declaration has {place(item)}.{name}")
        return item.fields[name]


@dataclass(frozen=True)
class Bound:
    """A function as it is called from one place.

    ``call`` takes the values of ``arguments`` (after the state, where ``needs_state``).
    ``inline`` is the same in Python source, for a ``{0}`` that is there, where a call
    would cost too much; ``{table}`` stands for ``table``. ``code_map`` is what it looks
    up in, and ``reads`` the record paths it reads besides its arguments' own.
    """

    call: Callable[..., Any]
    arguments: tuple[Expression, ...]
    shape: Shape
    needs_state: bool = False
    inline: str | None = None
    table: Mapping[Any, Any] | None = None
    code_map: CodeMap | None = None
    reads: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Function:
    """A named function: its parameters, its docstring and how it is bound."""

    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    bind: Callable[[Site], Bound]

    @property
    def signature(self) -> str:
        return f"{self.name}({', '.join(each.spelling for each in self.parameters)})"


FUNCTIONS: dict[str, Function] = {}


def named(
    signature: str,
) -> Callable[[Callable[[Site], Bound]], Callable[[Site], Bound]]:
    """Registers a function under its signature, e.g. ``id(kind: kind, item?: text)``.

    After the colon stands what the parameter takes; ``TAKES`` says what that means.
    """
    match = re.fullmatch(r"(\w+)\((.*)\)", signature)
    assert match is not None
    parameters = []
    for spelled in match[2].split(", "):
        name, _, takes = spelled.partition(": ")
        bare = name.rstrip("?…")
        parameters.append(Parameter(bare, takes, "?" in name, "…" in name))

    def register(bind: Callable[[Site], Bound]) -> Callable[[Site], Bound]:
        doc = " ".join((bind.__doc__ or "").split())
        FUNCTIONS[match[1]] = Function(match[1], tuple(parameters), doc, bind)
        return bind

    return register


KIND = re.compile(r"[A-Z][A-Za-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)?")

# What a parameter takes: a literal (map, kind, name), or a value of a shape.
TAKES: Mapping[str, str] = {
    "map": "the name of a code map, in quotes",
    "kind": "a resource type in quotes, with a purpose after a dot where needed",
    "name": "a name in quotes",
    "text": "a text",
    "texts": "a text or a list of texts",
    "number": "a number",
    "scalar": "a single value",
    "list": "a list",
    "objects": "a list of objects of the record",
    "any": "any value",
}


def place(shape: Shape) -> str:
    """The declared path of a shape, as a message tells it."""
    return " or ".join(sorted(shape.paths)) or shape.words


def bind_call(name: str, arguments: tuple[Expression, ...], maps: CodeMaps) -> Bound:
    """The function of that name, bound to checked arguments.

    Refused when there is no such function, or its signature is not kept.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise Refused(f"there is no function {name}")
    parameters = function.parameters
    needed = sum(not each.optional and not each.many for each in parameters)
    unlimited = bool(parameters) and parameters[-1].many
    if len(arguments) < needed or (len(arguments) > len(parameters) and not unlimited):
        raise Refused(f"{function.signature} does not take {len(arguments)} arguments")
    for index, argument in enumerate(arguments):
        parameter = parameters[min(index, len(parameters) - 1)]
        if not _fits(parameter.takes, argument, maps):
            raise Refused(
                f"{function.signature}: {parameter.name} is {TAKES[parameter.takes]}"
            )
    return function.bind(Site(arguments, maps))


def _fits(takes: str, argument: Expression, maps: CodeMaps) -> bool:
    shape = argument.shape
    if takes in ("map", "kind", "name"):
        if not isinstance(argument, Constant) or not isinstance(argument.value, str):
            return False
        if takes == "map" and argument.value not in maps:
            raise Refused(f"there is no code map {argument.value}")
        return takes != "kind" or KIND.fullmatch(argument.value) is not None
    if shape.kind == "nothing" or takes == "any":
        return True
    match takes:
        case "text" | "number":
            return shape.kind == takes
        case "texts":
            item = shape.item if shape.item is not None else shape
            return item.kind == "text"
        case "scalar":
            return shape.kind in SCALARS
        case "objects":
            return shape.item is not None and shape.item.kind == "object"
    return shape.is_list
