"""Bytes to a record, or to every fault at once with its code and path."""

import json
from datetime import timedelta

import pytest
from builders import (
    NOON,
    POLICY,
    REMOVE,
    a_concern,
    a_mitigation,
    a_permit,
    a_person,
    a_recipient,
    a_risk,
    make_body,
    make_record,
    make_tree,
    to_body,
)

from adapter.errors import InvalidRecord
from adapter.record.parse import check, parse


def found(body):
    _, issues = check(body, policy=POLICY, now=NOON)
    return [(issue.code, issue.path) for issue in issues]


def faults(changes=None, /, **named):
    return found(make_body(changes, **named))


def test_the_smallest_record_is_accepted_without_a_warning():
    assert make_record().warnings == ()


def test_a_refused_record_carries_its_issues():
    with pytest.raises(InvalidRecord) as caught:
        parse(make_body({"status": "open"}), policy=POLICY, now=NOON)
    assert [issue.code for issue in caught.value.issues] == ["E_SCHEMA"]


def test_the_receipt_instant_must_carry_its_zone():
    with pytest.raises(ValueError, match="zone"):
        check(make_body(), policy=POLICY, now=NOON.replace(tzinfo=None))


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"a": NaN}',
            b'{"a": -Infinity}',
            b'{"a": "\xff"}',
            b'{"a": "\xed\xa0\x80"}',
            b'\xef\xbb\xbf{"a": 1}',
            b'{"a": "tab\there"}',
            b"[" * 100_000,
            b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}",
        ],
    )
    def test_what_is_not_json_is_reported_alone(self, body):
        assert found(body) == [("E_JSON", "")]

    def test_32_deep_is_not_too_deep(self):
        body = b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}"
        assert ("E_JSON", "") not in found(body)

    @pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"3"])
    def test_a_record_is_an_object(self, body):
        assert found(body) == [("E_SCHEMA", "")]

    def test_a_repeated_property_is_told_once_and_the_rest_still_judged(self):
        body = make_body(record_version="one").replace(
            b'"status": "agreed"', b'"status": "agreed", "status": "x", "status": "y"'
        )
        assert found(body) == [
            ("E_SCHEMA", "record_version"),
            ("E_SCHEMA", "transition.status"),
            ("E_DUPLICATE_KEY", "transition.status"),
        ]

    @pytest.mark.parametrize(
        "number", ["1" * 5000, "1e999999", "1.0", "0", "-1", "true", "2147483648"]
    )
    def test_a_version_is_a_whole_number_from_1(self, number):
        body = make_body().replace(
            b'"record_version": 1', b'"record_version": ' + number.encode()
        )
        assert found(body) == [("E_SCHEMA", "record_version")]


class TestPresence:
    def test_a_missing_field_stands_where_it_should(self):
        assert faults({"safety.risks[0].behaviours": REMOVE}) == [
            ("E_SCHEMA", "safety.risks[0].behaviours")
        ]

    def test_of_a_missing_container_nothing_under_it_is_told(self):
        assert faults(clinical_essentials=REMOVE) == [
            ("E_SCHEMA", "clinical_essentials")
        ]
        assert faults({"safety.safety_plan": REMOVE}) == [
            ("E_SCHEMA", "safety.safety_plan")
        ]

    @pytest.mark.parametrize("empty", [None, "", {}])
    def test_null_and_empty_are_no_values(self, empty):
        assert faults({"young_person.pronouns": empty}) == [
            ("E_SCHEMA", "young_person.pronouns")
        ]
        assert faults({"transition.visit": empty}) == [("E_SCHEMA", "transition.visit")]
        assert faults({"safety.risks[0].triggers": [empty]}) == [
            ("E_SCHEMA", "safety.risks[0].triggers[0]")
        ]

    def test_an_item_that_is_no_object_hides_no_fault_of_its_neighbour(self):
        assert faults({"communications": [None, {}, "x", {"id": "co 1"}]}) == [
            ("E_SCHEMA", "communications[0]"),
            ("E_SCHEMA", "communications[1]"),
            ("E_SCHEMA", "communications[2]"),
            ("E_SCHEMA", "communications[3].id"),
            ("E_SCHEMA", "communications[3].recipient_ref"),
            ("E_SCHEMA", "communications[3].status"),
            ("E_SCHEMA", "communications[3].medium"),
            ("E_SCHEMA", "communications[3].summary"),
        ]

    def test_an_empty_list_equals_an_absent_one(self):
        assert faults(declared_gaps=[]) == []
        assert faults({"safety.safety_plan.things_i_can_do_myself": []}) == [
            ("E_SCHEMA", "safety.safety_plan.things_i_can_do_myself")
        ]

    def test_a_list_holds_at_most_500_items_and_its_items_do_no_harm(self):
        odd = [{"id": ["x"]}, 5, {"id": {}, "name": 7}] * 200
        assert faults(local_extensions=odd) == [("E_LIMIT", "local_extensions")]
        assert faults({"safety.risks[0].triggers": ["x"] * 501}) == [
            ("E_LIMIT", "safety.risks[0].triggers")
        ]
        assert faults({"safety.risks[0].triggers": ["x"] * 500}) == []

    def test_an_unknown_property_is_refused(self):
        assert faults({"young_person.nickname": "Rob"}) == [
            ("E_UNKNOWN_FIELD", "young_person.nickname")
        ]

    def test_a_property_name_that_is_none_is_not_repeated(self):
        assert faults(
            {"young_person": {**make_tree()["young_person"], "Rob T": 1}}
        ) == [("E_UNKNOWN_FIELD", "young_person.?")]
        body = make_body().replace(
            b'"status": "active"', b'"status": "active", "\\ud800": 1'
        )
        assert found(body) == [("E_UNKNOWN_FIELD", "?")]


