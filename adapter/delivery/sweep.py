"""The unattended sweep: what time alone changes is found, and acted upon.

Views whose time has passed, or that were made with another policy or directory, are
prepared again, so that updates and withdrawals flow although nobody asks. Birthdays,
declared gaps and handovers that are late for the move are put on the worklist. One
worker sweeps at a time, by a lease in the store. Source: design, sections 2 and 3.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapter import logs
from adapter.clock import Clock
from adapter.delivery.lateness import raise_alarms
from adapter.delivery.reminders import gap_times, next_looks, notice_now
from adapter.delivery.renewal import present_of, renew
from adapter.errors import NotReady
from adapter.intake import Parts as IntakeParts
from adapter.intake import gaps_of
from adapter.store import records, sweeps, worklist
from adapter.store.sweeps import BIRTHDAY, GAPS, Reminder
from adapter.store.worklist import TURNING_18, Duty

INTERVAL = timedelta(minutes=1)
"""How long after one sweep the next begins."""

LEASE = timedelta(minutes=5)
"""How long a sweep is one worker's; a dead worker's runs out."""

LOOK = timedelta(seconds=5)
"""How often a worker looks whether a sweep is due."""

AT_ONCE = 500
"""How many views, reminders and alarms one sweep sees to; the rest follow."""


class Parts(IntakeParts, Protocol):
    """What sweeping needs of a running adapter."""

    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class Sweep:
    """How many views were prepared again and how many failed, reminders seen to, and
    deliveries told to be late.
    """

    renewed: int
    failed: int
    reminded: int
    late: int


def sweep_once(
    parts: Parts,
    owner: str,
    *,
    interval: timedelta = INTERVAL,
    at_once: int = AT_ONCE,
) -> Sweep | None:
    """What was done; None when another sweeps, or it is not time yet."""
    last = sweeps.lease(parts.store, owner, length=LEASE, interval=interval)
    if last is None:
        return None
    at = parts.clock()
    present = present_of(parts, at)
    now = sweeps.Swept(present.policy_version, present.directory_version)
    everything = last != now
    if everything and last.policy_version != now.policy_version:
        sweeps.remind_all(parts.store, BIRTHDAY, at)
    renewed, failed, is_whole = _renew(parts, at, everything, at_once)
    reminded = _remind(parts, at, at_once)
    late = raise_alarms(parts.store, parts.settings, at, limit=at_once)
    # What is not through is begun again as if the policy had only just changed.
    sweeps.end(parts.store, owner, now if is_whole else last)
    return Sweep(renewed, failed, reminded, late)


def run(
    parts: Parts,
    owner: str,
    stop: threading.Event,
    *,
    interval: timedelta = INTERVAL,
    look: timedelta = LOOK,
) -> None:
    """Nothing, once ``stop`` is set; sweeps until then, every ``interval``."""
    log = logs.get_logger(worker=owner)
    while not stop.is_set():
        try:
            swept = sweep_once(parts, owner, interval=interval)
        except Exception as error:
            # The store may be away for a while; the next sweep does what is left.
            log.error(logs.REQUEST_FAILED, error=type(error).__name__)
        else:
            if swept is not None and any(astuple(swept)):
                log.info(logs.SWEPT, **asdict(swept))
        stop.wait(min(look, interval).total_seconds())


def _renew(
    parts: Parts, at: datetime, everything: bool, at_once: int
) -> tuple[int, int, bool]:
    """How many views were prepared again, how many failed, and whether none is left."""
    found = sweeps.stale_views(
        parts.store,
        present_of(parts, at),
        everything=everything,
        seen=(),
        limit=at_once + 1,
    )
    failed = 0
    for view_id in found[:at_once]:
        try:
            renew(view_id, parts, at)
        except NotReady:
            raise
        except Exception as error:
            # It is not shown and not sent as it is; the others must not wait for it.
            failed += 1
            logs.get_logger(view_id=view_id).error(
                logs.VIEW_INVALID, error=type(error).__name__
            )
    return min(len(found), at_once) - failed, failed, len(found) <= at_once


def _remind(parts: Parts, at: datetime, at_once: int) -> int:
    due = sweeps.due_reminders(parts.store, at, limit=at_once)
    for ods_code, record_id in dict.fromkeys((r.ods_code, r.record_id) for r in due):
        of_record = [
            r for r in due if (r.ods_code, r.record_id) == (ods_code, record_id)
        ]
        _look_at(parts, ods_code, record_id, of_record, at)
    return len(due)


def _look_at(
    parts: Parts,
    ods_code: str,
    record_id: str,
    due: list[Reminder],
    at: datetime,
) -> None:
    with parts.store.writing() as connection:
        records.lock_record(connection, ods_code, record_id)
        stored = records.read_record(connection, ods_code, record_id)
        if stored is None:
            sweeps.keep_reminders(connection, ods_code, record_id, {})
            return
        record = stored.record()
        notice = notice_now(record, parts.policy, at)
        purposes = {each.purpose for each in due}
        if BIRTHDAY in purposes and notice is not None:
            duty = Duty(
                purpose=TURNING_18,
                person_key=stored.person_key,
                ods_code=ods_code,
                record_id=record_id,
                record_version=stored.version,
                recipient_id=None,
                reason=f"birthday_in_{notice.days}_days",
                due=notice.turns,
            )
            worklist.add_duties(connection, [duty], at)
        if GAPS in purposes:
            worklist.tell_overdue_gaps(
                connection,
                [gap.id for gap in gaps_of(record) if gap.due <= at],
                ods_code=ods_code,
                person_key=stored.person_key,
                record_id=record_id,
                record_version=stored.version,
                at=at,
            )
        again = next_looks(record, gap_times(record), parts.policy, at)
        sweeps.keep_reminders(connection, ods_code, record_id, again)
