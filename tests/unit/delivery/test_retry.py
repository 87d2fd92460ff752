"""Waits: bounded, never shrinking in their ceiling, and over when the window is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapter.delivery.retry import DEFAULT_RETRY, RetryPolicy, ceiling, next_attempt_at

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
DICE = st.floats(min_value=0, max_value=1, exclude_max=True)
TRIES = st.integers(min_value=1, max_value=10_000)


@given(TRIES)
def test_the_ceiling_never_shrinks(tries: int) -> None:
    assert ceiling(DEFAULT_RETRY, tries) <= ceiling(DEFAULT_RETRY, tries + 1)


@given(TRIES)
def test_the_ceiling_is_between_a_second_and_a_quarter_of_an_hour(tries: int) -> None:
    assert (
        timedelta(seconds=1) <= ceiling(DEFAULT_RETRY, tries) <= timedelta(minutes=15)
    )


def test_the_ceiling_doubles() -> None:
    seconds = [ceiling(DEFAULT_RETRY, n).total_seconds() for n in range(1, 13)]
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@given(TRIES, DICE)
def test_a_wait_is_under_its_ceiling(tries: int, dice: float) -> None:
    due = next_attempt_at(
        DEFAULT_RETRY, tries=tries, since=NOW, now=NOW, dice=lambda: dice
    )
    assert due is not None
    assert NOW <= due <= NOW + ceiling(DEFAULT_RETRY, tries)


@given(TRIES, DICE, DICE)
def test_a_higher_throw_never_waits_less(tries: int, one: float, two: float) -> None:
    low, high = (
        next_attempt_at(
            DEFAULT_RETRY, tries=tries, since=NOW, now=NOW, dice=lambda dice=dice: dice
        )
        for dice in sorted((one, two))
    )
    assert low is not None
    assert high is not None
    assert low <= high


@given(TRIES, DICE, st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400)))
def test_what_the_other_side_asks_is_the_least_that_is_waited(
    tries: int, dice: float, asked: timedelta
) -> None:
    due = next_attempt_at(
        DEFAULT_RETRY,
        tries=tries,
        since=NOW,
        now=NOW,
        dice=lambda: dice,
        retry_after=asked,
    )
    assert due is not None
    assert due >= min(NOW + asked, NOW + DEFAULT_RETRY.window)
    assert due <= NOW + DEFAULT_RETRY.window


@given(TRIES, DICE, st.timedeltas(min_value=timedelta(), max_value=timedelta(hours=80)))
def test_nothing_is_tried_after_the_window(
    tries: int, dice: float, gone: timedelta
) -> None:
    due = next_attempt_at(
        DEFAULT_RETRY, tries=tries, since=NOW, now=NOW + gone, dice=lambda: dice
    )
    end = NOW + DEFAULT_RETRY.window
    assert (due is None) == (gone >= DEFAULT_RETRY.window)
    assert due is None or NOW + gone <= due <= end


def test_the_last_try_is_at_the_end_of_the_window() -> None:
    policy = RetryPolicy(window=timedelta(minutes=10))
    due = next_attempt_at(
        policy,
        tries=12,
        since=NOW,
        now=NOW + timedelta(minutes=9),
        dice=lambda: 0.99,
    )
    assert due == NOW + timedelta(minutes=10)
