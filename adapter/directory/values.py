"""What one value of the directory must look like; a reader raises ValueError if not."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

SENDABLE = re.compile(r"[\x21-\x7e]+")
"""What a header may carry: visible ASCII, no space."""

_ODS_CODE = re.compile(r"[A-Z0-9]{3,10}")


def is_loopback(address: str) -> bool:
    """Whether an address names this very machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_ods_code(text: str) -> str:
    """An ODS code. Source: record model, type ``ods_code``."""
    if not _ODS_CODE.fullmatch(text):
        raise ValueError
    return text


def read_address(text: str) -> str:
    """An http or https URL without user, query or fragment, and no slash at its end."""
    parts = urlsplit(text)
    _ = parts.port  # raises when it is no port
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or "?" in text
        or "#" in text
        or not SENDABLE.fullmatch(text)
    ):
        raise ValueError
    return text.rstrip("/")


def read_proxy(text: str) -> str:
    """An http or https URL of a host alone."""
    found = read_address(text)
    if urlsplit(found).path:
        raise ValueError
    return found


def read_absolute_path(text: str) -> Path:
    """A path that means the same from every working folder."""
    path = Path(text)
    if not path.is_absolute():
        raise ValueError
    return path


def read_boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError
    return text == "true"


def seconds_between(least: float, most: float) -> Callable[[str], float]:
    """A reader of a number of seconds within bounds."""

    def read(text: str) -> float:
        number = float(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return read


def whole_between(least: int, most: int) -> Callable[[str], int]:
    """A reader of a whole number within bounds."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else least - 1
        if not least <= number <= most:
            raise ValueError
        return number

    return read
