"""What leaves of the items: categories, minimums, confidence, references, names."""

import copy

import pytest
from disclosure_builders import (
    NOON,
    add_decision,
    add_recipient,
    make_disclosed,
    values_in,
)

from adapter.disclosure.order import in_order
from adapter.disclosure.redact import disclose, redact
from adapter.policy import DEFAULT_POLICY, load_policy

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


def disclosed(
    change=None, recipient_id="r-amh", *, case="planned-handover", policy=None
):
    record = make_disclosed(change, case=case)
    before = copy.deepcopy(record.tree)
    answer = disclose(record, recipient_id, at=NOON, policy=policy or DEFAULT_POLICY)
    assert record.tree == before, "the record itself was changed"
    return answer


def sent(*args, **named):
    return disclosed(*args, **named)[1]


def codes(decision):
    return {duty.code for duty in decision.obligations}


def deny(tree, *categories, recipient_ref="r-amh"):
    add_decision(tree, recipient_ref=recipient_ref, categories=list(categories))


def lowered(**cells):
    """A policy under which the adult service's cells are those."""
    told = ", ".join(f"{name}: {outcome}" for name, outcome in cells.items())
    return load_policy(
        "version: '1'\nauthor: a\ndate: 2026-10-01\nreason: r\n"
        f"settings: {{P-01: {{adult_mh_service: {{{told}}}}}}}"
    )


def risk_of(tree):
    return tree["safety"]["risks"][0]


def test_what_is_shared_goes_whole_with_its_controls():
    tree = sent().tree
    risk = risk_of(tree)
    assert risk == in_order(risk_of(make_disclosed().tree))
    assert tree["safety"]["mitigations"][0]["risk_refs"] == ["rk-1"]


def test_control_data_of_the_envelope_stays():
    redacted = sent()
    for name in ("record_id", "record_version", "source_system", "authored_at"):
        assert name not in redacted.tree
        assert name not in redacted.context()
    assert redacted.status == "active"
    assert "status" not in redacted.tree


# several categories, most restrictive wins


@pytest.mark.parametrize(
    ("domain", "category"),
    [("substances", "substance_use"), ("sexual_safety", "sexual_health_and_gender")],
)
def test_a_domain_adds_its_category(domain, category):
    def change(tree):
        risk_of(tree)["domain"] = domain
        deny(tree, category)

    decision, redacted = disclosed(change)
    assert "risks" not in redacted.tree["safety"]
    assert "mitigations" not in redacted.tree["safety"]
    item = decision.items[0]
    assert (item.path, item.outcome.value) == ("safety.risks[0]", "withhold")
    assert item.reason == "CONSENT_REFUSED"


def test_a_risk_at_the_minimum_keeps_only_its_minimum_set():
    def change(tree):
        risk_of(tree)["domain"] = "sexual_safety"
        tree["safety"]["mitigations"].append(
            {**tree["safety"]["mitigations"][0], "id": "mt-2", "safety_critical": False}
        )

    decision, redacted = disclosed(change)
    assert risk_of(redacted.tree) == {
        "id": "rk-1",
        "domain": "sexual_safety",
        "behaviours": "Cuts forearms when alone late at night",
        "early_warning_signs": ["Sleeps less than four hours"],
    }
    assert [m["id"] for m in redacted.tree["safety"]["mitigations"]] == ["mt-1"]
    assert set(redacted.tree["safety"]["mitigations"][0]) == {
        "id",
        "safety_critical",
        "risk_refs",
        "measure",
        "owner_after_transition_ref",
        "review_on",
    }
    assert "MARK_INCOMPLETE" in codes(decision)


def test_a_minimum_that_does_not_speak_of_the_item_leaves_nothing():
    def change(tree):
        risk_of(tree)["extra_categories"] = ["sexual_health_and_gender"]

    decision, redacted = disclosed(change)
    assert "risks" not in redacted.tree["safety"]
    assert "mitigations" not in redacted.tree["safety"]
    assert decision.items[0].outcome.value == "share_minimum"


