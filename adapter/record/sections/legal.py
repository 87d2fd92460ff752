"""Legal status and advocacy.

Source: record model, section 3.
"""

from __future__ import annotations

from adapter.record.fields import Code, Date, OdsCode, Ref, Section, Text
from adapter.record.vocabulary import CLN, LOG


class LegalStatus(Section):
    """The Mental Health Act as it stands, and the duties that follow."""

    mha_section = Code(
        "informal s2 s3 s4 s5_2 s5_4 s17_leave s17a_cto s37 s37_41 s47_49 "
        "s48_49 s7_guardianship s136 dols_or_court_authorised not_known",
        required=True,
        category=CLN,
        minimum=(CLN,),
        safety_critical=True,
        why="PRSB legal information; MHSDS MHActPeriod",
        fhir="Encounter.extension UKCore-LegalStatus; Flag.code",
    )
    section_expires_on = Date(
        category=CLN,
        minimum=(CLN,),
        safety_critical=True,
        why="rights; renewal missed at transfer",
        fhir="Encounter.extension",
    )
    s117_entitled = Code(
        "yes no not_known",
        required=True,
        category=CLN,
        minimum=(CLN,),
        safety_critical=True,
        why="MHA s117; DMHIS",
        fhir="Flag.code; CarePlan.category",
        text="not_known gives W_NOT_KNOWN",
    )
    s117_bodies = OdsCode(
        many=True,
        category=CLN,
        safety_critical=True,
        why="MHA s117; S002 R future accountability",
        fhir="Organization.identifier; CarePlan.contributor",
        text="the bodies that share the duty",
    )
    nearest_relative_or_nominated_person_ref = Ref(
        "people",
        category=CLN,
        why="MHA 1983; MHA 2025 (nominated person, when commenced)",
        fhir="RelatedPerson.relationship",
        text="a role under the MHA, NOT a consent giver",
    )
    conditions = Text(
        category=CLN,
        safety_critical=True,
        fhir="CarePlan.note",
        text="CTO or leave conditions",
    )


class Advocacy(Section):
    """Which advocate was offered, and what came of it."""

    type = Code(
        "imha imca care_act_advocate childrens_advocate none not_known",
        required=True,
        category=LOG,
        why="S002 O; S003; MHA s130A; MCA s35 to 41",
        fhir="CareTeam.participant.role",
        text="not_known gives W_NOT_KNOWN",
    )
    offered = Code(
        "accepted declined_review_again not_offered not_eligible not_known",
        required=True,
        category=LOG,
        why="S002 O (offer at admission, keep reviewing)",
        fhir="Task.status",
        text="not_known gives W_NOT_KNOWN",
    )
    next_offer_on = Date(
        category=LOG,
        why="S002 O continual review",
        fhir="Task.restriction.period",
        text="required when declined_review_again",
    )
    advocate_ref = Ref("members", category=LOG, fhir="CareTeam.participant.member")
