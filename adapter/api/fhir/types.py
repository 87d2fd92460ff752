"""What each resource type offers here: the one table behind routes and metadata.

Search parameters are those that R4 (4.0.1) defines for the type, and no others; where
R4 has no ``patient`` or no ``status`` for a type (Flag has no status, Goal calls
its own lifecycle-status), there is none here. Source: R4's search parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

ID = "_id"
LAST_UPDATED = "_lastUpdated"
PATIENT = "patient"
PATIENT_IDENTIFIER = "patient.identifier"
IDENTIFIER = "identifier"
STATUS = "status"
INCLUDE = "_include"
COUNT = "_count"
FORMAT = "_format"
CURSOR = "_cursor"

BUNDLE = "Bundle"

TASK_FOCUS = "Task:focus"

"""The kind of each search parameter, as a CapabilityStatement names it."""
PARAMETER_TYPES = {
    ID: "token",
    LAST_UPDATED: "date",
    PATIENT: "reference",
    PATIENT_IDENTIFIER: "token",
    IDENTIFIER: "token",
    STATUS: "token",
}

"""Parameters of every search, which filter nothing."""
CONTROLS = frozenset({COUNT, FORMAT, CURSOR})


@dataclass(frozen=True)
class TypeOffer:
    """One resource type: how it may be read, searched, and changed here."""

    name: str
    parameters: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def is_searched(self) -> bool:
        return bool(self.parameters)

    @property
    def interactions(self) -> tuple[str, ...]:
        """The interactions of a CapabilityStatement, in its codes."""
        search = ("search-type",) if self.is_searched else ()
        versions = ("vread", "history-instance") if self.has_versions else ()
        return ("read", *versions, *search, *self.changes)

    @property
    def has_versions(self) -> bool:
        """Whether earlier versions are served; a view is served as it is now only."""
        return self.name != BUNDLE


_ANY = (ID, LAST_UPDATED)
_OF_PATIENT = (*_ANY, PATIENT, PATIENT_IDENTIFIER)
_WITH_STATUS = (*_OF_PATIENT, STATUS)

_OFFERS = (
    TypeOffer(BUNDLE),
    TypeOffer("Patient", (*_ANY, IDENTIFIER)),
    *(
        TypeOffer(name, _ANY)
        for name in (
            "AdverseEvent",
            "HealthcareService",
            "Organization",
            "Practitioner",
            "PractitionerRole",
        )
    ),
    *(TypeOffer(name, (*_ANY, STATUS)) for name in ("Location", "Medication")),
    *(
        TypeOffer(name, _OF_PATIENT)
        for name in (
            "AllergyIntolerance",
            "Condition",
            "DetectedIssue",
            "Flag",
            "Goal",
            "Provenance",
            "RelatedPerson",
            "RiskAssessment",
        )
    ),
    *(
        TypeOffer(name, _WITH_STATUS)
        for name in (
            "Appointment",
            "CarePlan",
            "CareTeam",
            "ClinicalImpression",
            "Communication",
            "Consent",
            "Device",
            "DocumentReference",
            "Encounter",
            "EpisodeOfCare",
            "MedicationStatement",
            "Observation",
            "QuestionnaireResponse",
            "ServiceRequest",
        )
    ),
    TypeOffer(
        "Task", _WITH_STATUS, includes=(TASK_FOCUS,), changes=("update", "patch")
    ),
)

TYPES = {offer.name: offer for offer in sorted(_OFFERS, key=lambda each: each.name)}
