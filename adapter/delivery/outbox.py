"""Writes what was planned for a record's recipients, all of it in one transaction.

The caller has locked the record and hands in the connection. Lanes are locked before
any delivery is touched, as ``adapter.delivery.lanes`` orders it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.delivery import held, lanes, lateness
from adapter.delivery.model import State
from adapter.delivery.narrowing import (
    element_removed,
    outcome_lowered,
    resource_removed,
)
from adapter.delivery.planned import Before, Given, Release
from adapter.delivery.release import cancel
from adapter.disclosure.model import Outcome
from adapter.policy import Policy
from adapter.store import (
    audit,
    deliveries,
    holdings,
    holds,
    lapsing,
    records,
    tasks,
    worklist,
)
from adapter.store.audit import Entry
from adapter.store.deliveries import Delivery
from adapter.store.heads import (
    CURRENT,
    EMPTY,
    INVALID,
    Moved,
    NewVersion,
    ViewHead,
    read_heads,
    read_texts,
    texts_of,
    write_heads,
    write_versions,
)
from adapter.store.holdings import Whose
from adapter.store.worklist import Duty


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
            before[each["id"]] = _with_holdings(connection, Before(), earlier, whose)
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
    return _with_holdings(connection, before, earlier, whose)


def whose_view(head: ViewHead) -> Whose:
    """Who the recipient of a view is."""
    return head.recipient_ods, head.recipient_kind


def _given(connection: Connection, head: ViewHead) -> Given | None:
    """What the version that stands gives its recipient; None where none stands."""
    if head.standing != CURRENT:
        return None
    texts = read_texts(connection, head)
    return Given(
        _outcomes(connection, head),
        {name: orjson.loads(text) for name, text in texts.items()},
    )


def _outcomes(connection: Connection, head: ViewHead) -> dict[str, Outcome]:
    return records.read_outcomes(
        connection,
        head.ods_code,
        head.record_id,
        head.record_version,
        head.recipient_id,
    )


def _earlier(
    connection: Connection, ods_code: str, over: Collection[str], whose: Whose
) -> dict[str, tuple[str, str]]:
    """The views of superseded records at the same recipient: record, recipient id."""
    rows = holdings.views_of_same_recipient(connection, ods_code, over, *whose)
    return {row.view_id: (row.record_id, row.recipient_id) for row in rows}


def _with_holdings(
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


def save(
    connection: Connection,
    releases: Sequence[Release],
    *,
    actor: str,
    person_keys: Mapping[str, str],
    at: datetime,
) -> None:
    """Nothing; views, Tasks, deliveries, decisions, duties and audit are written.

    The releases are of one sender; ``person_keys`` are by record id. Moved when a Task
    was answered or something was sent meanwhile: then the caller plans again.
    """
    changed = [release for release in releases if release.is_new_version]
    last, overtaken = _lock_lanes(connection, changed)
    _check_holdings(connection, changed)
    held.check_holds(connection, releases)
    releases = [_narrowed(connection, release) for release in releases]
    changed = [release for release in releases if release.is_new_version]
    _save_views(connection, releases, at)
    gone = _supersede(connection, changed, overtaken, at)
    gone += held.end_holds(connection, releases, at)
    places = _queue(connection, changed, last)
    held.keep_holds(connection, releases)
    lanes.refresh(connection, *places, *{each.lane for each in gone if each.lane})
    entries = [entry for release in releases for entry in _entries(release, actor, at)]
    duties = [duty for release in releases for duty in _duties(release, person_keys)]
    entries += [moved(each, each.state, None, actor, at) for each in gone]
    duties += _withdrawals(connection, changed, person_keys)
    for record_id, person_key in sorted(person_keys.items()):
        over = [each for each in gone if each.record_id == record_id]
        if over:
            worklist.close_delivery_duties(
                connection,
                over[0].ods_code,
                person_key,
                [each.id for each in over],
                by=actor,
                at=at,
                purposes=worklist.HAS_STOPPED,
            )
    entries += lateness.follow(connection, releases, person_keys, by=actor, at=at)
    worklist.add_duties(connection, duties, at)
    _take_off_what_lapsed(connection, releases, person_keys, actor, at)
    for record_id in sorted(person_keys):
        of_record = [each for each in releases if each.head.record_id == record_id]
        made = [each.decision for each in of_record if each.decision]
        if made:
            ods_code = of_record[0].head.ods_code
            records.insert_decisions(connection, ods_code, record_id, made)
    audit.append(connection, entries)


def _lock_lanes(
    connection: Connection, changed: Sequence[Release]
) -> tuple[dict[str, int], dict[str, list[Delivery]]]:
    """The last places in the lanes, locked, and what the changed views overtake."""
    ids = [release.head.view_id for release in changed if release.before.head]
    wanted = {
        delivery.lane: delivery.endpoint
        for release in changed
        for delivery, _ in release.queued
        if delivery.lane and delivery.endpoint
    }
    for each in deliveries.undelivered(connection, ids) if ids else ():
        if each.lane and each.endpoint:
            wanted[each.lane] = each.endpoint
    last = lanes.lock(connection, wanted)
    # Read once more: before the lanes were ours a worker may have moved them.
    overtaken: dict[str, list[Delivery]] = {}
    for each in deliveries.undelivered(connection, ids) if ids else ():
        overtaken.setdefault(each.view_id, []).append(each)
    return last, overtaken


def _check_holdings(connection: Connection, changed: Sequence[Release]) -> None:
    """Nothing when the recipients may hold what they might when the plan was made.

    The lanes are locked, so nothing is being sent that was not then. Moved otherwise.
    """
    for release in changed:
        before = release.before
        if before.head is None and not before.earlier:
            continue
        whose = whose_view(release.head)
        now = _with_holdings(connection, before, before.earlier, whose)
        if now.at_the_recipient != before.at_the_recipient:
            raise Moved


def _narrowed(connection: Connection, release: Release) -> Release:
    """The release, its view served from this version on where it lets less leave.

    And where an id names another recipient than before, who was never given it.
    """
    old, head = release.before.head, release.head
    if old is None or head.served_from == head.version:
        return release
    if (
        whose_view(old) != whose_view(head)
        or outcome_lowered(_outcomes(connection, old), _decided(release))
        or (release.is_new_version and _lost_something(connection, old, release))
    ):
        return replace(release, head=replace(head, served_from=head.version))
    return release


def _decided(release: Release) -> dict[str, Outcome] | None:
    """What is decided for the recipient now; None: nothing goes."""
    if release.decision is None:
        return None
    categories = release.decision.categories
    return {name: decided.outcome for name, decided in categories.items()}


def _lost_something(connection: Connection, old: ViewHead, release: Release) -> bool:
    rows = {f"{row.type}/{row.id}": row for row in release.resources}
    if resource_removed(old.resources, rows):
        return True
    changed = [
        reference
        for reference, stamp in old.resources.items()
        if rows[reference].content_hash != stamp.content_hash
    ]
    if not changed:
        return False
    before = read_texts(connection, old)
    now = texts_of(release.collection, release.resources)
    return any(
        element_removed(orjson.loads(before[reference]), orjson.loads(now[reference]))
        for reference in changed
    )


def _save_views(
    connection: Connection, releases: Sequence[Release], at: datetime
) -> None:
    for are_new in (True, False):
        heads = [
            release.head
            for release in releases
            if (release.before.head is None) is are_new
        ]
        write_heads(connection, heads, are_new=are_new)
    changed = [release for release in releases if release.is_new_version]
    write_versions(
        connection,
        [
            NewVersion(
                release.head,
                at,
                release.resources,
                release.collection,
                is_first=release.before.head is None,
                also_sent=release.also_sent,
            )
            for release in changed
        ],
    )
    for task in (task for release in changed for task in release.before.undecided):
        cancelled = cancel(task, at)
        if not tasks.replace_task(
            connection,
            task.id,
            task.version,
            status=cancelled.status,
            body=cancelled.body,
            at=at,
        ):
            raise Moved
    tasks.insert_tasks(connection, [each.task for each in changed if each.task])


def _supersede(
    connection: Connection,
    changed: Sequence[Release],
    overtaken: Mapping[str, Sequence[Delivery]],
    at: datetime,
) -> list[Delivery]:
    """The earlier deliveries that end here, as they then stand.

    One that is being sent just now is left to its worker, which finds out.
    """
    gone = []
    for release in changed:
        to = State.WITHDRAWN if release.head.standing == EMPTY else State.SUPERSEDED
        for each in overtaken.get(release.head.view_id, ()):
            if each.state is not State.SENDING and deliveries.move(
                connection, each.id, to, at=at
            ):
                gone.append(replace(each, state=to, reason=None))
    return gone


def _queue(
    connection: Connection, changed: Sequence[Release], last: Mapping[str, int]
) -> dict[str, int]:
    """The places that the new deliveries took, by lane."""
    places: dict[str, int] = {}
    added = []
    queued = [(release, *each) for release in changed for each in release.queued]
    for release, delivery, body in queued:
        if delivery.lane is not None:
            place = places.get(delivery.lane, last[delivery.lane]) + 1
            places[delivery.lane] = place
            delivery = replace(delivery, sequence=place)
        if release.released is None or release.released.id != delivery.id:
            added.append((delivery, body))
        elif not deliveries.release_delivery(connection, delivery, body):
            raise Moved
    deliveries.insert_deliveries(connection, added)
    lanes.take_places(connection, places)
    return places


def _duties(release: Release, person_keys: Mapping[str, str]) -> list[Duty]:
    head = release.head
    person_key = person_keys[head.record_id]
    duties = [
        Duty(
            purpose=obligation.code,
            person_key=person_key,
            ods_code=head.ods_code,
            record_id=head.record_id,
            record_version=head.record_version,
            recipient_id=head.recipient_id,
            reason=obligation.code,
            cause=worklist.cause_of(obligation.detail),
            due=obligation.due,
        )
        for obligation in (release.decision.obligations if release.decision else ())
        if obligation.code not in worklist.WITHOUT_WORK
    ]
    duties += [
        failure(delivery, person_key, worklist.DELIVERY_FAILED)
        for delivery, _ in release.queued
        if delivery.state is State.FAILED
    ]
    to_release = held.duty_of(release, person_keys)
    return duties if to_release is None else [*duties, to_release]


def _take_off_what_lapsed(
    connection: Connection,
    releases: Sequence[Release],
    person_keys: Mapping[str, str],
    actor: str,
    at: datetime,
) -> None:
    """Nothing; the worklist asks for no more than these recipients' decisions do."""
    for record_id, person_key in sorted(person_keys.items()):
        of_record = [each for each in releases if each.head.record_id == record_id]
        if not any(each.before.head for each in of_record):
            continue
        lapsing.take_off_what_lapsed(
            connection,
            of_record[0].head.ods_code,
            person_key,
            record_id,
            {
                each.head.recipient_id: {
                    duty.code
                    for duty in (each.decision.obligations if each.decision else ())
                }
                for each in of_record
            },
            actor=actor,
            at=at,
        )


