"""Golden files: compared by default, written anew with ``--write``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, Any], None]:
    """Holds a document against its file, or writes the file when told to."""
    write = request.config.getoption("--write")

    def compare(path: Path, document: Any) -> None:
        text = orjson.dumps(
            document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        assert path.is_file(), f"{path.relative_to(FIXTURES)} is missing"
        assert orjson.loads(path.read_bytes()) == orjson.loads(text)

    return compare
