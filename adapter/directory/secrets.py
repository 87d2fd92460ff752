"""Secrets by name: a file in the folder of secrets, else an environment variable.

Nothing here keeps, prints or logs what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

SecretLookup = Callable[[str], str | None]

SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""A secret's name: what both a file and an environment variable can be called."""


def secrets_from(folder: Path | None, environ: Mapping[str, str]) -> SecretLookup:
    """A lookup from a secret's name to its text, None where there is none.

    The file of that name in ``folder`` comes before the environment; white space around
    the text is taken off, and an empty text counts as none.
    """

    def find(name: str) -> str | None:
        if not SECRET_NAME.fullmatch(name):
            return None
        if folder is not None:
            try:
                return (folder / name).read_text("utf-8").strip() or None
            except FileNotFoundError:
                pass
            except (OSError, UnicodeDecodeError):
                return None
        return environ.get(name, "").strip() or None

    return find
