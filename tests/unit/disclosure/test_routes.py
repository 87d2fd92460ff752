"""By which route a recipient gets anything: B2 to B7, F1 and F2."""

from dataclasses import replace

import pytest
from disclosure_builders import decide_for, duty_codes, set_person

from adapter.disclosure.model import Outcome
from adapter.policy import DEFAULT_POLICY, M1
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS

WITHHELD = dict.fromkeys(CATEGORIES, Outcome.WITHHOLD)


def outcomes(decision):
    return {name: each.outcome for name, each in decision.categories.items()}


def reasons(decision):
    return {each.reason for each in decision.categories.values()}


def assert_row(decision, row, shared, withheld="NOT_NEEDED_FOR_CARE"):
    """Holds a decision against its row of M1 and the route's two reasons."""
    assert outcomes(decision) == M1[row]
    for each in decision.categories.values():
        kept_back = each.outcome is Outcome.WITHHOLD
        assert each.reason == (withheld if kept_back else shared)


# B2


def alert(**fields):
    def change(tree):
        made = {"kind": "safeguarding_alert", "status": "open", "id": "sc-n"}
        tree["safeguarding"]["concerns"] = [{**made, **fields}]

    return change


@pytest.mark.parametrize(
    ("concern", "age", "has_basis"),
    [
        ({"response_level": "multi_agency_discussion"}, 17, True),
        ({"response_level": "la_enquiry"}, 19, True),
        ({"response_level": "police_and_la", "status": "monitoring"}, 17, True),
        ({"response_level": "provider_led_response"}, 17, False),
        ({"response_level": "la_enquiry", "status": "closed"}, 17, False),
        ({"response_level": "la_enquiry", "kind": "complaint"}, 17, False),
        ({"response_level": "la_enquiry", "kind": "quality_concern"}, 17, False),
        ({"statutory_threshold": "s17_child_in_need"}, 17, True),
        ({"statutory_threshold": "s47_significant_harm"}, 17, True),
        ({"statutory_threshold": "s47_significant_harm"}, 19, False),
        ({"statutory_threshold": "s42_care_act_enquiry"}, 17, False),
        ({"statutory_threshold": "s42_care_act_enquiry"}, 19, True),
        ({"statutory_threshold": "not_decided"}, 19, False),
    ],
)
def test_what_calls_for_the_local_authority(concern, age, has_basis):
    decision = decide_for(
        "la_safeguarding", lambda tree: set_person(tree, age), alert(**concern)
    )
    if has_basis:
        row = ("la_safeguarding", "safeguarding_basis")
        assert_row(decision, row, "STATUTORY_SAFEGUARDING")
        assert "TELL_YOUNG_PERSON" in duty_codes(decision)
    else:
        assert outcomes(decision) == WITHHELD
        assert reasons(decision) == {"NO_SAFEGUARDING_BASIS"}


# B3


@pytest.mark.parametrize(
    ("basis", "age", "has_basis"),
    [
        ("s117_aftercare", 17, True),
        ("s117_aftercare", 19, True),
        ("care_leaver", 19, True),
        ("looked_after", 17, True),
        ("looked_after", 19, False),
        ("child_in_need", 19, False),
        ("child_protection_plan", 17, True),
        ("care_act_assessment_or_plan", 17, False),
        ("care_act_assessment_or_plan", 19, True),
        ("none", 17, False),
        ("not_known", 17, False),
    ],
)
def test_what_duty_the_council_has(basis, age, has_basis):
    def change(tree):
        set_person(tree, age)
        tree["safeguarding"]["local_authority"]["social_care_basis"] = basis

    decision = decide_for("social_care", change)
    if has_basis:
        row = ("social_care", "social_care_basis")
        assert_row(decision, row, "SOCIAL_CARE_BASIS")
    else:
        assert outcomes(decision) == WITHHELD
        assert reasons(decision) == {"NO_SOCIAL_CARE_BASIS"}


