"""The formulation and the safety plan.

Source: record model, section 4.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import (
    Boolean,
    Code,
    Date,
    Id,
    LongText,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import CLN, SPL


class Formulation(Section):
    """How the team understands the person, at this transition."""

    summary = LongText(
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 O; NG225 psychosocial assessment",
        fhir="ClinicalImpression.summary",
        text="biopsychosocial, person-centred; required at every transition",
    )
    biological = Text(category=CLN, why="S002 O", fhir="ClinicalImpression.finding")
    psychological = Text(category=CLN, why="S002 O", fhir="ClinicalImpression.finding")
    social = Text(category=CLN, why="S002 O", fhir="ClinicalImpression.finding")
    strengths_and_protective = Text(
        required=True,
        category=CLN,
        safety_critical=True,
        why="NG225; NG43 strengths-based",
        fhir="ClinicalImpression.finding",
    )
    assessed_on = Date(
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 O (at each transition)",
        fhir="ClinicalImpression.date",
        text="policy: W_FORMULATION_STALE when older than 28 days at "
        "planned_date; W_FORMULATION_BEFORE_EVENT when a later self-harm or"
        " re-presentation is recorded in section 12",
    )
    assessor_ref = Ref(
        "members", required=True, category=CLN, fhir="ClinicalImpression.assessor"
    )
    offered = Code(
        "yes declined not_yet",
        category=CLN,
        why="S002 O (offered at every transition)",
        fhir="ClinicalImpression.status; .statusReason",
        text="to the young person",
    )
    took_part = Boolean(
        category=CLN,
        why="S002 O person-centred; S004",
        fhir="ClinicalImpression.note",
        text="the young person took part",
    )


class CrisisContact(Section):
    """One number to ring in a crisis."""

    id = Id(required=True, category=SPL)
    name = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="PRSB contingency plan",
        fhir="CareTeam.name; HealthcareService.name",
    )
    phone = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S004 24/7 crisis team",
        fhir="CareTeam.telecom",
    )
    available = Code(
        "always working_hours other",
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S004, S001",
        fhir="HealthcareService.availableTime",
        text="at least one contact must be always (E_NO_24H_CONTACT)",
    )


class SafetyPlan(Section):
    """The young person's own plan for staying safe."""

    written_with = Code(
        "young_person young_person_and_family staff_only",
        required=True,
        category=SPL,
        why="S002, NG225, S004",
        fhir="CarePlan.contributor",
    )
    warning_signs_i_notice = Text(
        required=True,
        many=True,
        category=SPL,
        safety_critical=True,
        why="NG225 safety plan",
        fhir="CarePlan.activity.detail.description",
        text="own words",
    )
    things_i_can_do_myself = Text(
        required=True,
        many=True,
        category=SPL,
        safety_critical=True,
        why="NG225; S001 self-management",
        fhir="same",
    )
    people_and_places_that_help = Text(
        many=True, category=SPL, safety_critical=True, why="NG225", fhir="same"
    )
    who_i_want_contacted = Ref(
        "people",
        "members",
        many=True,
        category=SPL,
        safety_critical=True,
        why="NG225",
        fhir="CareTeam.participant.member",
        text="not itself a consent",
    )
    making_my_place_safer = Text(
        category=SPL,
        safety_critical=True,
        why="NG225",
        fhir="same",
        text="means safety",
    )
    crisis_contacts = Several(
        CrisisContact,
        required=True,
        absent_code="E_NO_24H_CONTACT",
        text="1, always available; E_NO_24H_CONTACT",
    )
    review_on = Date(
        required=True,
        category=SPL,
        safety_critical=True,
        why="NG225",
        fhir="CarePlan.activity.detail.scheduledPeriod",
    )
