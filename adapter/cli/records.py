"""Verbs over one record: is it valid, what may be told, what would be sent, and why."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from adapter.cli.bundles import FORMS, prepared_bundle
from adapter.cli.root import (
    ANSWER_IS_NO,
    AT,
    FILE,
    RECIPIENT,
    answer,
    check_recipient,
    cli,
    named_source,
    raise_issues,
    read_record,
    verb,
)
from adapter.clock import system_clock
from adapter.errors import InvalidRecord, Issue, UnreadableRequest
from adapter.settings import Settings

if TYPE_CHECKING:
    from adapter.sources.source import Source


SOURCE = click.option(
    "--source", help="A supplier of mappings/sources; FILE is its export."
)


@cli.command()
@FILE
@AT
@SOURCE
@verb
def validate(
    settings: Settings, file: Any, at: datetime | None, source: str | None
) -> None:
    """Say whether a record is valid: every fault, its path and how to mend it.

    With --source, FILE is a supplier's export, and a path is the one in it.
    """
    from adapter.record.grouping import group

    at = at or system_clock()
    supplier = None if source is None else named_source(settings, source)
    try:
        issues = judged(settings, file.read(), at, supplier)
    except (InvalidRecord, UnreadableRequest) as error:
        issues = list(error.issues)
    accepted = all(issue.severity != "error" for issue in issues)
    answer(
        {
            "accepted": accepted,
            "issues": [issue.as_json() for issue in issues],
            "sections": group(issues),
        }
    )
    if not accepted:
        sys.exit(ANSWER_IS_NO)


def judged(
    settings: Settings, body: bytes, at: datetime, supplier: Source | None
) -> list[Issue]:
    """Every issue of a record, or of a supplier's export by the paths in that.

    Raises InvalidRecord and UnreadableRequest for what is no export at all.
    """
    from adapter.archive import read_archive
    from adapter.record.parse import check
    from adapter.wiring import build_policy

    policy = build_policy(settings)
    if supplier is None:
        return check(body, policy=policy, now=at)[1]
    limit = settings.max_body_bytes
    given = read_archive(body, limit=limit) if supplier.in_tables else body
    converted = supplier.convert(given)
    return converted.tell(check(converted.body, policy=policy, now=at)[1])


@cli.command()
@FILE
@AT
@click.option("--recipient", help="A recipient's id; all of them if absent.")
@click.option("--table", is_flag=True, help="For people: a table, then the reasons.")
@verb
def decide(
    settings: Settings,
    file: Any,
    at: datetime | None,
    recipient: str | None,
    table: bool,
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
    decisions = [
        decide_for(record, each, at=at, policy=policy)
        for each in ([recipient] if recipient else wanted)
    ]
    if table:
        from adapter.cli.decided import as_text

        click.echo(as_text(record, decisions), nl=False)
        return
    answer({each.recipient_id: each.as_json() for each in decisions})


@cli.command()
@FILE
@AT
@RECIPIENT
@click.option(
    "--as",
    "form",
    type=click.Choice(FORMS),
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
    from adapter.wiring import build_tools

    at = at or system_clock()
    record = read_record(settings, file.read(), at)
    check_recipient(record, recipient)
    prepared, bundle = prepared_bundle(
        record, recipient, at, build_tools(settings), settings.public_base_url, form
    )
    answer(bundle)
    if prepared.issues:
        raise_issues(prepared.issues)


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
@SOURCE
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
    from adapter.sources.coverage import coverage as coverage_of

    source = named_source(settings, name)
    if file is None:
        return coverage_of(source)
    issues = judged(settings, file.read(), system_clock(), source)
    return coverage_of(source, issues)


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
