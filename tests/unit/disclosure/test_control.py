"""Control data for health kinds, and the sentences that stand beside the record."""

from disclosure_builders import NOON, add_decision, make_disclosed, values_in

from adapter.clock import parse_instant
from adapter.disclosure.redact import disclose
from adapter.errors import Issue
from adapter.policy import DEFAULT_POLICY


def sent(
    change=None, recipient_id="r-amh", *, case="planned-handover", at=NOON, warnings=()
):
    record = make_disclosed(change, case=case, warnings=warnings)
    return disclose(record, recipient_id, at=at, policy=DEFAULT_POLICY)[1]


def sharing_of(redacted):
    return redacted.tree["consent_and_sharing"]


def test_competence_goes_without_its_evidence():
    competence = sharing_of(sent(case="out-of-area-lacks-capacity"))["competence"]
    assert competence["capacity"] == "lacks_capacity"
    assert competence["assessor_ref"] == "m-rc"
    assert len(competence["other"]) == 2
    assert "evidence" not in competence


def test_decisions_in_force_go_without_their_reasons():
    def change(tree):
        for decision in tree["consent_and_sharing"]["decisions"]:
            decision["reason_given"] = "She told me why"

    redacted = sent(change)
    assert [d["id"] for d in sharing_of(redacted)["decisions"]] == ["d-1", "d-2", "d-3"]
    assert "She told me why" not in set(values_in(redacted.tree))
    best = sharing_of(sent(case="out-of-area-lacks-capacity"))["decisions"][0]
    assert "best_interests_record" not in best
    assert best["decider_ref"] == "m-rc"


def test_decisions_not_in_force_stay():
    def change(tree):
        sharing = tree["consent_and_sharing"]
        sharing["decisions"] = []
        kept = {"recipient_ref": "r-mum", "decision": "permit"}
        add_decision(tree, id="d-now", **kept)
        add_decision(tree, id="d-over", effective_to="2026-11-04", **kept)
        add_decision(tree, id="d-last-day", effective_to="2026-11-05", **kept)
        add_decision(tree, id="d-later", effective_from="2026-11-06", **kept)
        add_decision(
            tree, id="d-gone", withdrawn_at="2026-11-05T12:00:00+00:00", **kept
        )
        add_decision(
            tree,
            id="d-parent",
            decided_by="person_with_pr",
            decider_ref="p-mum",
            **kept,
        )
        add_decision(tree, id="d-court", decided_by="court", **kept)

    decisions = sharing_of(sent(change))["decisions"]
    assert [d["id"] for d in decisions] == ["d-court", "d-last-day", "d-now"]


def test_only_recipients_whom_a_decision_names_are_listed():
    assert sharing_of(sent())["recipients"] == [
        {"id": "r-hou", "kind": "housing", "name": "Testham Homes"},
        {"id": "r-mum", "kind": "family_member", "name": "Mother"},
    ]


def test_a_decision_about_a_kind_names_no_recipient():
    redacted = sent(case="fifteen-refuses-family")
    assert sharing_of(redacted)["decisions"][0]["recipient_kind"] == "family_member"
    assert [r["id"] for r in sharing_of(redacted)["recipients"]] == ["r-mum"]


def test_an_override_goes_until_it_ends():
    case = "fifteen-refuses-family"
    override = sharing_of(sent(case=case))["overrides"][0]
    assert override["reason_code"] == "serious_harm_to_self"
    assert override["decided_by_ref"] == "m-rc"
    ended = parse_instant("2026-11-11T18:00:00+00:00")
    assert "overrides" not in sharing_of(sent(case=case, at=ended))


def test_the_rest_of_consent_and_sharing_stays():
    assert set(sharing_of(sent())) == {
        "competence",
        "decisions",
        "recipients",
        "change_at_18",
        "privacy_explained_on",
    }


def refuse(tree, *categories):
    add_decision(
        tree, recipient_ref="r-amh", categories=list(categories), decided_by="court"
    )


def test_without_logistics_there_is_no_control_data_and_no_author():
    redacted = sent(lambda tree: refuse(tree, "transition_logistics"))
    assert "consent_and_sharing" not in redacted.tree
    assert redacted.author is None
    assert "author" not in redacted.context()


def test_the_authors_name_and_role_go_and_no_more():
    assert sent().author == {"name": "Asha Bright", "role": "transition_worker"}


def test_the_recipient_is_told_who_they_are():
    assert sent().recipient == {
        "id": "r-amh",
        "kind": "adult_mh_service",
        "name": "Fenwick Adult Community Team",
        "ods_code": "ZZ9B2",
    }


def test_the_number_to_ring_is_the_workers():
    redacted = sent()
    assert redacted.notices == (
        "This record is not complete. Ring 0115 496 0201 before relying on it.",
    )
    assert redacted.pointers == (
        "The sending team holds further information: ring 0115 496 0201 before "
        "relying on this record as complete.",
    )


def test_else_the_number_is_that_of_the_first_contact_always_available():
    def no_phone(tree):
        tree["care_team"]["members"][0].pop("phone")
        contacts = tree["safety"]["safety_plan"]["crisis_contacts"]
        contacts.insert(
            0,
            {
                "id": "cc-0",
                "name": "Day line",
                "phone": "0115 496 0999",
                "available": "working_hours",
            },
        )

    assert "0800 000 0999" in sent(no_phone).notices[0]


def test_a_number_of_a_withheld_category_is_not_given():
    def without_logistics(tree):
        refuse(tree, "transition_logistics")

    def without_both(tree):
        refuse(tree, "transition_logistics", "safety_plan")

    assert "0800 000 0999" in sent(without_logistics).notices[0]
    assert sent(without_both).notices == (
        "This record is not complete. Ring the sending team before relying on it.",
    )


GAPPED = "out-of-area-lacks-capacity"


def test_a_declared_gap_is_told_without_its_reason():
    redacted = sent(case=GAPPED)
    (gap,) = redacted.gaps
    assert gap["path"] == "step_down_plan.clinical_reviews"
    assert gap["by"] == "2026-11-12T17:00:00+00:00"
    assert gap["text"] == (
        f"Not yet recorded: step down plan, clinical reviews. It will be added by "
        f"{gap['name']} (named nurse), by 12 November 2026 at 17:00."
    )
    assert "ward round" not in gap["text"]


def test_a_gap_in_what_is_withheld_is_not_told():
    def refused(tree):
        refuse(tree, "transition_logistics", "clinical_detail")

    assert sent(refused, case=GAPPED).gaps == ()


def test_a_gap_that_covers_nothing_is_not_told():
    warning = Issue("warning", "W_GAP_NOT_NEEDED", "declared_gaps[0].path", "")
    assert sent(case=GAPPED, warnings=[warning]).gaps == ()


def test_a_gap_in_an_item_that_stays_behind_is_not_told():
    def change(tree):
        tree["safety"]["risks"][0]["domain"] = "substances"
        refuse(tree, "substance_use")
        tree["declared_gaps"][0]["path"] = "safety.risks[0].behaviours"

    def of_another(tree):
        change(tree)
        tree["declared_gaps"][0]["path"] = "safety.risks[1].behaviours"

    assert sent(change, case=GAPPED).gaps == ()
    (gap,) = sent(of_another, case=GAPPED).gaps
    assert gap["path"] == "safety.risks[].behaviours"


def test_a_gap_in_control_data_is_not_told():
    def change(tree):
        tree["declared_gaps"][0]["path"] = "consent_and_sharing.recipients"

    assert sent(change, case=GAPPED).gaps == ()
