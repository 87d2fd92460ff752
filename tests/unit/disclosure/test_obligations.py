"""The duties that come with a decision, each where the rules ask for it."""

from dataclasses import replace

import pytest
from disclosure_builders import (
    NOON,
    add_decision,
    add_override,
    add_recipient,
    decide_for,
    duty,
    duty_codes,
    make_disclosed,
    set_person,
)

from adapter.clock import parse_instant
from adapter.disclosure.model import SILENT_KINDS, Outcome
from adapter.disclosure.redact import disclose, redact
from adapter.policy import DEFAULT_POLICY

HOUSING = "housing"


def permits(*categories, **fields):
    made = {"decision": "permit", "recipient_ref": "r-new"}
    return lambda tree: add_decision(
        tree, **made, **fields, categories=list(categories or ["demographics"])
    )


def test_everything_is_written_down():
    for kind in ("gp", HOUSING, "commissioner"):
        assert "RECORD" in duty_codes(decide_for(kind))


def lacks_capacity(tree):
    set_person(tree, 17, capacity="lacks_capacity")


def test_a_best_interests_agreement_is_told_to_the_young_person():
    by = {"decided_by": "best_interests", "decider_ref": "m-cc"}
    relied_on = decide_for(HOUSING, lacks_capacity, permits(**by))
    assert "TELL_YOUNG_PERSON" in duty_codes(relied_on)
    assert "TELL_YOUNG_PERSON" not in duty_codes(decide_for(HOUSING, permits()))
    not_relied_on = decide_for(
        HOUSING, lacks_capacity, permits("clinical_detail", **by)
    )
    assert "TELL_YOUNG_PERSON" not in duty_codes(not_relied_on)


def alert(**fields):
    def change(tree):
        made = {
            "id": "sc-n",
            "kind": "safeguarding_alert",
            "status": "open",
            "response_level": "la_enquiry",
            "explained_to_person": "explained_agrees",
        }
        tree["safeguarding"]["concerns"] = [{**made, **fields}]

    return change


def test_an_alert_that_is_unsafe_to_explain_puts_the_telling_off():
    told = decide_for("la_safeguarding", alert())
    assert duty(told, "TELL_YOUNG_PERSON").due is None

    def reviews(tree):
        tree["safeguarding"]["review_points"] = [
            {"id": "rv-1", "on": "2026-11-12", "done_on": "2026-11-12"},
            {"id": "rv-2", "on": "2027-07-01"},
            {"id": "rv-3", "on": "2026-12-01"},
        ]

    unsafe = alert(explained_to_person="unsafe_to_explain")
    decision = decide_for("la_safeguarding", unsafe, reviews)
    assert "TELL_YOUNG_PERSON" not in duty_codes(decision)
    put_off = duty(decision, "TELL_YOUNG_PERSON_DEFERRED")
    assert put_off.due == parse_instant("2026-12-01T00:00:00Z")


def test_an_alert_that_does_not_qualify_puts_nothing_off():
    def two(tree):
        alert()(tree)
        tree["safeguarding"]["concerns"].append(
            {
                "id": "sc-m",
                "kind": "safeguarding_alert",
                "status": "closed",
                "response_level": "la_enquiry",
                "explained_to_person": "unsafe_to_explain",
            }
        )

    assert "TELL_YOUNG_PERSON" in duty_codes(decide_for("la_safeguarding", two))


def test_review_by_is_the_earliest_of_what_was_relied_on():
    decision = decide_for(
        HOUSING,
        permits("demographics", review_on="2027-01-10"),
        permits("transition_logistics", review_on="2026-12-10"),
        permits("medication", review_on="2026-11-10"),  # above its ceiling: unused
    )
    assert duty(decision, "REVIEW_BY").due == parse_instant("2026-12-10T00:00:00Z")

    def override(tree):
        add_override(tree, expires_at="2026-11-07T12:00:00Z")

    decision = decide_for(HOUSING, permits(review_on="2026-12-10"), override)
    assert duty(decision, "REVIEW_BY").due == parse_instant("2026-11-07T12:00:00Z")


def test_consent_is_sought_where_nobody_refused():
    asked = duty(decide_for(HOUSING, permits()), "SEEK_CONSENT")
    assert "medication" in asked.detail
    assert "demographics" not in asked.detail
    expired = decide_for(HOUSING, permits(effective_to="2026-10-20"))
    assert "demographics" in duty(expired, "SEEK_CONSENT").detail
    for refusal in ({"decision": "deny"}, {"withdrawn_at": "2026-10-20T09:00:00Z"}):

        def refused(tree, fields=refusal):
            add_decision(
                tree, **{"decision": "permit", "recipient_ref": "r-new"} | fields
            )

        assert "SEEK_CONSENT" not in duty_codes(decide_for(HOUSING, refused))


def test_nobody_is_pestered_when_an_override_against_a_refusal_has_ended():
    def change(tree):
        add_decision(tree, recipient_ref="r-new", categories=["safety_plan"])
        add_override(tree, expires_at="2026-11-05T12:00:00Z")

    decision = decide_for(HOUSING, change)
    assert decision.categories["safety_plan"].reason == "OVERRIDE_EXPIRED"
    assert "SEEK_CONSENT" not in duty_codes(decision)


