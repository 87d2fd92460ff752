"""Overrides: O1 to O4, and what they bring with them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from disclosure_builders import (
    add_decision,
    add_override,
    decide_for,
    duty,
    duty_codes,
    set_person,
)

from adapter.clock import parse_instant
from adapter.disclosure.model import Outcome
from adapter.policy import DEFAULT_POLICY, M1, M3
from adapter.record.vocabulary import CATEGORIES, HEALTH_KINDS, RECIPIENT_KINDS

SHARE, MINIMUM, WITHHOLD = Outcome.SHARE, Outcome.SHARE_MINIMUM, Outcome.WITHHOLD
HOUSING = "housing"
SILENT_KINDS = sorted(
    kind
    for kind, when in M1
    if not when and set(M1[kind, ""].values()) == {Outcome.WITHHOLD}
)


def overrides(**fields):
    return lambda tree: add_override(tree, **fields)


def person(age, **competence):
    return lambda tree: set_person(tree, age, **competence)


def found(decision, category="safety_plan"):
    return decision.outcome(category), decision.categories[category].reason


APPLIED = (MINIMUM, "OVERRIDE_APPLIED")
EXPIRED = (WITHHOLD, "OVERRIDE_EXPIRED")
NOT_AVAILABLE = (WITHHOLD, "OVERRIDE_NOT_AVAILABLE")
UNASKED = (WITHHOLD, "NO_CONSENT_RECORDED")


# O1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-04T11:59:59Z", UNASKED),
        ("2026-11-04T12:00:00Z", APPLIED),
        ("2026-11-11T11:59:59Z", APPLIED),
        ("2026-11-11T12:00:00Z", EXPIRED),
    ],
)
def test_an_override_holds_from_its_decision_to_its_end(at, expected):
    assert found(decide_for(HOUSING, overrides(), at=parse_instant(at))) == expected


def test_a_longer_one_ends_when_the_policy_says():
    long = overrides(expires_at="2027-11-04T12:00:00Z")
    ends = parse_instant("2026-11-18T12:00:00Z")
    assert decide_for(HOUSING, long).valid_until == ends
    assert found(decide_for(HOUSING, long, at=ends)) == EXPIRED
    shorter = replace(DEFAULT_POLICY, longest_override=timedelta(days=1))
    assert found(decide_for(HOUSING, long, policy=shorter)) == EXPIRED


@pytest.mark.parametrize(
    "fields",
    [
        {"reason_text": "Too short"},
        {"reason_text": ""},
        {"decided_by_ref": None},
        {"expires_at": None},
        {"young_person_told": None},
        {"reason_code": "a new word"},
        {"reason_code": None},
    ],
)
def test_an_incomplete_one_opens_nothing_and_a_person_looks(fields):
    def change(tree):
        override = add_override(tree, **fields)
        for name in [name for name, value in override.items() if value is None]:
            del override[name]

    decision = decide_for(HOUSING, change)
    assert found(decision) == NOT_AVAILABLE
    assert "HUMAN_REVIEW" in duty_codes(decision)


def test_from_its_end_it_is_expired_whatever_its_reason():
    ended = overrides(
        reason_code="serious_harm_to_self",
        capacity_at_override="has_capacity",
        expires_at="2026-11-05T12:00:00Z",
    )
    assert found(decide_for(HOUSING, person(19), ended)) == EXPIRED


# O2


def test_one_recipient_and_the_listed_categories():
    decision = decide_for(HOUSING, overrides())
    assert found(decision) == APPLIED
    assert found(decision, "demographics") == UNASKED
    of_another = decide_for(HOUSING, overrides(recipient_ref="r-hou"))
    assert found(of_another) == UNASKED


def test_a_courts_deny_stands_against_any_override():
    def deny(tree):
        add_decision(
            tree,
            recipient_ref="r-new",
            categories=["safety_plan"],
            decided_by="court",
        )

    by_law = {"reason_code": "court_order", "legal_reference": "Order 1"}
    for override in (overrides(), overrides(**by_law)):
        assert found(decide_for(HOUSING, deny, override)) == (
            WITHHOLD,
            "CONSENT_REFUSED",
        )


def test_an_override_does_not_pass_a_gate():
    def barred(tree):
        person = tree["family_and_carers"]["people"][0]
        person["contact_restriction"] = "court_order"

    decision = decide_for("family_member", barred, overrides(), person_ref="p-mum")
    assert found(decision) == (WITHHOLD, "RECIPIENT_BARRED")

    def implicated(tree):
        tree["safeguarding"]["concerns"] = [
            {
                "id": "sc-n",
                "kind": "safeguarding_alert",
                "status": "open",
                "alleged_source_ods": ["ZZ9N1"],
            }
        ]

    everything = overrides(categories=["safeguarding", "safety_plan"])
    decision = decide_for(HOUSING, implicated, everything, ods_code="ZZ9N1")
    assert found(decision, "safeguarding") == (WITHHOLD, "RECIPIENT_IMPLICATED")
    assert found(decision) == APPLIED
    assert "HUMAN_REVIEW" in duty_codes(decision)


def test_an_override_passes_an_ordinary_refusal():
    def deny(tree):
        add_decision(tree, recipient_ref="r-new", categories=["safety_plan"])

    decision = decide_for(HOUSING, deny, overrides())
    assert found(decision) == APPLIED
    # a refusal stands for this recipient, whatever was shared against it
    assert "SEEK_CONSENT" not in duty_codes(decision)


def test_overrides_do_not_apply_to_the_young_persons_own_copy():
    decision = decide_for("young_person", overrides(categories=["family_confidential"]))
    assert found(decision, "family_confidential") == (WITHHOLD, "PROTECTS_OTHERS")


# O3


@pytest.mark.parametrize(
    ("kind", "age", "fields", "may_be_used"),
    [
        (HOUSING, 17, {"reason_code": "safeguarding_child"}, True),
        (HOUSING, 19, {"reason_code": "safeguarding_child"}, True),
        ("social_care", 19, {"reason_code": "safeguarding_adult_at_risk"}, True),
        ("la_safeguarding", 19, {"reason_code": "safeguarding_adult_at_risk"}, True),
        ("gp", 19, {"reason_code": "safeguarding_adult_at_risk"}, True),
        ("social_care", 17, {"reason_code": "safeguarding_adult_at_risk"}, False),
        (HOUSING, 19, {"reason_code": "safeguarding_adult_at_risk"}, False),
        (HOUSING, 19, {"reason_code": "serious_harm_to_others"}, True),
        (HOUSING, 17, {"reason_code": "court_order"}, False),
        (HOUSING, 17, {"reason_code": "court_order", "legal_reference": "O"}, True),
        (HOUSING, 17, {"reason_code": "statutory_duty", "legal_reference": "A"}, True),
    ],
)
def test_which_reason_may_be_used(kind, age, fields, may_be_used):
    decision = decide_for(kind, person(age), overrides(**fields))
    expected = "OVERRIDE_APPLIED" if may_be_used else "OVERRIDE_NOT_AVAILABLE"
    assert decision.categories["safety_plan"].reason == expected


@pytest.mark.parametrize(
    ("reason", "age", "capacity", "may_be_used"),
    [
        ("serious_harm_to_self", 14, "competent_child", True),
        ("serious_harm_to_self", 17, "has_capacity", True),
        ("serious_harm_to_self", 19, "has_capacity", False),
        ("serious_harm_to_self", 19, "lacks_capacity", True),
        ("serious_harm_to_self", 19, "in_doubt", True),
        ("serious_harm_to_self", 17, "a new word", False),
        ("vital_interests", 17, "lacks_capacity", True),
        ("vital_interests", 14, "not_competent_child", True),
        ("vital_interests", 19, "in_doubt", False),
        ("vital_interests", 19, "has_capacity", False),
        ("vital_interests", 14, "competent_child", False),
    ],
)
def test_which_capacity_a_reason_needs(reason, age, capacity, may_be_used):
    override = overrides(reason_code=reason, capacity_at_override=capacity)
    decision = decide_for(HOUSING, person(age), override)
    assert found(decision) == (APPLIED if may_be_used else NOT_AVAILABLE)


def test_an_able_adult_may_be_overridden_only_with_two_sign_offs():
    policy = replace(DEFAULT_POLICY, self_harm_override_when_able=True)
    override = overrides(
        reason_code="serious_harm_to_self", capacity_at_override="has_capacity"
    )
    decision = decide_for(HOUSING, person(19), override, policy=policy)
    assert found(decision) == APPLIED
    assert "P-10" in decision.categories["safety_plan"].policies


@pytest.mark.parametrize(
    ("kind", "reason", "may_be_used"),
    [
        ("regulator", "statutory_duty", True),
        ("regulator", "court_order", True),
        ("regulator", "safeguarding_child", False),
        ("regulator", "serious_harm_to_others", False),
        ("commissioner", "statutory_duty", True),
        ("commissioner", "safeguarding_child", True),
        ("commissioner", "safeguarding_adult_at_risk", True),
        ("commissioner", "serious_harm_to_others", False),
    ],
)
def test_commissioner_and_regulator_have_their_own_reasons(kind, reason, may_be_used):
    override = overrides(
        reason_code=reason, legal_reference="Act 1", categories=["demographics"]
    )
    decision = decide_for(kind, person(19), override)
    expected = APPLIED if may_be_used else NOT_AVAILABLE
    assert found(decision, "demographics") == expected


# O4


@pytest.mark.parametrize("kind", SILENT_KINDS)
def test_an_override_raises_to_its_ceiling_and_no_further(kind):
    by_law = {"reason_code": "court_order", "legal_reference": "Order 1"}
    everything = overrides(categories=list(CATEGORIES), **by_law)
    relative = kind in ("family_member", "community_placement_carer")
    who = {"person_ref": "p-mum"} if relative else {}
    decision = decide_for(kind, everything, **who)
    for category in CATEGORIES:
        ceiling = M3[kind, ""][category]
        reason = "OVERRIDE_CEILING" if ceiling is WITHHOLD else "OVERRIDE_APPLIED"
        assert found(decision, category) == (ceiling, reason)


def test_what_stood_higher_stays_with_its_own_reason():
    def permit(tree):
        add_decision(
            tree,
            decision="permit",
            recipient_ref="r-new",
            categories=["safety_plan", "demographics"],
        )

    both = overrides(categories=["safety_plan", "demographics"])
    decision = decide_for("family_member", permit, both, person_ref="p-mum")
    assert found(decision) == (SHARE, "CONSENT_PERMIT")
    assert "NOTIFY_CALDICOTT" not in duty_codes(decision)


def test_an_invalid_one_changes_nothing_where_something_is_shared():
    unavailable = overrides(reason_code="court_order", categories=["medication"])
    decision = decide_for("gp", unavailable, care_relationship="current_care")
    assert found(decision, "medication") == (SHARE, "DIRECT_CARE")
    assert "HUMAN_REVIEW" not in duty_codes(decision)


def test_of_several_the_first_that_fits_is_told():
    ended = overrides(expires_at="2026-11-05T12:00:00Z")
    unavailable = overrides(reason_code="court_order")
    assert found(decide_for(HOUSING, ended, unavailable)) == NOT_AVAILABLE
    assert found(decide_for(HOUSING, unavailable, ended, overrides())) == APPLIED
    detail = {"categories": ["clinical_detail"]}
    at_ceiling = decide_for(
        HOUSING,
        overrides(reason_code="court_order", **detail),
        overrides(**detail),
    )
    assert found(at_ceiling, "clinical_detail") == (WITHHOLD, "OVERRIDE_CEILING")


@pytest.mark.parametrize("kind", RECIPIENT_KINDS)
def test_no_row_of_m3_lets_out_whole_what_was_confided(kind):
    if kind == "young_person":
        return
    row = M3[kind, ""]
    assert row["family_confidential"] is not SHARE
    assert row["third_party"] is not SHARE
    if kind not in HEALTH_KINDS and kind != "la_safeguarding":
        assert row["sexual_health_and_gender"] is WITHHOLD


# What comes with it


def test_the_young_person_and_the_caldicott_guardian_are_told():
    decision = decide_for(HOUSING, overrides())
    assert {"TELL_YOUNG_PERSON", "NOTIFY_CALDICOTT"} <= duty_codes(decision)
    assert duty(decision, "REVIEW_BY").due == parse_instant("2026-11-11T12:00:00Z")


def test_telling_is_put_off_where_it_would_be_unsafe():
    override = overrides(young_person_told="not_told_unsafe", why_not_told="Unsafe")
    decision = decide_for(HOUSING, override)
    assert "TELL_YOUNG_PERSON" not in duty_codes(decision)
    put_off = duty(decision, "TELL_YOUNG_PERSON_DEFERRED")
    assert put_off.due == parse_instant("2026-11-11T12:00:00Z")
