"""What happened after the move.

Source: record model, section 12.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Boolean,
    Code,
    Date,
    Id,
    OdsCode,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import CLN, LOG, RSK


class RePresentation(Section):
    """One time the person came back in crisis."""

    id = Id(required=True, category=CLN, fhir="Encounter.identifier")
    on = Date(required=True, category=CLN, why="S001", fhir="Encounter.period")
    where = Code(
        "emergency_department crisis_team police_s136 readmission gp_urgent other",
        required=True,
        category=CLN,
        why="S001",
        fhir="Encounter.type",
    )


class Incident(Section):
    """One incident."""

    id = Id(required=True, category=CLN, fhir="AdverseEvent.identifier")
    on = Date(
        required=True,
        category=CLN,
        why="S001 incident trends",
        fhir="AdverseEvent.date",
    )
    kind = Code(
        "self_harm harm_to_others missing medication restraint safeguarding"
        " ligature other",
        category=CLN,
        why="S001 incident trends",
        fhir="AdverseEvent.event.coding",
    )
    partners = OdsCode(
        many=True,
        category=CLN,
        why="S002 O cross-organisation investigations",
        fhir="Task.owner (Organization)",
        text="organisations that look into it together",
    )
    description = Text(required=True, category=CLN, fhir="AdverseEvent.event.text")
    lfpse_reference = String(category=CLN, why="LFPSE", fhir="AdverseEvent.identifier")
    learning = Text(
        category=CLN,
        why="S000 learning and assurance; PSIRF",
        fhir="AdverseEvent.note (extension)",
    )
    carer_debrief_offered = Boolean(category=CLN, why="S004", fhir="Task.status")


class Feedback(Section):
    """What someone said about the transition."""

    id = Id(
        required=True,
        category=LOG,
        fhir="not carried (else QuestionnaireResponse.identifier)",
    )
    from_ = Code(
        "young_person family_or_carer host_carer receiving_service",
        required=True,
        category=LOG,
        why="S001; NG43",
        fhir="not carried (else QuestionnaireResponse.source)",
        data_key="from",
    )
    on = Date(
        required=True,
        category=LOG,
        fhir="not carried (else QuestionnaireResponse.authored)",
    )
    text = Text(
        required=True,
        category=LOG,
        fhir="not carried (else QuestionnaireResponse.item.answer)",
    )


class MitigationReview(Section):
    """How one mitigation turned out."""

    id = Id(required=True, category=RSK)
    mitigation_ref = Ref(
        "mitigations",
        required=True,
        category=RSK,
        safety_critical=True,
        why="S000 effectiveness",
        fhir="CarePlan.activity.outcomeReference",
    )
    on = Date(required=True, category=RSK, fhir="Observation.effectiveDateTime")
    finding = Code(
        "working needs_change stopped_by_agreement lapsed_unplanned",
        required=True,
        category=RSK,
        safety_critical=True,
        why="S000; HSSIB3",
        fhir="Observation.valueCodeableConcept",
    )


class Death(Section):
    """What is known of the death of the young person."""

    date_of_death = Date(
        category=CLN,
        safety_critical=True,
        why="S002 R unified deaths dataset",
        fhir="not carried (else Patient.deceasedDateTime)",
        text="on or after birth_date; not in the future (E_DATE_FUTURE)",
    )
    date_of_discharge = Date(
        category=CLN,
        why="S002 R, a specific period after discharge",
        fhir="not carried (else Encounter.period.end)",
    )
    discharged_from = String(
        category=CLN,
        why="S002 R unified deaths dataset",
        fhir="not carried (else Encounter.serviceProvider)",
    )
    team_last_seen = String(
        category=CLN,
        why="S002 R unified deaths dataset",
        fhir="not carried (else Encounter.participant)",
        text="which team last saw the person, and when",
    )
    place_kind = Code(
        "mental_health_ward acute_hospital placement_or_care_home "
        "own_or_family_home public_place custody other not_known",
        category=CLN,
        why="S002 R unified deaths dataset",
        fhir="not carried (else Observation.valueCodeableConcept)",
    )
    known_circumstances = Text(
        category=CLN,
        why="S002 R unified deaths dataset",
        fhir="not carried (else Observation.valueString)",
        text="facts, not a cause of death",
    )
    investigation_kind = Code(
        "none patient_safety_investigation cross_organisation_investigation"
        " inquest child_death_review safeguarding_review leder_review "
        "not_decided",
        category=CLN,
        why="S002 R restorative learning",
        fhir="not carried (else Task.code)",
    )
    investigation_status = Code(
        "not_started under_way finished",
        category=CLN,
        why="S002 R",
        fhir="not carried (else Task.status)",
    )
    reported_to = Code(
        "coroner lfpse leder ncish child_death_overview_panel icb cqc",
        many=True,
        category=CLN,
        why="S002 R; statutory routes",
        fhir="not carried (else Communication.recipient)",
    )
    cross_organisation_learning = Text(
        category=CLN,
        why="S002 O cross-organisation learning",
        fhir="not carried (else DocumentReference)",
    )


class OutcomesMonitoring(Section):
    """What happened afterwards."""

    re_presentations = Several(RePresentation)
    incidents = Several(Incident)
    feedback = Several(Feedback)
    mitigation_reviews = Several(MitigationReview)
    follow_up_72h = Code(
        "done_in_time done_late attempted_not_reached not_done not_due",
        category=LOG,
        safety_critical=True,
        why="NHS 72-hour standard",
        fhir="Task.status",
    )
    death = One(Death)
