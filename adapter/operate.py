"""Verbs for those who run the adapter: the audit trail and the worklist.

``adapter.cli`` hands in how a verb gets its settings and how it answers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from adapter.clock import format_instant, system_clock
from adapter.settings import Settings

if TYPE_CHECKING:
    from adapter.wiring import Parts
    from adapter.worklist.telling import Telling

NAME = click.option("--name", required=True, help="Who acts.")
ROLE = click.option("--role", required=True, help="Their role.")

COMMAND_LINE = "command-line"
"""The actor in the audit trail; the person's name and role stand beside it."""

Verb = Callable[[Callable[..., None]], Callable[..., None]]
Answer = Callable[[Any], None]

ANSWER_IS_NO = 1


def audit_verbs(cli: click.Group, verb: Verb, answer: Answer) -> None:
    """Add ``audit``."""

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
                    {"number": each.number, "fault": each.fault}
                    for each in found.breaks
                ],
            }
        )
        if not found.is_whole:
            sys.exit(ANSWER_IS_NO)


def worklist_verbs(cli: click.Group, verb: Verb, answer: Answer) -> None:
    """Add ``worklist``."""

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
        """List what is open, soonest due first."""
        from adapter.store.handling import list_items

        parts = _parts(settings)
        found = list_items(
            parts.store, ods_code, state=state, purpose=purpose, limit=limit
        )
        telling = _telling(parts)
        answer(
            {
                "items": [telling.item(each) for each in found.items],
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

        parts = _parts(settings)
        person = Person(name, role)
        taken = take_item(
            parts.store, item_id, None, person, actor=COMMAND_LINE, at=parts.clock()
        )
        answer(_telling(parts).item(taken))

    @worklist.command()
    @click.argument("item_id")
    @NAME
    @ROLE
    @click.option("--reason", required=True, help="What was done.")
    @verb
    def close(
        settings: Settings, item_id: str, name: str, role: str, reason: str
    ) -> None:
        """Close an item that has been dealt with."""
        from adapter.store.handling import Person
        from adapter.store.handling import close as close_item

        parts = _parts(settings)
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


def _parts(settings: Settings) -> Parts:
    from adapter.wiring import build_parts

    return build_parts(settings)


def _telling(parts: Parts) -> Telling:
    from adapter.worklist.telling import Telling

    return Telling(parts.store, parts.settings.public_base_url, parts.clock())
