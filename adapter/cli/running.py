"""Verbs that run the adapter over its store, or work on what the store holds."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import click
import orjson

from adapter.cli.root import (
    ANSWER_IS_NO,
    Instant,
    answer,
    cli,
    named_source,
    open_parts,
    verb,
)
from adapter.settings import Settings, load_settings


@cli.command()
@verb
def migrate(settings: Settings) -> None:
    """Make the store, or bring it up to date; safe to run again."""
    from adapter.store import migrate as migrate_store

    migrate_store(settings.database_url)
    click.echo("The store is up to date.", err=True)


@cli.command()
@click.option("--web-only", is_flag=True, help="No worker: run `work` elsewhere.")
@click.option(
    "--clock", type=Instant(), help="Tester's clock: the instant to start at."
)
@verb
def serve(settings: Settings, web_only: bool, clock: datetime | None) -> None:
    """Run web and worker until told to stop, after bringing the store up to date."""
    from adapter.serve import serve as supervise

    environ = dict(os.environ)
    if clock is not None:
        environ["CLOCK"] = clock.isoformat()
        settings = load_settings(environ)
    sys.exit(supervise(settings, environ, web_only=web_only))


@cli.command()
@verb
def work(settings: Settings) -> None:
    """Run one worker: send what is due until told to stop."""
    from adapter.serve import work as run_worker

    run_worker(open_parts(settings))


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--source", help="A supplier of mappings/sources, for its exports.")
@click.option("--ods", "ods_code", help="On whose behalf; else each record's own.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Default: beside."
)
@verb
def import_file(
    settings: Settings,
    file: Path,
    source: str | None,
    ods_code: str | None,
    report: Path | None,
) -> None:
    """Take in the records of an NDJSON file (gzip too), each as if it were posted.

    With the --source of a supplier that sends zips, FILE is one, or a folder of them.
    The report has a line for each record; started again with the same report, an
    import that was stopped goes on.
    """
    from adapter.importing.lines import read_lines, read_zips
    from adapter.importing.progress import shown
    from adapter.importing.report import Report
    from adapter.importing.run import import_records

    whose = named_source(settings, source) if source else None
    parts = open_parts(settings)
    parts.store.check()
    is_stdin = str(file) == "-"
    if report is None:
        name = "import" if is_stdin else file.resolve().name
        report = (Path() if is_stdin else file.parent) / f"{name}.report.ndjson"
    limit = settings.max_body_bytes
    with ExitStack() as stack:
        told = stack.enter_context(Report(report))
        if whose is not None and whose.in_tables:
            lines = read_zips(file, limit)
            position, total = (lambda: 0), None
        else:
            opened = sys.stdin.buffer if is_stdin else file.open("rb")
            opened = stack.enter_context(opened)
            lines = read_lines(opened, limit)
            position = (lambda: 0) if is_stdin else opened.tell
            total = None if is_stdin else file.stat().st_size
        progress = stack.enter_context(shown(position, total))
        counts = import_records(
            lines, told, parts, source=whose, ods_code=ods_code, progress=progress
        )
    answer({"read": counts.read, **counts.by_status, "report": str(report)})
    if not counts.all_taken:
        sys.exit(ANSWER_IS_NO)


@cli.command()
@click.argument("delivery_id")
@click.option("--preview", is_flag=True, help="Only say what would be sent now.")
@verb
def redrive(settings: Settings, delivery_id: str, preview: bool) -> None:
    """Queue a failed delivery again, once what made it fail has been mended."""
    from adapter.delivery.renewal import preview_redrive
    from adapter.delivery.renewal import redrive as queue_again

    parts = open_parts(settings)
    if preview:
        found = preview_redrive(delivery_id, parts, parts.clock())
        bundle = found.bundle
        answer(
            {
                "delivery": found.delivery.id,
                "state": found.delivery.state.value,
                "reason": found.delivery.reason,
                "would": found.would,
                "endpoint": found.endpoint,
                "view_version": found.view_version,
                "issues": list(found.issues),
                "bundle": orjson.loads(bundle.plain()) if bundle else None,
            }
        )
        if bundle is None:
            sys.exit(ANSWER_IS_NO)
        return
    queued = queue_again(delivery_id, parts, parts.clock(), actor="command-line")
    click.echo(f"Delivery {queued.id} is queued.", err=True)
