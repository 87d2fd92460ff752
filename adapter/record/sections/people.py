"""One relative, friend or carer, and what passed between us.

Source: record model, section 7.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import (
    Boolean,
    Code,
    Date,
    Id,
    LanguageTag,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import (
    DEM,
    FAM,
    INFORMATION_FORMATS,
    LOG,
    RECIPIENT_KINDS,
    SGD,
    TPI,
)


class Told(Section):
    """One thing that this person has been told."""

    id = Id(required=True, category=LOG, fhir="Communication.identifier")
    on = Date(required=True, category=LOG, why="S002 O", fhir="Communication.sent")
    what = Text(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="Communication.payload.contentString",
    )


class Conversation(Section):
    """One conversation with this person, confided unless said otherwise."""

    id = Id(
        required=True,
        category=FAM,
        fhir="Communication.identifier",
        text="category of this and the five below: as views of the same person",
    )
    on = Date(
        required=True,
        category=FAM,
        why="S002 O (from admission through to follow up)",
        fhir="Communication.sent",
    )
    stage = Code(
        "admission during_stay transition after",
        required=True,
        category=FAM,
        why="S002 O",
        fhir="Communication.category",
    )
    they_told_us = Text(
        category=FAM,
        safety_critical=True,
        why="S002 O listening to families",
        fhir="Communication.payload.contentString",
    )
    we_answered = Text(
        category=FAM,
        safety_critical=True,
        why="S002 O communicating with families",
        fhir="Communication.payload.contentString",
    )
    what_changed = Text(
        category=FAM,
        safety_critical=True,
        why="S002 O",
        fhir="Communication.payload.contentString",
        text="in the plan, because of it",
    )


class Person(Section):
    """One relative, friend or carer."""

    id = Id(
        required=True,
        category=DEM,
        safety_critical=True,
        fhir="RelatedPerson.identifier",
    )
    name = String(
        required=True, category=DEM, safety_critical=True, fhir="RelatedPerson.name"
    )
    relation = Code(
        "mother father parent step_parent grandparent sibling partner "
        "foster_carer adoptive_parent guardian friend shared_lives_carer "
        "other_relative other",
        required=True,
        category=DEM,
        fhir="RelatedPerson.relationship",
    )
    phone = String(category=DEM, fhir="RelatedPerson.telecom")
    parental_responsibility = Code(
        "yes_evidence_seen yes_stated no shared_with_local_authority not_known",
        required=True,
        category=DEM,
        safety_critical=True,
        why="Children Act 1989 s2 to 4, s33",
        fhir="RelatedPerson.relationship; RelatedPerson.period.end = 18th birthday",
        text="only yes_evidence_seen and shared_with_local_authority count as PR"
        " by default (policy P-05); meaningless from the 18th birthday",
    )
    is_carer = Boolean(
        required=True,
        category=DEM,
        why="Care Act s10; DMHIS chosen carers",
        fhir="RelatedPerson.relationship",
    )
    is_young_carer = Boolean(
        category=DEM, why="NG43", fhir="RelatedPerson.relationship"
    )
    preferred_language = LanguageTag(
        category=DEM,
        why="AIS (DAPB1605); S002 R (sharing with families)",
        fhir="RelatedPerson.communication.language",
        text="BCP 47",
    )
    interpreter_required = Boolean(
        category=DEM,
        safety_critical=True,
        why="AIS",
        fhir="RelatedPerson.extension of our own (interpreter-required)",
    )
    information_format = Code(
        INFORMATION_FORMATS,
        category=DEM,
        why="AIS",
        fhir="RelatedPerson.extension of our own (information-format)",
    )
    involvement = Code(
        "involved_from_admission involved_later wants_involvement_not_yet "
        "declined not_contacted young_person_asked_us_not_to",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 O from admission",
        fhir="Communication; CareTeam.participant",
    )
    told = Several(Told)
    told_sharing_changes_at_18_on = Date(
        category=LOG, why="S002 O", fhir="Communication.sent"
    )
    views = Text(
        category=FAM,
        safety_critical=True,
        why="S002 O listening to families",
        fhir="Observation.note; Provenance",
        text="category family_confidential unless views_given_in_confidence is "
        "false, then risk_and_mitigation",
    )
    views_given_in_confidence = Boolean(
        safety_critical=True,
        why="GMC",
        fhir="meta.security",
        text="default true (fail closed)",
    )
    views_informant_agrees_to_share_with = Code(
        RECIPIENT_KINDS,
        many=True,
        safety_critical=True,
        why="GMC; S002 O",
        fhir="not emitted; decides the outcome",
        text="recipient kinds that this person has agreed may be told; for "
        "conversations too",
    )
    conversations = Several(Conversation)
    support_for_them = Text(
        category=TPI,
        why="S004, DMHIS",
        fhir="not carried (else CarePlan.activity)",
        text="carer's assessment, debrief, supervision, peer group",
    )
    contact_restriction = Code(
        "none young_person_refuses_all_contact court_order "
        "bail_or_licence_condition safeguarding_plan not_known",
        required=True,
        category=SGD,
        safety_critical=True,
        why="disclosure to a barred person",
        fhir="Flag.code; drives rule G3",
        text="not_known gives W_NOT_KNOWN",
    )
    restriction_notes = Text(
        category=SGD,
        safety_critical=True,
        fhir="Flag.code.text (never as flag-detail, which is a reference)",
        text="required unless none or not_known",
    )
