"""When to try again: full jitter under a ceiling that doubles, for a limited time.

Pure: it is told the time and handed its dice. Source: design, section 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

FEW_TRIES_REASONS = frozenset({"http_409", "http_412"})
"""Transient answers that seldom mend by waiting: tried a few times only."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to go on, and how fast.

    ``first`` is the ceiling of the first wait, ``longest`` that of any wait, and
    ``window`` the time from the first failure after which nothing is tried again.
    ``few`` is how often an answer of FEW_TRIES_REASONS is taken before it is final.
    """

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=15)
    window: timedelta = timedelta(hours=72)
    few: int = 5


DEFAULT_RETRY = RetryPolicy()


def ceiling(policy: RetryPolicy, tries: int) -> timedelta:
    """The longest wait after that many tries; it never shrinks as they grow."""
    doublings = max(tries, 1) - 1
    if doublings >= 30:  # far beyond any ceiling, and before the numbers overflow
        return policy.longest
    return min(policy.first * int(2**doublings), policy.longest)


def next_attempt_at(
    policy: RetryPolicy,
    *,
    tries: int,
    since: datetime,
    now: datetime,
    dice: Callable[[], float],
    retry_after: timedelta | None = None,
) -> datetime | None:
    """The instant of the next attempt, or None once the window is over.

    ``tries`` counts the failures so far, this one included; ``since`` is the instant of
    the first. ``dice`` gives a number from 0 up to 1. What the other side asked for
    with Retry-After is the least that is waited. A wait that would end after the
    window ends with it, so that there is one last try.
    """
    end = since + policy.window
    if now >= end:
        return None
    wait = ceiling(policy, tries) * dice()
    if retry_after is not None:
        wait = max(wait, retry_after)
    return min(now + wait, end) if wait < end - now else end
