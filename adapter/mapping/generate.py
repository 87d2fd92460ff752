"""Writes, for a checked template, the Python function that builds its resources.

The source reads like what one would write by hand: one ``if`` for each element that may
be absent. It is compiled once, when the mapping is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.mapping.evaluate import less, less_or_equal
from adapter.mapping.expressions import (
    Both,
    Call,
    Choice,
    Compare,
    Constant,
    Either,
    Expression,
    Field,
    Item,
    Literals,
    Negation,
    Variable,
)
from adapter.mapping.nodes import (
    Block,
    List,
    Literal,
    Node,
    Object,
    Template,
    Text,
    Value,
    constant_value,
    has_values,
    in_text,
    is_constant,
    is_mere_literal,
)
from adapter.mapping.shapes import Shape
from adapter.mapping.signatures import Bound, State

Put = Callable[[str], str]


@dataclass(frozen=True)
class Build:
    """What builds the resources of one block of a template, each handed to ``put``.

    ``reads`` are the names of the context that it reads, and it reads nothing else.
    """

    run: Callable[[Mapping[str, Any], State, Callable[[dict[str, Any]], None]], None]
    reads: tuple[str, ...]


def item_at(items: list[Any] | None, index: int) -> Any:
    """The item of a list at an index; None when there is none."""
    if items and -len(items) <= index < len(items):
        return items[index]
    return None


def generate(template: Template, context: Mapping[str, Shape]) -> list[Build]:
    """The functions that build a template's resources, in its order."""
    namespace: dict[str, Any] = {
        "EMPTY": {},
        "in_text": in_text,
        "item_at": item_at,
        "less": less,
        "less_or_equal": less_or_equal,
    }
    sources: list[str] = []
    reads: list[tuple[str, ...]] = []
    for number, block in enumerate(template.resources):
        writer = _Writer(namespace, context)
        sources.append(writer.function(f"resource_{number}", block))
        reads.append(writer.reads)
    code = compile("\n".join(sources), f"<mapping {template.file}>", "exec")
    exec(code, namespace)
    return [
        Build(namespace[f"resource_{number}"], names)
        for number, names in enumerate(reads)
    ]


