"""Imports point inward, and the pure core touches nothing outside itself.

Source: docs/decisions/0002, the house.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ADAPTER = Path(__file__).resolve().parents[1] / "adapter"

GROUND = {"errors", "clock", "canonical", "policy", "logs", "settings"}
CORE_GROUND = {"errors", "clock", "canonical", "policy"}
"""Who each room may import, its own modules apart."""
MAY_IMPORT = {
    "errors": set(),
    "canonical": set(),
    "clock": set(),
    "logs": set(),
    "policy": {"errors", "clock"},
    "settings": {"errors", "clock"},
    "record": CORE_GROUND,
    "disclosure": CORE_GROUND | {"record"},
    "mapping": CORE_GROUND | {"record"},
    "sources": CORE_GROUND | {"record", "mapping"},
    "archive": {"errors"},
    "bundle": CORE_GROUND | {"record"},
    "prepare": CORE_GROUND | {"record", "disclosure", "mapping", "bundle"},
    "generate": CORE_GROUND | {"record"},
    "store": GROUND | {"record", "disclosure", "bundle", "delivery.model"},
    "directory": GROUND | {"record"},
    "delivery": GROUND
    | {"record", "bundle", "disclosure", "prepare", "store", "directory", "intake"},
    "importing": GROUND | {"sources", "archive", "intake"},
    "intake": GROUND
    | {"record", "disclosure", "bundle", "prepare", "store", "delivery", "directory"},
}
PURE = {
    "record",
    "sources",
    "disclosure",
    "mapping",
    "bundle",
    "prepare",
    "generate",
    "policy",
}
PURE |= {"clock", "canonical", "errors"}
FORBIDDEN_IN_PURE = {
    "flask",
    "requests",
    "sqlalchemy",
    "os",
    "logging",
    "structlog",
    "pathlib",
    "socket",
    "subprocess",
}
SHELLS = {"api", "console", "cli", "receiver", "demo", "serve"}


def _modules() -> list[Path]:
    return sorted(ADAPTER.rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(ADAPTER).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by dots"
            module = node.module or ""
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def _room(dotted: str) -> str:
    return dotted.split(".")[0]


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_imports_point_inward(path: Path) -> None:
    room = _room(_name(path))
    if room not in MAY_IMPORT:
        return
    allowed = MAY_IMPORT[room] | {room}
    for line, imported in _imports(path):
        if not imported.startswith("adapter."):
            continue
        target = imported.removeprefix("adapter.")
        fits = any(target == a or target.startswith(f"{a}.") for a in allowed)
        assert fits, f"{path.name}:{line}: {room} may not import {target}"


@pytest.mark.parametrize(
    "path", [p for p in _modules() if _room(_name(p)) in PURE], ids=_name
)
def test_the_pure_core_touches_nothing_outside(path: Path) -> None:
    for line, imported in _imports(path):
        assert _room(imported) not in FORBIDDEN_IN_PURE, f"{path.name}:{line}"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "open", f"{path.name}:{node.lineno} opens a file"
            reads_clock = called in {"datetime.utcnow", "date.today", "time.time"} or (
                called == "datetime.now" and path.name != "clock.py"
            )
            assert not reads_clock, f"{path.name}:{node.lineno} reads a clock"


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_nothing_imports_a_shell(path: Path) -> None:
    room = _room(_name(path))
    if room in SHELLS or room in {"wiring", "__main__"}:
        return
    for line, imported in _imports(path):
        if imported.startswith("adapter."):
            target = _room(imported.removeprefix("adapter."))
            assert target not in SHELLS, f"{path.name}:{line} imports {target}"


def test_only_one_module_imports_the_fhir_models() -> None:
    importers = {
        _name(path)
        for path in _modules()
        if any(_room(imported) == "fhir" for _, imported in _imports(path))
    }
    assert importers <= {"bundle.fhir"}


def test_only_the_entry_points_read_the_environment() -> None:
    readers = {_name(path) for path in _modules() if "os.environ" in path.read_text()}
    assert readers <= {
        "cli.root",
        "cli.checks",
        "cli.running",
        "cli.send",
        "wiring",
        "serve",
        "demo.stage",
    }
