"""Each reason code of the rules, reached; and each in its words."""

import pytest
from disclosure_builders import (
    NOON,
    add_decision,
    add_override,
    add_recipient,
    decide_for,
    make_disclosed,
    set_person,
)

from adapter.disclosure.decide import decide
from adapter.disclosure.reasons import REASONS, explain
from adapter.policy import DEFAULT_POLICY

OF_GATE_0 = "RECORD_INVALID"
"""A record that failed validation never becomes one that is decided about."""


def person(age, **competence):
    return lambda tree: set_person(tree, age, **competence)


def decides(**fields):
    made = {"recipient_ref": "r-new", "categories": ["demographics"]}
    return lambda tree: add_decision(tree, **made | {"decision": "permit"} | fields)


def overrides(**fields):
    made = {"categories": ["demographics"], **fields}
    return lambda tree: add_override(tree, **made)


def sets(*path, **values):
    def change(tree):
        node = tree
        for step in path:
            node = node[step]
        node.update(values)

    return change


MOTHER = ("family_and_carers", "people", 0)
ALERT = {"id": "sc-n", "kind": "safeguarding_alert", "status": "open"}
PR = {"decided_by": "person_with_pr", "decider_ref": "p-mum"}
RELATIVE = ("family_member", {"person_ref": "p-mum"})
HOUSING = ("housing", {})
GP = ("gp", {"care_relationship": "current_care"})
LAS = ("la_safeguarding", {})
SOCIAL = ("social_care", {})
YOUNG = ("young_person", {})
IMCA = {"type": "imca", "offered": "accepted", "advocate_ref": "m-cc"}
BASIS = ("safeguarding", "local_authority")

REACHED = {
    "RECORD_NOT_ACTIVE": (HOUSING, sets(status="draft")),
    "PERSON_DECEASED": (HOUSING, sets(outcomes_monitoring={"death": {}})),
    "RECIPIENT_BARRED": (RELATIVE, sets(*MOTHER, contact_restriction="court_order")),
    "RESTRICTION_NOT_KNOWN": (
        RELATIVE,
        sets(*MOTHER, contact_restriction="not_known"),
    ),
    "RECIPIENT_IMPLICATED": (
        RELATIVE,
        sets("safeguarding", concerns=[{**ALERT, "alleged_source_refs": ["p-mum"]}]),
    ),
    "DIRECT_CARE": (GP,),
    "DIRECT_CARE_MINIMUM": (GP,),
    "NOT_NEEDED_FOR_CARE": (GP,),
    "NO_CARE_RELATIONSHIP": (("gp", {}),),
    "STATUTORY_SAFEGUARDING": (
        LAS,
        sets("safeguarding", concerns=[{**ALERT, "response_level": "la_enquiry"}]),
    ),
    "NO_SAFEGUARDING_BASIS": (LAS,),
    "SOCIAL_CARE_BASIS": (SOCIAL, sets(*BASIS, social_care_basis="s117_aftercare")),
    "NO_SOCIAL_CARE_BASIS": (SOCIAL, sets(*BASIS, social_care_basis="none")),
    "NO_CONSENT_RECORDED": (HOUSING,),
    "COMPETENCE_NOT_ASSESSED": (HOUSING, person(14, gillick="not_assessed")),
    "CAPACITY_IN_DOUBT": (HOUSING, person(17, capacity="in_doubt")),
    "NO_BEST_INTERESTS_DECISION": (HOUSING, person(17, capacity="lacks_capacity")),
    "PR_AUTHORITY": (RELATIVE, person(14, gillick="not_competent")),
    "OWN_INFORMATION": (YOUNG,),
    "OWN_INFORMATION_LIMITED": (YOUNG, person(17, capacity="in_doubt")),
    "PROTECTS_OTHERS": (YOUNG,),
    "SERIOUS_HARM_EXEMPTION": (
        YOUNG,
        sets("safety", "risks", 0, withhold_from_young_person=True),
    ),
    "ADVOCATE_STATUTORY": (
        ("advocate", {"person_ref": "m-cc"}),
        sets("transition", advocacy=IMCA),
        person(17, capacity="lacks_capacity"),
    ),
    "COMMISSIONER_NO_IDENTIFIABLE_DATA": (("commissioner", {}),),
    "REGULATOR_STATUTORY_ONLY": (("regulator", {}),),
    "CONSENT_PERMIT": (HOUSING, decides()),
    "CONSENT_PERMIT_MINIMUM": (HOUSING, decides(categories=["safety_plan"])),
    "CEILING_EXCEEDED": (HOUSING, decides(categories=["medication"])),
    "CONSENT_REFUSED": (HOUSING, decides(decision="deny")),
    "CONSENT_WITHDRAWN": (HOUSING, decides(withdrawn_at="2026-10-20T09:00:00Z")),
    "CONSENT_EXPIRED": (HOUSING, decides(effective_to="2026-10-20")),
    "CONSENT_LAPSED_AT_18": (HOUSING, person(19), decides(**PR)),
    "DECIDER_NOT_AUTHORISED": (HOUSING, decides(**PR)),
    "OVERRIDE_APPLIED": (HOUSING, overrides()),
    "OVERRIDE_EXPIRED": (HOUSING, overrides(expires_at="2026-11-05T12:00:00Z")),
    "OVERRIDE_NOT_AVAILABLE": (HOUSING, overrides(reason_code="court_order")),
    "OVERRIDE_CEILING": (HOUSING, overrides(categories=["clinical_detail"])),
}


@pytest.mark.parametrize("code", REACHED)
def test_every_reason_is_reached(code):
    (kind, fields), *changes = REACHED[code]
    decision = decide_for(kind, *changes, **fields)
    told = {each.reason for each in decision.categories.values()}
    told |= {item.reason for item in decision.items}
    assert code in told


def test_a_recipient_that_is_not_listed_has_its_reason():
    decision = decide(make_disclosed(), "r-none", at=NOON, policy=DEFAULT_POLICY)
    assert {d.reason for d in decision.categories.values()} == {"RECIPIENT_UNKNOWN"}
    assert {duty.code for duty in decision.obligations} >= {"RECORD", "HUMAN_REVIEW"}


def test_no_reason_is_left_out():
    assert set(REASONS) == {*REACHED, OF_GATE_0, "RECIPIENT_UNKNOWN"}


def test_a_code_of_no_table_has_no_words():
    with pytest.raises(KeyError):
        explain("A_NEW_WORD")


def test_what_a_decision_rests_on_is_told():
    told = decide_for("housing", decides(), overrides(categories=["safety_plan"]))
    permit = told.categories["demographics"]
    assert (permit.rule, permit.policies) == ("D3", ("P-02",))
    override = told.categories["safety_plan"]
    assert (override.rule, override.policies) == ("O4", ("P-02", "P-07"))

    def own(tree):
        add_recipient(tree, kind="family_member", person_ref="p-mum")
        set_person(tree, 14, gillick="not_competent")

    by_pr = decide(make_disclosed(own), "r-new", at=NOON, policy=DEFAULT_POLICY)
    told = by_pr.categories["demographics"]
    assert (told.rule, told.policies) == ("B5", ("P-03", "P-04", "P-05"))
