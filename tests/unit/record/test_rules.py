"""The rules between fields: each told at its place, and only when it holds."""

from dataclasses import replace
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
    an_override,
    make_body,
)

from adapter.record.parse import check


def faults(changes=None, /, *, policy=POLICY, **named):
    _, issues = check(make_body(changes, **named), policy=policy, now=NOON)
    return [(issue.code, issue.path) for issue in issues]


RECIPIENTS = "consent_and_sharing.recipients"
COMPETENCE = "consent_and_sharing.competence"
DECISION = "consent_and_sharing.decisions[0]"
OVERRIDE = "consent_and_sharing.overrides[0]"
CONCERN = "safeguarding.concerns[0]"
MITIGATION = "safety.mitigations[0]"
HOUSEHOLD = "family_and_carers.household"
PERSON = "family_and_carers.people[0]"

REQUIRED_WHEN = [
    ({"status": "entered_in_error"}, ["status_reason"]),
    (
        {"co_production.level": "not_yet_involved"},
        ["co_production.what_was_not_possible_and_why"],
    ),
    (
        {"young_person.neurodevelopmental.adhd": "assessment_in_progress"},
        ["young_person.neurodevelopmental.who_owns_outstanding_assessment_ref"],
    ),
    (
        {"transition.reason": "service_age_limit"},
        ["transition.alternatives_to_age_led_move"],
    ),
    ({"transition.status": "transferred"}, ["transition.actual_date"]),
    (
        {"transition.from_service.ods_code": REMOVE},
        ["transition.from_service.ods_code"],
    ),
    (
        {"transition.to_service.accepted": "no_service_identified"},
        ["transition.to_service.gap_if_not_accepted"],
    ),
    (
        {"transition.place_preference.met": "partly_met"},
        ["transition.place_preference.why_not_met"],
    ),
    (
        {
            "transition.out_of_area.is_out_of_area": "yes",
            f"{RECIPIENTS}[+]": a_recipient("r-home", "sending_provider"),
        },
        [
            "transition.out_of_area.sending_ods_code",
            "transition.out_of_area.oversight_lead_ref",
            "transition.out_of_area.oversight_arrangement",
            "transition.out_of_area.return_plan",
        ],
    ),
    (
        {"transition.advocacy.offered": "declined_review_again"},
        ["transition.advocacy.next_offer_on"],
    ),
    (
        {f"{MITIGATION}.continues_after_transition": "stops"},
        [f"{MITIGATION}.change_explained", f"{MITIGATION}.change_rationale_kind"],
    ),
    (
        {"safety.risks[0].withhold_from_young_person": True},
        ["safety.risks[0].withhold_reason"],
    ),
    (
        {"safeguarding.concerns[+]": a_concern("c-1", explained_to_person="not_yet")},
        [f"{CONCERN}.why_not_explained"],
    ),
    (
        {
            "safeguarding.concerns[+]": a_concern(
                "c-1", explained_to_person="explained_disagrees"
            )
        },
        [f"{CONCERN}.reasons_given_to_person"],
    ),
    (
        {
            "safeguarding.concerns[+]": a_concern(
                "c-1", response_level="la_enquiry", who_leads="local_authority"
            )
        },
        ["safeguarding.local_authority.contact"],
    ),
    (
        {
            "family_and_carers.people[+]": a_person(
                "p-1", contact_restriction="court_order"
            )
        },
        [f"{PERSON}.restriction_notes"],
    ),
    (
        {"transition.to_service.setting": "community_placement"},
        [
            f"{HOUSEHOLD}.host_person_ref",
            f"{HOUSEHOLD}.host_crisis_phone",
            f"{HOUSEHOLD}.host_debrief_arrangement",
        ],
    ),
    (
        {f"{HOUSEHOLD}.applies": True},
        [f"{HOUSEHOLD}.children_present_or_visiting", f"{HOUSEHOLD}.host_briefed"],
    ),
    (
        {f"{HOUSEHOLD}.host_briefed": "briefed_concerns"},
        [f"{HOUSEHOLD}.briefed_concerns_list"],
    ),
    (
        {f"{COMPETENCE}.capacity": "in_doubt"},
        [
            f"{COMPETENCE}.decision_in_question",
            f"{COMPETENCE}.assessed_on",
            f"{COMPETENCE}.assessor_ref",
            f"{COMPETENCE}.evidence",
        ],
    ),
    ({f"{RECIPIENTS}[1].ods_code": REMOVE}, [f"{RECIPIENTS}[1].ods_code"]),
    (
        {f"{RECIPIENTS}[+]": a_recipient("r-mum", "family_member")},
        [f"{RECIPIENTS}[4].person_ref"],
    ),
    (
        {
            "communications[+]": {
                "id": "co-1",
                "recipient_ref": "r-gp",
                "status": "acknowledged",
                "medium": "phone",
                "summary": "Rang",
            }
        },
        ["communications[0].acknowledged_by", "communications[0].acknowledged_at"],
    ),
    (
        {
            "communications[+]": {
                "id": "co-1",
                "recipient_ref": "r-gp",
                "status": "failed",
                "medium": "phone",
                "summary": "Rang",
            }
        },
        ["communications[0].not_sent_reason"],
    ),
]


