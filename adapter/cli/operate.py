"""Verbs for those who run the adapter: audit trail, worklist, brakes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from adapter.cli.root import ANSWER_IS_NO, answer, cli, open_parts, verb
from adapter.clock import format_instant, system_clock
from adapter.record.vocabulary import RECIPIENT_KINDS
from adapter.settings import Settings

if TYPE_CHECKING:
    from adapter.store.brakes import Brake
    from adapter.wiring import Parts
    from adapter.worklist.telling import Telling


def _said(context: click.Context, option: click.Parameter, given: str) -> str:
    """The text, which says something, without the blanks around it."""
    if not given.strip():
        raise click.BadParameter("must say something", context, option)
    return given.strip()


NAME = click.option("--name", required=True, callback=_said, help="Who acts.")
ROLE = click.option("--role", required=True, callback=_said, help="Their role.")
DELIVERY = click.option(
    "--delivery", required=True, help="The held delivery that was looked at."
)

COMMAND_LINE = "command-line"
"""The actor in the audit trail; the person's name and role stand beside it."""


@cli.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--noted", help="A hash of the head that was noted before.")
@verb
def verify(settings: Settings, noted: str | None) -> None:
    """Say whether the trail is whole, and where it breaks."""
    from adapter.store import open_store
    from adapter.store.chain import verify as verify_chain

    store = open_store(settings.database_url, system_clock)
    store.check()
    found = verify_chain(store, noted=noted)
    store.close()
    head = found.head
    answer(
        {
            "whole": found.is_whole,
            "at": format_instant(system_clock()),
            "rows": found.rows,
            "rows_before_the_chain": found.before,
            "head": {"number": head.number, "hash": head.hash} if head else None,
            "noted": found.noted,
            "breaks": [
                {"number": each.number, "fault": each.fault} for each in found.breaks
            ],
        }
    )
    if not found.is_whole:
        sys.exit(ANSWER_IS_NO)


@cli.group()
def worklist() -> None:
    """What needs a person."""