class TestOrder:
    def test_issues_stand_in_the_order_of_the_text(self):
        tree = make_tree()
        tree["young_person"]["pronouns"] = ""
        tree["status"] = "x"
        turned = dict(reversed(tree.items()))
        assert found(to_body(turned)) == [
            ("E_SCHEMA", "young_person.pronouns"),
            ("E_SCHEMA", "status"),
        ]

    def test_what_is_missing_comes_at_the_end_of_its_parent_in_declaration_order(self):
        tree = make_tree()
        person = tree["young_person"]
        for name in ("names", "birth_date", "local_patient_id"):
            del person[name]
        person["pronouns"] = 3
        del tree["schema_version"]
        assert found(to_body(tree)) == [
            ("E_SCHEMA", "young_person.pronouns"),
            ("E_SCHEMA", "young_person.local_patient_id"),
            ("E_SCHEMA", "young_person.names"),
            ("E_SCHEMA", "young_person.birth_date"),
            ("E_SCHEMA", "schema_version"),
        ]

    def test_faults_of_all_kinds_come_at_once(self):
        assert faults(
            {
                "record_id": "a b",
                "young_person.nhs_number": "9990000019",
                "safety.risks[0].domain": "high",
                "safety.mitigations[0].owner_ref": "nobody",
                "safeguarding.named_lead_after_transition_ref": REMOVE,
            }
        ) == [
            ("E_SCHEMA", "record_id"),
            ("E_NHS_NUMBER_CHECK_DIGIT", "young_person.nhs_number"),
            ("E_RISK_STRATIFICATION", "safety.risks[0].domain"),
            ("E_DANGLING_REF", "safety.mitigations[0].owner_ref"),
            (
                "E_SAFEGUARDING_LEAD_MISSING",
                "safeguarding.named_lead_after_transition_ref",
            ),
        ]


