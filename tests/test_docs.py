"""The docs name every command, every setting and every error, and no others' homes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click

from adapter import errors
from adapter.cli import cli
from adapter.cli.pages import pages
from adapter.settings import Settings, variable

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def _named(page: str) -> set[str]:
    text = (DOCS / "reference" / page).read_text()
    return set(re.findall(r"`([A-Za-z_-]+)", text))


def test_every_command_is_documented() -> None:
    assert isinstance(cli, click.Group)
    assert set(cli.commands) <= _named("commands.md")


def test_every_setting_is_documented() -> None:
    assert {variable(each.name) for each in fields(Settings)} <= _named("settings.md")


def test_every_error_is_documented() -> None:
    leaves = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type)
        and issubclass(value, errors.AdapterError)
        and not value.__subclasses__()
    }
    assert leaves <= _named("errors.md")


def test_relative_links_in_the_docs_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_paths_named_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"`((?:docs|fixtures|mappings|profiles)/[\w./*-]*)`", text):
        assert list(ROOT.glob(path.rstrip("/"))), path


def test_what_is_made_is_not_stale() -> None:
    stale = [path for path, text in pages(ROOT).items() if _text_of(path) != text]
    assert stale == [], "run: transition-adapter docs"


def _text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
