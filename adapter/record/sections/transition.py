"""The transition: services, dates, responsibility.

Source: record model, section 3.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Code,
    Date,
    DateTime,
    OdsCode,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.sections.legal import Advocacy, LegalStatus
from adapter.record.sections.place import OutOfArea, PlacePreference
from adapter.record.sections.preparation import (
    JointMeeting,
    Responsibility,
    SettingDifference,
    Therapy,
    Visit,
)
from adapter.record.vocabulary import LOG

SETTINGS = (
    "cyp_inpatient",
    "adult_inpatient",
    "psychiatric_intensive_care",
    "cyp_community",
    "adult_community",
    "crisis_home_treatment",
    "supported_living",
    "residential_care",
    "community_placement",
    "family_home",
    "other",
)


class FromService(Section):
    """The service that holds responsibility before the move."""

    ods_code = OdsCode(
        category=LOG,
        safety_critical=True,
        why="MHSDS",
        fhir="ServiceRequest.requester (Organization.identifier)",
        text="required unless setting is family_home or community_placement",
    )
    name = String(
        required=True, category=LOG, safety_critical=True, fhir="Organization.name"
    )
    setting = Code(
        SETTINGS,
        required=True,
        category=LOG,
        safety_critical=True,
        why="HSSIB3",
        fhir="Location.type; HealthcareService.type",
    )


class ToService(Section):
    """The service that holds responsibility after the move."""

    ods_code = OdsCode(
        category=LOG,
        safety_critical=True,
        fhir="ServiceRequest.performer",
        text="required unless setting is family_home or community_placement",
    )
    name = String(
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        fhir="Organization.name",
    )
    setting = Code(
        SETTINGS,
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        why="HSSIB3: unsuitable destinations",
        fhir="Location.type",
    )
    accepted = Code(
        "accepted pending declined_criteria_not_met no_service_identified",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 O aligned thresholds; HSSIB3 gap",
        fhir="Task.status; ServiceRequest.status",
    )
    gap_if_not_accepted = Text(
        category=LOG,
        safety_critical=True,
        why="S002 O mitigation of gaps",
        fhir="Flag.code; DetectedIssue.detail",
        text="required when declined or no service: who holds clinical "
        "responsibility meanwhile",
    )
    criterion_not_met = Text(
        category=LOG,
        why="S002 O (aligned thresholds; data sources)",
        fhir="Task.statusReason",
        text="when declined_criteria_not_met: which criterion, in the service's words",
    )


class Transition(Section):
    """The move itself: from where to where, when, why and with whom."""

    transition_type = Code(
        "inpatient_cyp_to_adult_inpatient inpatient_cyp_to_adult_community "
        "inpatient_cyp_to_cyp_community "
        "inpatient_cyp_to_community_placement "
        "cyp_community_to_adult_community inpatient_adult_to_community "
        "adult_inpatient_to_adult_inpatient crisis_to_step_down "
        "crisis_to_community_placement placement_to_home_or_community",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002; S001; S004",
        fhir="CarePlan.category; ServiceRequest.code",
    )
    status = Code(
        "planning agreed in_progress transferred shared_care closed cancelled",
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        why="NG43",
        fhir="ServiceRequest.status; EpisodeOfCare.status",
    )
    reason = Code(
        "needs_changed treatment_completed service_age_limit "
        "bed_or_capacity placement_ended young_person_choice other",
        required=True,
        category=LOG,
        why="HSSIB3: transitions made for age",
        fhir="ServiceRequest.reasonCode",
        text="placement_ended with a complaint or quality concern recorded gives"
        " W_MOVE_AFTER_COMPLAINT",
    )
    needs_based_rationale = Text(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 R needs-based; NG43 1.1.2",
        fhir="CarePlan.description; ServiceRequest.reasonCode.text",
        text="why now, by this person's need; for types beginning inpatient_cyp "
        "or cyp, by developmental need",
    )
    alternatives_to_age_led_move = Text(
        category=LOG,
        safety_critical=True,
        why="S002 R needs-based; HSSIB3",
        fhir="CarePlan.note; ServiceRequest.note",
        text="required when reason is service_age_limit: what was considered to "
        "avoid an age-led move",
    )
    from_service = One(FromService, required=True)
    to_service = One(ToService, required=True)
    planned_date = Date(
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        fhir="CarePlan.period; ServiceRequest.occurrenceDateTime",
        text="after birth_date (E_DATE_BEFORE_BIRTH)",
    )
    actual_date = Date(
        category=LOG,
        safety_critical=True,
        fhir="Encounter.period",
        text="after birth_date; required when status is transferred or closed",
    )
    admission_date = Date(
        category=LOG,
        why="discharge planning from admission (DMHIS, NG53)",
        fhir="Encounter.period.start",
        text="after birth_date, on or before planned_date",
    )
    planning_started_on = Date(
        category=LOG,
        why="NG43 early planning",
        fhir="CarePlan.activity.detail.scheduledPeriod",
    )
    clinical_responsibility_moves_at = DateTime(
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        why="the handover gap",
        fhir="EpisodeOfCare.period; CareTeam.period",
        text="the moment; before it from_service, after it to_service holds it",
    )
    shared_care_until = Date(
        category=LOG, why="HSIB 2018; NG43", fhir="CareTeam.participant.period"
    )
    named_transition_worker_ref = Ref(
        "members",
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        why="NG43 named worker",
        fhir="CareTeam.participant.member",
    )
    named_worker_until = Date(
        category=LOG,
        why="NG43",
        fhir="CareTeam.participant.period.end",
        text="policy default: at least 6 months after transfer",
    )
    differences_between_settings = Several(
        SettingDifference, text="0; W_DIFFERENCES_NOT_EXPLAINED"
    )
    visit_or_introduction = Code(
        "visited_in_person met_new_team virtual_visit offered_declined "
        "not_offered not_known",
        required=True,
        category=LOG,
        why="S002 O; NG43; NG53",
        fhir="Appointment.status",
        text="not_offered gives W_VISIT_NOT_OFFERED, not_known W_NOT_KNOWN",
    )
    visit = One(Visit)
    place_preference = One(PlacePreference, required=True)
    out_of_area = One(
        OutOfArea, required=True, text="its detail only when is_out_of_area is yes"
    )
    legal_status = One(LegalStatus, required=True)
    advocacy = One(Advocacy, required=True)
    trusted_people = Ref(
        "people",
        "members",
        many=True,
        category=LOG,
        safety_critical=True,
        why="S002 R therapeutic relationship",
        fhir="CareTeam.participant.member",
        text="whom the young person trusts",
    )
    therapies = Several(Therapy)
    meaningful_activities = Text(
        category=LOG,
        why="S002 O meaningful therapeutic activities",
        fhir="CarePlan.activity.detail.description",
        text="what the person does here that matters to them, and how it goes on",
    )
    joint_meetings = Several(JointMeeting)
    responsibilities = Several(Responsibility)