def failure(delivery: Delivery, person_key: str, purpose: str) -> Duty:
    """What a person has to do about a delivery that goes no further by itself."""
    return Duty(
        purpose=purpose,
        person_key=person_key,
        ods_code=delivery.ods_code,
        record_id=delivery.record_id,
        record_version=delivery.record_version,
        recipient_id=delivery.recipient_id,
        reason=delivery.reason or purpose,
        delivery_id=delivery.id,
    )


def _withdrawals(
    connection: Connection, changed: Sequence[Release], person_keys: Mapping[str, str]
) -> list[Duty]:
    """A person's duty for each recipient that holds what it may hold no longer, and
    that no Bundle of ours asks to end all of it.
    """
    duties = []
    for release in changed:
        reason = _why_a_person(connection, release)
        if reason is None:
            continue
        head = release.head
        duties.append(
            Duty(
                purpose=worklist.WITHDRAW_FROM_HOLDER,
                person_key=person_keys[head.record_id],
                ods_code=head.ods_code,
                record_id=head.record_id,
                record_version=head.record_version,
                recipient_id=head.recipient_id,
                reason=reason,
            )
        )
    return duties


def _why_a_person(connection: Connection, release: Release) -> str | None:
    """Why a person has to ask a holder to stop; None where nobody has to.

    Nobody where a withdrawal goes by itself: unless somebody may have it who was never
    sent it, such as a family that was handed a printed copy. Where an id names another
    recipient than before, a person tells the one whom it named.
    """
    head, old = release.head, release.before.head
    if old is not None and whose_view(old) != whose_view(head):
        return "recipient_changed" if _is_held(connection, old) else None
    if old is not None and head.standing == EMPTY:
        if release.kept_back is not None:
            return release.kept_back
        if holdings.may_have_pulled(connection, head.view_id):
            return "may_have_been_pulled"
    if release.is_beyond_us:
        return "no_end_status"
    if old is None or old.version == 0 or head.standing == EMPTY:
        return None
    if not outcome_lowered(_outcomes(connection, old), _decided(release)):
        return None
    may_have_pulled = holdings.may_have_pulled(connection, head.view_id)
    if head.standing == INVALID and (release.before.holdings.held or may_have_pulled):
        # What is withheld now inside a resource that still stands there cannot be ended
        # alone, and its new version may not leave.
        return "narrowed_and_invalid"
    if head.standing == CURRENT and may_have_pulled:
        return worklist.NARROWED
    return None