@pytest.mark.parametrize(("changes", "paths"), REQUIRED_WHEN)
def test_what_one_field_calls_for_in_another(changes, paths):
    assert faults(changes) == [("E_SCHEMA", path) for path in paths]


def test_a_service_in_a_home_has_no_code():
    assert (
        faults(
            {
                "transition.from_service.setting": "family_home",
                "transition.from_service.ods_code": REMOVE,
            }
        )
        == []
    )


def test_exactly_one_name_is_official():
    assert faults({"young_person.names[0].use": "preferred"}) == [
        ("E_SCHEMA", "young_person.names")
    ]
    second = {"id": "n-2", "use": "official", "given": "Rob"}
    assert faults({"young_person.names[+]": second}) == [
        ("E_SCHEMA", "young_person.names")
    ]


def test_who_may_use_a_name_is_said_of_the_preferred_one_alone():
    assert faults({"young_person.names[0].use_with": ["gp"]}) == [
        ("E_SCHEMA", "young_person.names[0].use_with")
    ]


def test_a_version_supersedes_an_earlier_one():
    own = {"record_id": "tr-0001", "record_version": 1}
    assert faults(supersedes=own) == [("E_SCHEMA", "supersedes.record_version")]
    assert faults(supersedes=own, record_version=2) == []
    assert faults(supersedes={**own, "record_id": "tr-0900"}) == []


def test_what_is_planned_was_not_sent():
    message = {
        "id": "co-1",
        "recipient_ref": "r-gp",
        "status": "planned",
        "sent_at": "2026-11-05T08:00:00+00:00",
        "medium": "phone",
        "summary": "Ring the surgery",
    }
    assert faults({"communications[+]": message}) == [
        ("E_SCHEMA", "communications[0].sent_at")
    ]