@pytest.mark.parametrize("category", EVERYTHING)
def test_an_extra_category_that_is_withheld_withholds_the_item(category):
    def change(tree):
        risk_of(tree)["extra_categories"] = [category]
        tree["clinical_essentials"]["conditions"][0]["extra_categories"] = [category]
        deny(tree, category)

    tree = sent(change).tree
    texts = set(values_in(tree))
    assert "Cuts forearms when alone late at night" not in texts
    assert "Evening check-in call, 9 pm" not in texts
    assert "conditions" not in tree.get("clinical_essentials", {})


def test_a_mitigation_has_the_categories_of_all_its_risks():
    def change(tree):
        risks = tree["safety"]["risks"]
        risks.append({**risks[0], "id": "rk-2", "domain": "substances"})
        tree["safety"]["mitigations"][0]["risk_refs"] = ["rk-1", "rk-2"]
        deny(tree, "substance_use")

    tree = sent(change).tree
    assert [risk["id"] for risk in tree["safety"]["risks"]] == ["rk-1"]
    assert "mitigations" not in tree["safety"]


def test_a_mitigation_review_has_its_mitigations_categories():
    def change(tree):
        tree["outcomes_monitoring"] = {
            "mitigation_reviews": [
                {
                    "id": "mr-1",
                    "mitigation_ref": "mt-1",
                    "on": "2026-11-01",
                    "finding": "working",
                }
            ]
        }

    def denied(tree):
        change(tree)
        risk_of(tree)["domain"] = "substances"
        deny(tree, "substance_use")

    assert sent(change).tree["outcomes_monitoring"]["mitigation_reviews"]
    assert "outcomes_monitoring" not in sent(denied).tree


def test_former_names_belong_to_gender_history():
    former = {"id": "n-9", "use": "former", "given": "Oldname", "family": "Whitlock"}

    def change(tree):
        tree["young_person"]["names"].append(former)

    tree = sent(change).tree
    assert [name["use"] for name in tree["young_person"]["names"]] == ["official"]
    assert "Oldname" not in set(values_in(tree))


def test_a_local_extension_follows_its_category():
    def change(tree):
        tree["local_extensions"] = [
            {
                "id": f"le-{category}",
                "namespace": "uk.example",
                "name": "field",
                "value": f"text about {category}",
                "category": category,
            }
            for category in (
                "medication",
                "sexual_health_and_gender",
                "third_party",
                "weather",
            )
        ]

    decision, redacted = disclosed(change)
    assert redacted.tree["local_extensions"] == [
        {
            "id": "le-medication",
            "namespace": "uk.example",
            "name": "field",
            "value": "text about medication",
        }
    ]


# confidence


def confide(tree, **controls):
    risk_of(tree).update(
        given_in_confidence=True,
        information_source="family",
        informant_ref="p-mum",
        **controls,
    )


def test_a_confided_risk_becomes_the_pointer_and_its_mitigation_too():
    decision, redacted = disclosed(confide)
    assert "risks" not in redacted.tree["safety"]
    assert "mitigations" not in redacted.tree["safety"]
    assert len(redacted.pointers) == 1
    ring = next(duty for duty in decision.obligations if duty.code == "RING_SENDER")
    assert "safety.risks[0]" in ring.detail
    assert "safety.mitigations[0]" in ring.detail


def test_a_confided_risk_goes_to_whom_the_informant_agreed():
    def change(tree):
        confide(tree, informant_agrees_to_share_with=["adult_mh_service"])

    decision, redacted = disclosed(change)
    risk = risk_of(redacted.tree)
    assert risk["given_in_confidence"] is True
    assert "informant_agrees_to_share_with" not in risk
    assert "RING_SENDER" not in codes(decision)
    assert "risks" not in sent(change, "r-crisis").tree["safety"]