def _is_held(connection: Connection, head: ViewHead) -> bool:
    """Whether the recipient of a view may hold something of it."""
    whose = whose_view(head)
    held = holdings.read_holdings(connection, [head.view_id], whose=whose).held
    return bool(held) or holdings.may_have_pulled(connection, head.view_id)


def _entries(release: Release, actor: str, at: datetime) -> list[Entry]:
    head, decision = release.head, release.decision
    base = Entry(
        event=audit.VIEW_RENEWED,
        at=at,
        actor=actor,
        ods_code=head.ods_code,
        record_id=head.record_id,
        record_version=head.record_version,
        recipient_id=head.recipient_id,
        view_id=head.view_id,
        view_version=head.version,
    )
    entries = []
    if decision is not None:
        outcomes = {
            name: decided.outcome.value for name, decided in decision.categories.items()
        }
        detail = {
            "outcomes": outcomes,
            "gate": decision.gate,
            "policy_version": decision.policy_version,
        }
        entries.append(replace(base, event=audit.DECISION_MADE, detail=detail))
    if release.is_new_version:
        detail = {"standing": head.standing}
        entries.append(replace(base, event=audit.VIEW_CHANGED, detail=detail))
        entries += [
            replace(base, event=audit.TASK_CANCELLED, task_id=task.id)
            for task in release.before.undecided
        ]
    entries += [
        audit.of_delivery(
            delivery,
            audit.DELIVERY_QUEUED,
            actor,
            at,
            state=delivery.state.value,
            reason=delivery.reason,
            endpoint=delivery.endpoint,
        )
        for delivery, _ in release.queued
    ]
    waits = held.entry_of(release, actor, at)
    return entries if waits is None else [*entries, waits]


def moved(
    delivery: Delivery, to: State, reason: str | None, actor: str, at: datetime
) -> Entry:
    """The audit entry of a delivery that went to another state."""
    return audit.of_delivery(
        delivery, audit.DELIVERY_MOVED, actor, at, state=to.value, reason=reason
    )