class _Writer:
    """Writes one function; constants and bound functions go into the namespace."""

    def __init__(self, namespace: dict[str, Any], context: Mapping[str, Shape]) -> None:
        self._namespace = namespace
        self._context = context
        self._used: dict[str, None] = {}
        self._used_by_calls: set[str] = set()
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def function(self, name: str, block: Block) -> str:
        self._block(block, lambda source: f"put({source})")
        head = [f"def {name}(context, state, put):"]
        for used in self._used:
            empty = " or EMPTY" if self._context[used].kind == "object" else ""
            head.append(f"    n_{used} = context.get({used!r}){empty}")
        return "\n".join([*head, *self._lines, ""])

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the context that the function reads, itself or by its calls."""
        return tuple(sorted(self._used_by_calls.union(self._used)))

    # --- statements

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _keep(self, value: object) -> str:
        name = f"k{len(self._namespace)}"
        self._namespace[name] = value
        return name

    def _constant(self, value: object) -> str:
        if value is None or isinstance(value, str | int | float):
            return repr(value)
        return self._keep(value)

    def _block(self, block: Block, put: Put) -> None:
        depth = self._depth
        if block.loop is not None:
            name, listed = block.loop
            self._line(f"for n_{name} in {self._source(listed)} or ():")
            self._depth += 1
        for name, expression in block.lets:
            empty = " or EMPTY" if expression.shape.kind == "object" else ""
            self._line(f"n_{name} = {self._source(expression)}{empty}")
        if block.test is not None:
            self._line(f"if {self._source(block.test)}:")
            self._depth += 1
        self._node(block.body, put)
        self._depth = depth

    def _node(self, node: Node, put: Put) -> None:
        """Writes what builds a node and puts it, if it gives anything."""
        if is_constant(node):
            self._line(put(self._constant(constant_value(node))))
            return
        simple = self._simple(node)
        if simple is not None:
            guard, value = simple
            self._line(f"if {guard}:")
            self._depth += 1
            self._line(put(value))
            self._depth -= 1
            return
        if isinstance(node, Object):
            made, literals = self._object(node)
        else:
            assert isinstance(node, List)
            made, literals = self._list(node)
        if literals and has_values(node):
            self._line(f"if len({made}) > {literals}:")
        else:
            self._line(f"if {made}:")
        self._depth += 1
        self._line(put(made))
        self._depth -= 1

    def _object(self, node: Object) -> tuple[str, int]:
        made = self._new("o")
        entries = list(node.entries)
        literals = sum(is_constant(below) for _, below in entries)
        first: list[str] = []
        while entries and is_constant(entries[0][1]):
            key, below = entries.pop(0)
            first.append(f"{key!r}: {self._constant(constant_value(below))}")
        self._line(f"{made} = {{{', '.join(first)}}}")
        for key, below in entries:
            self._node(below, lambda source, key=key: f"{made}[{key!r}] = {source}")  # type: ignore[misc]
        return made, literals

    def _list(self, node: List) -> tuple[str, int]:
        made = self._new("l")
        literals = 0
        self._line(f"{made} = []")
        for below in node.items:
            if isinstance(below, Block):
                self._block(below, lambda source: f"{made}.append({source})")
            elif isinstance(below, Literal) and isinstance(below.value, list):
                self._line(f"{made}.extend({self._constant(below.value)})")
            elif isinstance(below, Value) and below.expression.shape.is_list:
                self._node(below, lambda source: f"{made}.extend({source})")
            else:
                literals += is_mere_literal(below)
                self._node(below, lambda source: f"{made}.append({source})")
        return made, literals

    # --- what can be written as one guard and one display

    def _simple(self, node: Node) -> tuple[str, str] | None:
        match node:
            case Value(expression=expression):
                name = self._new("v")
                return self._guard(name, expression), name
            case Text(parts=parts):
                return self._text(parts)
            case Object(entries=entries):
                if sum(not is_constant(below) for _, below in entries) != 1:
                    return None
                guard = ""
                shown: list[str] = []
                for key, below in entries:
                    if is_constant(below):
                        source = self._constant(constant_value(below))
                    else:
                        simple = self._simple(below)
                        if simple is None:
                            return None
                        guard, source = simple
                    shown.append(f"{key!r}: {source}")
                return guard, f"{{{', '.join(shown)}}}"
            case List(items=[Value() as only]) if only.expression.shape.is_list:
                return self._simple(only)
            case List(items=[Object() | Text() | Value() as only]):
                simple = self._simple(only)
                return None if simple is None else (simple[0], f"[{simple[1]}]")
        return None

    def _guard(self, name: str, expression: Expression) -> str:
        source = f"({name} := {self._source(expression)})"
        match expression.shape.kind:
            case "number" | "boolean":
                return f"{source} is not None"
            case "scalar":
                return f'{source} is not None and {name} != ""'
        return source

    def _text(self, parts: tuple[str | Expression, ...]) -> tuple[str, str]:
        guards: list[str] = []
        shown: list[str] = []
        for part in parts:
            if isinstance(part, str):
                shown.append(repr(part))
                continue
            name = self._new("v")
            guards.append(self._guard(name, part))
            shown.append(name if part.shape.kind == "text" else f"in_text({name})")
        return " and ".join(guards), " + ".join(shown)

    # --- expressions

    def _source(self, node: Expression) -> str:
        match node:
            case Constant(value=value):
                return self._constant(value)
            case Literals(values=values):
                return repr(values)
            case Variable(name=name):
                if name in self._context:
                    self._used[name] = None
                return f"n_{name}"
            case Field():
                return self._field(node)
            case Item(base=base, index=index):
                return f"item_at({self._source(base)}, {index})"
            case Compare():
                return self._compare(node)
            case Negation(operand=operand):
                return f"(not {self._source(operand)})"
            case Both(left=left, right=right):
                then = self._source(right)
                if right.shape.kind != "boolean":
                    return f"({then} if {self._source(left)} else None)"
                name = self._new("b")
                test = f"({name} := {self._source(left)})"
                return f"({then} if {test} else None if {name} is None else False)"
            case Either(left=left, right=right):
                return f"({self._source(left)} or {self._source(right)})"
            case Choice(test=test_node, then=then_node, otherwise=otherwise):
                return (
                    f"({self._source(then_node)} if {self._source(test_node)} "
                    f"else {self._source(otherwise)})"
                )
            case Call(bound=bound):
                assert isinstance(bound, Bound)
                return self._call(bound)

    def _field(self, node: Field) -> str:
        base = node.base
        if isinstance(base, Variable):
            return f"{self._source(base)}.get({node.name!r})"
        if isinstance(base, Field):
            above = self._source(base).removesuffix(")")
            return f"{above}, EMPTY).get({node.name!r})"
        return f"({self._source(base)} or EMPTY).get({node.name!r})"

    def _compare(self, node: Compare) -> str:
        left, right = self._source(node.left), self._source(node.right)
        match node.operator:
            case "in" | "not in":
                listed = (
                    right if isinstance(node.right, Literals) else f"({right} or ())"
                )
                return f"({left} {node.operator} {listed})"
            case "<":
                return f"less({left}, {right})"
            case "<=":
                return f"less_or_equal({left}, {right})"
            case ">":
                return f"less({right}, {left})"
            case ">=":
                return f"less_or_equal({right}, {left})"
        return f"({left} {node.operator} {right})"

    def _call(self, bound: Bound) -> str:
        self._used_by_calls.update(path.partition(".")[0] for path in bound.reads)
        arguments = [self._source(argument) for argument in bound.arguments]
        if bound.inline is not None and len(arguments) == 1:
            if bound.table is not None:
                return bound.inline.format(arguments[0], table=self._keep(bound.table))
            name = self._new("a")
            made = bound.inline.format(name)
            return f"(None if ({name} := {arguments[0]}) is None else {made})"
        if bound.needs_state:
            arguments.insert(0, "state")
        return f"{self._keep(bound.call)}({', '.join(arguments)})"
