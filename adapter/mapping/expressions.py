"""What an expression is made of: a small tree of our own.

Each part carries the shape of its value, which the check puts in. ``Refused`` is how
anything outside the language is told of, with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from adapter.mapping.shapes import NOTHING, Shape


class Refused(Exception):
    """Something in a template is outside the language; the message is the reason."""


@dataclass(frozen=True)
class Constant:
    """A literal, or what a call of literals gave when the template was loaded."""

    value: object
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Variable:
    """A name of the context, of a ``for`` or of a ``let``."""

    name: str
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Field:
    """One step down a path: ``base.name``."""

    base: Expression
    name: str
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Item:
    """One item of a list, counted from 0, or from the end with a negative number."""

    base: Expression
    index: int
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Literals:
    """The list of literals on the right of ``in``."""

    values: tuple[object, ...]
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Compare:
    """A comparison; ``operator`` is Python's own spelling."""

    left: Expression
    operator: str
    right: Expression
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Both:
    """``left and right``."""

    left: Expression
    right: Expression
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Either:
    """``left or right``."""

    left: Expression
    right: Expression
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Negation:
    """``not operand``."""

    operand: Expression
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Choice:
    """``then if test else otherwise``."""

    test: Expression
    then: Expression
    otherwise: Expression
    shape: Shape = NOTHING


@dataclass(frozen=True)
class Call:
    """A call of a named function; ``bound`` is what the check made of it."""

    function: str
    arguments: tuple[Expression, ...]
    bound: object = field(default=None, compare=False)
    shape: Shape = NOTHING


Expression: TypeAlias = (
    Constant
    | Variable
    | Field
    | Item
    | Literals
    | Compare
    | Both
    | Either
    | Negation
    | Choice
    | Call
)