def test_the_informant_cannot_open_what_is_marked_confidential_beside():
    def change(tree):
        confide(
            tree,
            informant_agrees_to_share_with=["adult_mh_service"],
            extra_categories=["third_party"],
        )

    assert "risks" not in sent(change).tree["safety"]


def test_a_confided_item_of_a_withheld_category_is_not_even_pointed_to():
    def change(tree):
        confide(tree)
        deny(tree, "risk_and_mitigation", "family_confidential", "third_party")

    decision, redacted = disclosed(change)
    assert redacted.pointers == ()
    assert "RING_SENDER" not in codes(decision)


def test_the_gp_gets_no_pointer():
    decision, redacted = disclosed(confide, "r-gp")
    assert redacted.pointers == ()
    assert "RING_SENDER" not in codes(decision)
    assert "MARK_INCOMPLETE" in codes(decision)


def test_views_and_conversations_are_confided_unless_said_otherwise():
    def person_of(tree):
        return tree["family_and_carers"]["people"][0]

    def open_up(tree):
        person_of(tree)["views_given_in_confidence"] = False

    def agree(tree):
        person_of(tree)["views_informant_agrees_to_share_with"] = ["adult_mh_service"]

    def unsaid(tree):
        del person_of(tree)["views_given_in_confidence"]

    for change in (None, unsaid):
        person = person_of(sent(change).tree)
        assert "views" not in person
        assert "conversations" not in person
        assert sent(change).pointers
    for change in (open_up, agree):
        person = person_of(sent(change).tree)
        assert person["views"] == "I worry about the new friends"
        assert len(person["conversations"]) == 2
        assert "views_given_in_confidence" not in person
        assert "views_informant_agrees_to_share_with" not in person
    assert "views" not in person_of(sent(agree, "r-crisis").tree)


def test_family_wishes_are_confided_unless_said_otherwise():
    def change(tree):
        place = tree["transition"]["place_preference"]
        place.pop("family_wishes_given_in_confidence", None)
        place["family_wishes"] = "Near her aunt"

    def opened(tree):
        change(tree)
        tree["transition"]["place_preference"]["family_wishes_given_in_confidence"] = (
            False
        )

    assert "Near her aunt" not in set(values_in(sent(change).tree))
    place = sent(opened).tree["transition"]["place_preference"]
    assert place["family_wishes"] == "Near her aunt"
    assert "family_wishes_given_in_confidence" not in place


# references


def test_no_ref_dangles_after_a_removal():
    def change(tree):
        deny(tree, "transition_logistics")

    tree = sent(change).tree
    assert "care_team" not in tree
    assert "owner_ref" not in tree["safety"]["mitigations"][0]
    assert "named_lead_ref" not in tree["safeguarding"]
    assert tree["safeguarding"]["review_points"][0]["on"]


def test_only_people_who_are_spoken_of_are_sent():
    def change(tree):
        tree["care_team"]["members"].append(
            {
                "id": "m-idle",
                "name": "Not Named",
                "role": "other",
                "organisation_name": "Elsewhere",
                "side": "other",
            }
        )

    tree = sent(change).tree
    assert "Not Named" not in set(values_in(tree))
    assert "m-tw" in [member["id"] for member in tree["care_team"]["members"]]


def test_a_relative_whose_name_is_withheld_is_not_sent():
    tree = sent(lambda tree: deny(tree, "demographics")).tree
    assert "people" not in tree["family_and_carers"]
    assert "Dana Whitlock" not in set(values_in(tree))


def test_alleged_sources_go_to_three_kinds_only():
    case = "shared-lives-version-2"
    concern = sent(case=case).tree["safeguarding"]["concerns"][0]
    assert concern["alleged_source_text"]
    for recipient_id in ("r-gp", "r-crisis"):
        concern = sent(recipient_id=recipient_id, case=case).tree["safeguarding"][
            "concerns"
        ][0]
        assert not any(name.startswith("alleged") for name in concern)


