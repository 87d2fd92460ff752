"""For each code of a record: a change that raises it, and one that just does not.

Changes are those of ``builders``, to its smallest record without a warning. From the
first of each pair the folders of ``fixtures/codes/`` are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from builders import (
    REMOVE,
    a_concern,
    a_mitigation,
    a_permit,
    a_person,
    a_risk,
    an_override,
    make_tree,
)

Changes = dict[str, Any]

ELSEWHERE = {
    "E_UNMAPPED_CODE",
    "E_UNREAD_VALUE",
    "W_UNREAD_FIELD",
    "W_TIME_TWICE",
}
"""Codes of a supplier's export, which no record raises."""


@dataclass(frozen=True)
class Case:
    """Two neighbours: ``raised`` gives the code at ``paths``, ``just_not`` does not.

    ``to_text`` makes the JSON text where a tree cannot say it; ``also`` are the codes
    that stand beside it and cannot be kept away.
    """

    raised: Changes
    just_not: Changes
    paths: tuple[str, ...]
    to_text: Callable[[str], str] = field(default=str)
    also: tuple[str, ...] = ()

    def raising(self) -> bytes:
        return self.to_text(_text(self.raised)).encode()

    def not_raising(self) -> bytes:
        return _text(self.just_not).encode()


def _text(changes: Changes) -> str:
    return json.dumps(make_tree(changes), indent=1)


M = "safety.mitigations[0]"
RISK = "safety.risks[0]"
DECISIONS = "consent_and_sharing.decisions"
OVERRIDES = "consent_and_sharing.overrides"
COMPETENCE = "consent_and_sharing.competence"
RECIPIENTS = "consent_and_sharing.recipients"
CONCERNS = "safeguarding.concerns"
PEOPLE = "family_and_carers.people"
HOUSEHOLD = "family_and_carers.household"
SUMMARY = "safety.formulation.summary"
PLAN = "step_down_plan"
PHASE = {
    "id": "ph-2",
    "order": 2,
    "starts_on": "2026-12-02",
    "contacts": {"count": 1, "period": "week"},
    "contact_mode": "mixed",
    "style": "mixed",
    "intensity_basis": "Confident now",
}
ENDS = {f"{PLAN}.phases[0].ends_on": "2026-11-30"}
GAP = {
    "id": "gap-1",
    "path": f"{PLAN}.clinical_reviews",
    "reason": "The clinic gives dates on Monday",
    "who_fills_ref": "m-2",
    "by": "2026-11-09T12:00:00+00:00",
    "authorised_by_ref": "m-1",
}
GAPPED = {f"{PLAN}.clinical_reviews": REMOVE, "declared_gaps": [GAP]}
LACKING = {"decision": "safety", "outcome": "lacks_capacity"}
HOST = {
    f"{HOUSEHOLD}.applies": True,
    f"{HOUSEHOLD}.children_present_or_visiting": "none",
}


def by_parent(held: str, starts_on: str) -> Changes:
    permit = a_permit(
        "r-gp",
        ["demographics"],
        decided_by="person_with_pr",
        decider_ref="p-1",
        effective_from=starts_on,
        review_on="2027-10-01",
    )
    return {
        f"{PEOPLE}[+]": a_person("p-1", parental_responsibility=held),
        f"{DECISIONS}[+]": permit,
    }


def decided(**fields: Any) -> Changes:
    return {f"{DECISIONS}[+]": a_permit("r-gp", ["demographics"], **fields)}


def overridden(**fields: Any) -> Changes:
    return {f"{OVERRIDES}[+]": an_override("r-gp", ["safeguarding"], **fields)}


def concerned(**fields: Any) -> Changes:
    return {f"{CONCERNS}[+]": a_concern("c-1", **fields)}


def extensions(count: int) -> Changes:
    item = {"system": "https://larkmoor.example", "name": "bed", "value": "12"}
    listed = [{"id": f"le-{number}", **item} for number in range(count)]
    return {"local_extensions": listed}


