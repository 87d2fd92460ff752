"""Safeguarding: leads, council, agencies, pathway and reviews.

Source: record model, section 5.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Code,
    Date,
    Id,
    Integer,
    OdsCode,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.sections.concerns import Concern
from adapter.record.vocabulary import SGD


class LocalAuthority(Section):
    """The council, and the duty it has to this person."""

    name = String(
        category=SGD, safety_critical=True, why="S000", fhir="Organization.name"
    )
    ods_code = OdsCode(category=SGD, fhir="Organization.identifier")
    contact = String(
        category=SGD,
        safety_critical=True,
        why="S000",
        fhir="Organization.telecom",
        text="phone or secure email; required when response_level is la_enquiry "
        "or police_and_la",
    )
    social_care_basis = Code(
        "none s117_aftercare care_act_assessment_or_plan care_leaver "
        "child_in_need looked_after child_protection_plan not_known",
        required=True,
        category=SGD,
        safety_critical=True,
        why="decides rule B3",
        fhir="Condition; EpisodeOfCare.type",
        text="not_known gives W_NOT_KNOWN",
    )


class Agency(Section):
    """One agency with a part in the plan."""

    id = Id(required=True, category=SGD)
    kind = Code(
        "local_authority_children local_authority_adults housing police "
        "probation_or_youth_justice education voluntary_sector gp "
        "acute_hospital",
        required=True,
        category=SGD,
        why="S000 multi-agency",
        fhir="CareTeam.participant.role",
    )
    name = String(required=True, category=SGD, fhir="Organization.name")
    contact = String(category=SGD, fhir="Organization.telecom")
    role_in_plan = Text(
        category=SGD, why="S000 less duplication", fhir="CareTeam.participant.role.text"
    )


class EscalationStep(Section):
    """One step of raising a safeguarding worry."""

    id = Id(required=True, category=SGD)
    step = Integer(
        lowest=1,
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000 clear pathways",
        fhir="CarePlan.activity",
        text="1 upward, unique",
    )
    when = Text(
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CarePlan.activity.detail.reasonCode",
    )
    who = String(
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CarePlan.activity.detail.performer",
    )
    how = String(
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CarePlan.activity.detail.description",
        text="phone or route",
    )
    agency_ref = Ref(
        "agencies",
        category=SGD,
        safety_critical=True,
        why="S000 escalation pathways across agencies",
        fhir="CarePlan.activity.detail.performer",
    )


class ReviewPoint(Section):
    """One dated review of safeguarding."""

    id = Id(required=True, category=SGD, fhir="Task.identifier")
    on = Date(
        required=True,
        category=SGD,
        safety_critical=True,
        why="S000 ongoing review",
        fhir="Task.restriction.period",
        text="at least one later than the move on every active record "
        "(E_SAFEGUARDING_REVIEW_INCOMPLETE)",
    )
    owner_ref = Ref(
        "members",
        required=True,
        category=SGD,
        safety_critical=True,
        why="S000",
        fhir="Task.owner",
    )
    done_on = Date(
        category=SGD,
        safety_critical=True,
        why="S000 ongoing review",
        fhir="Task.executionPeriod.end",
    )
    outcome = Text(
        category=SGD,
        safety_critical=True,
        why="S000 learning and assurance",
        fhir="Task.output.valueString",
    )
    next_on = Date(
        category=SGD, safety_critical=True, why="S000", fhir="Task.restriction.period"
    )


class Safeguarding(Section):
    """Who leads on safeguarding, what is open, and how to raise a concern."""

    risk_reviewed_for_step_down_on = Date(
        required=True,
        category=SGD,
        safety_critical=True,
        why="S000",
        fhir="Observation.effectiveDateTime",
        text="an explicit review even when there is no concern",
    )
    review_outcome = Code(
        "no_current_concern concerns_recorded not_completed",
        required=True,
        category=SGD,
        safety_critical=True,
        why="S000 (explicit in discharge papers)",
        fhir="Observation.valueCodeableConcept",
    )
    review_not_completed_reason = Text(
        category=SGD,
        safety_critical=True,
        why="S000 explicit review",
        fhir="Observation.dataAbsentReason.text",
        text="REQUIRED when not_completed (E_SAFEGUARDING_REVIEW_INCOMPLETE)",
    )
    concerns = Several(Concern)
    named_lead_ref = Ref(
        "members",
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CareTeam.participant.member",
        text="now",
    )
    named_lead_after_transition_ref = Ref(
        "members",
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CareTeam.participant.member",
        text="REQUIRED on every active record (E_SAFEGUARDING_LEAD_MISSING)",
    )
    local_authority = One(LocalAuthority, required=True)
    agencies = Several(Agency)
    escalation_pathway = Several(
        EscalationStep,
        required=True,
        absent_code="E_SAFETY_MINIMUM",
        text="1; E_SAFETY_MINIMUM",
    )
    reporting_route_after_transition = Text(
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000",
        fhir="CarePlan.note; Composition.section",
        text="how anyone raises a concern once the sending service has gone",
    )
    review_points = Several(
        ReviewPoint,
        required=True,
        absent_code="E_SAFEGUARDING_REVIEW_INCOMPLETE",
        text="1 later than the move; E_SAFEGUARDING_REVIEW_INCOMPLETE",
    )
