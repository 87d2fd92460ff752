"""The gates: what ends the matter for every category, and G4b, which does not."""

import pytest
from disclosure_builders import NOON, add_recipient, make_disclosed

from adapter.disclosure.model import HEALTH_KINDS, Outcome
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY
from adapter.record.vocabulary import CATEGORIES


def decided(change, recipient_id, case="planned-handover"):
    record = make_disclosed(change, case=case)
    return disclose(record, recipient_id, at=NOON, policy=DEFAULT_POLICY)


def assert_all_withheld(answer, gate, reason, *, human):
    decision, redacted = answer
    assert redacted is None
    assert decision.gate == gate
    assert decision.valid_until is None
    assert tuple(decision.categories) == CATEGORIES
    assert {d.outcome for d in decision.categories.values()} == {Outcome.WITHHOLD}
    assert {d.reason for d in decision.categories.values()} == {reason}
    codes = {duty.code for duty in decision.obligations}
    assert ("HUMAN_REVIEW" in codes) is human
    assert "RECORD" in codes


@pytest.mark.parametrize(
    "status", ["draft", "superseded", "withdrawn", "entered_in_error", "a new word"]
)
def test_a_record_that_is_not_active_is_withheld_whole(status):
    answer = decided(lambda tree: tree.update(status=status), "r-amh")
    assert_all_withheld(answer, "G1", "RECORD_NOT_ACTIVE", human=False)


def test_a_completed_record_is_shared():
    decision, redacted = decided(lambda tree: tree.update(status="completed"), "r-amh")
    assert decision.gate is None
    assert redacted.status == "completed"


def test_a_recipient_that_is_not_listed_is_withheld_whole():
    answer = decided(None, "r-nobody")
    assert_all_withheld(answer, "G2", "RECIPIENT_UNKNOWN", human=True)
    assert answer[0].kind == "unknown"
    assert answer[0].is_silent


def test_a_kind_that_is_not_known_is_withheld_whole():
    answer = decided(lambda tree: add_recipient(tree, kind="newspaper"), "r-new")
    assert_all_withheld(answer, "G2", "RECIPIENT_UNKNOWN", human=True)


@pytest.mark.parametrize("death", [{}, {"date_of_death": "2026-11-01"}])
def test_a_death_stops_everything_with_or_without_a_date(death):
    def change(tree):
        tree["outcomes_monitoring"] = {"death": death}

    for recipient_id in ("r-amh", "r-mum", "r-yp"):
        answer = decided(change, recipient_id)
        assert_all_withheld(answer, "G2a", "PERSON_DECEASED", human=True)


@pytest.mark.parametrize(
    ("restriction", "reason"),
    [
        ("court_order", "RECIPIENT_BARRED"),
        ("young_person_refuses_all_contact", "RECIPIENT_BARRED"),
        ("safeguarding_plan", "RECIPIENT_BARRED"),
        ("a new word", "RECIPIENT_BARRED"),
        ("not_known", "RESTRICTION_NOT_KNOWN"),
        (None, "RESTRICTION_NOT_KNOWN"),
    ],
)
def test_a_person_under_a_restriction_gets_nothing(restriction, reason):
    def change(tree):
        person = tree["family_and_carers"]["people"][0]
        person.pop("contact_restriction")
        if restriction is not None:
            person["contact_restriction"] = restriction

    answer = decided(change, "r-mum")
    assert_all_withheld(answer, "G3", reason, human=True)


def test_a_relative_who_is_not_in_the_record_counts_as_not_known():
    def change(tree):
        tree["family_and_carers"]["people"] = []

    answer = decided(change, "r-mum")
    assert_all_withheld(answer, "G3", "RESTRICTION_NOT_KNOWN", human=True)


def make_source(tree, status="open", **source):
    case = tree["safeguarding"]
    case["concerns"] = [
        {
            "id": "sc-9",
            "kind": "safeguarding_alert",
            "types": ["physical"],
            "description": "What happened",
            "status": status,
            "response_rationale": "Proportionate",
            "explained_to_person": "explained_agrees",
            **source,
        }
    ]


@pytest.mark.parametrize("status", ["open", "monitoring"])
def test_an_alleged_source_of_harm_gets_nothing(status):
    def change(tree):
        make_source(tree, status, alleged_source_refs=["p-mum"])

    answer = decided(change, "r-mum")
    assert_all_withheld(answer, "G4", "RECIPIENT_IMPLICATED", human=True)


def test_a_closed_concern_implicates_nobody():
    def change(tree):
        make_source(tree, "closed", alleged_source_refs=["p-mum"])

    assert decided(change, "r-mum")[0].gate is None


@pytest.mark.parametrize(
    "source",
    [{"alleged_source_ods": ["ZZ9B2"]}, {"alleged_source_refs": ["m-new"]}],
)
def test_an_implicated_organisation_gets_no_safeguarding_and_keeps_the_rest(source):
    def change(tree):
        make_source(tree, **source)
        tree["care_team"]["members"].append(
            {
                "id": "m-new",
                "name": "A Worker",
                "role": "other",
                "organisation_ods": "ZZ9B2",
                "organisation_name": "Fenwick",
                "side": "receiving",
            }
        )

    decision, redacted = decided(change, "r-amh")
    assert decision.gate == "G4b"
    assert decision.outcome("safeguarding") is Outcome.WITHHOLD
    assert decision.categories["safeguarding"].reason == "RECIPIENT_IMPLICATED"
    assert decision.outcome("risk_and_mitigation") is Outcome.SHARE
    assert decision.valid_until is not None
    assert "safeguarding" not in redacted.tree
    assert "HUMAN_REVIEW" in {duty.code for duty in decision.obligations}
    other, _ = decided(change, "r-gp")
    assert other.gate is None
    assert other.outcome("safeguarding") is Outcome.SHARE


def test_g4b_wins_over_a_refusal_of_the_same_category():
    def change(tree):
        make_source(tree, alleged_source_ods=["ZZ9B2"])
        tree["consent_and_sharing"]["decisions"].append(
            {
                "id": "d-9",
                "recipient_ref": "r-amh",
                "categories": ["safeguarding"],
                "decision": "deny",
                "decided_by": "young_person",
                "decided_at": "2026-10-10T10:00:00+01:00",
                "effective_from": "2026-10-10",
                "review_on": "2027-01-10",
            }
        )

    decision, _ = decided(change, "r-amh")
    assert decision.categories["safeguarding"].reason == "RECIPIENT_IMPLICATED"


def test_health_kinds_are_five():
    assert len(HEALTH_KINDS) == 5
