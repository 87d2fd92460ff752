"""The adapter's settings: one frozen value, read once from the environment.

Only ``load_settings`` reads the environment, and it is handed in. Every fault is found
in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapter.clock import parse_instant
from adapter.errors import Issue, SettingsInvalid

PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """The folder as it lies in a checkout, or as the wheel ships it."""
    checkout = PACKAGE.parent / name
    return checkout if checkout.is_dir() else PACKAGE / "shipped" / name


@dataclass(frozen=True)
class Settings:
    """What one running adapter is told; the comment beside a field is its meaning."""

    database_url: str = "sqlite:///transition-adapter.db"  # SQLAlchemy URL of the store
    public_base_url: str = "http://127.0.0.1:8080"  # makes every link that we give out
    host: str = "127.0.0.1"  # address that the web process listens on
    port: int = 8080  # its port
    metrics_port: int = 9464  # port of /metrics, on 127.0.0.1 only; 0 switches it off
    trusted_proxies: tuple[str, ...] = ()  # addresses whose X-Forwarded-* are believed
    mappings_dir: Path = field(default_factory=lambda: _shipped("mappings"))
    profiles_dir: Path = field(default_factory=lambda: _shipped("profiles"))
    fixtures_dir: Path = field(default_factory=lambda: _shipped("fixtures"))
    policy_file: Path | None = None  # a trust's policy; None: the defaults of the rules
    directory_file: Path | None = None  # recipients' endpoints; None: nobody has one
    callers_file: Path | None = None  # who may call; None: nobody
    secrets_dir: Path | None = None  # a file a secret, named by the directory
    max_body_bytes: int = 5_000_000  # largest record taken, in bytes
    arrival_alarm_hours: int = 72  # before responsibility moves: has it arrived?
    acceptance_alarm_hours: int = 24  # before it moves: has a person accepted it?
    production: bool = False  # true refuses test NHS numbers and the tester's clock
    clock: datetime | None = None  # tester's clock: the instant at which to start
    log_level: str = "INFO"  # DEBUG, INFO, WARNING or ERROR
    blocking_threads: int = 4  # threads of the web process
    workers: int = 1  # worker processes that `serve` starts


def _integer(text: str) -> int:
    return int(text)


def _hours(text: str) -> int:
    hours = int(text)
    if not 0 <= hours <= 24 * 365:
        raise ValueError
    return hours


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError
    return path


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_dir():
        raise ValueError
    return path


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
        raise ValueError
    return text.rstrip("/")


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError
    return text.upper()


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "database_url": (str, "a SQLAlchemy URL"),
    "public_base_url": (_base_url, "an http or https URL"),
    "host": (str, "an address"),
    "port": (_integer, "a whole number"),
    "metrics_port": (_integer, "a whole number"),
    "trusted_proxies": (_names, "addresses with commas between"),
    "mappings_dir": (_folder, "a folder that exists"),
    "profiles_dir": (_folder, "a folder that exists"),
    "fixtures_dir": (_folder, "a folder that exists"),
    "policy_file": (_file, "a file that exists"),
    "directory_file": (_file, "a file that exists"),
    "callers_file": (_file, "a file that exists"),
    "secrets_dir": (_folder, "a folder that exists"),
    "max_body_bytes": (_integer, "a whole number"),
    "arrival_alarm_hours": (_hours, "a whole number of hours, 0 to 8760"),
    "acceptance_alarm_hours": (_hours, "a whole number of hours, 0 to 8760"),
    "production": (_boolean, "true or false"),
    "clock": (parse_instant, "an RFC 3339 instant"),
    "log_level": (_level, "DEBUG, INFO, WARNING or ERROR"),
    "blocking_threads": (_integer, "a whole number"),
    "workers": (_integer, "a whole number"),
}


def variable(name: str) -> str:
    """The environment variable of a setting: PUBLIC_BASE_URL for public_base_url."""
    return name.upper()


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that an environment gives; an empty variable counts as absent.

    SettingsInvalid names every variable that cannot be read and what it must be.
    """
    given: dict[str, Any] = {}
    issues: list[Issue] = []
    for setting in fields(Settings):
        text = environ.get(variable(setting.name), "")
        if not text:
            continue
        read, must_be = _READERS[setting.name]
        try:
            given[setting.name] = read(text)
        except (ValueError, KeyError):
            place = variable(setting.name)
            issues.append(
                Issue("error", "SETTING_INVALID", place, f"must be {must_be}")
            )
    if given.get("production") and given.get("clock"):
        issues.append(
            Issue(
                "error", "SETTING_INVALID", "CLOCK", "is for testing, never production"
            )
        )
    if issues:
        raise SettingsInvalid("settings cannot be read", issues=issues)
    return Settings(**given)
