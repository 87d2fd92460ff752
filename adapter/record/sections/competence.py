"""Who can decide, and what changes at 18.

Source: record model, section 8.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import Code, Date, Ref, Section, Text
from adapter.record.vocabulary import CAPACITY_OUTCOMES, LOG

TOPICS_AT_18 = (
    "care_decisions",
    "treatment_consent",
    "information_sharing",
    "family_role",
    "rights",
)


class OtherCapacity(Section):
    """Capacity for a decision other than sharing."""

    decision = Code(
        "safety placement treatment",
        required=True,
        safety_critical=True,
        why="S003 (capacity to decide about their safety); MCA s2, s3",
        fhir="Observation.code",
    )
    outcome = Code(
        CAPACITY_OUTCOMES,
        required=True,
        safety_critical=True,
        why="MCA 2005 s1 to 3",
        fhir="Observation.valueCodeableConcept",
    )
    assessed_on = Date(
        safety_critical=True,
        why="MCA",
        fhir="Observation.effectiveDateTime",
        text="before the 16th birthday gives W_COMPETENCE_AGE",
    )
    assessed_by_ref = Ref(
        "members", safety_critical=True, why="MCA", fhir="Observation.performer"
    )


class Competence(Section):
    """Whether the young person can decide about sharing information."""

    gillick = Code(
        "competent not_competent not_assessed not_applicable_16_or_over",
        required=True,
        safety_critical=True,
        why="Gillick",
        fhir="Consent.verification; Observation",
        text="the last under 16 gives W_COMPETENCE_AGE. Gillick and capacity "
        "here are those for information sharing",
    )
    capacity = Code(
        CAPACITY_OUTCOMES,
        required=True,
        safety_critical=True,
        why="MCA 2005 s1 to 3",
        fhir="Consent.verification; Observation",
        text="the last at 16 or over gives W_COMPETENCE_AGE",
    )
    decision_in_question = Text(
        safety_critical=True,
        why="MCA s2, s3",
        fhir="Observation.code.text",
        text="required when not_competent, lacks_capacity or in_doubt: capacity "
        "is decision-specific",
    )
    assessed_on = Date(
        safety_critical=True,
        fhir="Observation.effectiveDateTime",
        text="required unless not assessed or presumed; capacity assessed before"
        " the 16th birthday gives W_COMPETENCE_AGE",
    )
    assessor_ref = Ref(
        "members",
        safety_critical=True,
        fhir="Observation.performer",
        text="required as assessed_on",
    )
    evidence = Text(fhir="Observation.note", text="required as assessed_on")
    other = Several(OtherCapacity)


class ChangeAt18(Section):
    """What was said about how sharing changes at 18."""

    discussed_with_young_person_on = Date(
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="Communication.sent",
        text="W_CHANGE_AT_18_NOT_DISCUSSED when aged 17 years 6 months or more "
        "and absent",
    )
    topics = Code(
        TOPICS_AT_18,
        many=True,
        category=LOG,
        safety_critical=True,
        why="S002 O (care decisions and sharing change at 18)",
        fhir="Communication.reasonCode",
    )
    explained_by_ref = Ref(
        "members", category=LOG, why="S002 O", fhir="Communication.sender"
    )
    young_person_wishes = Text(
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="Consent.sourceReference; Goal.description",
    )
    family_informed_on = Date(category=LOG, why="S002 O", fhir="Communication.sent")
    family_topics = Code(
        TOPICS_AT_18,
        many=True,
        category=LOG,
        why="S002 O",
        fhir="Communication.reasonCode",
    )
