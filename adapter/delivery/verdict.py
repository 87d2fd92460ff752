"""People release or refuse what is held: each by name, and it is prepared again first.

What leaves is what they looked at: content that has changed since is held anew, and
nothing goes. Source: docs/decisions/0008.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime

from adapter.clock import format_instant
from adapter.delivery import lateness
from adapter.delivery.entries import moved
from adapter.delivery.model import State
from adapter.delivery.renewal import Replan, plan_again, save_again
from adapter.errors import Conflict, NotReady
from adapter.intake import TIMES_TO_PLAN, Parts
from adapter.store import audit, deliveries, handling, holds, records
from adapter.store.handling import Person
from adapter.store.heads import EMPTY, INVALID, Moved, find_head
from adapter.store.holds import REFUSED, Hold
from adapter.store.worklist import Item


def release_held(
    item_id: str,
    delivery_id: str,
    person: Person,
    parts: Parts,
    at: datetime,
    *,
    actor: str,
    ods_code: str | None = None,
) -> Item:
    """The item, once that person has released what is held under the delivery's id.

    With the last person who is needed it is queued, as a version of the view that is
    stamped now. Raises UnknownRecord for an item that is not there or not of
    ``ods_code``; Conflict when it is held no longer, when this person has released it
    already, or when what would leave is not what was looked at.
    """
    for _ in range(TIMES_TO_PLAN):
        hold = _open_hold(item_id, delivery_id, parts, ods_code)
        if any(_is_same_person(person, each) for each in hold.releases):
            raise Conflict(
                "this person has released it already: another person must, too"
            )
        is_last = hold.missing == 1
        head = find_head(parts.store, hold.delivery.view_id)
        if head is None:
            raise Conflict("nothing of it may leave any more")
        try:
            approved = hold.content_hash if is_last else ""
            planned = plan_again(head, parts, at, approved=approved)
            with parts.store.writing() as connection:
                save_again(connection, planned, actor=actor, at=at)
                if _is_as_reviewed(planned, hold, is_last=is_last):
                    holds.keep_releases(connection, _released_by(hold, person, at))
                    return handling.act_on_held(
                        connection,
                        item_id,
                        ods_code,
                        "release",
                        person,
                        None,
                        delivery_id=delivery_id,
                        is_over=is_last,
                        actor=actor,
                        at=at,
                    )
        except Moved:
            continue
        raise Conflict(_why_not(planned))
    raise NotReady("the record is being changed by others just now")


def refuse_held(
    item_id: str,
    delivery_id: str,
    person: Person,
    reason: str,
    parts: Parts,
    at: datetime,
    *,
    actor: str,
    ods_code: str | None = None,
) -> Item:
    """The item, once that person has refused what is held: it never leaves.

    Content that is the same stays refused; other content is held afresh. Raises
    UnknownRecord and Conflict as ``release_held`` does.
    """
    hold = _open_hold(item_id, delivery_id, parts, ods_code)
    delivery = hold.delivery
    with parts.store.writing() as connection:
        records.lock_record(connection, delivery.ods_code, delivery.record_id)
        if not deliveries.move(
            connection,
            delivery_id,
            State.WITHDRAWN,
            at=at,
            reason=REFUSED,
            only_from=[State.HELD],
        ):
            raise Conflict(_OVER)
        entry = moved(delivery, State.WITHDRAWN, REFUSED, actor, at)
        audit.append(connection, [entry])
        person_key = records.read_person_key(
            connection, delivery.ods_code, delivery.record_id
        )
        lateness.no_longer_late(connection, delivery, person_key, actor, at)
        return handling.act_on_held(
            connection,
            item_id,
            ods_code,
            "refuse",
            person,
            reason,
            delivery_id=delivery_id,
            is_over=True,
            actor=actor,
            at=at,
        )


_OVER = "it is held no longer"


def _open_hold(
    item_id: str, delivery_id: str, parts: Parts, ods_code: str | None
) -> Hold:
    item = handling.find_item(parts.store, item_id, ods_code)
    handling.check_about(item, delivery_id)
    hold = holds.find_hold(parts.store, delivery_id)
    if hold is None or not hold.is_open:
        raise Conflict(_OVER)
    return hold


def _is_as_reviewed(planned: Replan, hold: Hold, *, is_last: bool) -> bool:
    """Whether what was looked at is what goes now, or what waits for the next person"""
    if is_last:
        return planned.release.released is not None
    return planned.release.hold == hold


def _why_not(planned: Replan) -> str:
    standing = planned.release.head.standing
    if planned.release.hold is not None:
        return "what would leave has changed since it was held: look at it again"
    if standing == EMPTY:
        return "nothing of it may leave any more"
    if standing == INVALID:
        return "the bundle fails the adapter's own check"
    return _OVER


def _released_by(hold: Hold, person: Person, at: datetime) -> Hold:
    act = {"name": person.name, "role": person.role, "at": format_instant(at)}
    return replace(hold, releases=(*hold.releases, act))


def _is_same_person(person: Person, act: dict[str, str]) -> bool:
    """Whether both bear one name, however it is written; a role does not count."""
    one, other = (_plain(name) for name in (person.name, act["name"]))
    return one == other


def _plain(name: str) -> list[str]:
    return unicodedata.normalize("NFKC", name).casefold().split()