# B4

BY_AGREEMENT = sorted(kind for kind, when in M1 if not when and kind in RECIPIENT_KINDS)
BY_AGREEMENT = [
    kind
    for kind in BY_AGREEMENT
    if set(M1[kind, ""].values()) == {Outcome.WITHHOLD}
    and kind not in ("commissioner", "regulator")
]


@pytest.mark.parametrize("kind", BY_AGREEMENT)
@pytest.mark.parametrize(
    ("age", "competence", "reason"),
    [
        (12, {"gillick": "not_assessed"}, "NO_CONSENT_RECORDED"),
        (14, {"gillick": "competent"}, "NO_CONSENT_RECORDED"),
        (14, {"gillick": "not_competent"}, "NO_CONSENT_RECORDED"),
        (14, {"gillick": "not_assessed"}, "COMPETENCE_NOT_ASSESSED"),
        (17, {"capacity": "not_assessed_presumed"}, "NO_CONSENT_RECORDED"),
        (17, {"capacity": "in_doubt"}, "CAPACITY_IN_DOUBT"),
        (19, {"capacity": "lacks_capacity"}, "NO_BEST_INTERESTS_DECISION"),
    ],
)
def test_without_agreement_nothing_goes_and_the_reason_is_who_could_agree(
    kind, age, competence, reason
):
    of_person = {"person_ref": "p-mum"} if kind == "community_placement_carer" else {}

    def change(tree):
        set_person(tree, age, **competence)
        for person in tree["family_and_carers"]["people"]:
            person["parental_responsibility"] = "no"

    decision = decide_for(
        kind,
        change,
        **({"person_ref": "p-mum"} if kind == "family_member" else of_person),
    )
    assert outcomes(decision) == WITHHELD
    assert reasons(decision) == {reason}


def test_under_13_not_assessed_may_be_set_to_wait_for_an_assessment():
    waits = replace(DEFAULT_POLICY, not_competent_when_not_assessed=False)

    def change(tree):
        set_person(tree, 12, gillick="not_assessed")

    assert reasons(decide_for("housing", change, policy=waits)) == {
        "COMPETENCE_NOT_ASSESSED"
    }


# B5


def mother(age, *, pr="yes_evidence_seen", policy=DEFAULT_POLICY, **competence):
    def change(tree):
        set_person(tree, age, **competence)
        tree["family_and_carers"]["people"][0]["parental_responsibility"] = pr

    return decide_for("family_member", change, person_ref="p-mum", policy=policy)


@pytest.mark.parametrize("pr", ["yes_evidence_seen", "shared_with_local_authority"])
@pytest.mark.parametrize(
    ("age", "gillick"),
    [(12, "not_assessed"), (12, "not_competent"), (14, "not_competent")],
)
def test_a_holder_of_pr_speaks_for_a_child_who_cannot_decide(pr, age, gillick):
    decision = mother(age, pr=pr, gillick=gillick)
    assert_row(decision, ("family_member", "holds_pr"), "PR_AUTHORITY")


@pytest.mark.parametrize(
    ("age", "competence"),
    [
        (12, {"gillick": "competent"}),
        (14, {"gillick": "competent"}),
        (14, {"gillick": "not_assessed"}),
        (17, {"capacity": "lacks_capacity"}),
        (19, {"capacity": "lacks_capacity"}),
    ],
)
def test_pr_alone_is_not_enough_otherwise(age, competence):
    assert outcomes(mother(age, **competence)) == WITHHELD


def test_which_evidence_of_pr_counts_is_the_trusts_to_say():
    stated = {"age": 14, "pr": "yes_stated", "gillick": "not_competent"}
    assert outcomes(mother(**stated)) == WITHHELD
    more = DEFAULT_POLICY.pr_evidence | {"yes_stated"}
    policy = replace(DEFAULT_POLICY, pr_evidence=more)
    assert reasons(mother(**stated, policy=policy)) >= {"PR_AUTHORITY"}
    assert outcomes(mother(14, pr="not_known", gillick="not_competent")) == WITHHELD


