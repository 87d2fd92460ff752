"""Ages, birthdays and ability, at an instant in Europe/London."""

from datetime import UTC, date, datetime

import pytest
from disclosure_builders import load_tree

from adapter.disclosure.ages import Ability, standing, turning_instants
from adapter.policy import DEFAULT_POLICY
from adapter.record.ages import age_on, birthday


def make_tree(birth_date, **competence):
    tree = load_tree()
    tree["young_person"]["birth_date"] = birth_date
    tree["consent_and_sharing"]["competence"] = competence
    return tree


def test_a_leap_day_birthday_falls_on_the_first_of_march_in_common_years():
    assert birthday(date(2008, 2, 29), 18) == date(2026, 3, 1)
    assert birthday(date(2008, 2, 29), 16) == date(2024, 2, 29)
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


def test_a_summer_birthday_begins_at_london_midnight():
    eighteenth = turning_instants(date(2009, 7, 21))[2]
    assert eighteenth == datetime(2027, 7, 20, 23, tzinfo=UTC)
    tree = make_tree("2009-07-21", capacity="not_assessed_presumed")
    before = datetime(2027, 7, 20, 22, 59, 59, tzinfo=UTC)
    assert standing(tree, before, DEFAULT_POLICY).age == 17
    assert standing(tree, eighteenth, DEFAULT_POLICY).age == 18


@pytest.mark.parametrize(
    ("birth_date", "competence", "ability"),
    [
        ("2014-06-01", {"gillick": "not_assessed"}, Ability.NOT_ABLE),
        ("2014-06-01", {"gillick": "competent"}, Ability.ABLE),
        ("2012-06-01", {"gillick": "not_assessed"}, Ability.NOT_ASSESSED),
        ("2012-06-01", {"gillick": "not_competent"}, Ability.NOT_ABLE),
        ("2012-06-01", {"gillick": "competent"}, Ability.ABLE),
        ("2012-06-01", {"gillick": "not_applicable_16_or_over"}, Ability.NOT_ASSESSED),
        ("2009-06-01", {"capacity": "not_assessed_presumed"}, Ability.ABLE),
        ("2009-06-01", {"capacity": "not_applicable_under_16"}, Ability.ABLE),
        ("2009-06-01", {"gillick": "not_competent"}, Ability.IN_DOUBT),
        ("2009-06-01", {"capacity": "a new word"}, Ability.IN_DOUBT),
        (
            "2009-06-01",
            {"capacity": "lacks_capacity", "assessed_on": "2026-10-01"},
            Ability.NOT_ABLE,
        ),
        (
            "2009-06-01",
            {"capacity": "in_doubt", "assessed_on": "2026-10-01"},
            Ability.IN_DOUBT,
        ),
        (
            "2009-06-01",
            {"capacity": "lacks_capacity", "assessed_on": "2025-05-31"},
            Ability.ABLE,
        ),
        (
            "2009-06-01",
            {"capacity": "lacks_capacity", "assessed_on": "2025-06-01"},
            Ability.NOT_ABLE,
        ),
    ],
)
def test_ability_follows_age_and_assessment(birth_date, competence, ability):
    tree = make_tree(birth_date, **competence)
    assert (
        standing(tree, datetime(2026, 11, 5, tzinfo=UTC), DEFAULT_POLICY).ability
        is ability
    )


def test_without_a_birth_date_nobody_young_decides():
    tree = load_tree()
    del tree["young_person"]["birth_date"]
    found = standing(tree, datetime(2026, 11, 5, tzinfo=UTC), DEFAULT_POLICY)
    assert (found.age, found.ability) == (0, Ability.NOT_ABLE)
