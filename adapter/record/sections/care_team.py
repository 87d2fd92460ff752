"""The care team.

Source: record model, section 9.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import Code, Date, Id, OdsCode, Section, String
from adapter.record.vocabulary import LOG


class Member(Section):
    """One professional, and on which side of the move they are."""

    id = Id(
        required=True,
        category=LOG,
        safety_critical=True,
        fhir="CareTeam.participant; PractitionerRole.identifier",
    )
    name = String(
        required=True,
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        fhir="Practitioner.name",
    )
    role = Code(
        "responsible_clinician consultant named_nurse care_coordinator "
        "transition_worker social_worker psychologist "
        "occupational_therapist pharmacist safeguarding_lead gp "
        "crisis_worker advocate housing_officer keyworker "
        "caldicott_guardian other",
        required=True,
        category=LOG,
        safety_critical=True,
        why="NG43, NG53, PHSO MDT",
        fhir="PractitionerRole.code",
    )
    organisation_ods = OdsCode(category=LOG, fhir="PractitionerRole.organization")
    organisation_name = String(
        required=True, category=LOG, safety_critical=True, fhir="Organization.name"
    )
    phone = String(
        category=LOG,
        minimum=(LOG,),
        safety_critical=True,
        fhir="PractitionerRole.telecom",
    )
    side = Code(
        "sending receiving both other",
        required=True,
        category=LOG,
        safety_critical=True,
        why="who is there after the move",
        fhir="extension of our own (side) on CareTeam.participant",
    )
    from_on = Date(category=LOG, fhir="CareTeam.participant.period.start")
    until_on = Date(
        category=LOG,
        safety_critical=True,
        why="S000",
        fhir="CareTeam.participant.period.end",
        text="W_OWNER_LEAVES when someone leaves before what they own: review_on"
        " of a mitigation owned after transition, a review point, a "
        "clinical review",
    )


class CareTeam(Section):
    """The professionals on both sides of the move."""

    members = Several(Member, required=True, text="1; E_SCHEMA")
