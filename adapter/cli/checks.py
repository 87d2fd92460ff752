"""Verbs that judge or write what the adapter is made of: files, bundles, pages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import orjson

from adapter.cli.root import ANSWER_IS_NO, DOES_NOT_START, answer, cli, verb
from adapter.errors import AdapterError, Issue
from adapter.settings import Settings


@cli.command("check")
@click.argument("files", type=click.File("rb"), nargs=-1, required=True)
@verb
def check_fhir(settings: Settings, files: tuple[Any, ...]) -> None:
    """Say what is wrong in FHIR bundles or resources, by the check of what leaves."""
    from adapter.wiring import build_checker

    checker = build_checker(settings)
    found: dict[str, list[dict[str, str]]] = {}
    for file in files:
        try:
            resource = orjson.loads(file.read())
        except orjson.JSONDecodeError:
            issues = [Issue("error", "E_JSON", "", "not JSON")]
        else:
            is_bundle = resource.get("resourceType") == "Bundle"
            issues = (checker.bundle if is_bundle else checker.resource)(resource)
        found[file.name] = [issue.as_json() for issue in issues]
    answer(found)
    if any(found.values()):
        sys.exit(ANSWER_IS_NO)


@cli.command("check-config")
@verb
def check_config(settings: Settings) -> None:
    """Name every fault in policy, directory, callers, mappings and profiles.

    Beside the faults: who has to release what is new, for each recipient kind.
    """
    from adapter.policy import M1, Policy
    from adapter.wiring import (
        build_callers,
        build_checker,
        build_directory,
        build_mapping,
        build_policy,
        build_sources,
    )

    builders: dict[str, Callable[[], object]] = {
        "policy": lambda: build_policy(settings),
        "directory": lambda: build_directory(settings, os.environ),
        "callers": lambda: build_callers(settings),
        "mappings": lambda: build_mapping(settings),
        "sources": lambda: build_sources(settings),
        "profiles": lambda: build_checker(settings),
    }
    found: dict[str, list[dict[str, str]]] = {}
    release: dict[str, str] | None = None
    for name, build in builders.items():
        found[name] = []
        try:
            built = build()
        except AdapterError as error:
            found[name] = [issue.as_json() for issue in error.issues] or [
                Issue("error", "FAULT", "", error.detail).as_json()
            ]
        else:
            if isinstance(built, Policy):
                release = {kind: built.release_to(kind) for kind, _ in M1}
    answer({**found, "release": release})
    if any(found.values()):
        sys.exit(DOES_NOT_START)


@cli.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; tell what is stale."
)
def docs(only_check: bool) -> None:
    """Write the pages of docs/ that are made (in a source tree)."""
    from adapter.cli.pages import pages

    made = pages(Path())
    stale = [
        path
        for path, text in made.items()
        if not Path(path).exists() or Path(path).read_text(encoding="utf-8") != text
    ]
    for path in () if only_check else stale:
        Path(path).write_text(made[path], encoding="utf-8")
    answer({"stale" if only_check else "written": stale})
    if only_check and stale:
        sys.exit(ANSWER_IS_NO)


@cli.command()
def token() -> None:
    """Make a new bearer token, and the hash of it that the callers file takes."""
    from adapter.api.auth import mint_token

    secret, digest = mint_token()
    answer({"token": secret, "token_sha256": digest})
