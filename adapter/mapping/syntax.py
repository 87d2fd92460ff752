"""What an expression of the mapping language may be, and the text that holds it.

Here a text such as ``"Ring {member.name} first"`` becomes its parts, and an expression
becomes a small tree of our own; whatever is outside the language is refused with its
reason. Whether names, paths and calls make sense is ``check.py``'s matter.
"""

from __future__ import annotations

import ast

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

NOTHING_NAME = "nothing"
LITERAL_NAMES: dict[str, bool | None] = {
    "true": True,
    "false": False,
    NOTHING_NAME: None,
}

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}

_REFUSED: dict[str, str] = {
    "Lambda": "lambda is not part of the language",
    "JoinedStr": "f-strings are not part of the language; write the text around {…}",
    "ListComp": "a list is walked with `for` on an object",
    "GeneratorExp": "a list is walked with `for` on an object",
    "SetComp": "a list is walked with `for` on an object",
    "DictComp": "a list is walked with `for` on an object",
    "Set": "an expression here stands without braces",
    "Dict": "an expression here stands without braces",
    "NamedExpr": "a value is named with `let`",
    "List": "a list may stand only to the right of `in`",
    "Tuple": "a list may stand only to the right of `in`, in square brackets",
    "Starred": "a call takes plain arguments only",
    "Slice": "a list is indexed by one whole number",
}


def parse_expression(text: str) -> Expression:
    """The tree of one expression, unchecked.

    Refused, with the reason, when it is anything but the subset that DESIGN section 5
    lists: names, dotted paths, indexing, comparison, and/or/not, if-else, calls of
    named functions, and ``|`` as a pipe.
    """
    source = _one_line(text)
    if not source:
        raise Refused("an expression is empty")
    return _Reader(source).read(_parsed(source, f"this is not an expression: {source}"))


def parse_loop(text: str) -> tuple[str, Expression]:
    """The variable and the list of ``for: variable in list``."""
    source = _one_line(text)
    tree = _parsed(source, "`for` is written `name in list`")
    if (
        not isinstance(tree, ast.Compare)
        or len(tree.ops) != 1
        or not isinstance(tree.ops[0], ast.In)
        or not isinstance(tree.left, ast.Name)
    ):
        raise Refused(
            "`for` is written `name in list`; put a list that is chosen with `or`, "
            "`and` or if-else in parentheses"
        )
    return tree.left.id, _Reader(source).read(tree.comparators[0])


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")).strip()


def _parsed(source: str, reason: str) -> ast.expr:
    try:
        ast.parse(f"({source})", mode="eval")  # fails for what ends in a comment
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Refused(reason) from None


class _Reader:
    """Turns Python's tree into ours, refusing everything outside the language."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()

    def read(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub()):
                return Constant(_literal(node))
            case ast.Name(id=name):
                if name in LITERAL_NAMES:
                    return Constant(LITERAL_NAMES[name])
                return Variable(name)
            case ast.Attribute(value=base, attr=name):
                return Field(self.read(base), name)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(self.read(base), index)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp(op=op, values=values):
                if isinstance(op, ast.Or):
                    self._refuse_bare_pipes(*values)
                kind = Either if isinstance(op, ast.Or) else Both
                parts = [self.read(value) for value in values]
                result = parts[-1]
                for part in reversed(parts[:-1]):
                    result = kind(part, result)
                return result
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Negation(self.read(operand))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._refuse_bare_pipes(test, body, orelse)
                return Choice(self.read(test), self.read(body), self.read(orelse))
            case ast.Call():
                return self._call(node)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self._pipe(left, right)
        kind_name = type(node).__name__
        raise Refused(
            _REFUSED.get(kind_name, "this operator is not part of the language")
            if kind_name in _REFUSED or isinstance(node, ast.BinOp | ast.UnaryOp)
            else f"{kind_name} is not part of the language"
        )

    def _subscript(self, base: Expression, index: ast.expr) -> Expression:
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            return Field(base, index.value)
        try:
            number = _literal(index)
        except Refused:
            number = None
        if type(number) is not int:
            raise Refused("a list is indexed by one whole number, as in names[0]")
        return Item(base, number)

    def _compare(self, node: ast.Compare) -> Expression:
        if len(node.ops) != 1:
            raise Refused("compare two values at a time, and join them with `and`")
        operator = _OPERATORS.get(type(node.ops[0]))
        if operator is None:
            raise Refused("compare with == or !=; `is` is not part of the language")
        right = node.comparators[0]
        if operator in ("in", "not in") and isinstance(right, ast.List):
            values = Literals(tuple(_literal(element) for element in right.elts))
            return Compare(self.read(node.left), operator, values)
        return Compare(self.read(node.left), operator, self.read(right))

    def _call(self, node: ast.Call) -> Expression:
        if not isinstance(node.func, ast.Name):
            raise Refused("only the named functions can be called")
        if node.keywords:
            raise Refused("a call takes its arguments in order, without names")
        return Call(node.func.id, tuple(self.read(item) for item in node.args))

    def _pipe(self, left: ast.expr, right: ast.expr) -> Expression:
        value = self.read(left)
        if isinstance(right, ast.Name) and right.id not in LITERAL_NAMES:
            return Call(right.id, (value,))
        if isinstance(right, ast.Call):
            call = self._call(right)
            assert isinstance(call, Call)
            return Call(call.function, (value, *call.arguments))
        raise Refused("a pipe leads into a function: value | words")

    def _refuse_bare_pipes(self, *operands: ast.expr) -> None:
        for node in operands:
            if (
                isinstance(node, ast.BinOp)
                and isinstance(node.op, ast.BitOr)
                and not self._in_parentheses(node)
            ):
                raise Refused("a pipe beside `or` or if-else needs parentheses")

    def _in_parentheses(self, node: ast.expr) -> bool:
        # Python counts bytes, and the source is one line.
        before = self._source[: node.col_offset].decode().rstrip()
        after = self._source[node.end_col_offset :].decode().lstrip()
        return before.endswith("(") and after.startswith(")")


def _literal(node: ast.expr) -> object:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if isinstance(node, ast.Name) and node.id in ("true", "false") and sign == 1:
        return LITERAL_NAMES[node.id]
    if not isinstance(node, ast.Constant):
        raise Refused("only texts, numbers, true and false may stand here")
    value = node.value
    if isinstance(value, bool):
        raise Refused("write true and false in small letters")
    if isinstance(value, int | float):
        return sign * value
    if isinstance(value, str) and sign == 1:
        return value
    raise Refused("a literal is a text in quotes, a number, true, false or nothing")


def split_text(text: str) -> list[str | tuple[str, int]]:
    """The parts of a scalar in order: plain text, or an expression with its offset.

    ``{{`` and ``}}`` are braces. Refused when a brace is left open or closes nothing.
    """
    parts: list[str | tuple[str, int]] = []
    plain: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if text.startswith(("{{", "}}"), position):
            plain.append(character)
            position += 2
        elif character == "{":
            end = _expression_end(text, position + 1)
            if plain:
                parts.append("".join(plain))
                plain = []
            parts.append((text[position + 1 : end], position))
            position = end + 1
        elif character == "}":
            raise Refused("a } that closes nothing; a brace in text is written }}")
        else:
            plain.append(character)
            position += 1
    if plain:
        parts.append("".join(plain))
    return parts


def _expression_end(text: str, start: int) -> int:
    quote = ""
    position = start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "}":
            return position
        elif character == "{":
            raise Refused("a { within an expression; a brace in text is written {{")
        position += 1
    raise Refused("a { that is never closed; a brace in text is written {{")
