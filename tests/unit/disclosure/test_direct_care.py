"""Direct care (M1, B1), what lowers it, and how long a decision holds."""

from dataclasses import replace

import pytest
from disclosure_builders import NOON, add_decision, add_recipient, make_disclosed

from adapter.clock import parse_instant
from adapter.disclosure.decide import decide
from adapter.disclosure.model import HEALTH_KINDS, Outcome
from adapter.disclosure.reasons import REASONS, read_reasons
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY, M1, load_policy
from adapter.record.vocabulary import CATEGORIES

CAPPED = (
    "safeguarding",
    "clinical_detail",
    "substance_use",
    "sexual_health_and_gender",
)


def decided(change=None, recipient_id="r-amh", *, at=NOON, policy=DEFAULT_POLICY):
    return decide(make_disclosed(change), recipient_id, at=at, policy=policy)


def codes(decision):
    return {duty.code for duty in decision.obligations}


@pytest.mark.parametrize("kind", HEALTH_KINDS)
@pytest.mark.parametrize(
    "relationship", ["current_care", "planned_care_accepted", "oversight"]
)
def test_a_health_kind_in_care_gets_its_row_of_m1(kind, relationship):
    decision = decided(
        lambda tree: add_recipient(tree, kind=kind, care_relationship=relationship),
        "r-new",
    )
    assert {n: d.outcome for n, d in decision.categories.items()} == M1[kind, ""]


@pytest.mark.parametrize("kind", HEALTH_KINDS)
def test_pending_care_caps_four_categories_at_the_minimum(kind):
    decision = decided(
        lambda tree: add_recipient(
            tree, kind=kind, care_relationship="planned_care_pending"
        ),
        "r-new",
    )
    for category in CATEGORIES:
        outcome = decision.outcome(category)
        if category in CAPPED:
            assert outcome is Outcome.SHARE_MINIMUM
            assert decision.categories[category].reason == "DIRECT_CARE_MINIMUM"
        else:
            assert outcome is M1[kind, ""][category]


@pytest.mark.parametrize("relationship", ["none", "a new word"])
def test_without_a_care_relationship_nothing_is_shared(relationship):
    record = make_disclosed(
        lambda tree: add_recipient(tree, care_relationship=relationship)
    )
    decision, redacted = disclose(record, "r-new", at=NOON, policy=DEFAULT_POLICY)
    assert decision.withholds_all
    assert redacted is None
    assert {d.reason for d in decision.categories.values()} == {"NO_CARE_RELATIONSHIP"}


def test_a_decision_explains_itself():
    decision = decided(recipient_id="r-gp")
    told = decision.as_json()
    assert told["categories"]["safeguarding"] == {
        "outcome": "share",
        "reason": "DIRECT_CARE",
        "why": REASONS["DIRECT_CARE"].explanation,
        "rule": "B1",
        "policies": ["P-01", "P-11"],
    }
    assert told["at"] == "2026-11-05T12:00:00.000Z"
    assert told["valid_until"] == "2027-01-14T00:00:00.000Z"
    assert told["record_version"] == 1
    assert told["policy_version"] == DEFAULT_POLICY.version


def test_a_trust_may_lower_a_cell():
    policy = load_policy(
        "version: '1'\nauthor: a\ndate: 2026-10-01\nreason: r\n"
        "settings: {P-01: {gp: {medication: withhold}}}"
    )
    decision = decided(recipient_id="r-gp", policy=policy)
    assert decision.categories["medication"].reason == "NOT_NEEDED_FOR_CARE"
    assert decision.policy_version == policy.version
    assert decided(policy=policy).outcome("medication") is Outcome.SHARE


def test_a_deny_for_another_recipient_changes_nothing_here():
    decision = decided(lambda tree: add_decision(tree, recipient_kind="gp"))
    assert decision.outcome("medication") is Outcome.SHARE


def test_a_withdrawn_permit_counts_as_a_refusal_from_its_instant():
    withdrawn_at = "2026-11-05T12:00:00+00:00"

    def change(tree):
        add_decision(
            tree,
            recipient_ref="r-gp",
            decision="permit",
            effective_to="2026-10-31",
            withdrawn_at=withdrawn_at,
        )

    at = parse_instant(withdrawn_at)
    before = decided(change, "r-gp", at=parse_instant("2026-11-05T11:59:59+00:00"))
    assert before.outcome("medication") is Outcome.SHARE
    assert before.valid_until == at
    after = decided(change, "r-gp", at=at)
    assert after.categories["medication"].reason == "CONSENT_WITHDRAWN"
    assert "HUMAN_REVIEW" in codes(after)


def test_valid_until_is_the_earliest_instant_that_counts():
    def change(tree):
        add_decision(tree, recipient_ref="r-mum", effective_to="2026-12-24")
        tree["consent_and_sharing"]["overrides"].append(
            {
                "id": "o-1",
                "recipient_ref": "r-mum",
                "categories": ["safety_plan"],
                "reason_code": "court_order",
                "reason_text": "A reason of twenty characters and more",
                "legal_reference": "Order 1",
                "decided_by_ref": "m-nn",
                "decided_at": "2026-11-20T09:00:00+00:00",
                "expires_at": "2026-12-20T09:00:00+00:00",
                "young_person_told": "told_before",
            }
        )

    def until(at, recipient_id="r-mum", policy=DEFAULT_POLICY):
        return decided(
            change, recipient_id, at=parse_instant(at), policy=policy
        ).valid_until

    starts = parse_instant("2026-11-20T09:00:00+00:00")
    assert until("2026-11-05T12:00:00+00:00") == starts
    assert until("2026-11-05T12:00:00+00:00", "r-amh") == starts
    ends = parse_instant("2026-12-04T09:00:00+00:00")
    assert until("2026-11-20T09:00:00+00:00") == ends
    longer = replace(
        DEFAULT_POLICY, longest_override=DEFAULT_POLICY.longest_override * 4
    )
    assert until("2026-11-20T09:00:00+00:00", policy=longer) == parse_instant(
        "2026-12-20T09:00:00+00:00"
    )
    day_after = parse_instant("2026-12-25T00:00:00+00:00")
    assert until("2026-12-04T09:00:00+00:00") == day_after
    birthday = parse_instant("2027-01-14T00:00:00+00:00")
    assert until("2026-12-25T00:00:00+00:00") == birthday
    assert until("2026-11-05T12:00:00+00:00", "r-hou") == birthday
    assert until("2027-01-14T00:00:00+00:00") is None


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        decided(at=NOON.replace(tzinfo=None))


def test_a_reason_stands_once_and_has_words():
    assert len(REASONS) == 39
    with pytest.raises(ValueError, match="once"):
        read_reasons("code,explanation,when,rules\nA,one,x,B1\nA,two,x,B1\n")
    with pytest.raises(ValueError, match="words"):
        read_reasons("code,explanation,when,rules\nA,,x,B1\n")
