"""The step-down plan.

Source: record model, section 6.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Code,
    Date,
    DateTime,
    Id,
    Integer,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import CLN, LOG, SPL


class Contacts(Section):
    """How many contacts in what time."""

    count = Integer(
        lowest=0,
        highest=70,
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001 reduce gradually",
        fhir="CarePlan.activity.detail.scheduledTiming.repeat.frequency (at 0: "
        "description only)",
        text="0 to 70; 0 only in the last phase",
    )
    period = Code(
        "day week fortnight month",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001 reduce gradually",
        fhir=".scheduledTiming.repeat.period, .periodUnit",
        text="W_CONTACT_DROP when the rate per week (day x 7, week x 1, "
        "fortnight / 2, month x 12 / 52) falls by more than half from one "
        "phase to the next",
    )


class Phase(Section):
    """One phase, with how much contact and why."""

    id = Id(required=True, category=LOG, fhir="CarePlan.activity")
    order = Integer(
        lowest=1,
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001 graduated",
        text="1 upward, unique",
    )
    starts_on = Date(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001 cliff edge",
        fhir="CarePlan.activity.detail.scheduledPeriod.start",
        text="in order, phases may not overlap or leave more than 1 day "
        "uncovered; the first starts on or before the move (E_PHASE_GAP)",
    )
    ends_on = Date(
        category=LOG,
        safety_critical=True,
        why="S001",
        fhir=".scheduledPeriod.end",
        text="absent only on the last phase",
    )
    contacts = One(Contacts, required=True)
    contact_mode = Code(
        "in_person phone video mixed",
        required=True,
        category=LOG,
        why="S001",
        fhir="CarePlan.activity.detail.code",
    )
    style = Code(
        "reactive mixed proactive",
        required=True,
        category=LOG,
        why="S001 reactive to proactive",
        fhir="CarePlan.activity.detail.description",
    )
    intensity_basis = Text(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001",
        fhir="CarePlan.activity.detail.reasonCode",
        text="why this much, from needs and confidence",
    )
    move_on_when = Text(
        category=LOG,
        safety_critical=True,
        why="S001 risk and confidence",
        fhir="CarePlan.activity.detail.reasonCode.text",
        text="what shows readiness for the next phase",
    )
    step_back_when = Text(
        category=SPL,
        safety_critical=True,
        why="S001 clear thresholds; prevent re-escalation",
        fhir="CarePlan.activity.detail.reasonCode.text",
        text="what calls for the phase before",
    )
    persons_confidence = Text(
        category=LOG,
        why="S001 confidence",
        fhir="CarePlan.activity.progress",
        text="own words",
    )
    status = Code(
        "planned current finished not_reached",
        category=LOG,
        safety_critical=True,
        why="S001",
        fhir="CarePlan.activity.detail.status",
    )


class ClinicalReview(Section):
    """One dated clinical review."""

    id = Id(required=True, category=LOG, fhir="Task.identifier")
    on = Date(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001 scheduled",
        fhir="Appointment.start",
    )
    owner_ref = Ref(
        "members",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S001",
        fhir="Task.owner",
    )
    done_on = Date(
        category=LOG,
        safety_critical=True,
        why="S001 clinical oversight",
        fhir="Task.executionPeriod.end",
    )
    outcome = Text(
        category=CLN, safety_critical=True, why="S001", fhir="Task.output.valueString"
    )


class EscalationThreshold(Section):
    """What to watch for, and what to do then."""

    id = Id(required=True, category=SPL, safety_critical=True, fhir="CarePlan.activity")
    if_this_happens = Text(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001 clear thresholds",
        fhir="CarePlan.activity.detail.reasonCode.text",
        text="observable",
    )
    do_this = Text(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001",
        fhir="CarePlan.activity.detail.description",
    )
    contact = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001, S004",
        fhir="CareTeam.telecom",
    )


class AdviceContact(Section):
    """One number for advice between appointments."""

    id = Id(required=True, category=SPL)
    who = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001",
        fhir="HealthcareService.name",
    )
    phone = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001, S004",
        fhir="HealthcareService.telecom",
    )
    hours = String(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S004",
        fhir="HealthcareService.availableTime",
        text='say "24 hours, 7 days" where true',
    )


class RecoveryGoal(Section):
    """One thing that the person wants to reach."""

    id = Id(required=True, category=LOG, fhir="Goal.identifier")
    area = Code(
        "housing social_connection community education_or_work health "
        "relationships independence other",
        required=True,
        category=LOG,
        why="S001; NG43",
        fhir="Goal.category",
    )
    goal = Text(
        required=True,
        category=LOG,
        why="S001",
        fhir="Goal.description.text",
        text="own words where possible",
    )
    support = Text(category=LOG, why="S001", fhir="CarePlan.activity")
    target_on = Date(category=LOG, fhir="Goal.target.dueDate")


class StepDownPlan(Section):
    """How contact lessens step by step, and when to step back."""

    purpose = Text(
        required=True,
        category=LOG,
        why="S001 clear purpose",
        fhir="CarePlan.description",
    )
    phases = Several(
        Phase, required=True, absent_code="E_SAFETY_MINIMUM", text="1; E_SAFETY_MINIMUM"
    )
    first_contact_after_move = DateTime(
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        why="NHS 72-hour follow-up; NG53",
        fhir="Appointment.start; Task.restriction.period",
        text="within 72 hours of the move by default (W_FIRST_CONTACT_LATE); policy",
    )
    clinical_reviews = Several(
        ClinicalReview,
        required=True,
        absent_code="E_SAFETY_MINIMUM",
        text="1; E_SAFETY_MINIMUM",
    )
    escalation_thresholds = Several(
        EscalationThreshold,
        required=True,
        absent_code="E_SAFETY_MINIMUM",
        text="1; E_SAFETY_MINIMUM",
    )
    advice_between_appointments = Several(
        AdviceContact,
        required=True,
        absent_code="E_SAFETY_MINIMUM",
        text="1; E_SAFETY_MINIMUM",
    )
    self_management_capacity = Text(
        category=CLN, why="S001", fhir="Observation.valueString"
    )
    support_network = Text(
        category=LOG, why="S001, S000 networks weaken", fhir="Observation.valueString"
    )
    recovery_goals = Several(RecoveryGoal)
    if_plan_not_working = Text(
        required=True,
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S001 prevent re-escalation; PRSB contingency",
        fhir="CarePlan.activity.detail.description",
        text="contingency, incl. missed contact",
    )