class TestConcerns:
    @pytest.mark.parametrize(
        "name", ["statutory_threshold", "response_level", "who_leads"]
    )
    def test_an_alert_has_threshold_level_and_lead(self, name):
        alert = a_concern("c-1")
        del alert[name]
        assert faults({"safeguarding.concerns[+]": alert}) == [
            ("E_SCHEMA", f"{CONCERN}.{name}")
        ]

    def test_a_complaint_is_not_treated_as_an_alert(self):
        assert (
            faults({"safeguarding.concerns[+]": a_concern("c", kind="complaint")}) == []
        )
        treated = a_concern("c", kind="quality_concern", who_leads="joint")
        assert faults({"safeguarding.concerns[+]": treated}) == [
            ("E_COMPLAINT_TREATED_AS_ALERT", f"{CONCERN}.who_leads")
        ]

    def test_something_told_in_confidence_was_told_by_someone(self):
        changes = {"safety.risks[0].given_in_confidence": True}
        expected = ("E_CONFIDENCE_SOURCE", "safety.risks[0].given_in_confidence")
        assert faults(changes) == [expected]
        source = "safety.risks[0].information_source"
        assert faults({**changes, source: "observed"}) == [expected]
        assert faults({**changes, source: "family"}) == []

    @pytest.mark.parametrize(
        "alleged",
        [
            {"alleged_source_kind": "staff"},
            {"alleged_source_refs": ["m-1"]},
            {"alleged_source_ods": ["ZZ9B1"]},
        ],
    )
    def test_a_provider_that_looks_into_itself_is_flagged(self, alleged):
        concern = a_concern("c-1", **alleged)
        assert faults({"safeguarding.concerns[+]": concern}) == [
            ("W_PROVIDER_LEADS_OWN_ALLEGATION", f"{CONCERN}.who_leads")
        ]
        led = {**concern, "who_leads": "joint"}
        assert faults({"safeguarding.concerns[+]": led}) == []

    def test_a_move_after_a_complaint_is_flagged(self):
        changes = {
            "transition.reason": "placement_ended",
            "safeguarding.concerns[+]": a_concern("c-1", kind="complaint"),
        }
        assert faults(changes) == [("W_MOVE_AFTER_COMPLAINT", "transition.reason")]

    def test_a_review_that_was_not_completed_says_why(self):
        assert faults({"safeguarding.review_outcome": "not_completed"}) == [
            (
                "E_SAFEGUARDING_REVIEW_INCOMPLETE",
                "safeguarding.review_not_completed_reason",
            )
        ]


class TestMitigations:
    @pytest.mark.parametrize(
        "text",
        [
            "Because of her age.",
            "under-18s only",
            "He is now 18",
            " Too old ",
            "turned 18 years old",
        ],
    )
    def test_an_explanation_by_age_alone_is_flagged(self, text):
        assert faults({f"{MITIGATION}.change_explained": text}) == [
            ("W_AGE_LED_TEXT", f"{MITIGATION}.change_explained")
        ]

    def test_age_may_stand_beside_a_reason(self):
        text = "He is now 18, and asked to try nights alone"
        assert faults({f"{MITIGATION}.change_explained": text}) == []

    def test_a_risk_that_nothing_is_done_about_is_flagged(self):
        changes = {"safety.risks[+]": a_risk("rk-2")}
        assert faults(changes) == [("W_RISK_UNMITIGATED", "safety.risks[1]")]
        named = {"safety.mitigations[+]": a_mitigation("mt-2", "rk-2")}
        assert faults({**changes, **named}) == []

    def test_a_ligature_risk_needs_its_row_of_the_environment(self):
        assert faults({"safety.risks[0].domain": "non_anchored_ligature"}) == [
            (
                "W_LIGATURE_ENVIRONMENT_MISSING",
                "safety.environment.non_anchored_ligature_considerations",
            )
        ]


class TestDates:
    def test_a_birth_is_not_in_the_future(self):
        told = faults({"young_person.birth_date": "2026-11-06"})
        assert ("E_DATE_FUTURE", "young_person.birth_date") in told
        told = faults({"young_person.birth_date": "2026-11-05"})
        assert "E_DATE_FUTURE" not in [code for code, _ in told]

    def test_nothing_is_planned_before_birth(self):
        assert ("E_DATE_BEFORE_BIRTH", "transition.planned_date") in faults(
            {"transition.planned_date": "2009-08-31"}
        )

    def test_no_date_of_consent_lies_before_birth(self):
        permit = a_permit("r-yp", ["demographics"], effective_from="2009-08-31")
        assert faults({"consent_and_sharing.decisions[+]": permit}) == [
            ("E_DATE_BEFORE_BIRTH", f"{DECISION}.effective_from")
        ]

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"authored_at": "2026-11-05T09:00:00+00:00"}, "updated_at"),
            ({"transition.admission_date": "2026-11-11"}, "transition.planned_date"),
            (
                {
                    "care_team.members[0].from_on": "2027-06-02",
                    "care_team.members[0].until_on": "2027-06-01",
                },
                "care_team.members[0].until_on",
            ),
            (
                {"safeguarding.review_points[0].next_on": "2026-12-07"},
                "safeguarding.review_points[0].next_on",
            ),
            (
                {"step_down_plan.phases[0].ends_on": "2026-11-09"},
                "step_down_plan.phases[0].ends_on",
            ),
        ],
    )
    def test_the_later_date_of_a_pair_is_not_earlier(self, changes, path):
        assert faults(changes) == [("E_DATE_ORDER", path)]

    def test_instants_are_compared_as_instants(self):
        changes = {
            "authored_at": "2026-11-05T09:00:00+02:00",
            "updated_at": "2026-11-05T08:00:00+00:00",
        }
        assert faults(changes) == []

    def test_the_earlier_may_equal_the_later(self):
        assert faults({"transition.admission_date": "2026-11-10"}) == []