def test_a_trust_may_let_pr_decide_where_nobody_has_assessed():
    policy = replace(DEFAULT_POLICY, pr_decides_when_not_assessed=True)
    decision = mother(14, gillick="not_assessed", policy=policy)
    assert_row(decision, ("family_member", "holds_pr"), "PR_AUTHORITY")


# B6


@pytest.mark.parametrize(
    ("age", "competence", "row"),
    [
        (12, {"gillick": "competent"}, "able"),
        (14, {"gillick": "competent"}, "able"),
        (17, {"capacity": "has_capacity"}, "able"),
        (19, {"capacity": "not_assessed_presumed"}, "able"),
        (12, {"gillick": "not_assessed"}, "limited"),
        (14, {"gillick": "not_competent"}, "limited"),
        (14, {"gillick": "not_assessed"}, "limited"),
        (17, {"capacity": "in_doubt"}, "limited"),
        (19, {"capacity": "lacks_capacity"}, "limited"),
    ],
)
def test_the_young_persons_copy_follows_their_ability(age, competence, row):
    decision = decide_for(
        "young_person", lambda tree: set_person(tree, age, **competence)
    )
    assert outcomes(decision) == M1["young_person", row]
    own = "OWN_INFORMATION" if row == "able" else "OWN_INFORMATION_LIMITED"
    for name, each in decision.categories.items():
        protected = name in ("family_confidential", "third_party")
        assert each.reason == ("PROTECTS_OTHERS" if protected else own)
    assert ("HUMAN_REVIEW" in duty_codes(decision)) is (row == "limited")
    assert "SILENT_OMISSION" in duty_codes(decision)


# B7


def instruct(**advocacy):
    def change(tree):
        made = {"type": "imca", "offered": "accepted", "advocate_ref": "m-cc"}
        tree["transition"]["advocacy"] = {**made, **advocacy}

    return change


def lacks_capacity(tree):
    set_person(tree, 17, capacity="lacks_capacity")


def test_an_imca_sees_the_relevant_records():
    decision = decide_for("advocate", lacks_capacity, instruct(), person_ref="m-cc")
    assert_row(decision, ("advocate", "imca"), "ADVOCATE_STATUTORY")


@pytest.mark.parametrize(
    ("person", "advocacy", "person_ref"),
    [
        ((17, {"capacity": "has_capacity"}), {}, "m-cc"),
        ((17, {"capacity": "in_doubt"}), {}, "m-cc"),
        ((14, {"gillick": "not_competent"}), {}, "m-cc"),
        ((17, {"capacity": "lacks_capacity"}), {"type": "imha"}, "m-cc"),
        ((17, {"capacity": "lacks_capacity"}), {"offered": "not_offered"}, "m-cc"),
        ((17, {"capacity": "lacks_capacity"}), {}, "m-tw"),
    ],
)
def test_any_other_advocate_needs_agreement(person, advocacy, person_ref):
    age, competence = person
    decision = decide_for(
        "advocate",
        lambda tree: set_person(tree, age, **competence),
        instruct(**advocacy),
        person_ref=person_ref,
    )
    assert outcomes(decision) == WITHHELD
    assert {each.rule for each in decision.categories.values()} == {"B4"}


# F1, F2


@pytest.mark.parametrize(
    ("kind", "reason", "rule"),
    [
        ("commissioner", "COMMISSIONER_NO_IDENTIFIABLE_DATA", "F1"),
        ("regulator", "REGULATOR_STATUTORY_ONLY", "F2"),
    ],
)
def test_counts_and_the_law_are_not_a_persons_record(kind, reason, rule):
    decision = decide_for(kind)
    assert outcomes(decision) == WITHHELD
    assert reasons(decision) == {reason}
    assert {each.rule for each in decision.categories.values()} == {rule}
