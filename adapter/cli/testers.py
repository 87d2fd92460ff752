"""Verbs for those who test: the simulated receiver, the demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from adapter.cli.root import cli


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
