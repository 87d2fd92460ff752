"""Verbs for those who test: fixtures, the simulated receiver, the demo."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson

from adapter.cli.root import AT, cli
from adapter.clock import system_clock


@cli.group()
def fixtures() -> None:
    """Synthetic records, for those who test."""


@fixtures.command("generate")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@AT
def generate_fixtures(count: int, seed: int, at: datetime | None) -> None:
    """Print valid synthetic records, one a line (NDJSON); ids differ.

    The same seed and instant give the same records; a longer run begins with the
    records of a shorter one.
    """
    from adapter.generate import generate_many

    for tree in generate_many(seed, count, now=at or system_clock()):
        click.echo(orjson.dumps(tree), nl=True)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8090, show_default=True, help="0: any free port.")
@click.option("--name", default="Simulated receiver", show_default=True)
@click.option("--ods-code", required=True, help="Whom it plays.")
@click.option(
    "--adapter-token", envvar="ADAPTER_TOKEN", help="Its token at the adapter."
)
@click.option(
    "--token", envvar="RECEIVER_TOKEN", help="What it asks of those who push."
)
@click.option("--data", type=click.Path(path_type=Path), help="Keep what it gets here.")
def receiver(**options: Any) -> None:
    """Run a SIMULATED receiving provider, which misbehaves when told to."""
    from adapter.receiver import run_receiver

    run_receiver(**options)


@cli.command()
@click.option("--keep", is_flag=True, help="Leave everything running, for play.")
def demo(keep: bool) -> None:
    """Show the main job end to end on four invented records, on this machine alone."""
    from adapter.demo import run_demo

    sys.exit(run_demo(keep=keep))
