"""Decisions of those who may decide: D1 to D7."""

from dataclasses import replace

import pytest
from disclosure_builders import (
    NOON,
    add_decision,
    add_recipient,
    decide_for,
    duty,
    duty_codes,
    make_disclosed,
    set_person,
)

from adapter.clock import parse_instant
from adapter.disclosure.decide import decide
from adapter.disclosure.model import Outcome
from adapter.policy import DEFAULT_POLICY, M2
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS

SHARE, MINIMUM, WITHHOLD = Outcome.SHARE, Outcome.SHARE_MINIMUM, Outcome.WITHHOLD
HOUSING = "housing"


def decides(**fields):
    """A change that adds a permit for demographics, or what the fields say."""
    named = {} if "recipient_kind" in fields else {"recipient_ref": "r-new"}
    made = {"decision": "permit", "categories": ["demographics"], **named, **fields}
    return lambda tree: add_decision(tree, **made)


def person(age, **competence):
    return lambda tree: set_person(tree, age, **competence)


def by_pr(**fields):
    return decides(decided_by="person_with_pr", decider_ref="p-mum", **fields)


def found(decision, category="demographics"):
    return decision.outcome(category), decision.categories[category].reason


REFUSED = (WITHHOLD, "CONSENT_REFUSED")
WITHDRAWN = (WITHHOLD, "CONSENT_WITHDRAWN")
PERMITTED = (SHARE, "CONSENT_PERMIT")
UNASKED = (WITHHOLD, "NO_CONSENT_RECORDED")


# D3


@pytest.mark.parametrize("kind", sorted(set(RECIPIENT_KINDS) - {"young_person"}))
def test_a_permit_raises_to_its_ceiling_and_no_further(kind):
    relative = kind in ("family_member", "community_placement_carer")
    who = {"person_ref": "p-mum"} if relative else {}
    decision = decide_for(kind, decides(categories=list(CATEGORIES)), **who)
    for category in CATEGORIES:
        reason = {
            SHARE: "CONSENT_PERMIT",
            MINIMUM: "CONSENT_PERMIT_MINIMUM",
            WITHHOLD: "CEILING_EXCEEDED",
        }[M2[kind, ""][category]]
        assert found(decision, category) == (M2[kind, ""][category], reason)
    exceeded = WITHHOLD in M2[kind, ""].values()
    assert ("HUMAN_REVIEW" in duty_codes(decision)) is exceeded
    relied_on = set(M2[kind, ""].values()) != {WITHHOLD}
    assert ("REVIEW_BY" in duty_codes(decision)) is relied_on


def test_a_permit_opens_only_what_it_names():
    decision = decide_for(HOUSING, decides())
    assert found(decision) == PERMITTED
    assert found(decision, "transition_logistics") == UNASKED


def test_a_ceiling_below_the_default_leaves_the_default():
    gp = {**DEFAULT_POLICY.m2["gp", ""], "medication": MINIMUM}
    policy = replace(DEFAULT_POLICY, m2={**DEFAULT_POLICY.m2, ("gp", ""): gp})
    decision = decide_for(
        "gp",
        decides(categories=["medication"]),
        care_relationship="current_care",
        policy=policy,
    )
    assert found(decision, "medication") == (SHARE, "DIRECT_CARE")
    assert "REVIEW_BY" not in duty_codes(decision)


def test_decisions_do_not_apply_to_the_young_persons_own_copy():
    decision = decide_for("young_person", decides(decision="deny"))
    assert found(decision) == (SHARE, "OWN_INFORMATION")


@pytest.mark.parametrize("kind", sorted(kind for kind, _ in M2))
def test_a_permit_never_opens_what_others_confided(kind):
    for category in ("family_confidential", "third_party"):
        assert M2[kind, ""][category] is not SHARE


