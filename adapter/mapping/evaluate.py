"""The plain way to work an expression out: slow, obvious, able to tell its sources.

What ``generate.py`` writes must always agree with it. It folds what is constant when
a template is loaded, and lets ``explain.py`` say which places of the record were read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
from adapter.mapping.signatures import Bound, State

Value = Any

_STEP = re.compile(r"[.\[]")


@dataclass(frozen=True)
class Named:
    """What a name stands for: its value, and the places of the record it came from."""

    value: Value
    places: tuple[str, ...] = ()


def less(left: Value, right: Value) -> bool:
    """Whether both are there and the first is the smaller."""
    return left is not None and right is not None and bool(left < right)


def less_or_equal(left: Value, right: Value) -> bool:
    """Whether both are there and the first is not the greater."""
    return left is not None and right is not None and bool(left <= right)


COMPARISONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": less,
    "<=": less_or_equal,
    ">": lambda left, right: less(right, left),
    ">=": lambda left, right: less_or_equal(right, left),
    "in": lambda left, right: left in (right or ()),
    "not in": lambda left, right: left not in (right or ()),
}


class Evaluator:
    """Works expressions out against one context, noting what was read.

    ``places`` holds the concrete places read since it was last emptied, ``rows`` the
    (code map, local code) pairs looked up.
    """

    def __init__(self, context: Mapping[str, Any]) -> None:
        self.state = State(context)
        self.names: dict[str, Named] = {
            name: Named(value, () if isinstance(value, dict | list) else (name,))
            for name, value in context.items()
        }
        self.places: list[str] = []
        self.rows: list[tuple[str, str]] = []
        self._where: dict[int, str] = {}
        for name, value in context.items():
            self._locate(value, name)

    def _locate(self, value: Value, at: str) -> None:
        if isinstance(value, dict):
            self._where[id(value)] = at
            for name, below in value.items():
                self._locate(below, f"{at}.{name}")
        elif isinstance(value, list):
            self._where[id(value)] = at
            for index, below in enumerate(value):
                self._locate(below, f"{at}[{index}]")

    def items(self, node: Expression) -> list[Named]:
        """The items of a list with the places they came from."""
        self.places.clear()
        items = self.value(node) or []
        at = self._where.get(id(items))
        if at is None:
            return [Named(item, self.read()) for item in items]
        return [Named(item, (f"{at}[{n}]",)) for n, item in enumerate(items)]

    def named(self, node: Expression) -> Named:
        """The value of an expression with the places it was read from."""
        self.places.clear()
        value = self.value(node)
        return Named(value, self.read())

    def read(self) -> tuple[str, ...]:
        """The places read, each once, without those that only lead to another."""
        places = dict.fromkeys(self.places)
        leading = {
            place[: step.start()]
            for place in places
            for step in _STEP.finditer(place)
            if len(places) > 1
        }
        return tuple(one for one in places if one not in leading)

    def value(self, node: Expression) -> Value:
        """What the expression gives; None for nothing."""
        match node:
            case Constant(value=value):
                return value
            case Literals(values=values):
                return values
            case Variable(name=name):
                return self._variable(name)
            case Field(base=base, name=name):
                return self._field(self.value(base), name)
            case Item(base=base, index=index):
                return self._item(self.value(base), index)
            case Compare(left=left, operator=operator, right=right):
                return COMPARISONS[operator](self.value(left), self.value(right))
            case Negation(operand=operand):
                return not self.value(operand)
            case Both(left=left, right=right):
                return self._both(self.value(left), right)
            case Either(left=left, right=right):
                return self.value(left) or self.value(right)
            case Choice(test=test, then=then, otherwise=otherwise):
                return self.value(then if self.value(test) else otherwise)
            case Call():
                return self._call(node)

    def _variable(self, name: str) -> Value:
        named = self.names.get(name)
        if named is None:
            return None
        at = self._where.get(id(named.value))
        if at is None:
            self.places.extend(named.places)
        elif isinstance(named.value, list):
            self.places.append(at)
        return named.value

    def _field(self, base: Value, name: str) -> Value:
        value = base.get(name) if base else None
        if value is not None:
            at = self._where.get(id(base), "")
            self.places.append(f"{at}.{name}")
        return value

    def _item(self, base: Value, index: int) -> Value:
        return base[index] if base and -len(base) <= index < len(base) else None

    def _both(self, left: Value, right: Expression) -> Value:
        if left:
            return self.value(right)
        if right.shape.kind == "boolean":
            return None if left is None else False
        return None

    def _call(self, node: Call) -> Value:
        bound = node.bound
        assert isinstance(bound, Bound)
        before = len(self.places)
        values = [self.value(argument) for argument in bound.arguments]
        if node.function == "each":
            self._note_each(values[0], node.arguments[1], before)
        if bound.code_map is not None:
            local = values[0] if isinstance(values[0], list) else [values[0]]
            self.rows.extend(
                (bound.code_map.name, code) for code in local if code is not None
            )
        if bound.needs_state:
            return bound.call(self.state, *values)
        return bound.call(*values)

    def _note_each(self, items: Value, field: Expression, before: int) -> None:
        """The places of one field of the items of a list, which ``each`` gathers.

        They stand for what was read to find the items, which gave no value.
        """
        assert isinstance(field, Constant)
        found = [
            f"{at}.{field.value}"
            for item in items or ()
            if (at := self._where.get(id(item))) is not None
            and item.get(field.value) is not None
        ]
        if found:
            self.places[before:] = found