@worklist.command("list")
@click.option("--ods-code", help="One sender's; of all senders if absent.")
@click.option("--state", type=click.Choice(["open", "taken", "closed"]))
@click.option("--purpose", help="Only those of this purpose.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50)
@verb
def list_worklist(
    settings: Settings,
    ods_code: str | None,
    state: str | None,
    purpose: str | None,
    limit: int,
) -> None:
    """List what is open, soonest due first, and the brakes that are on."""
    from adapter.store.brakes import list_brakes as list_all
    from adapter.store.handling import list_items

    parts = open_parts(settings)
    found = list_items(parts.store, ods_code, state=state, purpose=purpose, limit=limit)
    telling = _telling(parts)
    answer(
        {
            "items": [telling.item(each) for each in found.items],
            "brakes": [_told(each) for each in list_all(parts.store)],
            "more": found.next is not None,
        }
    )


@worklist.command()
@click.argument("item_id")
@NAME
@ROLE
@verb
def take(settings: Settings, item_id: str, name: str, role: str) -> None:
    """See to an item from now on."""
    from adapter.store.handling import Person
    from adapter.store.handling import take as take_item

    parts = open_parts(settings)
    person = Person(name, role)
    taken = take_item(
        parts.store, item_id, None, person, actor=COMMAND_LINE, at=parts.clock()
    )
    answer(_telling(parts).item(taken))


@worklist.command()
@click.argument("item_id")
@NAME
@ROLE
@click.option("--reason", required=True, callback=_said, help="What was done.")
@verb
def close(settings: Settings, item_id: str, name: str, role: str, reason: str) -> None:
    """Close an item that has been dealt with."""
    from adapter.store.handling import Person
    from adapter.store.handling import close as close_item

    parts = open_parts(settings)
    closed = close_item(
        parts.store,
        item_id,
        None,
        Person(name, role),
        reason,
        actor=COMMAND_LINE,
        at=parts.clock(),
    )
    answer(_telling(parts).item(closed))


@worklist.command()
@click.argument("item_id")
@DELIVERY
@NAME
@ROLE
@verb
def release(
    settings: Settings, item_id: str, delivery: str, name: str, role: str
) -> None:
    """Release what is held; it leaves once as many people have as must."""
    from adapter.delivery.verdict import release_held
    from adapter.store.handling import Person

    parts = open_parts(settings)
    person, at = Person(name, role), parts.clock()
    released = release_held(item_id, delivery, person, parts, at, actor=COMMAND_LINE)
    answer(_telling(parts).item(released))


@worklist.command()
@click.argument("item_id")
@DELIVERY
@NAME
@ROLE
@click.option("--reason", required=True, callback=_said, help="Why it must not leave.")
@verb
def refuse(
    settings: Settings,
    item_id: str,
    delivery: str,
    name: str,
    role: str,
    reason: str,
) -> None:
    """Refuse what is held: it never leaves."""
    from adapter.delivery.verdict import refuse_held
    from adapter.store.handling import Person

    parts = open_parts(settings)
    person, at = Person(name, role), parts.clock()
    refused = refuse_held(
        item_id, delivery, person, reason, parts, at, actor=COMMAND_LINE
    )
    answer(_telling(parts).item(refused))


@cli.group()
def brake() -> None:
    """Stop what leaves, at once, and let it go again."""


def which(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--endpoint", help="One endpoint of the directory."),
        click.option("--kind", type=click.Choice(RECIPIENT_KINDS)),
        click.option("--all", "everything", is_flag=True, help="All that leaves."),
        click.option("--by", default="", help="Who says so."),
    ):
        function = option(function)
    return function


@brake.command()
@which
@click.option("--reason", required=True, help="Why; shown until it is released.")
@verb
def on(settings: Settings, by: str, reason: str, **named: Any) -> None:
    """Stop push and pull within a second, until released."""
    from adapter.store.brakes import ENDPOINT, set_brake

    parts = open_parts(settings)
    scope, name = _scope(**named)
    if scope == ENDPOINT and parts.directory.endpoint_named(name) is None:
        raise click.BadParameter("no endpoint of the directory", param_hint=scope)
    answer(
        _told(
            set_brake(
                parts.store,
                scope,
                name,
                reason=reason,
                by=by,
                actor=COMMAND_LINE,
                at=parts.clock(),
            )
        )
    )


@brake.command()
@which
@verb
def off(settings: Settings, by: str, **named: Any) -> None:
    """Release a brake; what waited goes on at once."""
    from adapter.store.brakes import release_brake

    parts = open_parts(settings)
    at = parts.clock()
    scope, name = _scope(**named)
    answer(
        _told(release_brake(parts.store, scope, name, by=by, actor=COMMAND_LINE, at=at))
    )


@brake.command("list")
@click.option("--ever", is_flag=True, help="Those that were released too.")
@verb
def list_brakes(settings: Settings, ever: bool) -> None:
    """List the brakes that are on."""
    from adapter.store.brakes import list_brakes as list_all

    found = list_all(open_parts(settings).store, only_on=not ever)
    answer({"brakes": [_told(each) for each in found]})


def _scope(endpoint: str | None, kind: str | None, everything: bool) -> tuple[str, str]:
    """What a brake is to hold, told in one way only."""
    if (endpoint is not None) + (kind is not None) + everything != 1:
        raise click.UsageError("one of --endpoint, --kind and --all is needed")
    if endpoint is not None:
        return "endpoint", endpoint
    return ("kind", kind) if kind is not None else ("all", "")


def _told(brake: Brake) -> dict[str, Any]:
    released = brake.released_at
    return {
        "scope": brake.scope,
        "name": brake.name,
        "reason": brake.reason,
        "by": brake.by,
        "since": format_instant(brake.set_at),
        "released_at": format_instant(released) if released else None,
    }


def _telling(parts: Parts) -> Telling:
    from adapter.worklist.telling import Telling

    return Telling(parts.store, parts.settings.public_base_url, parts.clock())