class TestTexts:
    def test_texts_are_normalised_before_they_are_measured(self):
        decomposed = "e\u0301" * 200
        assert len(decomposed) == 400
        record = make_record({"young_person.pronouns": decomposed})
        assert record.tree["young_person"]["pronouns"] == "\u00e9" * 200

    def test_a_text_over_its_limit_is_refused(self):
        assert faults({"young_person.pronouns": "x" * 201}) == [
            ("E_TEXT_TOO_LONG", "young_person.pronouns")
        ]
        assert faults({"young_person.address_text": "x" * 4000}) == []
        assert faults({"young_person.address_text": "x" * 4001}) == [
            ("E_TEXT_TOO_LONG", "young_person.address_text")
        ]
        assert faults({"young_person.about_me": "\U0001f3a8" * 20_000}) == []

    @pytest.mark.parametrize("held", ["\n", "\r", "\t"])
    def test_a_line_break_stands_in_a_text_and_not_in_a_string(self, held):
        assert faults({"young_person.address_text": f"a{held}b"}) == []
        assert faults({"young_person.pronouns": f"a{held}b"}) == [
            ("E_TEXT_CONTROL_CHARS", "young_person.pronouns")
        ]

    @pytest.mark.parametrize("held", ["\x00", "\x1f", "\x7f", "\x85", "\ud800"])
    def test_no_other_control_character_and_no_lone_surrogate(self, held):
        assert faults({"young_person.about_me": f"a{held}b"}) == [
            ("E_TEXT_CONTROL_CHARS", "young_person.about_me")
        ]

    def test_both_faults_of_a_text_are_told(self):
        assert faults({"young_person.pronouns": "\x00" * 201}) == [
            ("E_TEXT_TOO_LONG", "young_person.pronouns"),
            ("E_TEXT_CONTROL_CHARS", "young_person.pronouns"),
        ]

    def test_markup_and_turned_direction_are_kept_and_flagged(self):
        record = make_record({"young_person.about_me": "<b>5 \u202etablets"})
        assert record.tree["young_person"]["about_me"] == "<b>5 \u202etablets"
        assert {issue.code for issue in record.warnings} == {
            "W_TEXT_BIDI",
            "W_TEXT_MARKUP",
        }
        assert faults({"young_person.about_me": "<5 tablets"}) == []


class TestTypes:
    @pytest.mark.parametrize("value", ["true", 1, 0, "yes"])
    def test_a_boolean_is_one(self, value):
        assert faults({"safety.mitigations[0].is_restrictive": value}) == [
            ("E_SCHEMA", "safety.mitigations[0].is_restrictive")
        ]

    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-31",
            "2026-W45-4",
            "20261105",
            "2026-11-05T00:00:00Z",
            20261105,
            "0000-01-01",
            "2026-11-05\n",
            "２０２６-11-05",
        ],
    )
    def test_a_date_is_a_civil_date(self, value):
        assert faults({"safety.safety_plan.review_on": value}) == [
            ("E_SCHEMA", "safety.safety_plan.review_on")
        ]

    @pytest.mark.parametrize(
        "value",
        [
            "2026-11-11T10:00:00",
            "2026-11-11 10:00:00Z",
            "2026-11-11T24:00:00Z",
            "2026-11-11T10:00Z",
            "0001-01-01T00:00:00+14:00",
            "2026-11-11",
            5,
        ],
    )
    def test_an_instant_names_its_offset(self, value):
        assert faults({"step_down_plan.first_contact_after_move": value}) == [
            ("E_SCHEMA", "step_down_plan.first_contact_after_move")
        ]

    @pytest.mark.parametrize("value", ["zz9a1", "ZZ", "ZZ9A1\n", "ZZ9-1", 12345])
    def test_an_ods_code_is_upper_case(self, value):
        assert ("E_SCHEMA", "source_system.ods_code") in faults(
            {"source_system.ods_code": value}
        )

    @pytest.mark.parametrize("value", ["en-GB", "cy", "zh-Hant-HK"])
    def test_a_language_is_a_well_formed_tag(self, value):
        assert faults({"young_person.preferred_language": value}) == []

    @pytest.mark.parametrize("value", ["english language", "en_GB", "", "e", 7])
    def test_a_language_that_is_no_tag_is_refused(self, value):
        assert faults({"young_person.preferred_language": value}) == [
            ("E_SCHEMA", "young_person.preferred_language")
        ]


class TestNhsNumber:
    def test_spaces_and_hyphens_are_taken_out(self):
        record = make_record({"young_person.nhs_number": "999 000-0018"})
        assert record.tree["young_person"]["nhs_number"] == "9990000018"

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("999000001", "E_NHS_NUMBER_FORMAT"),
            ("9999999999", "E_NHS_NUMBER_FORMAT"),
            ("99900000 1８", "E_NHS_NUMBER_FORMAT"),
            ("9990000017", "E_NHS_NUMBER_CHECK_DIGIT"),
            ("9990000001", "E_NHS_NUMBER_CHECK_DIGIT"),
            ("4010232137", "E_NHS_NUMBER_TEST_RANGE"),
            (9990000018, "E_SCHEMA"),
            ("", "E_SCHEMA"),
        ],
    )
    def test_each_fault_has_its_code(self, number, code):
        assert faults({"young_person.nhs_number": number}) == [
            (code, "young_person.nhs_number")
        ]

    def test_a_live_instance_refuses_the_test_range(self):
        from dataclasses import replace

        live = replace(POLICY, nhs_number_range="live")
        _, issues = check(make_body(), policy=live, now=NOON)
        assert [issue.code for issue in issues] == ["E_NHS_NUMBER_TEST_RANGE"]

    def test_it_may_be_missing_only_when_it_is_said_to_be(self):
        assert faults({"young_person.nhs_number": REMOVE}) == [
            ("E_SCHEMA", "young_person.nhs_number")
        ]
        assert (
            faults(
                {
                    "young_person.nhs_number": REMOVE,
                    "young_person.nhs_number_status": "not_present",
                }
            )
            == []
        )


