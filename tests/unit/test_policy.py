"""A trust's policy: read, ranged and locked."""

from datetime import date, timedelta

import pytest

from adapter.errors import SettingsInvalid
from adapter.policy import (
    DEFAULT_POLICY,
    M1,
    M2,
    M3,
    Outcome,
    ReleaseRule,
    load_policy,
    read_table,
)
from adapter.record.vocabulary import CATEGORIES, HEALTH_KINDS, RECIPIENT_KINDS

HEAD = "version: '7'\nauthor: A. Guardian\ndate: 2026-10-01\nreason: yearly review\n"


def faults(text):
    with pytest.raises(SettingsInvalid) as refused:
        load_policy(text)
    return {issue.path: issue.message for issue in refused.value.issues}


def told(settings):
    return load_policy(f"{HEAD}settings:\n  {settings}\n")


def test_the_tables_have_every_kind_and_category():
    for table in (M1, M2, M3):
        assert all(tuple(row) == CATEGORIES for row in table.values())
    assert {kind for kind, _ in M1} == set(RECIPIENT_KINDS)
    others = set(RECIPIENT_KINDS) - {"young_person"}
    assert {kind for kind, _ in M2} == {kind for kind, _ in M3} == others


def test_no_table_lets_out_what_was_told_in_confidence_whole():
    for table in (M1, M2, M3):
        for row in table.values():
            assert row["family_confidential"] is not Outcome.SHARE
            assert row["third_party"] is not Outcome.SHARE


def test_a_table_with_an_unknown_letter_is_refused():
    with pytest.raises(KeyError):
        read_table("recipient,demographics\ngp,X\n")


def test_a_policy_without_settings_has_the_defaults():
    policy = load_policy(HEAD)
    assert policy.m1 == DEFAULT_POLICY.m1
    assert policy.longest_override == timedelta(days=14)
    assert policy.first_contact_hours == 72
    assert policy.nhs_number_range == "test"
    assert policy.author == "A. Guardian"
    assert policy.dated == date(2026, 10, 1)


def test_the_version_changes_with_the_content():
    one, other = told("P-07: 7"), told("P-07: 8")
    assert one.version.startswith("7+")
    assert one.version != other.version


def test_settings_are_taken():
    policy = load_policy(
        HEAD
        + """nhs_number_range: live
settings:
  P-01: {gp: {medication: withhold, third_party: share_minimum}}
  P-02: {permit: {housing: {demographics: withhold}}}
  P-03: not_assessed
  P-04: person_with_pr
  P-05: [yes_evidence_seen, shared_with_local_authority, yes_stated]
  P-07: 30
  P-08: notify
  P-09: person_with_pr
  P-10: {caldicott_sign_off: A. Guardian, legal_sign_off: B. Solicitor}
  P-11: share_minimum
  P-12: off
  P-13: 1 March
  P-14: 48
  P-15: {legal_sign_off: B. Solicitor}
  P-16: [365, 0]
"""
    )
    row = policy.m1["gp", ""]
    assert row["medication"] is Outcome.WITHHOLD
    assert row["third_party"] is Outcome.SHARE_MINIMUM
    assert row["substance_use"] is Outcome.SHARE_MINIMUM
    assert row["safeguarding"] is Outcome.SHARE_MINIMUM
    assert policy.m2["housing", ""]["demographics"] is Outcome.WITHHOLD
    assert policy.m3 == M3
    assert "yes_stated" in policy.pr_evidence
    assert policy.longest_override == timedelta(days=30)
    assert policy.first_contact_hours == 48
    assert policy.birthday_notice_days == (365, 0)
    assert policy.nhs_number_range == "live"
    assert not policy.not_competent_when_not_assessed
    assert policy.refusal_sends_contacts
    assert policy.pr_decides_when_not_assessed
    assert policy.pr_decides_at_16_17
    assert policy.self_harm_override_when_able


def test_release_is_automatic_unless_a_kind_is_named():
    assert {DEFAULT_POLICY.release_to(kind).persons for kind in RECIPIENT_KINDS} == {0}
    policy = load_policy(
        f"{HEAD}release: {{family_member: two_person, housing: after_review}}\n"
    )
    assert policy.release_to("family_member") is ReleaseRule.TWO_PERSON
    assert policy.release_to("family_member").persons == 2
    assert policy.release_to("housing").persons == 1
    assert policy.release_to("gp") is ReleaseRule.AUTOMATIC
    assert policy.version != load_policy(HEAD).version


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("after_review", "map"),
        ("{friend: after_review}", "kind"),
        ("{gp: later}", "two_person"),
        ("{gp: [automatic]}", "one of"),
        ("{gp: }", "one of"),
    ],
)
def test_a_release_that_says_nothing_known_is_refused(told, word):
    assert word in faults(f"{HEAD}release: {told}\n")["release"]


def test_p11_does_not_raise_what_p01_lowered():
    policy = told("P-01: {gp: {substance_use: withhold}}\n  P-11: share")
    assert policy.m1["gp", ""]["substance_use"] is Outcome.WITHHOLD


def test_every_fault_is_told_at_once_with_its_setting():
    found = faults("settings: {P-07: 91, P-06: x, P-99: 1}\nfoo: 1\n")
    assert set(found) == {
        "version",
        "author",
        "date",
        "reason",
        "foo",
        "settings.P-07",
        "settings.P-06",
        "settings.P-99",
    }
    assert "1 to 90" in found["settings.P-07"]
    assert "locked" in found["settings.P-06"]


@pytest.mark.parametrize(
    "setting",
    [
        "P-01: {gp: {family_confidential: share}}",
        "P-01: {housing: {demographics: withhold}}",
        "P-01: {gp: {sexual_health_and_gender: share}}",
        "P-01: {gp: {weather: share}}",
        "P-01: {gp: {medication: some}}",
        "P-01: {crisis_team: {third_party: share}}",
        "P-01: [gp]",
        "P-01: {gp: share}",
        "P-02: {permit: {housing: {risk_and_mitigation: share}}}",
        "P-02: {neither: {}}",
        "P-03: yes",
        "P-04: everybody",
        "P-05: [yes_stated]",
        "P-05: [yes_evidence_seen, shared_with_local_authority, not_known]",
        "P-06: no",
        "P-07: 0",
        "P-07: 1.5",
        "P-08: mandatory",
        "P-10: available",
        "P-10: {caldicott_sign_off: A. Guardian}",
        "P-12: on",
        "P-13: 28 February",
        "P-14: 0",
        "P-15: on",
        "P-15: {legal_sign_off: ''}",
        "P-15: {caldicott_sign_off: A. Guardian}",
        "P-16: []",
        "P-16: [x]",
    ],
)
def test_what_is_out_of_range_stops_the_start(setting):
    name = setting.partition(":")[0]
    assert f"settings.{name}" in faults(f"{HEAD}settings:\n  {setting}\n")


def test_the_crisis_team_may_get_clinical_detail_whole():
    policy = told("P-01: {crisis_team: {clinical_detail: share}}")
    assert policy.m1["crisis_team", ""]["clinical_detail"] is Outcome.SHARE


@pytest.mark.parametrize("text", ["a: [", "- a", "", "version: 1\nversion: 2\n"])
def test_what_is_no_map_of_keys_is_refused(text):
    assert "" in faults(text)


def test_health_rows_stand_in_m1():
    assert all((kind, "") in M1 for kind in HEALTH_KINDS)
