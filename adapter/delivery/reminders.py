"""When a record has to be looked at although nobody sends anything. No I/O here.

The change that the 18th birthday brings is put on the worklist so many days before it
(P-16), and a declared gap when its time has passed. Source: disclosure rules, sections
8 and 11; record model, 1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adapter.clock import london_midnight, parse_instant
from adapter.policy import Policy
from adapter.record.ages import birthday
from adapter.record.model import Record
from adapter.store.sweeps import BIRTHDAY, GAPS

ADULT = 18


@dataclass(frozen=True)
class Notice:
    """That the 18th birthday is so many days away, or fewer; ``turns`` is when."""

    days: int
    at: datetime
    turns: datetime


def notices(record: Record, policy: Policy) -> list[Notice]:
    """When to speak of the 18th birthday, soonest first; none unless it is active."""
    if not record.is_active:
        return []
    try:
        born = date.fromisoformat(record.tree["young_person"]["birth_date"])
    except (KeyError, TypeError, ValueError):
        return []
    turns = birthday(born, ADULT)
    return [
        Notice(days, london_midnight(turns - timedelta(days)), london_midnight(turns))
        for days in sorted(policy.birthday_notice_days, reverse=True)
    ]


def notice_now(record: Record, policy: Policy, at: datetime) -> Notice | None:
    """The last notice whose time has come; None before the first."""
    come = [each for each in notices(record, policy) if each.at <= at]
    return come[-1] if come else None


def first_looks(
    record: Record, gaps: Sequence[datetime], policy: Policy, at: datetime
) -> dict[str, datetime]:
    """When to look at a record that has just come, by purpose.

    A notice whose time has come already is given at once, unless the person is 18.
    """
    found = {}
    told = notices(record, policy)
    if told and at < told[0].turns:
        come = [each.at for each in told if each.at <= at]
        found[BIRTHDAY] = come[-1] if come else told[0].at
    if gaps:
        found[GAPS] = min(gaps)
    return found


def next_looks(
    record: Record, gaps: Sequence[datetime], policy: Policy, at: datetime
) -> dict[str, datetime]:
    """When to look at it again after this instant, by purpose."""
    found = {}
    later = [each.at for each in notices(record, policy) if each.at > at]
    if later:
        found[BIRTHDAY] = later[0]
    still = [each for each in gaps if each > at]
    if still:
        found[GAPS] = min(still)
    return found


def gap_times(record: Record) -> list[datetime]:
    """By when what an active record declares to be missing is to be there."""
    if not record.is_active:
        return []
    gaps = record.tree.get("declared_gaps", ())
    return [parse_instant(gap["by"]) for gap in gaps]