def test_complaints_go_to_the_sending_provider_only():
    def change(tree):
        add_recipient(tree, kind="sending_provider", care_relationship="oversight")

    def kinds(recipient_id):
        tree = sent(change, recipient_id, case="shared-lives-version-2").tree
        return [concern["kind"] for concern in tree["safeguarding"]["concerns"]]

    assert kinds("r-amh") == ["safeguarding_alert"]
    assert kinds("r-new") == ["safeguarding_alert", "complaint"]


# the professional's copy of what is kept from the young person


def exempt(tree):
    risk_of(tree).update(
        withhold_from_young_person=True,
        withhold_reason="Would be likely to cause serious harm",
    )


def test_a_professional_gets_the_exemption_marked():
    risk = risk_of(sent(exempt).tree)
    assert risk["withhold_from_young_person"] is True
    assert risk["withhold_reason"]


def test_under_the_minimum_only_the_mark_of_the_exemption_goes():
    risk = risk_of(
        sent(exempt, policy=lowered(risk_and_mitigation="share_minimum")).tree
    )
    assert risk["withhold_from_young_person"] is True
    assert "withhold_reason" not in risk
    assert "agreement" not in risk


# names, and the identification core


def prefer(tree, **use_with):
    tree["young_person"]["names"].append(
        {"id": "n-2", "use": "preferred", "given": "Mo", **use_with}
    )


def given_names(redacted):
    return [name["given"] for name in redacted.tree["young_person"]["names"]]


def test_a_preferred_name_is_for_health_kinds_unless_said():
    assert given_names(sent(prefer)) == ["Amara", "Mo"]


def test_a_preferred_name_follows_use_with():
    def change(tree):
        prefer(tree, use_with=["gp"])
        tree["young_person"].update(pronouns="they", pronouns_use_with=["gp"])

    assert given_names(sent(change)) == ["Amara"]
    assert given_names(sent(change, "r-gp")) == ["Amara", "Mo"]
    assert "pronouns" not in sent(change).tree["young_person"]
    assert "pronouns_use_with" not in sent(change).tree["young_person"]
    assert sent(change, "r-gp").tree["young_person"]["pronouns"] == "they"


def test_the_identification_core_goes_even_when_demographics_are_refused():
    def change(tree):
        prefer(tree)
        deny(tree, "demographics")

    person = sent(change).tree["young_person"]
    assert person["names"] == [
        {"id": "n-1", "use": "official", "given": "Amara", "family": "Whitlock"},
        {"id": "n-2", "use": "preferred", "given": "Mo"},
    ]
    assert person["birth_date"] == "2009-01-14"
    assert "nhs_number" not in person
    assert "local_patient_id" not in person


def test_the_identification_core_alone_is_not_sent():
    decision, redacted = disclosed(lambda tree: deny(tree, *EVERYTHING))
    assert redacted is None
    assert "MARK_INCOMPLETE" not in codes(decision)


def test_the_demographics_minimum_has_no_address():
    person = sent(policy=lowered(demographics="share_minimum")).tree["young_person"]
    assert "address_text" not in person
    assert "postcode" not in person
    assert person["nhs_number"]
    assert set(person["names"][0]) == {"id", "use", "given", "family"}


def test_the_logistics_minimum_names_the_worker_by_name_and_phone():
    tree = sent(policy=lowered(transition_logistics="share_minimum")).tree
    members = {member["id"]: member for member in tree["care_team"]["members"]}
    assert members["m-tw"] == {
        "id": "m-tw",
        "name": "Asha Bright",
        "phone": "0115 496 0201",
    }
    assert "admission_date" not in tree["transition"]


