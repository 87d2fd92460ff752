"""Allergies, medicines, conditions.

Source: record model, section 10.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import Code, Date, Id, Section, String, Text
from adapter.record.vocabulary import CATEGORIES, CLN, MED, SUB, SXG


class Allergy(Section):
    """One allergy."""

    id = Id(
        required=True,
        category=MED,
        safety_critical=True,
        fhir="AllergyIntolerance.identifier",
        text="list required when recorded",
    )
    substance = String(
        required=True,
        category=MED,
        minimum=(MED,),
        safety_critical=True,
        fhir="AllergyIntolerance.code",
    )
    reaction = String(
        category=MED,
        minimum=(MED,),
        safety_critical=True,
        fhir="AllergyIntolerance.reaction.manifestation",
    )


class Medication(Section):
    """One medicine, and who prescribes it next."""

    id = Id(
        required=True,
        category=MED,
        safety_critical=True,
        fhir="MedicationStatement.identifier",
    )
    name = String(
        required=True,
        category=MED,
        minimum=(MED,),
        safety_critical=True,
        why="PRSB, NG5",
        fhir="MedicationStatement.medicationCodeableConcept",
    )
    dm_d_code = String(
        category=MED,
        safety_critical=True,
        fhir="MedicationStatement.medicationCodeableConcept.coding (a code not "
        "in codes.csv: text with our extension unverified-code, never a "
        "Coding)",
        text="dm+d (SNOMED CT)",
    )
    dose_instruction = Text(
        required=True,
        category=MED,
        minimum=(MED,),
        safety_critical=True,
        fhir="MedicationStatement.dosage.text",
    )
    supply_until = Date(
        category=MED,
        safety_critical=True,
        why="gap in supply; overdose means",
        fhir="MedicationStatement.effectivePeriod",
    )
    who_prescribes_next = String(
        category=MED, safety_critical=True, fhir="MedicationStatement.note"
    )
    monitoring = Text(
        category=MED,
        safety_critical=True,
        fhir="MedicationStatement.note",
        text="e.g. clozapine, lithium, QTc",
    )
    change_since_admission = Code(
        "started changed unchanged stopped",
        category=MED,
        safety_critical=True,
        why="PRSB",
        fhir="MedicationStatement.status; UKCore-MedicationChangeSummary",
    )


class Condition(Section):
    """One diagnosis or working diagnosis."""

    id = Id(required=True, category=CLN, fhir="Condition.identifier")
    name = String(
        required=True,
        category=CLN,
        minimum=(CLN,),
        safety_critical=True,
        why="PRSB",
        fhir="Condition.code.text",
        text="bans of 0.2 hold",
    )
    snomed_code = String(
        category=CLN,
        fhir="Condition.code.coding (a code not in codes.csv: text with our "
        "extension unverified-code, never a Coding)",
    )
    status = Code(
        "working confirmed in_remission resolved",
        required=True,
        category=CLN,
        minimum=(CLN,),
        fhir="Condition.verificationStatus; .clinicalStatus",
    )
    extra_categories = Code(
        CATEGORIES,
        many=True,
        safety_critical=True,
        fhir="meta.security",
        text="e.g. substance_use",
    )


class ClinicalEssentials(Section):
    """Allergies, medicines and conditions."""

    allergy_status = Code(
        "none_known recorded not_known",
        required=True,
        category=MED,
        minimum=(MED,),
        safety_critical=True,
        why="PRSB",
        fhir="AllergyIntolerance.code (no known allergy)",
    )
    allergies = Several(Allergy, text="1 when allergy_status is recorded; E_SCHEMA")
    medications = Several(Medication)
    conditions = Several(Condition)
    sexual_health_notes = Text(category=SXG, fhir="Observation.valueString")
    substance_use_notes = Text(
        category=SUB, safety_critical=True, why="S004", fhir="Observation.valueString"
    )