CASES: dict[str, Case] = {
    "E_JSON": Case({}, {}, ("",), lambda text: text[:-2]),
    "E_LIMIT": Case(
        {f"{M}.risk_refs": ["rk-1"] * 501},
        {f"{M}.risk_refs": ["rk-1"] * 500},
        (f"{M}.risk_refs",),
    ),
    "E_SCHEMA": Case(
        {"young_person.birth_date": "2009-02-29"},
        {"young_person.birth_date": "2009-10-28"},
        ("young_person.birth_date",),
    ),
    "E_UNKNOWN_FIELD": Case(
        {f"{RISK}.colour": "blue"},
        {f"{RISK}.triggers": "Rows at home"},
        (f"{RISK}.colour",),
    ),
    "E_DUPLICATE_KEY": Case(
        {},
        {},
        ("record_id",),
        lambda text: text.replace("{", '{"record_id": "tr-0001",', 1),
    ),
    "E_DUPLICATE_ID": Case(
        {f"{PLAN}.clinical_reviews[0].id": "rk-1"},
        {f"{PLAN}.clinical_reviews[0].id": "RK-1"},
        (f"{PLAN}.clinical_reviews[0].id",),
    ),
    "E_DANGLING_REF": Case(
        {"author_ref": "rk-1"}, {"author_ref": "m-2"}, ("author_ref",)
    ),
    "E_NHS_NUMBER_FORMAT": Case(
        {"young_person.nhs_number": "999000001"},
        {"young_person.nhs_number": "999 000-0018"},
        ("young_person.nhs_number",),
    ),
    "E_NHS_NUMBER_CHECK_DIGIT": Case(
        {"young_person.nhs_number": "9990000019"},
        {"young_person.nhs_number": "9990000018"},
        ("young_person.nhs_number",),
    ),
    "E_NHS_NUMBER_TEST_RANGE": Case(
        {"young_person.nhs_number": "4010232137"},
        {"young_person.nhs_number": "9990000018"},
        ("young_person.nhs_number",),
    ),
    "E_TEXT_TOO_LONG": Case(
        {"young_person.names[0].given": "é" * 201},
        {"young_person.names[0].given": "é" * 200},
        ("young_person.names[0].given",),
    ),
    "E_TEXT_CONTROL_CHARS": Case(
        {"young_person.names[0].given": "Ro\tbin"},
        {SUMMARY: "Two\tlines\r\nof it"},
        ("young_person.names[0].given",),
    ),
    "E_RISK_STRATIFICATION": Case(
        {f"{RISK}.risk_level": "anything"},
        {f"{RISK}.triggers": "high places"},
        (f"{RISK}.risk_level",),
    ),
    "E_MITIGATION_AGE_ONLY": Case(
        {f"{M}.rationale_kind": "age_only"},
        {f"{M}.rationale_kind": "legal_requirement"},
        (f"{M}.rationale_kind",),
    ),
    "E_DATE_FUTURE": Case(
        {"updated_at": "2026-11-05T09:05:01+00:00"},
        {"updated_at": "2026-11-05T09:05:00+00:00"},
        ("updated_at",),
    ),
    "E_DATE_BEFORE_BIRTH": Case(
        decided(effective_from="2009-08-31"),
        decided(effective_from="2009-09-01"),
        (f"{DECISIONS}[0].effective_from",),
    ),
    "E_DATE_ORDER": Case(
        {"transition.admission_date": "2026-11-11"},
        {"transition.admission_date": "2026-11-10"},
        ("transition.planned_date",),
    ),
    "E_CONFIDENCE_SOURCE": Case(
        {f"{RISK}.given_in_confidence": True},
        {f"{RISK}.given_in_confidence": True, f"{RISK}.information_source": "family"},
        (f"{RISK}.given_in_confidence",),
    ),
    "E_COMPLAINT_TREATED_AS_ALERT": Case(
        concerned(kind="complaint", who_leads="joint"),
        concerned(kind="complaint"),
        (f"{CONCERNS}[0].who_leads",),
    ),
    "E_CONSENT_PR_AT_18": Case(
        by_parent("yes_evidence_seen", "2027-09-01"),
        by_parent("yes_evidence_seen", "2027-08-31"),
        (f"{DECISIONS}[0].effective_from",),
        also=("W_CONSENT_PR_DECISION_NOT_USED",),
    ),
    "E_CONSENT_DECIDER_INVALID": Case(
        decided(decided_by="nearest_relative", decider_ref="m-1"),
        decided(decided_by="attorney_or_deputy", decider_ref="m-1"),
        (f"{DECISIONS}[0].decided_by",),
    ),
    "E_CONSENT_DECIDER_NO_PR": Case(
        by_parent("not_known", "2026-10-12"),
        by_parent("yes_stated", "2026-10-12"),
        (f"{DECISIONS}[0].decider_ref",),
        also=("W_CONSENT_PR_DECISION_NOT_USED",),
    ),
    "E_CONSENT_INCOMPLETE": Case(
        decided(recipient_kind="gp"), decided(), (f"{DECISIONS}[0].recipient_kind",)
    ),
    "E_OVERRIDE_INCOMPLETE": Case(
        overridden(reason_text="x" * 19),
        overridden(reason_text="x" * 20),
        (f"{OVERRIDES}[0].reason_text",),
    ),
    "E_SAFETY_MINIMUM": Case(
        {f"{PLAN}.clinical_reviews": []}, GAPPED, (f"{PLAN}.clinical_reviews",)
    ),
    "E_NO_24H_CONTACT": Case(
        {"safety.safety_plan.crisis_contacts[0].available": "working_hours"},
        {
            "safety.safety_plan.crisis_contacts[+]": {
                "id": "cc-2",
                "name": "Ward",
                "phone": "0115 496 0900",
                "available": "working_hours",
            }
        },
        ("safety.safety_plan.crisis_contacts",),
    ),
    "E_PHASE_GAP": Case(
        {**ENDS, f"{PLAN}.phases[+]": {**PHASE, "starts_on": "2026-12-03"}},
        {**ENDS, f"{PLAN}.phases[+]": PHASE},
        (f"{PLAN}.phases[1].starts_on",),
    ),
    "E_MITIGATION_OWNER_MISSING": Case(
        {f"{M}.owner_ref": REMOVE},
        {f"{M}.owner_ref": REMOVE, f"{M}.safety_critical": False},
        (f"{M}.owner_ref",),
    ),
    "E_MITIGATION_OWNER_AFTER_MISSING": Case(
        {f"{M}.owner_after_transition_ref": REMOVE},
        {f"{M}.owner_after_transition_ref": REMOVE, f"{M}.safety_critical": False},
        (f"{M}.owner_after_transition_ref",),
    ),
    "E_SAFEGUARDING_LEAD_MISSING": Case(
        {"safeguarding.named_lead_after_transition_ref": REMOVE},
        {"safeguarding.named_lead_after_transition_ref": "m-1"},
        ("safeguarding.named_lead_after_transition_ref",),
    ),
    "E_SAFEGUARDING_REVIEW_INCOMPLETE": Case(
        {"safeguarding.review_points[0].on": "2026-11-10"},
        {"safeguarding.review_points[0].on": "2026-11-11"},
        ("safeguarding.review_points",),
    ),
    "E_HOST_NOT_BRIEFED": Case(
        {**HOST, f"{HOUSEHOLD}.host_briefed": "not_briefed"},
        {**HOST, f"{HOUSEHOLD}.host_briefed": "briefed_and_agreed"},
        (f"{HOUSEHOLD}.host_briefed",),
    ),
    "E_RECEIVING_SERVICE_NOT_RECIPIENT": Case(
        {f"{RECIPIENTS}[0].ods_code": "ZZ9B2"},
        {
            f"{RECIPIENTS}[0].ods_code": "ZZ9B2",
            "transition.to_service.ods_code": "ZZ9B2",
        },
        (RECIPIENTS,),
    ),
    "W_DECLARED_GAP": Case(
        GAPPED,
        {**GAPPED, "declared_gaps": [{**GAP, "path": f"{PLAN}.clinical_reviews[0]"}]},
        (f"{PLAN}.clinical_reviews",),
    ),
    "W_GAP_NOT_NEEDED": Case(
        {"declared_gaps": [GAP]}, GAPPED, ("declared_gaps[0].path",)
    ),
    "W_NOT_KNOWN": Case(
        {"transition.legal_status.s117_entitled": "not_known"},
        {"transition.legal_status.s117_entitled": "yes"},
        ("transition.legal_status.s117_entitled",),
    ),
    "W_TEXT_BIDI": Case(
        {SUMMARY: "reads \u202ebackwards"}, {SUMMARY: "reads \u200fon"}, (SUMMARY,)
    ),
    "W_TEXT_MARKUP": Case(
        {SUMMARY: "<b>always</b>"}, {SUMMARY: "fewer than <5 tablets"}, (SUMMARY,)
    ),
    "W_RISK_STRATIFICATION_TEXT": Case(
        {SUMMARY: "She is high risk"},
        {SUMMARY: "She is at risk in high places"},
        (SUMMARY,),
    ),
    "W_AGE_LED_TEXT": Case(
        {f"{M}.change_explained": "Because of her age."},
        {f"{M}.change_explained": "Because of her age, and she asked for it"},
        (f"{M}.change_explained",),
    ),
    "W_AGE_UNUSUAL": Case(
        {"young_person.birth_date": "2000-11-10"},
        {"young_person.birth_date": "2000-11-11"},
        ("young_person.birth_date",),
        also=("W_CHANGE_AT_18_NOT_DISCUSSED",),
    ),
    "W_COMPETENCE_AGE": Case(
        {"young_person.birth_date": "2010-11-06"},
        {"young_person.birth_date": "2010-11-05"},
        (f"{COMPETENCE}.gillick",),
    ),
    "W_CHANGE_AT_18_NOT_DISCUSSED": Case(
        {"young_person.birth_date": "2009-05-05"},
        {"young_person.birth_date": "2009-05-06"},
        ("consent_and_sharing.change_at_18.discussed_with_young_person_on",),
    ),
    "W_CONSENT_PR_DECISION_NOT_USED": Case(
        by_parent("yes_evidence_seen", "2026-10-12"),
        decided(),
        (f"{DECISIONS}[0].decided_by",),
    ),
    "W_IMCA_NEEDED": Case(
        {
            "family_and_carers.no_family_or_friends": "yes",
            f"{COMPETENCE}.other": [LACKING],
        },
        {
            "family_and_carers.no_family_or_friends": "yes",
            f"{COMPETENCE}.other": [LACKING],
            "transition.advocacy": {
                "type": "imca",
                "offered": "accepted",
                "advocate_ref": "m-2",
            },
        },
        ("family_and_carers.no_family_or_friends",),
    ),
    "W_EXPECTED_RECIPIENT_MISSING": Case(
        {f"{RECIPIENTS}[1]": REMOVE},
        {f"{RECIPIENTS}[1].name": "Another surgery"},
        (RECIPIENTS,),
    ),
    "W_PLACE_WISHES_NOT_ASKED": Case(
        {"transition.place_preference.asked": "not_asked"},
        {"transition.place_preference.asked": "could_not_express"},
        ("transition.place_preference.asked",),
    ),
    "W_VISIT_NOT_OFFERED": Case(
        {"transition.visit_or_introduction": "not_offered"},
        {"transition.visit_or_introduction": "offered_declined"},
        ("transition.visit_or_introduction",),
    ),
    "W_DIFFERENCES_NOT_EXPLAINED": Case(
        {"transition.differences_between_settings": REMOVE},
        {},
        ("transition.differences_between_settings",),
    ),
    "W_MOVE_AFTER_COMPLAINT": Case(
        {"transition.reason": "placement_ended", **concerned(kind="complaint")},
        {"transition.reason": "placement_ended", **concerned()},
        ("transition.reason",),
    ),
    "W_FORMULATION_STALE": Case(
        {"safety.formulation.assessed_on": "2026-10-12"},
        {"safety.formulation.assessed_on": "2026-10-13"},
        ("safety.formulation.assessed_on",),
    ),
    "W_FORMULATION_BEFORE_EVENT": Case(
        {
            "outcomes_monitoring.re_presentations": [
                {"id": "rp-1", "on": "2026-11-03", "where": "crisis_team"}
            ]
        },
        {
            "outcomes_monitoring.re_presentations": [
                {"id": "rp-1", "on": "2026-11-02", "where": "crisis_team"}
            ]
        },
        ("safety.formulation.assessed_on",),
    ),
    "W_RISK_UNMITIGATED": Case(
        {"safety.risks[+]": a_risk("rk-2")},
        {
            "safety.risks[+]": a_risk("rk-2"),
            "safety.mitigations[+]": a_mitigation("mt-2", "rk-2"),
        },
        ("safety.risks[1]",),
    ),
    "W_LIGATURE_ENVIRONMENT_MISSING": Case(
        {f"{RISK}.domain": "non_anchored_ligature"},
        {
            f"{RISK}.domain": "non_anchored_ligature",
            "safety.environment.non_anchored_ligature_considerations": "No cords",
        },
        ("safety.environment.non_anchored_ligature_considerations",),
    ),
    "W_BEST_INTERESTS_MISSING": Case(
        {f"{COMPETENCE}.other": [LACKING], **concerned()},
        {
            f"{COMPETENCE}.other": [LACKING],
            **concerned(best_interests={"imca_ref": "m-2"}),
        },
        (f"{CONCERNS}[0].best_interests",),
    ),
    "W_PROVIDER_LEADS_OWN_ALLEGATION": Case(
        concerned(alleged_source_kind="staff"),
        concerned(alleged_source_kind="staff", who_leads="joint"),
        (f"{CONCERNS}[0].who_leads",),
    ),
    "W_CONTACT_DROP": Case(
        {
            **ENDS,
            f"{PLAN}.phases[0].contacts.count": 3,
            f"{PLAN}.phases[+]": PHASE,
        },
        {**ENDS, f"{PLAN}.phases[+]": PHASE},
        (f"{PLAN}.phases[1].contacts",),
    ),
    "W_FIRST_CONTACT_LATE": Case(
        {f"{PLAN}.first_contact_after_move": "2026-11-13T12:00:01+00:00"},
        {f"{PLAN}.first_contact_after_move": "2026-11-13T12:00:00+00:00"},
        (f"{PLAN}.first_contact_after_move",),
    ),
    "W_OWNER_LEAVES": Case(
        {"care_team.members[1].until_on": "2026-12-07"},
        {"care_team.members[1].until_on": "2026-12-08"},
        ("care_team.members[1].until_on",),
    ),
}