class TestConsent:
    def test_a_decision_is_for_a_recipient_or_a_kind(self):
        permit = a_permit("r-yp", ["demographics"])
        both = {**permit, "recipient_kind": "gp"}
        assert faults({"consent_and_sharing.decisions[+]": both}) == [
            ("E_CONSENT_INCOMPLETE", f"{DECISION}.recipient_kind")
        ]
        del permit["recipient_ref"]
        assert faults({"consent_and_sharing.decisions[+]": permit}) == [
            ("E_CONSENT_INCOMPLETE", f"{DECISION}.recipient_ref")
        ]

    def test_whoever_decides_for_another_is_named(self):
        permit = a_permit("r-gp", ["demographics"], decided_by="best_interests")
        assert faults({"consent_and_sharing.decisions[+]": permit}) == [
            ("E_CONSENT_INCOMPLETE", f"{DECISION}.decider_ref"),
            ("E_CONSENT_INCOMPLETE", f"{DECISION}.best_interests_record"),
        ]

    @pytest.mark.parametrize("role", ["nearest_relative", "nominated_person"])
    def test_a_role_under_the_mental_health_act_does_not_consent(self, role):
        permit = a_permit("r-gp", ["demographics"], decided_by=role, decider_ref="m-1")
        assert faults({"consent_and_sharing.decisions[+]": permit}) == [
            ("E_CONSENT_DECIDER_INVALID", f"{DECISION}.decided_by")
        ]

    @staticmethod
    def by_parent(held, **fields):
        permit = a_permit(
            "r-gp",
            ["demographics"],
            decided_by="person_with_pr",
            decider_ref="p-1",
            **fields,
        )
        return {
            "family_and_carers.people[+]": a_person(
                "p-1", parental_responsibility=held
            ),
            "consent_and_sharing.decisions[+]": permit,
        }

    @pytest.mark.parametrize("held", ["no", "not_known"])
    def test_a_parental_decider_holds_parental_responsibility(self, held):
        told = faults(self.by_parent(held))
        assert ("E_CONSENT_DECIDER_NO_PR", f"{DECISION}.decider_ref") in told

    @pytest.mark.parametrize(
        "held", ["yes_evidence_seen", "yes_stated", "shared_with_local_authority"]
    )
    def test_pr_that_is_only_stated_passes(self, held):
        assert faults(self.by_parent(held)) == [
            ("W_CONSENT_PR_DECISION_NOT_USED", f"{DECISION}.decided_by")
        ]

    def test_parental_responsibility_ends_on_the_18th_birthday(self):
        starting = {"effective_from": "2027-09-01"}
        told = faults(self.by_parent("yes_evidence_seen", **starting))
        assert ("E_CONSENT_PR_AT_18", f"{DECISION}.effective_from") in told
        starting = {"effective_from": "2027-08-31"}
        told = faults(self.by_parent("yes_evidence_seen", **starting))
        assert "E_CONSENT_PR_AT_18" not in [code for code, _ in told]

    @pytest.mark.parametrize(
        ("gillick", "flagged"),
        [("competent", True), ("not_competent", False), ("not_assessed", False)],
    )
    def test_under_16_a_parent_decides_unless_the_young_person_can(
        self, gillick, flagged
    ):
        told = faults(
            {
                **self.by_parent("yes_evidence_seen"),
                "young_person.birth_date": "2011-09-01",
                f"{COMPETENCE}.gillick": gillick,
                f"{COMPETENCE}.capacity": "not_applicable_under_16",
                f"{COMPETENCE}.decision_in_question": "Sharing",
                f"{COMPETENCE}.assessed_on": "2026-10-01",
                f"{COMPETENCE}.assessor_ref": "m-1",
                f"{COMPETENCE}.evidence": "Weighed it up",
            }
        )
        code = "W_CONSENT_PR_DECISION_NOT_USED"
        assert told == ([(code, f"{DECISION}.decided_by")] if flagged else [])

    @pytest.mark.parametrize(
        ("fields", "missing"),
        [
            ({"reason_text": "too short a reason"}, "reason_text"),
            ({"reason_code": "court_order"}, "legal_reference"),
            ({"reason_code": "vital_interests"}, "capacity_at_override"),
            ({"young_person_told": "not_told_yet"}, "why_not_told"),
        ],
    )
    def test_an_override_is_complete(self, fields, missing):
        override = an_override("r-gp", ["safeguarding"], **fields)
        assert faults({"consent_and_sharing.overrides[+]": override}) == [
            ("E_OVERRIDE_INCOMPLETE", f"{OVERRIDE}.{missing}")
        ]

    @pytest.mark.parametrize(
        "name",
        [
            "reason_text",
            "decided_by_ref",
            "decided_at",
            "expires_at",
            "young_person_told",
        ],
    )
    def test_an_override_lacks_nothing(self, name):
        override = an_override("r-gp", ["safeguarding"])
        del override[name]
        assert faults({"consent_and_sharing.overrides[+]": override}) == [
            ("E_OVERRIDE_INCOMPLETE", f"{OVERRIDE}.{name}")
        ]


