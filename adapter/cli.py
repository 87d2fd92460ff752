"""The command line: one verb a function, one JSON document on standard output.

Exit codes: 0 done; 1 the answer is no (a refused record, a faulty bundle); 2 the
command was called wrongly; 3 the adapter does not start (settings, mappings, profiles).

A verb imports what it needs when it is called: all of it takes more than a second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import orjson

from adapter import __version__
from adapter.clock import parse_instant, system_clock
from adapter.errors import AdapterError, Issue, RecipientUnknown, StartRefused
from adapter.operate import audit_verbs, brake_verbs, worklist_verbs
from adapter.settings import Settings, load_settings

if TYPE_CHECKING:
    from adapter.record.model import Record
    from adapter.sources.source import Source

ANSWER_IS_NO = 1
DOES_NOT_START = 3


class Instant(click.ParamType[datetime]):
    """An RFC 3339 instant with its offset, such as 2026-11-05T09:00:00Z."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except ValueError:
            self.fail("an RFC 3339 instant, such as 2026-11-05T09:00:00Z", param, ctx)


AT = click.option(
    "--at", type=Instant(), help="The instant to decide at; now if absent."
)
FILE = click.argument("file", type=click.File("rb"))
RECIPIENT = click.option("--recipient", required=True, help="A recipient's id.")