# D1: in force


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"effective_from": "2026-11-05"}, PERMITTED),
        ({"effective_from": "2026-11-06"}, UNASKED),
        ({"effective_to": "2026-11-05"}, PERMITTED),
        ({"effective_to": "2026-11-04"}, (WITHHOLD, "CONSENT_EXPIRED")),
    ],
)
def test_both_days_of_a_decision_count(dates, expected):
    assert found(decide_for(HOUSING, decides(**dates))) == expected


def test_a_day_ends_at_midnight_in_london():
    change = decides(effective_to="2026-07-05", effective_from="2026-07-01")
    last = parse_instant("2026-07-05T22:59:59+00:00")
    decision = decide_for(HOUSING, change, at=last)
    assert found(decision) == PERMITTED
    assert decision.valid_until == parse_instant("2026-07-05T23:00:00+00:00")
    after = decide_for(HOUSING, change, at=decision.valid_until)
    assert found(after) == (WITHHOLD, "CONSENT_EXPIRED")


ABLE = (17, {"capacity": "has_capacity"})
LACKS_17 = (17, {"capacity": "lacks_capacity"})
LACKS_19 = (19, {"capacity": "lacks_capacity"})
DOUBT = (17, {"capacity": "in_doubt"})
COMPETENT = (14, {"gillick": "competent"})
NOT_COMPETENT = (14, {"gillick": "not_competent"})
NOT_ASSESSED = (14, {"gillick": "not_assessed"})
UNDER_13 = (12, {"gillick": "not_assessed"})


@pytest.mark.parametrize(
    ("who", "by", "has_authority"),
    [
        (ABLE, "young_person", True),
        (COMPETENT, "young_person", True),
        (NOT_COMPETENT, "young_person", False),
        (NOT_ASSESSED, "young_person", False),
        (UNDER_13, "young_person", False),
        (DOUBT, "young_person", False),
        (LACKS_17, "young_person", False),
        (UNDER_13, "person_with_pr", True),
        (NOT_COMPETENT, "person_with_pr", True),
        (COMPETENT, "person_with_pr", False),
        (NOT_ASSESSED, "person_with_pr", False),
        (ABLE, "person_with_pr", False),
        (LACKS_17, "person_with_pr", False),
        (LACKS_17, "best_interests", True),
        (LACKS_19, "best_interests", True),
        (DOUBT, "best_interests", False),
        (ABLE, "best_interests", False),
        (NOT_COMPETENT, "best_interests", False),
        (LACKS_17, "attorney_or_deputy", False),
        (LACKS_19, "attorney_or_deputy", True),
        (ABLE, "attorney_or_deputy", False),
        (ABLE, "court", True),
        (NOT_ASSESSED, "court", True),
        (ABLE, "nearest_relative", False),
        (LACKS_19, "nominated_person", False),
    ],
)
def test_who_may_agree(who, by, has_authority):
    age, competence = who
    decision = decide_for(
        HOUSING,
        person(age, **competence),
        decides(decided_by=by, decider_ref="p-mum"),
    )
    assert (decision.outcome("demographics") is SHARE) is has_authority


@pytest.mark.parametrize(
    ("who", "is_honoured"),
    [(ABLE, True), (NOT_ASSESSED, True), (DOUBT, True), (NOT_COMPETENT, False)],
)
def test_a_refusal_is_honoured_where_an_agreement_is_not_relied_on(who, is_honoured):
    age, competence = who
    decision = decide_for(
        "gp",
        person(age, **competence),
        decides(decision="deny"),
        care_relationship="current_care",
    )
    assert (found(decision) == REFUSED) is is_honoured


def test_a_trust_may_let_a_pr_holder_decide_where_the_rules_wait():
    not_assessed = replace(DEFAULT_POLICY, pr_decides_when_not_assessed=True)
    lacking = replace(DEFAULT_POLICY, pr_decides_at_16_17=True)

    def for_housing(who, policy):
        age, competence = who
        return found(
            decide_for(HOUSING, person(age, **competence), by_pr(), policy=policy)
        )

    assert for_housing(NOT_ASSESSED, not_assessed) == PERMITTED
    assert for_housing(LACKS_17, lacking) == PERMITTED
    assert for_housing(DOUBT, lacking) == (WITHHOLD, "DECIDER_NOT_AUTHORISED")
    assert for_housing(LACKS_19, lacking) == (WITHHOLD, "CONSENT_LAPSED_AT_18")


