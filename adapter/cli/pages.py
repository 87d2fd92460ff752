"""Every page of docs/ that is made, from the code and from the fixtures beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapter.cli import cases
from adapter.disclosure import pages as disclosure
from adapter.record import pages as record
from adapter.worklist import pages as worklist


def pages(root: Path) -> Mapping[str, str]:
    """The text of each page by its path in the source tree ``root``."""
    return {
        **record.pages(),
        **disclosure.pages(),
        **worklist.pages(),
        **cases.pages(root / "fixtures"),
    }
