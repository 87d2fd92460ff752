"""What prepares a move: visits, meetings, therapies, what will be different.

Source: record model, section 3.
"""

from __future__ import annotations

from adapter.record.fields import Code, Date, Id, Ref, Section, String, Text
from adapter.record.vocabulary import CLN, LOG


class SettingDifference(Section):
    """One thing that will be different in the next place."""

    id = Id(required=True, category=LOG)
    topic = Code(
        "rules_and_restrictions observation visiting phones_and_internet "
        "family_involvement education therapy_offer mixed_age_ward leave "
        "single_sex_accommodation staffing legal_rights other",
        required=True,
        category=LOG,
        why="S002 O prepare for next place of care",
        fhir="CarePlan.activity.detail.description",
    )
    what_will_be_different = Text(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 O, HSSIB3",
        fhir="same",
        text="plain words",
    )
    explained_to = Ref(
        "young_person",
        "people",
        many=True,
        category=LOG,
        why="S002 O",
        fhir="Communication.recipient",
    )
    explained_on = Date(category=LOG, why="S002 O", fhir="Communication.sent")


class Visit(Section):
    """A visit to the next place, or a first meeting with its team."""

    on = Date(
        category=LOG,
        why="S002 O prepare for next place of care; NG43",
        fhir="Appointment.start",
    )
    who = Ref(
        "young_person",
        "people",
        "members",
        many=True,
        category=LOG,
        why="S002 O",
        fhir="Appointment.participant.actor",
    )


class Therapy(Section):
    """One therapy, and how it goes on after the move."""

    id = Id(required=True, category=CLN, fhir="CarePlan.activity")
    name = String(
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 R therapeutic relationship",
        fhir="CarePlan.activity.detail.code.text",
    )
    with_ref = Ref(
        "members",
        category=CLN,
        safety_critical=True,
        why="S002 R from admission through to discharge",
        fhir="CarePlan.activity.detail.performer",
    )
    last_on = Date(
        category=CLN,
        why="S002 R",
        fhir="CarePlan.activity.progress.time",
        text="last session here",
    )
    next_on = Date(
        category=CLN,
        safety_critical=True,
        why="S002 R",
        fhir="CarePlan.activity.detail.scheduledPeriod.start",
        text="first session after that, wherever it is",
    )
    continues = Code(
        "yes no not_known",
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 R; S001 gradual",
        fhir="CarePlan.activity.detail.status",
    )
    who_next_ref = Ref(
        "members",
        category=CLN,
        safety_critical=True,
        why="S002 R",
        fhir="CarePlan.activity.detail.performer",
    )
    ending_discussed = Code(
        "yes no",
        category=CLN,
        why="S002 R building trust",
        fhir="CarePlan.activity.progress",
    )


class JointMeeting(Section):
    """One meeting of the services on both sides."""

    id = Id(required=True, category=LOG, fhir="Appointment.identifier")
    on = Date(
        required=True,
        category=LOG,
        why="S002 O engagement with partner services; NG43",
        fhir="Appointment.start",
    )
    who = Ref(
        "young_person",
        "people",
        "members",
        many=True,
        category=LOG,
        why="S002 O",
        fhir="Appointment.participant.actor",
    )
    decisions = Text(
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="Appointment.comment; CarePlan.note",
    )


class Responsibility(Section):
    """Which body is responsible for one domain of life."""

    domain = Code(
        "health education social_care housing",
        required=True,
        category=LOG,
        why="S002 R responsibility across 16 to 25",
        fhir="CareTeam.category",
    )
    body = String(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 R 16 to 25",
        fhir="CareTeam.managingOrganization",
        text="who is responsible",
    )
    contact = String(
        category=LOG,
        safety_critical=True,
        why="S002 R 16 to 25",
        fhir="CareTeam.telecom",
    )
    until = Date(category=LOG, why="S002 R 16 to 25", fhir="CareTeam.period.end")