def test_one_pr_holder_cannot_shut_out_another():
    def father(tree):
        set_person(tree, 14, gillick="not_competent")
        people = tree["family_and_carers"]["people"]
        people.append({**people[0], "id": "p-dad", "relation": "father"})
        people.append({**people[0], "id": "p-aunt", "parental_responsibility": "no"})

    refusal = by_pr(decision="deny", recipient_kind="family_member")

    def told(person_ref):
        decision = decide_for("family_member", father, refusal, person_ref=person_ref)
        return found(decision)

    assert told("p-dad") == (SHARE, "PR_AUTHORITY")
    assert told("p-mum") == REFUSED
    assert told("p-aunt") == REFUSED


# D2: which of several


def assert_first_stands(first, second, expected):
    for changes in ((first, second), (second, first)):
        assert found(decide_for(HOUSING, *changes)) == expected


def test_a_court_comes_first():
    court = decides(
        decided_by="court", recipient_kind=HOUSING, decided_at="2026-10-01T09:00:00Z"
    )
    assert_first_stands(court, decides(decision="deny"), PERMITTED)


def test_a_courts_deny_comes_before_any_permit_of_a_court():
    deny = decides(
        decided_by="court",
        decision="deny",
        recipient_kind=HOUSING,
        decided_at="2026-10-01T09:00:00Z",
    )
    assert_first_stands(deny, decides(decided_by="court"), REFUSED)


def test_a_courts_withdrawn_permit_is_not_its_deny():
    withdrawn = decides(
        decided_by="court",
        recipient_kind=HOUSING,
        withdrawn_at="2026-10-20T09:00:00Z",
    )
    assert_first_stands(withdrawn, decides(decided_by="court"), PERMITTED)


def test_the_named_recipient_comes_before_its_kind():
    by_kind = decides(
        decision="deny", recipient_kind=HOUSING, decided_at="2026-11-01T09:00:00Z"
    )
    assert_first_stands(decides(), by_kind, PERMITTED)


def test_the_later_comes_before_the_earlier():
    later = decides(decision="deny", decided_at="2026-11-01T09:00:00Z")
    assert_first_stands(later, decides(), REFUSED)
    again = decides(decided_at="2026-11-02T09:00:00Z")
    assert_first_stands(again, later, PERMITTED)


def test_of_two_at_once_the_deny_stands():
    assert_first_stands(decides(decision="deny"), decides(), REFUSED)


# D4


def test_a_refusal_is_followed_in_direct_care_and_a_person_looks_at_it():
    decision = decide_for(
        "gp", decides(decision="deny"), care_relationship="current_care"
    )
    assert found(decision) == REFUSED
    assert found(decision, "medication") == (SHARE, "DIRECT_CARE")
    told = duty(decision, "HUMAN_REVIEW").detail
    assert told == "About demographics: Someone entitled to decide has said no."


def test_a_refusal_elsewhere_is_simply_followed():
    decision = decide_for(HOUSING, decides(decision="deny"))
    assert found(decision) == REFUSED
    assert duty_codes(decision) == {"RECORD", "SILENT_OMISSION"}


def alert(threshold, **fields):
    def change(tree):
        made = {"kind": "safeguarding_alert", "status": "open", "id": "sc-n"}
        concern = {**made, "statutory_threshold": threshold, **fields}
        tree["safeguarding"]["concerns"] = [concern]

    return change