def test_a_stopped_medicine_is_not_in_the_minimum():
    def change(tree):
        medicines = tree["clinical_essentials"]["medications"]
        medicines.append(
            {**medicines[0], "id": "md-9", "change_since_admission": "stopped"}
        )
        medicines.append({"id": "md-8", "name": "Other", "dose_instruction": "One"})

    essentials = sent(change, policy=lowered(medication="share_minimum")).tree[
        "clinical_essentials"
    ]
    ids = [each["id"] for each in essentials["medications"]]
    assert "md-9" not in ids
    assert "md-8" in ids
    assert all(
        each.keys() == {"id", "name", "dose_instruction"}
        for each in essentials["medications"]
    )


# fields narrowed whatever the outcome


def test_the_log_goes_to_health_kinds_without_what_was_sent():
    log = sent().tree["communications"]
    assert [entry["id"] for entry in log] == ["co-1", "co-2"]
    assert all("categories_sent" not in entry for entry in log)
    assert log[0]["recipient_ref"] == "r-amh"
    assert "recipient_ref" not in log[1]


def test_feedback_never_leaves_and_incidents_reach_health_kinds():
    def change(tree):
        tree["outcomes_monitoring"] = {
            "feedback": [
                {
                    "id": "fb-1",
                    "from": "young_person",
                    "on": "2026-11-01",
                    "text": "Kind",
                }
            ],
            "incidents": [{"id": "in-1", "on": "2026-11-01", "description": "Fell"}],
        }

    assert sent(change).tree["outcomes_monitoring"] == {
        "incidents": [{"id": "in-1", "on": "2026-11-01", "description": "Fell"}]
    }


def test_an_empty_list_equals_an_absent_one():
    def change(tree):
        tree["outcomes_monitoring"] = {"incidents": []}
        tree["safeguarding"]["agencies"] = []

    tree = sent(change).tree
    assert "outcomes_monitoring" not in tree
    assert "agencies" not in tree["safeguarding"]


# marked incomplete only when a value was really removed


def bare(tree):
    """A record that holds nothing which the adult service may not have whole."""
    for person in tree["family_and_carers"]["people"]:
        for name in ("views", "conversations", "support_for_them"):
            person.pop(name, None)
    tree["young_person"].pop("accommodation_needs_relating_to_gender", None)
    for name in ("gender_identity", "gender_identity_text", "birth_sex"):
        tree["young_person"].pop(name, None)
    tree["clinical_essentials"].pop("sexual_health_notes", None)
    tree["transition"]["place_preference"].pop("family_wishes", None)


def test_nothing_removed_means_no_mark_and_no_pointer():
    decision, redacted = disclosed(bare)
    assert codes(decision) == {"RECORD"}
    assert redacted.pointers == ()
    assert redacted.notices == ()


def test_what_the_narrowing_rules_keep_back_does_not_count():
    def change(tree):
        bare(tree)
        tree["safeguarding"]["concerns"] = [
            {
                "id": "sc-9",
                "kind": "complaint",
                "types": ["organisational"],
                "description": "A complaint",
                "status": "open",
                "response_rationale": "Answered",
                "explained_to_person": "explained_agrees",
            }
        ]
        prefer(tree, use_with=["gp"])

    decision, redacted = disclosed(change)
    assert "MARK_INCOMPLETE" not in codes(decision)
    assert "A complaint" not in set(values_in(redacted.tree))


def test_something_refused_that_the_record_does_not_hold_does_not_count():
    def change(tree):
        bare(tree)
        deny(tree, "substance_use")
        for path in (("safety", "environment"), ("family_and_carers", "household")):
            tree[path[0]][path[1]].pop("substances_access", None)
        tree["clinical_essentials"].pop("substance_use_notes", None)

    decision, _ = disclosed(change)
    assert "MARK_INCOMPLETE" not in codes(decision)
    assert "HUMAN_REVIEW" in codes(decision)


def test_redacting_under_a_made_decision_gives_the_same():
    record = make_disclosed(case="shared-lives-version-2")
    decision, redacted = disclose(record, "r-crisis", at=NOON, policy=DEFAULT_POLICY)
    assert redact(record, decision, policy=DEFAULT_POLICY) == redacted
