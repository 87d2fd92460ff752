"""Whether an expression makes sense: its names, paths, codes and calls.

The shape of each value flows through ``for`` and ``let``: within ``for: risk in
safety.risks`` the path ``risk.domain`` is ``safety.risks[].domain``, which a
declaration has, and ``risk.level`` is refused when the mapping is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from adapter.mapping import functions, lists, lookups  # noqa: F401  they register
from adapter.mapping.codes import CodeMaps
from adapter.mapping.evaluate import Evaluator
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
    Refused,
    Variable,
)
from adapter.mapping.shapes import (
    BOOLEAN,
    NOTHING,
    NUMBER,
    OF_THE_WHOLE_RECORD,
    TEXT,
    Shape,
    merge,
)
from adapter.mapping.signatures import FUNCTIONS, Bound, bind_call, place

Scope = Mapping[str, Shape]


class Checker:
    """Checks expressions against the context, the code maps and the functions.

    ``reads`` gathers the declared paths of everything that was read. ``refused`` are
    the named functions that have no place in what is made.
    """

    def __init__(
        self,
        context: Scope,
        code_maps: CodeMaps,
        *,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        self.context = context
        self.code_maps = code_maps
        self._refused = refused
        self.reads: set[str] = set()

    def check(self, node: Expression, scope: Scope) -> Expression:
        """The expression with the shape of each of its parts; what is constant folded.

        Refused, with the reason, for an unknown name, path, function or code.
        """
        match node:
            case Constant(value=value):
                return replace(node, shape=_shape_of_literal(value))
            case Literals():
                return node
            case Variable(name=name):
                return self._variable(node, name, scope)
            case Field():
                return self._field(node, scope)
            case Item(base=base, index=index):
                checked = self.check(base, scope)
                if checked.shape.item is None:
                    raise Refused(f"{place(checked.shape)} is not a list")
                return Item(checked, index, checked.shape.item)
            case Compare():
                return self._compare(node, scope)
            case Negation(operand=operand):
                return self._folded(Negation(self.check(operand, scope), BOOLEAN))
            case Both(left=left, right=right):
                first, last = self.check(left, scope), self.check(right, scope)
                return self._folded(Both(first, last, last.shape))
            case Either(left=left, right=right):
                first, last = self.check(left, scope), self.check(right, scope)
                shape = _merged(first.shape, last.shape)
                return self._folded(Either(first, last, shape))
            case Choice(test=test, then=then, otherwise=otherwise):
                first, last = self.check(then, scope), self.check(otherwise, scope)
                shape = _merged(first.shape, last.shape)
                return self._folded(Choice(self.check(test, scope), first, last, shape))
            case Call(function=name, arguments=arguments):
                if name in self._refused:
                    raise Refused(f"{name} makes FHIR, and has no place here")
                checked_all = tuple(self.check(each, scope) for each in arguments)
                bound = bind_call(name, checked_all, self.code_maps)
                self.reads |= bound.reads
                return self._folded(Call(name, checked_all, bound, bound.shape))

    def _variable(self, node: Variable, name: str, scope: Scope) -> Expression:
        if name in OF_THE_WHOLE_RECORD and name not in self.context:
            raise Refused(
                f"{name} tells of the whole record: a view would change when what it "
                "shows did not"
            )
        if name not in scope:
            hint = " (a function needs its arguments)" if name in FUNCTIONS else ""
            raise Refused(f"there is no {name} here{hint}")
        shape = scope[name]
        if shape.kind == "unknown":
            raise Refused("")
        self.reads |= shape.paths
        return replace(node, shape=shape)

    def _field(self, node: Field, scope: Scope) -> Expression:
        base = self.check(node.base, scope)
        shape = base.shape
        if shape.kind != "object":
            hint = "; walk it with `for`, or take first() or [0]" if shape.item else ""
            raise Refused(f"{place(shape)} is {shape.words} and has no fields{hint}")
        if node.name not in shape.fields:
            raise Refused(f"no declaration has {place(shape)}.{node.name}")
        found = shape.fields[node.name]
        self.reads |= found.paths
        return Field(base, node.name, found)

    def _compare(self, node: Compare, scope: Scope) -> Expression:
        left, right = self.check(node.left, scope), self.check(node.right, scope)
        if isinstance(right, Literals):
            for value in right.values:
                _check_code(left.shape, value)
        elif node.operator in ("in", "not in"):
            if right.shape.item is None:
                raise Refused(f"`in` needs a list, and {place(right.shape)} is none")
            if isinstance(left, Constant):
                _check_code(right.shape.item, left.value)
        elif node.operator in ("<", "<=", ">", ">="):
            kinds = {left.shape.kind, right.shape.kind}
            if kinds not in ({"text"}, {"number"}):
                raise Refused(f"{node.operator} compares two texts or two numbers")
        else:
            for side, other in ((left, right), (right, left)):
                if side.shape.kind in ("list", "object", "element"):
                    raise Refused(
                        f"{node.operator} compares single values, and "
                        f"{place(side.shape)} is {side.shape.words}"
                    )
                if isinstance(other, Constant) and not isinstance(side, Constant):
                    _check_code(side.shape, other.value)
        return self._folded(Compare(left, node.operator, right, BOOLEAN))

    def _folded(self, node: Expression) -> Expression:
        """The constant that the expression always gives, where nothing is read."""
        if not all(isinstance(part, Constant | Literals) for part in parts(node)):
            return node
        if isinstance(node, Call) and _bound(node).needs_state:
            return node
        return Constant(Evaluator({}).value(node), node.shape)


def _bound(node: Call) -> Bound:
    assert isinstance(node.bound, Bound)
    return node.bound


def parts(node: Expression) -> Iterator[Expression]:
    """The expressions of which this one is made, one level down."""
    match node:
        case Field(base=base) | Item(base=base):
            yield base
        case (
            Compare(left=left, right=right)
            | Both(left=left, right=right)
            | Either(left=left, right=right)
        ):
            yield left
            yield right
        case Negation(operand=operand):
            yield operand
        case Choice(test=test, then=then, otherwise=otherwise):
            yield test
            yield then
            yield otherwise
        case Call(arguments=arguments):
            yield from arguments


def _shape_of_literal(value: object) -> Shape:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return Shape("text", codes=(value,)) if value else TEXT
    return NUMBER


def _merged(left: Shape, right: Shape) -> Shape:
    shape = merge(left, right)
    if shape is None:
        raise Refused(f"one way this gives {left.words}, the other {right.words}")
    return shape


def _check_code(shape: Shape, value: object) -> None:
    if shape.paths and shape.codes and value is not None and value not in shape.codes:
        raise Refused(f"{value!r} is not one of the codes of {place(shape)}")


def check_value(node: Expression) -> None:
    """Refused when what the expression gives cannot stand in a resource as it is."""
    shape = node.shape.item if node.shape.item is not None else node.shape
    if shape.kind == "object":
        raise Refused(f"{place(shape)} is an object of the record; name its fields")
    if shape.kind == "list":
        raise Refused("a list of lists cannot stand in a resource")


def check_text_part(node: Expression) -> None:
    """Refused when what the expression gives cannot stand within a text."""
    kind = node.shape.kind
    if kind in ("list", "object", "element", "nothing"):
        hint = "; join its items" if kind == "list" else ""
        raise Refused(f"{node.shape.words} cannot stand within a text{hint}")
