"""How things stood for a record's recipients when planning began."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.delivery.planned import Before, Given
from adapter.disclosure.model import Outcome
from adapter.policy import Policy
from adapter.store import deliveries, holdings, holds, records, tasks
from adapter.store.heads import CURRENT, ViewHead, read_heads, read_texts
from adapter.store.holdings import Whose


def read_before(
    connection: Connection,
    ods_code: str,
    record_id: str,
    recipients: Sequence[Mapping[str, Any]] = (),
    *,
    policy: Policy,
    superseding: Collection[str] = (),
) -> dict[str, Before]:
    """What stands for each recipient of a record, by recipient id.

    ``recipients`` may be new to it, and yet hold what they were sent of a record that
    this one has superseded, or supersedes now (``superseding``).
    """
    heads = read_heads(connection, ods_code, record_id)
    over = holdings.predecessors(connection, ods_code, record_id, also=superseding)
    now = {each["id"]: (each.get("ods_code"), each["kind"]) for each in recipients}
    before = {
        recipient_id: read_before_view(
            connection, head, over, policy=policy, whose=now.get(recipient_id)
        )
        for recipient_id, head in heads.items()
    }
    for each in recipients if over else ():
        if each["id"] not in before:
            whose = now[each["id"]]
            earlier = _earlier(connection, ods_code, over, whose)
            before[each["id"]] = with_holdings(connection, Before(), earlier, whose)
    return before


def read_before_view(
    connection: Connection,
    head: ViewHead,
    over: Collection[str] | None = None,
    *,
    policy: Policy,
    whose: Whose | None = None,
) -> Before:
    """What stands for the one recipient whose view this is.

    ``over`` are the records that its record has superseded, None: to be looked up;
    ``whose`` the view is now, None: as it was.
    """
    whose = whose or whose_view(head)
    if over is None:
        over = holdings.predecessors(connection, head.ods_code, head.record_id)
    earlier = _earlier(connection, head.ods_code, over, whose)
    hold = holds.read_holds(connection, [head.view_id]).get(head.view_id)
    is_same = whose == whose_view(head)
    may_wait = hold is not None or policy.release_to(whose[1]).persons > 0
    before = Before(
        head=head,
        undecided=tuple(tasks.undecided_tasks(connection, head.view_id)),
        newest=deliveries.newest_delivery(connection, head.view_id),
        hold=hold,
        given=_given(connection, head) if may_wait and is_same else None,
    )
    return with_holdings(connection, before, earlier, whose)


def whose_view(head: ViewHead) -> Whose:
    """Who the recipient of a view is."""
    return head.recipient_ods, head.recipient_kind


def outcomes_of(connection: Connection, head: ViewHead) -> dict[str, Outcome]:
    return records.read_outcomes(
        connection,
        head.ods_code,
        head.record_id,
        head.record_version,
        head.recipient_id,
    )


def with_holdings(
    connection: Connection,
    before: Before,
    earlier: Mapping[str, tuple[str, str]],
    whose: Whose,
) -> Before:
    """With what the recipient's own system may hold at this moment."""
    own = [before.head.view_id] if before.head else []
    return replace(
        before,
        left_open=tuple(
            task
            for each in own
            for task in tasks.tasks_left_open(connection, each, whose=whose)
        ),
        holdings=holdings.read_holdings(connection, [*earlier, *own], whose=whose),
        earlier=dict(earlier),
        open_of_earlier=tuple(
            task
            for each in earlier
            for task in tasks.tasks_left_open(connection, each, whose=whose)
        ),
    )


def _given(connection: Connection, head: ViewHead) -> Given | None:
    """What the version that stands gives its recipient; None where none stands."""
    if head.standing != CURRENT:
        return None
    texts = read_texts(connection, head)
    return Given(
        outcomes_of(connection, head),
        {name: orjson.loads(text) for name, text in texts.items()},
    )


def _earlier(
    connection: Connection, ods_code: str, over: Collection[str], whose: Whose
) -> dict[str, tuple[str, str]]:
    """The views of superseded records at the same recipient: record, recipient id."""
    rows = holdings.views_of_same_recipient(connection, ods_code, over, *whose)
    return {row.view_id: (row.record_id, row.recipient_id) for row in rows}
