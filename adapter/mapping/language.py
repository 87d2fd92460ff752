"""Reads a template file: YAML in which every scalar is a string, line by line known.

What comes out is a checked tree of templates; every fault of the file is gathered with
its line. The language is frozen and told in ``mappings/README.md``; what an expression
may be stands in ``syntax.py``, whether it makes sense in ``check.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import yaml

from adapter.errors import Issue
from adapter.mapping.check import Checker, Scope, check_text_part, check_value
from adapter.mapping.expressions import Constant, Expression, Refused
from adapter.mapping.nodes import (
    Block,
    List,
    Literal,
    Node,
    Object,
    Template,
    Text,
    Value,
    in_text,
)
from adapter.mapping.shapes import OF_THE_WHOLE_RECORD, UNKNOWN, Shape
from adapter.mapping.syntax import (
    LITERAL_NAMES,
    parse_expression,
    parse_loop,
    split_text,
)
from adapter.mapping.targets import RESOURCES, Target, entries_of, line_of

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_ELEMENT = re.compile(r"_?[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
_DIRECTIVES = ("for", "let", "if")


def read_template(
    file: str, text: str, checker: Checker, target: Target = RESOURCES
) -> tuple[Template, list[Issue]]:
    """The template of a file and every fault in it, in the order of its lines."""
    reader = _Reader(file, checker, target)
    resources = tuple(reader.read(text))
    faults = sorted(reader.faults, key=lambda issue: int(issue.path.split(":")[-1]))
    return Template(file, resources), faults


class _Reader:
    def __init__(self, file: str, checker: Checker, target: Target) -> None:
        self._file = file
        self._checker = checker
        self._target = target
        self.faults: list[Issue] = []

    def _fault(self, line: int, reason: str) -> None:
        # What follows from a fault already told of is refused without a reason.
        if reason:
            place = f"{self._file}:{line}"
            self.faults.append(Issue("error", "E_MAPPING", place, reason))

    def read(self, text: str) -> Iterator[Block]:
        try:
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "this is not YAML"
            self._fault(mark.line + 1 if mark else 1, f"YAML: {problem}")
            return
        if not isinstance(root, yaml.SequenceNode) or not root.value:
            self._fault(1, "a template file is a list of resources")
            return
        if not self._is_plain(root, set()):
            return
        for entry in root.value:
            block = self._resource(entry)
            if block is not None:
                yield block

    def _is_plain(self, node: yaml.Node, seen: set[int]) -> bool:
        """Whether there is neither an alias nor a tag nor a repeated key."""
        line = line_of(node)
        if id(node) in seen:
            self._fault(line, "an alias (*name) is not part of the language")
            return False
        seen.add(id(node))
        if node.tag not in _PLAIN_TAGS:
            self._fault(line, "a tag (!name) is not part of the language")
            return False
        if isinstance(node, yaml.SequenceNode):
            # A list, so that every item is looked at and told of.
            return all([*(self._is_plain(below, seen) for below in node.value)])
        if not isinstance(node, yaml.MappingNode):
            return True
        plain = True
        keys: set[str] = set()
        for key, below in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(line_of(key), _UNQUOTED)
                plain = False
                continue
            if key.value in keys:
                self._fault(line_of(key), f"{key.value} stands here twice")
                plain = False
            keys.add(key.value)
            plain = self._is_plain(below, seen) and plain
        return plain

    def _resource(self, node: yaml.Node) -> Block | None:
        line = line_of(node)
        entries = entries_of(node)
        key, beside = self._target.key, self._target.beside
        if key not in entries or not isinstance(node, yaml.MappingNode):
            self._fault(line, f"an entry is an object with `{key}`")
            return None
        for name in entries:
            if name not in (*_DIRECTIVES, *beside, key):
                self._fault(line, f"{name} cannot stand beside `{key}`")
        head, scope = self._directives(entries, line, dict(self._checker.context))
        body = self._node(entries[key], scope)
        if not isinstance(body, Object):
            self._fault(line_of(entries[key]), f"`{key}` is an object")
            return None
        for at, reason in self._target.faults(body, entries):
            self._fault(at, reason)
        return replace(head, body=body)

    def _directives(
        self, entries: dict[str, yaml.Node], line: int, scope: dict[str, Shape]
    ) -> tuple[Block, dict[str, Shape]]:
        """What stands on an object, and the names that are known within it."""
        block = Block(Object((), line), line)
        if "for" in entries:
            node = entries["for"]
            try:
                name, listed = parse_loop(self._bare(node))
                checked = self._checker.check(listed, scope)
                if checked.shape.item is None:
                    raise Refused("`for` walks a list")
                self._bind(name, checked.shape.item, scope)
                block = replace(block, loop=(name, checked))
            except Refused as error:
                self._fault(line_of(node), str(error))
                self._guess_name(node, scope)
        lets: list[tuple[str, Expression]] = []
        for name, node in entries_of(entries.get("let")).items():
            try:
                checked = self._expression(self._bare(node), scope)
                self._bind(name, checked.shape, scope)
                lets.append((name, checked))
            except Refused as error:
                self._fault(line_of(node), str(error))
                scope.setdefault(name, UNKNOWN)
        if "let" in entries and not isinstance(entries["let"], yaml.MappingNode):
            self._fault(line_of(entries["let"]), "`let` gives each name its expression")
        block = replace(block, lets=tuple(lets))
        if "if" in entries:
            node = entries["if"]
            try:
                test = self._expression(self._bare(node), scope)
                block = replace(block, test=test)
            except Refused as error:
                self._fault(line_of(node), str(error))
        return block, scope

    def _guess_name(self, node: yaml.Node, scope: dict[str, Shape]) -> None:
        """Knows the variable of a faulted loop, so that it is told of only once."""
        name = str(node.value).split(" in ")[0].strip()
        scope.setdefault(name, UNKNOWN)

    def _bare(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise Refused("`for`, `let` and `if` take an expression without braces")
        return str(node.value)

    def _bind(self, name: str, shape: Shape, scope: dict[str, Shape]) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise Refused(f"{name} is not a name: small letters, digits and _")
        if name in scope or name in OF_THE_WHOLE_RECORD:
            raise Refused(f"{name} means something else here already")
        if name in LITERAL_NAMES:
            raise Refused(f"{name} is a word of the language")
        scope[name] = shape

    def _expression(self, text: str, scope: Scope) -> Expression:
        return self._checker.check(parse_expression(text), scope)

    def _node(self, node: yaml.Node, scope: dict[str, Shape]) -> Node:
        line = line_of(node)
        if isinstance(node, yaml.ScalarNode):
            try:
                return self._scalar(node, scope)
            except Refused as error:
                self._fault(line, str(error))
                return Literal("", line)
        if isinstance(node, yaml.SequenceNode):
            if not node.value:
                self._fault(line, "an empty list gives nothing; leave it out")
            return List(tuple(self._item(below, scope) for below in node.value), line)
        if not node.value:
            self._fault(line, "an empty object gives nothing; leave it out")
        return self._object(entries_of(node), line, scope)

    def _object(
        self, entries: dict[str, yaml.Node], line: int, scope: dict[str, Shape]
    ) -> Object:
        made: list[tuple[str, Node]] = []
        for name, below in entries.items():
            if not _ELEMENT.fullmatch(name):
                self._fault(line_of(below), _UNQUOTED)
            else:
                made.append((name, self._node(below, scope)))
        return Object(tuple(made), line)

    def _item(self, node: yaml.Node, scope: dict[str, Shape]) -> Node | Block:
        entries = entries_of(node)
        if not any(name in entries for name in _DIRECTIVES):
            if isinstance(node, yaml.SequenceNode):
                self._fault(line_of(node), "a list of lists cannot stand in a resource")
            return self._node(node, scope)
        head, inner = self._directives(entries, line_of(node), dict(scope))
        rest = {key: below for key, below in entries.items() if key not in _DIRECTIVES}
        if not rest:
            self._fault(line_of(node), "there is no element beside for, let and if")
        return replace(head, body=self._object(rest, line_of(node), inner))

    def _scalar(self, node: yaml.ScalarNode, scope: dict[str, Shape]) -> Node:
        line = line_of(node)
        if node.value == "":
            raise Refused("an empty text gives nothing; leave it out")
        parts: list[str | Expression] = []
        source = ""
        for part in split_text(node.value):
            if isinstance(part, str):
                parts.append(part)
                continue
            source, offset = part
            try:
                parts.append(self._expression(source, scope))
            except Refused as error:
                self._fault(_line_at(node, offset), str(error))
                return Literal("", line)
        if len(parts) == 1 and not isinstance(parts[0], str):
            check_value(parts[0])
            if isinstance(parts[0], Constant) and parts[0].value not in _NOTHING:
                plain = isinstance(parse_expression(source), Constant)
                return Literal(parts[0].value, line, worked_out=not plain)
            return Value(parts[0], line)
        return _text(parts, line)


def _text(parts: list[str | Expression], line: int) -> Node:
    joined: list[str | Expression] = []
    for part in parts:
        if not isinstance(part, str):
            check_text_part(part)
            if isinstance(part, Constant):
                part = in_text(part.value)
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    if len(joined) == 1 and isinstance(joined[0], str):
        return Literal(joined[0], line)
    return Text(tuple(joined), line)


_PLAIN_TAGS = (
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
    "",
    None,
)
_UNQUOTED = "this is not an element's name; an expression in braces stands in quotes"
_NOTHING: tuple[object, ...] = (None, "", [])


def _line_at(node: yaml.ScalarNode, offset: int) -> int:
    """The line of an expression within a scalar; exact in a ``|`` block."""
    if node.style != "|":
        return line_of(node)
    before: str = node.value[:offset]
    return line_of(node) + 1 + before.count("\n")
