"""Risks, what is done about them, and the place they meet.

Source: record model, section 4.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import Boolean, Code, Date, Id, Ref, Section, Text
from adapter.record.sections.item_controls import ItemControls
from adapter.record.sections.safety_plan import Formulation, SafetyPlan
from adapter.record.vocabulary import CLN, RATIONALE_KINDS, RSK, SUB, SXG


class Risk(ItemControls):
    """One risk: what happens and when, never how high it is."""

    id = Id(
        required=True,
        category=RSK,
        safety_critical=True,
        fhir="RiskAssessment.identifier (one for each risk); Flag.identifier "
        "(one for each risk, with extension flag-detail to the "
        "RiskAssessment)",
    )
    domain = Code(
        "self_harm suicide non_anchored_ligature anchored_ligature "
        "self_neglect exploitation domestic_abuse_or_coercion "
        "financial_or_housing harm_to_others absconding substances "
        "sexual_safety physical_health disordered_eating online_harm "
        "environment isolation psychotic_symptoms other",
        required=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S000, S002, S004",
        fhir="Flag.code; RiskAssessment.code",
        text="substances adds category substance_use; sexual_safety adds "
        "sexual_health_and_gender. A ligature domain without its row in "
        "safety.environment gives W_LIGATURE_ENVIRONMENT_MISSING",
    )
    behaviours = Text(
        required=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S002 O mitigation from behaviours and risks",
        fhir="Flag.code.text; RiskAssessment.prediction.outcome.text (never "
        ".probability or .qualitativeRisk)",
        text="what the person does or what happens, in observable words",
    )
    context = Text(
        category=RSK,
        safety_critical=True,
        why="NG225; S001 living environment",
        fhir="RiskAssessment.prediction.rationale",
        text="when and where it is more, or less, likely",
    )
    triggers = Text(
        many=True,
        category=RSK,
        safety_critical=True,
        why="S001",
        fhir="RiskAssessment.note",
    )
    early_warning_signs = Text(
        many=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S001",
        fhir="RiskAssessment.note",
    )
    protective_factors = Text(
        many=True, category=RSK, why="NG225", fhir="RiskAssessment.note"
    )
    history = Text(
        category=RSK,
        safety_critical=True,
        why="NG225",
        fhir="RiskAssessment.note",
        text="most recent and most serious, with dates",
    )
    may_change_with_move = Text(
        category=RSK,
        safety_critical=True,
        why="S000 (risk intensifies at step-down)",
        fhir="RiskAssessment.note",
        text="how the next place alters it",
    )
    people_affected = Code(
        "self others self_and_others children_in_household",
        required=True,
        category=RSK,
        safety_critical=True,
        why="S004 children visiting; override logic",
        fhir="Flag.code",
    )
    reviewed_on = Date(
        category=RSK,
        safety_critical=True,
        why="S001 (risk work evolves)",
        fhir="RiskAssessment.occurrenceDateTime",
    )


class Mitigation(ItemControls):
    """One measure against named risks, why it is there, and who owns it."""

    id = Id(
        required=True,
        category=RSK,
        safety_critical=True,
        fhir="CarePlan.activity.detail (Task.identifier)",
    )
    risk_refs = Ref(
        "risks",
        required=True,
        many=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="traceability",
        fhir="extension of our own (mitigates, Reference(RiskAssessment)) on "
        "CarePlan.activity.detail; CarePlan.supportingInfo; "
        "RiskAssessment.mitigation (the measure as text)",
    )
    measure = Text(
        required=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S002 R (essential safety and mitigation information)",
        fhir="CarePlan.activity.detail.description",
    )
    rationale = Text(
        required=True,
        category=RSK,
        safety_critical=True,
        why="S002 O individualised",
        fhir="CarePlan.activity.detail.reasonCode.text",
        text="why for this person",
    )
    rationale_kind = Code(
        RATIONALE_KINDS,
        required=True,
        category=RSK,
        safety_critical=True,
        why="S002 O no blanket age approach",
        fhir="not emitted",
        text="age_only is always an error",
    )
    effectiveness = Code(
        "helped partly_helped did_not_help made_things_worse not_yet_known",
        required=True,
        category=RSK,
        safety_critical=True,
        why="S000 reviewing effectiveness",
        fhir="CarePlan.activity.outcomeCodeableConcept",
    )
    effectiveness_notes = Text(
        category=RSK,
        safety_critical=True,
        why="S000",
        fhir="CarePlan.activity.progress",
    )
    safety_critical = Boolean(
        required=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S002 R",
        fhir="Flag.category",
        text="true: harm is foreseeable if it lapses in the move",
    )
    owner_ref = Ref(
        "members",
        category=RSK,
        safety_critical=True,
        why="S000 named leads",
        fhir="Task.owner; CarePlan.activity.detail.performer",
        text="REQUIRED when safety_critical (E_MITIGATION_OWNER_MISSING)",
    )
    owner_after_transition_ref = Ref(
        "members",
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S000 post-transition",
        fhir="Task.owner",
        text="REQUIRED when safety_critical (E_MITIGATION_OWNER_AFTER_MISSING)",
    )
    continues_after_transition = Code(
        "continues changes stops receiving_service_to_decide",
        required=True,
        category=RSK,
        safety_critical=True,
        why="HSSIB3 lost mitigations",
        fhir="CarePlan.activity.detail.status",
    )
    change_explained = Text(
        category=RSK,
        safety_critical=True,
        why="S002 O",
        fhir="CarePlan.activity.progress",
        text="required when changes or stops; age alone gives W_AGE_LED_TEXT",
    )
    change_rationale_kind = Code(
        RATIONALE_KINDS,
        category=RSK,
        safety_critical=True,
        why="S002 O no blanket age approach; HSSIB3",
        fhir="not emitted",
        text="required when changes or stops; age_only is always an error",
    )
    review_on = Date(
        required=True,
        category=RSK,
        minimum=(RSK, SUB, SXG),
        safety_critical=True,
        why="S001 (risk work evolves)",
        fhir="Task.restriction.period",
    )
    is_restrictive = Boolean(
        required=True,
        category=RSK,
        why="MHA Code; Use of Force Act 2018",
        fhir="Flag.category",
        text="true: least-restrictive check recorded in rationale",
    )


class Environment(Section):
    """What the next place can and cannot do to keep someone safe."""

    destination_assessed = Code(
        "assessed planned not_assessed",
        required=True,
        category=RSK,
        safety_critical=True,
        why="S001, S004",
        fhir="Observation.valueCodeableConcept",
    )
    anchored_ligature_considerations = Text(
        category=RSK,
        safety_critical=True,
        why="S002",
        fhir="Flag.code; Observation.valueString",
        text="anchor points at destination",
    )
    non_anchored_ligature_considerations = Text(
        category=RSK,
        safety_critical=True,
        why="S002 R non-anchored",
        fhir="Flag.code; Observation.valueString",
        text="items and response, incl. staff skills",
    )
    substances_access = Text(
        category=SUB,
        minimum=(SUB,),
        safety_critical=True,
        why="S004",
        fhir="Observation.valueString",
        text="alcohol, drugs, medicines at the destination",
    )
    sexual_safety = Text(
        category=SXG,
        minimum=(SXG,),
        safety_critical=True,
        why="S002 (HSSIB3 sexual safety)",
        fhir="Flag.code",
    )
    supervision_possible = Text(
        category=RSK,
        safety_critical=True,
        why="S004",
        fhir="Observation.valueString",
        text="what can not be supervised (nights, carer's other duties)",
    )


class Safety(Section):
    """What keeps the young person safe, and why."""

    formulation = One(Formulation, required=True)
    safety_plan = One(SafetyPlan, required=True)
    risks = Several(
        Risk,
        required=True,
        absent_code=None,
        text="1, or safety.risks_none_identified; E_SAFETY_MINIMUM",
    )
    risks_none_identified = Text(
        category=RSK,
        minimum=(RSK,),
        safety_critical=True,
        why='design: silence must not look like "no risk"',
        fhir="CarePlan.note",
        text="why no risk is recorded; in place of risks, never beside one (E_SCHEMA)",
    )
    mitigations = Several(
        Mitigation, text="0; W_RISK_UNMITIGATED for each risk that none names"
    )
    environment = One(Environment, required=True)
    physical_health_summary = Text(
        category=CLN,
        safety_critical=True,
        why="PRSB; PHSO",
        fhir="Condition; Observation",
    )
    professional_support_linked = Text(
        many=True,
        category=RSK,
        why="S004 building expertise",
        fhir="CarePlan.activity.reference (ServiceRequest)",
        text="early intervention, drug and alcohol service and others",
    )