@pytest.mark.parametrize(
    ("threshold", "age", "fields", "expected"),
    [
        ("s47_significant_harm", 17, {}, (SHARE, "STATUTORY_SAFEGUARDING")),
        ("s17_child_in_need", 17, {}, REFUSED),
        ("s47_significant_harm", 19, {"response_level": "la_enquiry"}, REFUSED),
    ],
)
def test_significant_harm_to_a_child_goes_past_a_refusal(
    threshold, age, fields, expected
):
    changes = (person(age), alert(threshold, **fields))
    refusals = (
        decides(decision="deny"),
        decides(withdrawn_at="2026-10-20T09:00:00Z"),
    )
    decision = decide_for("la_safeguarding", *changes, refusals[0])
    assert found(decision) == expected
    withdrawn = decide_for("la_safeguarding", *changes, refusals[1])
    assert withdrawn.outcome("demographics") is expected[0]


def test_a_courts_deny_stands_against_significant_harm():
    decision = decide_for(
        "la_safeguarding",
        alert("s47_significant_harm"),
        decides(decision="deny", decided_by="court"),
    )
    assert found(decision) == REFUSED


# D5


def test_a_withdrawn_permit_counts_as_a_refusal_from_its_instant():
    change = decides(withdrawn_at="2026-11-05T12:00:00Z", categories=["medication"])
    before = parse_instant("2026-11-05T11:59:59Z")
    decision = decide_for("gp", change, care_relationship="current_care", at=before)
    assert found(decision, "medication") == PERMITTED
    assert decision.valid_until == NOON
    after = decide_for("gp", change, care_relationship="current_care")
    assert found(after, "medication") == WITHDRAWN
    assert "HUMAN_REVIEW" in duty_codes(after)


def test_a_withdrawn_permits_dates_no_longer_matter():
    for dates in (
        {"effective_to": "2026-10-31"},
        {"effective_from": "2027-10-31"},
    ):
        change = decides(withdrawn_at="2026-10-20T09:00:00Z", **dates)
        assert found(decide_for(HOUSING, change)) == WITHDRAWN


def test_a_withdrawn_permit_ends_only_by_a_later_permit():
    withdrawn = decides(withdrawn_at="2026-10-20T09:00:00Z")
    earlier = decides(decided_at="2026-10-19T09:00:00Z")
    later = decides(decided_at="2026-10-21T09:00:00Z")
    by_kind = decides(recipient_kind=HOUSING, decided_at="2026-10-21T09:00:00Z")
    assert_first_stands(withdrawn, earlier, WITHDRAWN)
    assert_first_stands(later, withdrawn, PERMITTED)
    assert_first_stands(withdrawn, by_kind, WITHDRAWN)


def test_a_withdrawn_permit_of_a_pr_holder_and_a_withdrawn_deny_are_gone():
    gone = {"withdrawn_at": "2026-10-20T09:00:00Z"}
    cannot = person(14, gillick="not_competent")
    assert found(decide_for(HOUSING, cannot, by_pr(**gone))) == UNASKED
    assert found(decide_for(HOUSING, decides(decision="deny", **gone))) == UNASKED


def test_a_withdrawal_counts_only_from_one_who_could_refuse():
    def told(who, **fields):
        age, competence = who
        gone = decides(withdrawn_at="2026-10-20T09:00:00Z", **fields)
        decision = decide_for(
            "gp", person(age, **competence), gone, care_relationship="current_care"
        )
        return found(decision)

    assert told(DOUBT) == WITHDRAWN
    assert told(NOT_ASSESSED) == WITHDRAWN
    assert told(LACKS_17) == (SHARE, "DIRECT_CARE")
    by_best_interests = {"decided_by": "best_interests", "decider_ref": "m-cc"}
    assert told(LACKS_17, **by_best_interests) == WITHDRAWN
    assert told(ABLE, **by_best_interests) == (SHARE, "DIRECT_CARE")


# D6


