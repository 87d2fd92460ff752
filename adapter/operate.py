"""Verbs for those who run the adapter: the audit trail.

``adapter.cli`` hands in how a verb gets its settings and how it answers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from adapter.clock import format_instant, system_clock
from adapter.settings import Settings

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
