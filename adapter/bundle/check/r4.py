"""Where R4 (4.0.1), which is on the wire, differs from what the R4B models tell.

The models take their codes from R4B's short descriptions, which end in "+" where there
are more; and R4B has a few types that R4 has not. Source: FHIR R4 (4.0.1),
profiles-resources, profiles-types and valuesets, compared element by element with the
models for every type in ``EMITTED`` and all that these are made of.
"""

from __future__ import annotations

#: What the mapping makes or a design names; compiled at start, any other at first use.
EMITTED = (
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "ClinicalImpression",
    "Communication",
    "Condition",
    "Consent",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "HealthcareService",
    "Location",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "RelatedPerson",
    "RiskAssessment",
    "ServiceRequest",
    "Task",
)

_ENCOUNTER = (
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error "
    "unknown"
)
_OBSERVATION = (
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
_TASK = (
    "draft requested received accepted rejected ready cancelled in-progress on-hold "
    "failed completed entered-in-error"
)
_WHEN = (
    "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late "
    "NIGHT PHS HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV"
)

#: (type, element) -> the codes of the value set that R4 binds as required.
CODES: dict[tuple[str, str], tuple[str, ...]] = {
    (kind, name): tuple(codes.split())
    for kind, name, codes in (
        ("Age", "comparator", "< <= > >="),
        ("Count", "comparator", "< <= > >="),
        ("Distance", "comparator", "< <= > >="),
        ("Duration", "comparator", "< <= > >="),
        ("Quantity", "comparator", "< <= > >="),
        ("Encounter", "status", _ENCOUNTER),
        ("EncounterStatusHistory", "status", _ENCOUNTER),
        ("Observation", "status", _OBSERVATION),
        ("RiskAssessment", "status", _OBSERVATION),
        ("Task", "status", _TASK),
        ("TimingRepeat", "when", _WHEN),
    )
}

#: Elements whose codes the models list though R4 does not require them.
OPEN = frozenset({("Expression", "language")})

#: Elements of the models that R4 has not.
NOT_IN_R4 = frozenset(
    {("Extension", "valueCodeableReference"), ("Extension", "valueRatioRange")}
)

#: Elements of R4 that the models have not: what the model refuses, so do we.
TARGETS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Observation", "subject"): ("Patient", "Group", "Device", "Location"),
}

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"

#: (type, element) -> system and codes that R4 requires of a CodeableConcept there.
CONCEPTS: dict[tuple[str, str], tuple[str, frozenset[str]]] = {
    (kind, name): (_TERMINOLOGY + system, frozenset(codes.split()))
    for kind, name, system, codes in (
        ("AdverseEvent", "severity", "adverse-event-severity", "mild moderate severe"),
        (
            "AdverseEvent",
            "outcome",
            "adverse-event-outcome",
            "fatal ongoing recovering resolved resolvedWithSequelae unknown",
        ),
        (
            "AllergyIntolerance",
            "clinicalStatus",
            "allergyintolerance-clinical",
            "active inactive resolved",
        ),
        (
            "AllergyIntolerance",
            "verificationStatus",
            "allergyintolerance-verification",
            "confirmed entered-in-error refuted unconfirmed",
        ),
        (
            "Condition",
            "clinicalStatus",
            "condition-clinical",
            "active inactive recurrence relapse remission resolved",
        ),
        (
            "Condition",
            "verificationStatus",
            "condition-ver-status",
            "confirmed differential entered-in-error provisional refuted unconfirmed",
        ),
    )
}

#: Resource types of R4B that R4 has not.
TYPES_NOT_IN_R4 = frozenset(
    {
        "AdministrableProductDefinition",
        "Citation",
        "ClinicalUseDefinition",
        "EvidenceReport",
        "Ingredient",
        "ManufacturedItemDefinition",
        "MedicinalProductDefinition",
        "NutritionProduct",
        "PackagedProductDefinition",
        "RegulatedAuthorization",
        "SubscriptionStatus",
        "SubscriptionTopic",
        "SubstanceDefinition",
    }
)