@pytest.mark.parametrize(
    ("who", "change", "reason"),
    [
        (LACKS_19, by_pr(), "CONSENT_LAPSED_AT_18"),
        (LACKS_19, by_pr(effective_to="2026-10-11"), "CONSENT_LAPSED_AT_18"),
        (NOT_ASSESSED, decides(), "COMPETENCE_NOT_ASSESSED"),
        (NOT_ASSESSED, by_pr(), "COMPETENCE_NOT_ASSESSED"),
        (DOUBT, decides(), "CAPACITY_IN_DOUBT"),
        (LACKS_17, by_pr(), "DECIDER_NOT_AUTHORISED"),
        (COMPETENT, by_pr(), "DECIDER_NOT_AUTHORISED"),
        (LACKS_17, decides(decided_by="attorney_or_deputy"), "DECIDER_NOT_AUTHORISED"),
        (DOUBT, decides(decided_by="best_interests"), "DECIDER_NOT_AUTHORISED"),
        (ABLE, decides(effective_to="2026-10-11"), "CONSENT_EXPIRED"),
        (ABLE, decides(effective_from="2026-12-01"), "NO_CONSENT_RECORDED"),
        (ABLE, decides(decided_by="nearest_relative"), "NO_CONSENT_RECORDED"),
    ],
)
def test_a_permit_without_force_tells_why(who, change, reason):
    age, competence = who
    decision = decide_for(HOUSING, person(age, **competence), change)
    assert found(decision) == (WITHHOLD, reason)


def test_the_first_reason_that_fits_any_permit_is_told():
    expired = decides(effective_to="2026-10-11")
    changes = (person(19), expired, by_pr())
    assert found(decide_for(HOUSING, *changes)) == (WITHHOLD, "CONSENT_LAPSED_AT_18")
    changes = (changes[0], changes[2], changes[1])
    assert found(decide_for(HOUSING, *changes)) == (WITHHOLD, "CONSENT_LAPSED_AT_18")


def test_a_permit_without_force_leaves_a_row_that_shares_something():
    decision = decide_for(
        "gp",
        decides(effective_to="2026-10-11", categories=["third_party"]),
        care_relationship="current_care",
    )
    assert found(decision, "third_party") == (WITHHOLD, "NOT_NEEDED_FOR_CARE")


def test_where_nothing_is_shared_by_default_every_kind_tells_why():
    expired = decides(effective_to="2026-10-11")
    for kind in ("gp", "commissioner", "social_care"):
        assert found(decide_for(kind, expired)) == (WITHHOLD, "CONSENT_EXPIRED")


# D7 and the birthday


def test_an_own_decision_of_before_18_goes_on_and_is_asked_about_again():
    for made, expected in (
        (decides(decided_at="2020-01-01T09:00:00Z"), PERMITTED),
        (decides(decided_at="2020-01-01T09:00:00Z", decision="deny"), REFUSED),
    ):
        decision = decide_for(HOUSING, person(19), made)
        assert found(decision) == expected
        assert "RECONFIRM_AT_18" in duty_codes(decision)
    for unasked in (
        (person(17), decides()),
        (person(19), decides()),
        (person(19), decides(decided_by="court", decided_at="2020-01-01T09:00:00Z")),
    ):
        assert "RECONFIRM_AT_18" not in duty_codes(decide_for(HOUSING, *unasked))


def test_a_parents_decision_ends_with_childhood():
    def change(tree):
        add_recipient(tree, kind=HOUSING, care_relationship="none")
        set_person(tree, 17, capacity="lacks_capacity")
        by_pr()(tree)

    policy = replace(DEFAULT_POLICY, pr_decides_at_16_17=True)
    record = make_disclosed(change)
    last = parse_instant("2027-05-31T22:59:59Z")
    before = decide(record, "r-new", at=last, policy=policy)
    assert found(before) == PERMITTED
    assert before.valid_until == parse_instant("2027-05-31T23:00:00Z")
    after = decide(record, "r-new", at=before.valid_until, policy=policy)
    assert found(after) == (WITHHOLD, "CONSENT_LAPSED_AT_18")
    assert "SEEK_CONSENT" in duty_codes(after)