class TestReferences:
    def test_each_use_of_an_id_after_the_first_is_told(self):
        assert faults({"safety.safety_plan.crisis_contacts[0].id": "rk-1"}) == [
            ("E_DUPLICATE_ID", "safety.risks[0].id")
        ]

    def test_the_reserved_id_is_nobodys_own(self):
        assert ("E_DUPLICATE_ID", "care_team.members[1].id") in faults(
            {"care_team.members[1].id": "young_person"}
        )

    def test_the_name_of_a_record_lies_outside_the_ids(self):
        assert faults(record_id="rk-1") == []

    def test_a_ref_to_an_item_of_another_kind_dangles(self):
        assert faults(author_ref="rk-1") == [("E_DANGLING_REF", "author_ref")]

    def test_the_young_person_is_a_target_only_where_the_row_says_so(self):
        place = "transition.differences_between_settings[0].explained_to"
        assert faults({place: ["young_person"]}) == []
        assert faults(author_ref="young_person") == [("E_DANGLING_REF", "author_ref")]

    def test_no_ref_is_judged_by_a_list_that_cannot_be_read(self):
        assert faults(care_team={"members": "everyone"}) == [
            ("E_SCHEMA", "care_team.members")
        ]

    def test_a_relative_is_one_of_the_people_and_an_advocate_a_member(self):
        relative = a_recipient("r-1", "family_member", person_ref="m-1")
        assert faults({"consent_and_sharing.recipients[+]": relative}) == [
            ("E_DANGLING_REF", "consent_and_sharing.recipients[4].person_ref")
        ]
        advocate = a_recipient("r-1", "advocate", person_ref="p-1")
        assert faults(
            {
                "consent_and_sharing.recipients[+]": advocate,
                "family_and_carers.people[+]": a_person("p-1"),
            }
        ) == [("E_DANGLING_REF", "consent_and_sharing.recipients[4].person_ref")]


class TestBans:
    @pytest.mark.parametrize("name", ["risk_level", "rag", "risk_score"])
    def test_a_name_that_ranks_risk_is_told_alone(self, name):
        assert faults({f"safety.risks[0].{name}": "high"}) == [
            ("E_RISK_STRATIFICATION", f"safety.risks[0].{name}")
        ]

    def test_it_is_found_inside_what_is_unknown(self):
        assert faults({"extra": [{"risk_band": 1}]}) == [
            ("E_UNKNOWN_FIELD", "extra"),
            ("E_RISK_STRATIFICATION", "extra[0].risk_band"),
        ]

    @pytest.mark.parametrize("text", ["High", "RAG status", "risk-score", "amber"])
    def test_a_text_may_not_be_a_rank_and_nothing_else(self, text):
        extension = {
            "id": "x-1",
            "namespace": "org.example",
            "name": "note",
            "value": text,
            "category": "demographics",
        }
        assert faults(local_extensions=[extension]) == [
            ("E_RISK_STRATIFICATION", "local_extensions[0].value")
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "Seen as high risk",
            "risk: 4",
            "Risk level = Low",
            "RAG agreed",
            "risk is 7/10",
        ],
    )
    def test_a_narrative_that_ranks_risk_is_flagged(self, text):
        assert faults({"safety.risks[0].context": text}) == [
            ("W_RISK_STRATIFICATION_TEXT", "safety.risks[0].context")
        ]

    @pytest.mark.parametrize(
        "text",
        ["rag doll", "slept 7/10 nights", "a high place", "risk" + " " * 60 + "7/10"],
    )
    def test_a_narrative_that_does_not_is_not(self, text):
        assert faults({"safety.risks[0].context": text}) == []

    @pytest.mark.parametrize("name", ["rationale_kind", "change_rationale_kind"])
    def test_age_alone_is_never_a_reason(self, name):
        assert faults({f"safety.mitigations[0].{name}": "age_only"}) == [
            ("E_MITIGATION_AGE_ONLY", f"safety.mitigations[0].{name}")
        ]


