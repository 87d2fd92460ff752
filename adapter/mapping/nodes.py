"""What a template is made of, once it is read and checked.

Two rules of the language are told here: what is constant, and what gives a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from adapter.mapping.expressions import Expression


@dataclass(frozen=True)
class Literal:
    """What is always the same: a text, a number written ``{3}``, a constant call.

    ``worked_out`` is true for a call, such as ``{ref('Patient')}``.
    """

    value: object
    line: int
    worked_out: bool = False


@dataclass(frozen=True)
class Value:
    """A scalar that is one expression, and keeps the value's type."""

    expression: Expression
    line: int


@dataclass(frozen=True)
class Text:
    """A text with expressions in it; nothing when one of them gives nothing."""

    parts: tuple[str | Expression, ...]
    line: int


@dataclass(frozen=True)
class Object:
    """An object: its elements in the order in which they stand."""

    entries: tuple[tuple[str, Node], ...]
    line: int


@dataclass(frozen=True)
class Block:
    """An object of a list, or a resource, with what stands on it.

    The loop is bound first, then the ``let`` names in their order, then ``test``.
    """

    body: Object
    line: int
    loop: tuple[str, Expression] | None = None
    lets: tuple[tuple[str, Expression], ...] = ()
    test: Expression | None = None


@dataclass(frozen=True)
class List:
    """A list of objects, literals and expressions; one that gives a list is spliced."""

    items: tuple[Node | Block, ...]
    line: int


Node: TypeAlias = Literal | Value | Text | Object | List


@dataclass(frozen=True)
class Template:
    """One file: its resources, in order."""

    file: str
    resources: tuple[Block, ...]


def is_constant(node: Node | Block) -> bool:
    """Whether nothing in it is worked out from the context."""
    match node:
        case Literal():
            return True
        case Value() | Text():
            return False
        case Object(entries=entries):
            return all(is_constant(below) for _, below in entries)
        case List(items=items):
            return all(is_constant(below) for below in items)
        case Block(body=body):
            return not (node.loop or node.lets or node.test) and is_constant(body)


def has_values(node: Node | Block) -> bool:
    """Whether anything in it is an expression that gives a value."""
    match node:
        case Value() | Text():
            return True
        case Object(entries=entries):
            return any(has_values(below) for _, below in entries)
        case List(items=items):
            return any(has_values(below) for below in items)
        case Block(body=body):
            return has_values(body)
    return False


def is_mere_literal(node: Node | Block) -> bool:
    """Whether, as an item of a list, it stands for nothing without the other items."""
    match node:
        case Literal(worked_out=worked_out):
            return not worked_out
        case Object(entries=entries):
            return all(is_mere_literal(below) for _, below in entries)
        case List(items=items):
            return all(is_mere_literal(below) for below in items)
    return False


def constant_value(node: Node | Block) -> object:
    """What a constant node gives."""
    match node:
        case Literal(value=value):
            return value
        case Object(entries=entries):
            return {key: constant_value(below) for key, below in entries}
        case List(items=items):
            made: list[object] = []
            for below in items:
                value = constant_value(below)
                made.extend(value if isinstance(value, list) else [value])
            return made
        case Block(body=body):
            return constant_value(body)
    raise AssertionError("not a constant")


def in_text(value: object) -> str:
    """A single value as it stands within a text: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)
