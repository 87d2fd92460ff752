"""What people have to do because of what was planned, and what they need not do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from adapter.delivery import held
from adapter.delivery.before import outcomes_of, whose_view
from adapter.delivery.model import State
from adapter.delivery.narrowing import outcome_lowered
from adapter.delivery.planned import Release
from adapter.disclosure.model import Outcome
from adapter.store import holdings, lapsing, worklist
from adapter.store.deliveries import Delivery
from adapter.store.heads import CURRENT, EMPTY, INVALID, ViewHead
from adapter.store.worklist import Duty


def duties_of(release: Release, person_keys: Mapping[str, str]) -> list[Duty]:
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


def withdrawals_of(
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


def take_off_what_lapsed(
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


def decided_by(release: Release) -> dict[str, Outcome] | None:
    """What is decided for the recipient now; None: nothing goes."""
    if release.decision is None:
        return None
    categories = release.decision.categories
    return {name: decided.outcome for name, decided in categories.items()}


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
    if not outcome_lowered(outcomes_of(connection, old), decided_by(release)):
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