class TestMinimums:
    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("safety.risks", "E_SAFETY_MINIMUM"),
            ("safeguarding.escalation_pathway", "E_SAFETY_MINIMUM"),
            ("step_down_plan.phases", "E_SAFETY_MINIMUM"),
            ("step_down_plan.clinical_reviews", "E_SAFETY_MINIMUM"),
            ("step_down_plan.escalation_thresholds", "E_SAFETY_MINIMUM"),
            ("step_down_plan.advice_between_appointments", "E_SAFETY_MINIMUM"),
            ("safety.safety_plan.crisis_contacts", "E_NO_24H_CONTACT"),
            ("safeguarding.review_points", "E_SAFEGUARDING_REVIEW_INCOMPLETE"),
            ("young_person.names", "E_SCHEMA"),
        ],
    )
    @pytest.mark.parametrize("lack", [REMOVE, []], ids=["absent", "empty"])
    def test_a_list_that_must_hold_something(self, path, code, lack):
        told = [issue for issue in faults({path: lack}) if issue[0] != "E_DANGLING_REF"]
        assert told == [(code, path)]

    def test_why_there_is_no_risk_may_stand_in_the_place_of_risks(self):
        without = {"safety.risks": REMOVE, "safety.mitigations": REMOVE}
        why = {"safety.risks_none_identified": "Explored at length"}
        assert faults({**without, **why}) == []
        assert faults(why) == [("E_SCHEMA", "safety.risks_none_identified")]

    def test_an_active_record_names_its_recipients(self):
        assert faults({"consent_and_sharing.recipients": []}) == [
            ("E_SCHEMA", "consent_and_sharing.recipients")
        ]

    def test_one_crisis_contact_answers_at_any_hour(self):
        place = "safety.safety_plan.crisis_contacts"
        assert faults({f"{place}[0].available": "working_hours"}) == [
            ("E_NO_24H_CONTACT", place)
        ]
        assert faults({f"{place}[0].available": "sometimes"}) == [
            ("E_SCHEMA", f"{place}[0].available")
        ]

    def test_a_review_comes_after_the_move(self):
        assert faults({"safeguarding.review_points[0].on": "2026-11-10"}) == [
            ("E_SAFEGUARDING_REVIEW_INCOMPLETE", "safeguarding.review_points")
        ]
        assert faults({"safeguarding.review_points[0].on": "2026-11-11"}) == []

    def test_a_safety_critical_mitigation_has_owners_on_both_sides(self):
        assert faults(
            {
                "safety.mitigations[0].owner_ref": REMOVE,
                "safety.mitigations[0].owner_after_transition_ref": REMOVE,
            }
        ) == [
            ("E_MITIGATION_OWNER_MISSING", "safety.mitigations[0].owner_ref"),
            (
                "E_MITIGATION_OWNER_AFTER_MISSING",
                "safety.mitigations[0].owner_after_transition_ref",
            ),
        ]
        other = a_mitigation("mt-2", "rk-1")
        assert faults({"safety.mitigations[+]": other}) == []

    def test_the_receiving_service_is_a_recipient(self):
        assert faults({"transition.to_service.ods_code": "ZZ9B8"}) == [
            ("E_RECEIVING_SERVICE_NOT_RECIPIENT", "consent_and_sharing.recipients")
        ]

    def test_allergies_that_are_recorded_are_listed(self):
        assert faults({"clinical_essentials.allergy_status": "recorded"}) == [
            ("E_SCHEMA", "clinical_essentials.allergies")
        ]


