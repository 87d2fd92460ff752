"""Family and carers, and the household moved into.

Source: record model, section 7.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import Boolean, Code, Date, Ref, Section, String, Text
from adapter.record.sections.people import Person
from adapter.record.vocabulary import LOG, RSK, SPL, SUB, TPI


class WellbeingCheck(Section):
    """One look at how the host is."""

    on = Date(
        required=True,
        category=TPI,
        why="S004 emotional toll on carers",
        fhir="Task.executionPeriod.end",
    )
    by_ref = Ref("members", required=True, category=TPI, why="S004", fhir="Task.owner")


class Household(Section):
    """The home that the person moves into, when it is someone's home."""

    applies = Boolean(
        required=True,
        category=LOG,
        why="S004",
        fhir="Location.physicalType",
        text="true when the destination is someone's home",
    )
    host_person_ref = Ref(
        "people",
        category=LOG,
        safety_critical=True,
        why="S004",
        fhir="RelatedPerson",
        text="required when setting is community_placement",
    )
    children_present_or_visiting = Code(
        "live_there visit_regularly visit_rarely none not_known",
        category=TPI,
        minimum=(TPI,),
        safety_critical=True,
        why="S004",
        fhir="Flag.code; Observation.valueCodeableConcept",
        text="required when applies",
    )
    alcohol_drugs_access = Text(
        category=SUB,
        minimum=(SUB,),
        safety_critical=True,
        why="S004",
        fhir="Observation.valueString",
    )
    supervision_limits = Text(
        category=RSK,
        safety_critical=True,
        why="S004",
        fhir="Observation.valueString",
        text="nights, other duties",
    )
    host_briefed = Code(
        "briefed_and_agreed briefed_concerns not_briefed",
        category=LOG,
        safety_critical=True,
        why="S004",
        fhir="Communication.status",
        text="required when applies; not_briefed is an error on an active record"
        " (E_HOST_NOT_BRIEFED)",
    )
    briefed_concerns_list = Text(
        many=True,
        category=RSK,
        safety_critical=True,
        why="S004 carers may struggle to manage risk alone",
        fhir="Communication.payload.contentString",
        text="required when briefed_concerns: what the host is concerned about",
    )
    host_crisis_phone = String(
        category=SPL,
        minimum=(SPL,),
        safety_critical=True,
        why="S004 24/7 contact",
        fhir="CareTeam.telecom",
        text="required when setting is community_placement",
    )
    host_debrief_arrangement = Text(
        category=LOG,
        why="S004 after an incident",
        fhir="CarePlan.activity",
        text="required when setting is community_placement",
    )
    debrief_done_on = Date(
        category=LOG, why="S004 after an incident", fhir="Task.executionPeriod.end"
    )
    professional_contact_schedule = Text(
        category=LOG,
        safety_critical=True,
        why="S004 more frequent professional input",
        fhir="CarePlan.activity.detail.scheduledString",
        text="who visits or rings the host, how often",
    )
    clinical_supervision = Text(
        category=LOG, why="S004 clinical supervision", fhir="CarePlan.activity"
    )
    peer_group = Text(
        category=LOG, why="S004 peer support groups", fhir="CarePlan.activity"
    )
    wellbeing_checks = Several(WellbeingCheck)
    host_training = String(
        many=True,
        category=LOG,
        why="S004",
        fhir="PractitionerRole.specialty",
        text="e.g. suicide first response",
    )


class FamilyAndCarers(Section):
    """Family, friends and hosts: who they are and what they may be told."""

    people = Several(Person)
    household = One(
        Household, required=True, text="its detail only when applies is true"
    )
    no_family_or_friends = Code(
        "yes no not_known",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S003; MCA s35",
        fhir="Flag.code",
        text="yes with lacking capacity needs an IMCA (W_IMCA_NEEDED, silent "
        "once an IMCA is named and accepted); not_known gives W_NOT_KNOWN",
    )
