"""Reading a YAML text so that every fault is found, and found with its line.

Every scalar is read as the text that stands there, whatever YAML would make of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from adapter.errors import Issue

T = TypeVar("T")

UNREADABLE = "DIRECTORY_UNREADABLE"
INVALID = "DIRECTORY_INVALID"
UNKNOWN_KEY = "DIRECTORY_UNKNOWN_KEY"
MISSING = "DIRECTORY_MISSING"
DUPLICATE = "DIRECTORY_DUPLICATE"
SECRET_MISSING = "SECRET_MISSING"
NOT_THERE_YET = "NOT_THERE_YET"


def line_of(node: yaml.Node) -> int:
    """The line, counted from 1, on which a node begins."""
    return int(node.start_mark.line) + 1


@dataclass
class Faults:
    """The faults found so far, each with the line it stands on."""

    found: list[tuple[int, Issue]] = field(default_factory=list)

    def add(self, line: int, code: str, path: str, message: str) -> None:
        issue = Issue("error", code, path, f"line {line}: {message}")
        self.found.append((line, issue))

    def in_order(self) -> list[Issue]:
        return [issue for _, issue in sorted(self.found, key=lambda each: each[0])]


def compose(text: str, faults: Faults) -> yaml.Node | None:
    """The root node of a YAML text; None, and a fault, when it cannot be read.

    Anchors and aliases are refused: one line of them can stand for a million.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                line = 1 if mark is None else int(mark.line) + 1
                faults.add(line, UNREADABLE, "", "aliases are not read here")
                return None
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = 1 if mark is None else int(mark.line) + 1
        faults.add(line, UNREADABLE, "", "is not readable as YAML")
    except yaml.YAMLError:
        faults.add(1, UNREADABLE, "", "holds a character that YAML does not allow")
    except RecursionError:
        faults.add(1, UNREADABLE, "", "is nested too deeply")
    return None


class Block:
    """One YAML mapping: its keys are read one by one, and what is left is a fault."""

    def __init__(self, node: yaml.Node, path: str, faults: Faults) -> None:
        self.path = path
        self.line = line_of(node)
        self.faults = faults
        self.nodes: dict[str, yaml.Node] = {}
        self._read: set[str] = set()
        self._lines: dict[str, int] = {}
        if not isinstance(node, yaml.MappingNode):
            faults.add(self.line, INVALID, path, "must be a mapping of keys")
            return
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in self.nodes:
                place = self.place(key)
                faults.add(line_of(key_node), DUPLICATE, place, "stands here twice")
                continue
            self.nodes[key] = value
            self._lines[key] = line_of(key_node)

    def place(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, code: str, message: str) -> None:
        """Note a fault at a key, or at the block itself where the key is absent."""
        line = self._lines.get(key, self.line)
        self.faults.add(line, code, self.place(key), message)

    def node(self, key: str) -> yaml.Node | None:
        self._read.add(key)
        return self.nodes.get(key)

    def block(self, key: str, *, required: bool = False) -> Block | None:
        """The mapping under a key; None when the key is absent."""
        node = self.node(key)
        if node is None:
            if required:
                self.fault(key, MISSING, "is required")
            return None
        return Block(node, self.place(key), self.faults)

    def text(self, key: str, *, required: bool = False) -> str | None:
        """The scalar under a key; None when it is absent or no scalar."""
        node = self.node(key)
        if node is None:
            if required:
                self.fault(key, MISSING, "is required")
            return None
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self.fault(key, INVALID, "must be one value")
            return None
        return str(node.value)

    def read(
        self,
        key: str,
        reader: Callable[[str], T],
        must_be: str,
        default: T,
        *,
        required: bool = False,
    ) -> T:
        """What ``reader`` makes of a scalar; the default, and a fault, if it raises."""
        text = self.text(key, required=required)
        if text is None:
            return default
        try:
            return reader(text)
        except ValueError:
            self.fault(key, INVALID, f"must be {must_be}")
            return default

    def choice(
        self,
        key: str,
        working: tuple[str, ...],
        planned: tuple[str, ...],
        *,
        required: bool = False,
    ) -> str:
        """One of the words of a choice; "" when it is absent or another word.

        A planned word is returned, with the fault that it does not work yet.
        """
        text = self.text(key, required=required)
        if text is None:
            return ""
        if text in planned:
            works = ", ".join(working)
            self.fault(key, NOT_THERE_YET, f"{text} is not there yet; works: {works}")
        elif text not in working:
            words = ", ".join((*working, *planned))
            self.fault(key, INVALID, f"must be one of: {words}")
            return ""
        return text

    def texts(self, key: str) -> list[tuple[int, str]]:
        """The scalars of a required list under a key, each with its line."""
        node = self.node(key)
        if node is None:
            self.fault(key, MISSING, "is required")
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fault(key, INVALID, "must be a list with at least one value")
            return []
        found = []
        for each in node.value:
            if isinstance(each, yaml.ScalarNode):
                found.append((line_of(each), str(each.value)))
            else:
                place = self.place(key)
                self.faults.add(line_of(each), INVALID, place, "must hold plain values")
        return found

    def close(self) -> None:
        """Note every key that nothing has read."""
        for key in self.nodes:
            if key not in self._read:
                self.fault(key, UNKNOWN_KEY, "is not a key that is known here")