@pytest.mark.parametrize("kind", ["community_placement_carer", "care_provider"])
def test_a_placement_without_risk_information_is_looked_at_first(kind):
    who = {"person_ref": "p-mum"} if kind == "community_placement_carer" else {}
    assert "PLACEMENT_SAFETY_REVIEW" in duty_codes(decide_for(kind, **who))
    agreed = decide_for(kind, permits("risk_and_mitigation"), **who)
    assert "PLACEMENT_SAFETY_REVIEW" not in duty_codes(agreed)


@pytest.mark.parametrize("kind", ["la_safeguarding", "social_care"])
def test_the_council_is_told_that_its_record_is_not_complete(kind):
    def basis(tree):
        alert()(tree)
        authority = tree["safeguarding"]["local_authority"]
        authority["social_care_basis"] = "s117_aftercare"
        add_recipient(tree, kind=kind, care_relationship="none")

    decision, redacted = disclose(
        make_disclosed(basis), "r-new", at=NOON, policy=DEFAULT_POLICY
    )
    assert "MARK_INCOMPLETE" in duty_codes(decision)
    assert "not complete" in redacted.notices[0]
    nothing = decide_for(kind)
    assert "MARK_INCOMPLETE" not in duty_codes(nothing)


@pytest.mark.parametrize("kind", sorted(SILENT_KINDS))
def test_silence_is_owed_wherever_something_is_left_out(kind):
    who = {"person_ref": "p-mum"} if "family" in kind or "placement_c" in kind else {}
    decision = decide_for(kind, **who)
    assert decision.is_silent
    assert "SILENT_OMISSION" in duty_codes(decision)

    def closed(tree):
        tree["status"] = "draft"

    assert "SILENT_OMISSION" in duty_codes(decide_for(kind, closed, **who))


@pytest.mark.parametrize(
    "case",
    ["planned-handover", "fifteen-refuses-family", "out-of-area-lacks-capacity"],
)
def test_the_young_persons_page_always_carries_the_same_sentence(case):
    sentence = ("Ask your team to go through your record with you.",)
    record = make_disclosed(case=case)
    _, redacted = disclose(record, "r-yp", at=NOON, policy=DEFAULT_POLICY)
    assert redacted.notices == sentence
    assert redacted.pointers == ()

    def everything(tree):
        """Nothing is left that could be withheld."""
        for section in set(tree) - {"young_person", "consent_and_sharing", "status"}:
            if isinstance(tree[section], dict) and section != "source_system":
                tree[section] = {}

    _, redacted = disclose(
        make_disclosed(everything, case=case), "r-yp", at=NOON, policy=DEFAULT_POLICY
    )
    assert redacted.notices == sentence


# P-15


def refuse(*categories, **fields):
    return lambda tree: add_decision(
        tree, recipient_ref="r-amh", categories=list(categories), **fields
    )


SENDS = replace(DEFAULT_POLICY, refusal_sends_contacts=True)


def after_refusal(*changes, policy=SENDS):
    def change(tree):
        for each in changes:
            each(tree)

    record = make_disclosed(change)
    decision, redacted = disclose(record, "r-amh", at=NOON, policy=policy)
    assert redact(record, decision, policy=policy) == redacted
    return decision, redacted


EVERYTHING = (
    "demographics",
    "transition_logistics",
    "safety_plan",
    "risk_and_mitigation",
    "safeguarding",
    "clinical_detail",
    "substance_use",
    "sexual_health_and_gender",
    "family_confidential",
    "third_party",
    "medication",
)


def test_a_trust_may_send_the_crisis_contacts_against_a_refusal():
    decision, redacted = after_refusal(refuse(*EVERYTHING))
    assert decision.withholds_all
    assert {item.rule for item in decision.items} == {"P-15"}
    assert set(redacted.tree) == {"young_person", "transition", "safety"}
    assert set(redacted.tree["transition"]) == {"clinical_responsibility_moves_at"}
    (contact,) = redacted.tree["safety"]["safety_plan"]["crisis_contacts"]
    assert set(contact) == {"id", "name", "phone", "available"}
    assert {"MARK_INCOMPLETE", "HUMAN_REVIEW"} <= duty_codes(decision)
    assert after_refusal(refuse(*EVERYTHING), policy=DEFAULT_POLICY)[1] is None


def test_only_what_was_refused_is_sent_so():
    decision, redacted = after_refusal(refuse("safety_plan"))
    assert decision.outcome("safety_plan") is Outcome.WITHHOLD
    assert set(redacted.tree["safety"]["safety_plan"]) == {"crisis_contacts"}
    assert all("crisis_contacts" in i.path for i in decision.items if i.rule == "P-15")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ((refuse(*EVERYTHING, decided_by="court"),), "a court's deny"),
        (
            (
                refuse(*EVERYTHING),
                lambda tree: tree["consent_and_sharing"]["recipients"][0].update(
                    care_relationship="none"
                ),
            ),
            "no part in the care",
        ),
        (
            (
                refuse(*EVERYTHING),
                lambda tree: tree["consent_and_sharing"]["recipients"][0].update(
                    kind="gp", care_relationship="current_care"
                ),
            ),
            "not the receiving service",
        ),
    ],
)
def test_nothing_is_sent_against(changes, why):
    assert after_refusal(*changes)[1] is None, why
