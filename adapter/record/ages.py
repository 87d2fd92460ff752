"""Ages in Europe/London. Source: record model, 0.3; disclosure rules, P-13."""

from __future__ import annotations

from datetime import date

MONTHS_AT_17_AND_A_HALF = 17 * 12 + 6


def day_after_months(birth: date, months: int) -> date:
    """The day on which that many months have passed since birth.

    A day that the month lacks counts as the first of the next month: whoever is born
    on 29 February reaches an age on 1 March in common years. The last day of the
    calendar where it would lie beyond.
    """
    years, month = divmod(birth.month - 1 + months, 12)
    year = birth.year + years
    if year > date.max.year:
        return date.max
    try:
        return date(year, month + 1, birth.day)
    except ValueError:
        return date(year, month + 2, 1)  # only February to November lack days


def birthday(birth: date, age: int) -> date:
    """The day, from its start, on which that age is reached."""
    return day_after_months(birth, age * 12)


def age_on(birth: date, day: date) -> int:
    """The age in whole years on that day; negative before birth."""
    age = day.year - birth.year
    return age if day >= birthday(birth, age) else age - 1
