"""Birthdays, also of those born on 29 February."""

from datetime import date

import pytest

from adapter.record.ages import age_on, birthday, day_after_months


@pytest.mark.parametrize(
    ("birth", "age", "reached"),
    [
        (date(2008, 11, 5), 18, date(2026, 11, 5)),
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2008, 2, 29), 16, date(2024, 2, 29)),
        (date(9990, 1, 1), 18, date.max),
    ],
)
def test_an_age_is_reached_on_the_birthday(birth, age, reached):
    assert birthday(birth, age) == reached


def test_an_age_counts_whole_years():
    assert age_on(date(2008, 11, 5), date(2026, 11, 4)) == 17
    assert age_on(date(2008, 11, 5), date(2026, 11, 5)) == 18
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17


def test_a_day_that_the_month_lacks_is_the_first_of_the_next():
    assert day_after_months(date(2009, 8, 31), 17 * 12 + 6) == date(2027, 3, 1)
    assert day_after_months(date(2009, 12, 31), 17 * 12 + 6) == date(2027, 7, 1)