class TestMarks:
    LACKING = {
        "safeguarding.named_lead_after_transition_ref": REMOVE,
        "step_down_plan.phases": REMOVE,
        "safety.risks[0].behaviours": REMOVE,
    }

    @pytest.mark.parametrize(
        "status", ["draft", "superseded", "withdrawn", "entered_in_error"]
    )
    def test_what_is_not_there_yet_does_not_refuse_what_cannot_leave(self, status):
        body = make_body({**self.LACKING, "status": status, "status_reason": "Said so"})
        record, issues = check(body, policy=POLICY, now=NOON)
        assert record is not None
        assert [(issue.severity, issue.code) for issue in issues] == [
            ("warning", "E_SCHEMA"),
            ("warning", "E_SAFEGUARDING_LEAD_MISSING"),
            ("warning", "E_SAFETY_MINIMUM"),
        ]

    @pytest.mark.parametrize(
        "path",
        [
            "young_person",
            "young_person.names[0].given",
            "young_person.birth_date",
            "author_ref",
            "source_system",
            "safety.risks[0].id",
            "consent_and_sharing",
            "consent_and_sharing.lawful_basis.article_6",
        ],
    )
    def test_identity_envelope_and_consent_are_never_guessed_at(self, path):
        body = make_body({"status": "draft", path: REMOVE})
        record, issues = check(body, policy=POLICY, now=NOON)
        assert record is None
        assert ("error", "E_SCHEMA", path) in [
            (issue.severity, issue.code, issue.path) for issue in issues
        ]

    def test_a_draft_needs_no_recipient(self):
        body = make_body({"status": "draft", "consent_and_sharing.recipients": []})
        record, issues = check(body, policy=POLICY, now=NOON)
        assert record is not None
        assert record.recipients == []

    def test_a_withdrawal_says_why(self):
        assert faults(status="withdrawn") == [("E_SCHEMA", "status_reason")]

    @staticmethod
    def gap(path):
        return {
            "id": "dg-1",
            "path": path,
            "reason": "The next team sets it",
            "who_fills_ref": "m-2",
            "by": "2026-11-20T12:00:00+00:00",
            "authorised_by_ref": "m-1",
        }

    @pytest.mark.parametrize("gap", ["step_down_plan", "step_down_plan.phases"])
    def test_a_declared_gap_covers_what_lies_under_it(self, gap):
        body = {"step_down_plan.phases": REMOVE, "declared_gaps": [self.gap(gap)]}
        record, issues = check(make_body(body), policy=POLICY, now=NOON)
        assert record is not None
        assert [(issue.code, issue.path) for issue in issues] == [
            ("W_DECLARED_GAP", "step_down_plan.phases")
        ]

    def test_a_gap_is_compared_by_segments(self):
        assert faults(
            {"step_down_plan.phases": REMOVE, "declared_gaps": [self.gap("step_down")]}
        ) == [
            ("E_SAFETY_MINIMUM", "step_down_plan.phases"),
            ("W_GAP_NOT_NEEDED", "declared_gaps[0].path"),
        ]

    def test_a_gap_covers_the_place_in_a_list(self):
        assert faults(
            {
                "safety.risks[0].behaviours": REMOVE,
                "declared_gaps": [self.gap("safety.risks[0]")],
            }
        ) == [("W_DECLARED_GAP", "safety.risks[0].behaviours")]

    def test_a_gap_never_covers_what_is_wrong(self):
        assert faults(
            {
                "young_person.birth_date": REMOVE,
                "declared_gaps": [self.gap("young_person")],
            }
        ) == [
            ("E_SCHEMA", "young_person.birth_date"),
            ("W_GAP_NOT_NEEDED", "declared_gaps[0].path"),
        ]


def test_no_message_repeats_a_value():
    body = to_body(
        {
            **make_tree({"young_person.nhs_number": "Rosalind"}),
            "status": "Rosalind",
            "Rosalind Q": "Rosalind",
        }
    )
    _, issues = check(body, policy=POLICY, now=NOON)
    assert issues
    assert "Rosalind" not in json.dumps([issue.as_json() for issue in issues])


def test_a_later_clock_changes_nothing_but_the_future():
    assert faults(updated_at="2026-11-05T12:06:00+00:00") == [
        ("E_DATE_FUTURE", "updated_at")
    ]
    body = make_body(updated_at="2026-11-05T12:05:00+00:00")
    assert found(body) == []
    _, issues = check(body, policy=POLICY, now=NOON + timedelta(days=900))
    assert issues == []


def test_everything_that_a_builder_makes_is_accepted():
    record = make_record(
        {
            "family_and_carers.people[+]": a_person("p-1"),
            "consent_and_sharing.recipients[+]": a_recipient(
                "r-mum", "family_member", person_ref="p-1"
            ),
            "consent_and_sharing.decisions[+]": a_permit("r-mum", ["safety_plan"]),
            "safety.risks[+]": a_risk("rk-2"),
            "safety.mitigations[+]": a_mitigation("mt-2", "rk-2"),
            "safeguarding.concerns[+]": a_concern("cn-1"),
        }
    )
    assert record.warnings == ()
