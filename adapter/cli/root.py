"""What every verb shares: its settings, its one answer, and how it refuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click
import orjson

from adapter import __version__
from adapter.clock import parse_instant
from adapter.errors import AdapterError, Issue, RecipientUnknown, StartRefused
from adapter.settings import Settings, load_settings

if TYPE_CHECKING:
    from adapter.record.model import Record
    from adapter.sources.source import Source
    from adapter.wiring import Parts

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


def raise_issues(issues: tuple[Issue, ...]) -> NoReturn:
    for issue in issues:
        click.echo(f"{issue.code} {issue.path}: {issue.message}", err=True)
    sys.exit(ANSWER_IS_NO)


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Hand a verb its settings, and turn every AdapterError into words and a code."""

    @wraps(function)
    def call(**arguments: Any) -> None:
        try:
            function(load_settings(os.environ), **arguments)
        except AdapterError as error:
            refuse(error)

    return call


def open_parts(settings: Settings) -> Parts:
    """The parts over the store, what they have to say going to standard error."""
    from adapter.logs import start_logging
    from adapter.wiring import build_parts

    start_logging(settings.log_level)
    return build_parts(settings)


def read_record(settings: Settings, body: bytes, at: datetime) -> Record:
    from adapter.record.parse import parse
    from adapter.wiring import build_policy

    return parse(body, policy=build_policy(settings), now=at)


def check_recipient(record: Record, recipient: str) -> None:
    if record.recipient(recipient) is None:
        known = ", ".join(each["id"] for each in record.recipients)
        raise RecipientUnknown(f"--recipient must be one of: {known}")


def named_source(settings: Settings, name: str) -> Source:
    from adapter.wiring import build_source, source_names

    known = source_names(settings)
    if name not in known:
        raise click.BadParameter(f"one of: {', '.join(known)}", param_hint="--source")
    return build_source(settings, name)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="transition-adapter")
def cli() -> None:
    """Carry what keeps a young person safe to the next team, and to nobody else."""