class TestStepDown:
    @staticmethod
    def phase(order, starts_on, ends_on=None, count=2, period="week"):
        ends = {"ends_on": ends_on} if ends_on else {}
        return {
            "id": f"ph-{order}",
            "order": order,
            "starts_on": starts_on,
            **ends,
            "contacts": {"count": count, "period": period},
            "contact_mode": "mixed",
            "style": "mixed",
            "intensity_basis": "As needed",
        }

    def told(self, *phases):
        return faults({"step_down_plan.phases": list(phases)})

    @pytest.mark.parametrize("starts_on", ["2026-12-01", "2026-12-02"])
    def test_a_day_between_two_phases_is_no_gap(self, starts_on):
        first = self.phase(1, "2026-11-10", "2026-11-30")
        assert self.told(first, self.phase(2, starts_on)) == []
        assert self.told(self.phase(2, starts_on), first) == []

    @pytest.mark.parametrize("starts_on", ["2026-11-30", "2026-12-03"])
    def test_phases_neither_overlap_nor_leave_days(self, starts_on):
        first = self.phase(1, "2026-11-10", "2026-11-30")
        assert self.told(first, self.phase(2, starts_on)) == [
            ("E_PHASE_GAP", "step_down_plan.phases[1].starts_on")
        ]

    def test_the_first_starts_by_the_move(self):
        assert self.told(self.phase(1, "2026-11-11")) == [
            ("E_PHASE_GAP", "step_down_plan.phases[0].starts_on")
        ]

    def test_only_the_last_has_no_end_and_no_contact(self):
        first = self.phase(1, "2026-11-10", count=0)
        second = self.phase(2, "2026-12-01", count=0)
        assert self.told(first, second) == [
            ("E_SCHEMA", "step_down_plan.phases[0].contacts.count"),
            ("E_SCHEMA", "step_down_plan.phases[0].ends_on"),
        ]

    def test_each_order_stands_once(self):
        first = self.phase(1, "2026-11-10", "2026-11-30")
        second = {**self.phase(1, "2026-12-01"), "id": "ph-2"}
        assert ("E_SCHEMA", "step_down_plan.phases[1].order") in self.told(
            first, second
        )

    @pytest.mark.parametrize(
        ("count", "period", "flagged"),
        [
            (1, "day", False),
            (3, "week", True),
            (7, "fortnight", False),
            (6, "fortnight", True),
            (16, "month", False),
            (15, "month", True),
        ],
    )
    def test_contact_that_falls_by_more_than_half_is_flagged(
        self, count, period, flagged
    ):
        first = self.phase(1, "2026-11-10", "2026-11-30", 7, "week")
        if period == "month":
            first["contacts"] = {"count": 32, "period": "month"}
        expected = [("W_CONTACT_DROP", "step_down_plan.phases[1].contacts")]
        second = self.phase(2, "2026-12-01", count=count, period=period)
        assert self.told(first, second) == (expected if flagged else [])

    def test_a_late_first_contact_is_flagged_by_the_policy(self):
        place = "step_down_plan.first_contact_after_move"
        late = {place: "2026-11-13T12:00:01+00:00"}
        assert faults({place: "2026-11-13T12:00:00+00:00"}) == []
        assert faults(late) == [("W_FIRST_CONTACT_LATE", place)]
        patient = replace(POLICY, first_contact_hours=96)
        assert faults(late, policy=patient) == []