def answer(document: Any) -> None:
    """Print the one JSON document of this call."""
    text = orjson.dumps(
        document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    click.echo(text, nl=False)


def refuse(error: AdapterError) -> NoReturn:
    """Tell on standard error what is wrong and where, and end with the exit code."""
    click.echo(f"{error.title}: {error.detail}", err=True)
    for issue in error.issues:
        click.echo(f"  {issue.code} {issue.path}: {issue.message}", err=True)
    sys.exit(DOES_NOT_START if isinstance(error, StartRefused) else ANSWER_IS_NO)


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Hand a verb its settings, and turn every AdapterError into words and a code."""

    @wraps(function)
    def call(**arguments: Any) -> None:
        try:
            function(load_settings(os.environ), **arguments)
        except AdapterError as error:
            refuse(error)

    return call


def read_record(settings: Settings, body: bytes, at: datetime) -> Record:
    from adapter.record.parse import parse
    from adapter.wiring import build_policy

    return parse(body, policy=build_policy(settings), now=at)


def check_recipient(record: Record, recipient: str) -> None:
    if record.recipient(recipient) is None:
        known = ", ".join(each["id"] for each in record.recipients)
        raise RecipientUnknown(f"--recipient must be one of: {known}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="transition-adapter")
def cli() -> None:
    """Carry what keeps a young person safe to the next team, and to nobody else."""


@cli.command()
@FILE
@AT
@verb
def validate(settings: Settings, file: Any, at: datetime | None) -> None:
    """Say whether a record is valid: every fault, its path and how to mend it."""
    from adapter.record.grouping import group
    from adapter.record.parse import check
    from adapter.wiring import build_policy

    policy = build_policy(settings)
    record, issues = check(file.read(), policy=policy, now=at or system_clock())
    answer(
        {
            "accepted": record is not None,
            "issues": [issue.as_json() for issue in issues],
            "sections": group(issues),
        }
    )
    if record is None:
        sys.exit(ANSWER_IS_NO)


@cli.command()
@FILE
@AT
@click.option("--recipient", help="A recipient's id; all of them if absent.")
@verb
def decide(
    settings: Settings, file: Any, at: datetime | None, recipient: str | None
) -> None:
    """Say for each recipient what may be disclosed, and why."""
    from adapter.disclosure.decide import decide as decide_for
    from adapter.wiring import build_policy

    at = at or system_clock()
    record = read_record(settings, file.read(), at)
    if recipient is not None:
        check_recipient(record, recipient)
    policy = build_policy(settings)
    wanted = [each["id"] for each in record.recipients]
    answer(
        {
            each: decide_for(record, each, at=at, policy=policy).as_json()
            for each in ([recipient] if recipient else wanted)
        }
    )


@cli.command()
@FILE
@AT
@RECIPIENT
@click.option(
    "--as",
    "form",
    type=click.Choice(["collection", "transaction"]),
    default="collection",
    show_default=True,
    help="The form of the Bundle.",
)
@verb
def prepare(
    settings: Settings, file: Any, at: datetime | None, recipient: str, form: str
) -> None:
    """Print the Bundle that a recipient would get, or null when nothing leaves.

    Ids are made from a key that is known to all, not from a store's.
    """
    from adapter.bundle.build import Stamp, acceptance_task, collection, transaction
    from adapter.bundle.ids import Ids
    from adapter.prepare import prepare as prepare_for
    from adapter.wiring import build_tools

    at = at or system_clock()
    record = read_record(settings, file.read(), at)
    check_recipient(record, recipient)
    tools = build_tools(settings)
    prepared = prepare_for(record, recipient, at=at, tools=tools)
    if prepared.content is None:
        answer(None)
        return
    ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
    stamp = Stamp(ids.view_id(), 1, at)
    base = settings.public_base_url
    task = acceptance_task(prepared.content, ids, stamp, base)
    make = collection if form == "collection" else transaction
    answer(make(prepared.content, stamp, base, task=task))
    if prepared.issues:
        raise_issues(prepared.issues)


def raise_issues(issues: tuple[Issue, ...]) -> NoReturn:
    for issue in issues:
        click.echo(f"{issue.code} {issue.path}: {issue.message}", err=True)
    sys.exit(ANSWER_IS_NO)


@cli.command()
@FILE
@AT
@RECIPIENT
@verb
def explain(settings: Settings, file: Any, at: datetime | None, recipient: str) -> None:
    """Say for each FHIR element which template line and record path made it."""
    from adapter.mapping.explain import explain as explain_for
    from adapter.prepare import prepare as prepare_for
    from adapter.wiring import build_tools

    at = at or system_clock()
    record = read_record(settings, file.read(), at)
    check_recipient(record, recipient)
    tools = build_tools(settings)
    redacted = prepare_for(record, recipient, at=at, tools=tools).redacted
    answer([] if redacted is None else explain_for(tools.mapping, redacted.context()))


@cli.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--source", help="A supplier of mappings/sources; FILE is its export.")
@verb
def coverage(settings: Settings, file: Any, source: str | None) -> None:
    """Say which fields no template reads and which are not carried, with the reason.

    With --source: which fields of a supplier's export are mapped, knowingly not
    carried, and neither; with FILE also what is wrong in that export, and unread.
    """
    if source is not None:
        answer(coverage_of_source(settings, source, file))
        return
    if file is not None:
        raise click.UsageError("FILE is an export: say whose with --source")

    from adapter.mapping.explain import coverage as coverage_of
    from adapter.record.declarations import DECLARATIONS
    from adapter.wiring import build_mapping

    not_carried = settings.mappings_dir / "not-carried.csv"
    answer(
        coverage_of(
            build_mapping(settings),
            DECLARATIONS,
            not_carried.read_text(encoding="utf-8"),
        )
    )


def coverage_of_source(settings: Settings, name: str, file: Any) -> dict[str, Any]:
    from adapter.archive import read_archive
    from adapter.record.parse import check
    from adapter.sources.coverage import coverage as coverage_of
    from adapter.wiring import build_policy

    source = named_source(settings, name)
    if file is None:
        return coverage_of(source)
    body, limit = file.read(), settings.max_body_bytes
    given = read_archive(body, limit=limit) if source.in_tables else body
    converted = source.convert(given)
    _, issues = check(converted.body, policy=build_policy(settings), now=system_clock())
    return coverage_of(source, converted.tell(issues))


def named_source(settings: Settings, name: str) -> Source:
    from adapter.wiring import build_source, source_names

    known = source_names(settings)
    if name not in known:
        raise click.BadParameter(f"one of: {', '.join(known)}", param_hint="--source")
    return build_source(settings, name)


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
    """Name every fault in policy, directory, callers, mappings and profiles."""
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
    for name, build in builders.items():
        found[name] = []
        try:
            build()
        except AdapterError as error:
            found[name] = [issue.as_json() for issue in error.issues] or [
                Issue("error", "FAULT", "", error.detail).as_json()
            ]
    answer(found)
    if any(found.values()):
        sys.exit(DOES_NOT_START)


@cli.command()
@click.option(
    "--type", "transition_type", required=True, help="A transition.transition_type."
)
@click.option("--minimal", is_flag=True, help="Only what no record may lack.")
@click.option("--explain", is_flag=True, help="With what each field means.")
@AT
@verb
def template(
    settings: Settings,
    transition_type: str,
    minimal: bool,
    explain: bool,
    at: datetime | None,
) -> None:
    """Print a valid record to start from, its dates around now."""
    from adapter.generate.template import TYPES
    from adapter.generate.template import explain as explain_fields
    from adapter.generate.template import template as make_template

    if transition_type not in TYPES:
        raise click.BadParameter(f"one of: {', '.join(TYPES)}", param_hint="--type")
    tree = make_template(transition_type, now=at or system_clock(), minimal=minimal)
    answer({"record": tree, "fields": explain_fields(tree)} if explain else tree)


@cli.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of a record."""
    from adapter.record.json_schema import json_schema

    answer(json_schema())


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
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; tell what is stale."
)
def docs(only_check: bool) -> None:
    """Write the pages of docs/ that are made from the code (in a source tree)."""
    from adapter.record.pages import pages

    stale = [
        path
        for path, text in pages().items()
        if not Path(path).exists() or Path(path).read_text(encoding="utf-8") != text
    ]
    for path in () if only_check else stale:
        Path(path).write_text(pages()[path], encoding="utf-8")
    answer({"stale" if only_check else "written": stale})
    if only_check and stale:
        sys.exit(ANSWER_IS_NO)


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
    from adapter.logs import start_logging
    from adapter.serve import work as run_worker
    from adapter.wiring import build_parts

    start_logging(settings.log_level)
    run_worker(build_parts(settings))


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
    from adapter.wiring import build_parts

    whose = named_source(settings, source) if source else None
    parts = build_parts(settings)
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
@verb
def redrive(settings: Settings, delivery_id: str) -> None:
    """Queue a failed delivery again, once what made it fail has been mended."""
    from adapter.delivery.renewal import redrive as queue_again
    from adapter.wiring import build_parts

    parts = build_parts(settings)
    queued = queue_again(delivery_id, parts, parts.clock(), actor="command-line")
    click.echo(f"Delivery {queued.id} is queued.", err=True)


@cli.command()
def token() -> None:
    """Make a new bearer token, and the hash of it that the callers file takes."""
    from adapter.api.auth import mint_token

    secret, digest = mint_token()
    answer({"token": secret, "token_sha256": digest})


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


audit_verbs(cli, verb, answer)
brake_verbs(cli, verb, answer)
worklist_verbs(cli, verb, answer)


def main() -> None:
    """Run the command line."""
    cli()