class TestAges:
    def test_an_age_that_is_rare_for_the_move_is_flagged(self):
        told = faults({"young_person.birth_date": "2000-11-10"})
        assert ("W_AGE_UNUSUAL", "young_person.birth_date") in told
        told = faults({"young_person.birth_date": "2000-11-11"})
        assert "W_AGE_UNUSUAL" not in [code for code, _ in told]

    @pytest.mark.parametrize(
        ("birth", "told"),
        [
            ("2010-11-05", []),
            ("2010-11-06", [("W_COMPETENCE_AGE", f"{COMPETENCE}.gillick")]),
        ],
    )
    def test_gillick_does_not_apply_from_the_16th_birthday(self, birth, told):
        assert faults({"young_person.birth_date": birth}) == told

    def test_capacity_applies_from_the_16th_birthday(self):
        place = f"{COMPETENCE}.capacity"
        assert faults({place: "not_applicable_under_16"}) == [
            ("W_COMPETENCE_AGE", place)
        ]

    def test_capacity_assessed_before_16_does_not_count(self):
        other = {
            "decision": "placement",
            "outcome": "has_capacity",
            "assessed_on": "2025-08-31",
        }
        assert faults({f"{COMPETENCE}.other": [other]}) == [
            ("W_COMPETENCE_AGE", f"{COMPETENCE}.other[0].assessed_on")
        ]

    def test_what_changes_at_18_is_discussed_by_17_and_a_half(self):
        place = "consent_and_sharing.change_at_18.discussed_with_young_person_on"
        expected = [("W_CHANGE_AT_18_NOT_DISCUSSED", place)]
        assert faults({"young_person.birth_date": "2009-05-05"}) == expected
        assert faults({"young_person.birth_date": "2009-05-06"}) == []
        changes = {"young_person.birth_date": "2009-05-05", place: "2026-10-01"}
        assert faults(changes) == []


NOT_KNOWN = [
    "transition.legal_status.s117_entitled",
    "transition.out_of_area.is_out_of_area",
    "family_and_carers.no_family_or_friends",
    "transition.visit_or_introduction",
    "transition.advocacy.type",
    "transition.advocacy.offered",
    "safeguarding.local_authority.social_care_basis",
]


class TestAttention:
    @pytest.mark.parametrize("path", NOT_KNOWN)
    def test_an_answer_of_not_known_is_flagged(self, path):
        assert faults({path: "not_known"}) == [("W_NOT_KNOWN", path)]

    def test_so_is_a_restriction_that_is_not_known(self):
        person = a_person("p-1", contact_restriction="not_known")
        assert faults({"family_and_carers.people[+]": person}) == [
            ("W_NOT_KNOWN", f"{PERSON}.contact_restriction")
        ]

    @pytest.mark.parametrize(
        ("changes", "code", "path"),
        [
            (
                {"transition.place_preference.asked": "not_asked"},
                "W_PLACE_WISHES_NOT_ASKED",
                "transition.place_preference.asked",
            ),
            (
                {"transition.visit_or_introduction": "not_offered"},
                "W_VISIT_NOT_OFFERED",
                "transition.visit_or_introduction",
            ),
            (
                {"transition.differences_between_settings": REMOVE},
                "W_DIFFERENCES_NOT_EXPLAINED",
                "transition.differences_between_settings",
            ),
            (
                {"safety.formulation.assessed_on": "2026-10-12"},
                "W_FORMULATION_STALE",
                "safety.formulation.assessed_on",
            ),
            (
                {
                    "outcomes_monitoring.re_presentations[+]": {
                        "id": "rp-1",
                        "on": "2026-11-03",
                        "where": "crisis_team",
                    }
                },
                "W_FORMULATION_BEFORE_EVENT",
                "safety.formulation.assessed_on",
            ),
            (
                {"care_team.members[1].until_on": "2026-12-07"},
                "W_OWNER_LEAVES",
                "care_team.members[1].until_on",
            ),
        ],
    )
    def test_what_a_person_should_look_at(self, changes, code, path):
        assert faults(changes) == [(code, path)]

    def test_what_is_just_in_time_is_not_flagged(self):
        assert faults({"safety.formulation.assessed_on": "2026-10-13"}) == []
        assert faults({"care_team.members[1].until_on": "2026-12-08"}) == []

    def test_each_expected_recipient_that_is_missing_is_told(self):
        only = a_recipient("r-amh", "adult_mh_service", ods_code="ZZ9B1")
        _, issues = check(make_body({RECIPIENTS: [only]}), policy=POLICY, now=NOON)
        assert [issue.code for issue in issues] == ["W_EXPECTED_RECIPIENT_MISSING"] * 3
        assert len({issue.message for issue in issues}) == 3

    def test_a_ward_is_its_own_crisis_team(self):
        changes = {
            "transition.to_service.setting": "adult_inpatient",
            f"{RECIPIENTS}[2]": REMOVE,
        }
        assert faults(changes) == []

    def test_someone_alone_who_lacks_capacity_needs_an_imca(self):
        other = {"decision": "safety", "outcome": "lacks_capacity"}
        changes = {
            "family_and_carers.no_family_or_friends": "yes",
            f"{COMPETENCE}.other": [other],
        }
        expected = [("W_IMCA_NEEDED", "family_and_carers.no_family_or_friends")]
        assert faults(changes) == expected
        named = {"type": "imca", "offered": "accepted", "advocate_ref": "m-2"}
        assert faults({**changes, "transition.advocacy": named}) == []

    def test_someone_is_consulted_for_who_lacks_capacity_about_safety(self):
        other = {"decision": "safety", "outcome": "lacks_capacity"}
        concern = a_concern("c-1")
        changes = {
            f"{COMPETENCE}.other": [other],
            "safeguarding.concerns": [concern],
        }
        expected = [("W_BEST_INTERESTS_MISSING", f"{CONCERN}.best_interests")]
        assert faults(changes) == expected
        record = {"record": "Wishes heard"}
        changes["safeguarding.concerns"] = [{**concern, "best_interests": record}]
        assert faults(changes) == expected
        named = {"imca_ref": "m-2"}
        changes["safeguarding.concerns"] = [{**concern, "best_interests": named}]
        assert faults(changes) == []

    def test_a_host_is_briefed(self):
        changes = {
            f"{HOUSEHOLD}.applies": True,
            f"{HOUSEHOLD}.children_present_or_visiting": "none",
            f"{HOUSEHOLD}.host_briefed": "not_briefed",
        }
        assert faults(changes) == [("E_HOST_NOT_BRIEFED", f"{HOUSEHOLD}.host_briefed")]


def test_a_death_is_not_in_the_future():
    place = "outcomes_monitoring.death.date_of_death"
    tomorrow = (NOON + timedelta(days=1)).date().isoformat()
    assert faults({place: tomorrow}) == [("E_DATE_FUTURE", place)]
    assert faults({place: "2026-11-05"}) == []


def test_a_rule_is_not_judged_by_an_input_that_is_at_fault():
    changes = {
        "transition.planned_date": "soon",
        f"{MITIGATION}.risk_refs": "rk-1",
        "safety.risks[0].domain": "high",
    }
    assert faults(changes) == [
        ("E_SCHEMA", "transition.planned_date"),
        ("E_RISK_STRATIFICATION", "safety.risks[0].domain"),
        ("E_SCHEMA", f"{MITIGATION}.risk_refs"),
    ]
