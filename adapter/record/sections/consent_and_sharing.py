"""Recipients, consent decisions and overrides.

Source: record model, section 8.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Code,
    Date,
    DateTime,
    Id,
    OdsCode,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.sections.competence import ChangeAt18, Competence
from adapter.record.vocabulary import CATEGORIES, LOG, RECIPIENT_KINDS, TPI


class Recipient(Section):
    """One organisation or person that may be told something."""

    id = Id(
        required=True,
        safety_critical=True,
        fhir="Consent.provision.actor.reference",
        text="the recipient that disclosure is asked for",
    )
    kind = Code(
        RECIPIENT_KINDS,
        required=True,
        safety_critical=True,
        why="disclosure rules 2",
        fhir="Consent.provision.actor.role",
        text="care_provider = care home or supported living; placement_scheme = "
        "Shared Lives or similar scheme, its host being "
        "community_placement_carer",
    )
    name = String(required=True, fhir="Organization.name")
    ods_code = OdsCode(
        safety_critical=True,
        fhir="Organization.identifier",
        text="required for NHS bodies",
    )
    person_ref = Ref(
        "people",
        "members",
        safety_critical=True,
        fhir="RelatedPerson; Practitioner",
        text="people, and required, for family_member and "
        "community_placement_carer; members for advocate",
    )
    care_relationship = Code(
        "current_care planned_care_accepted planned_care_pending oversight none",
        required=True,
        safety_critical=True,
        why="direct care needs a legitimate relationship",
        fhir="CareTeam.participant; ServiceRequest.performer",
    )


class ConsentDecision(Section):
    """One permit or refusal, for named categories."""

    id = Id(required=True, safety_critical=True, fhir="Consent.identifier")
    recipient_ref = Ref(
        "recipients",
        safety_critical=True,
        fhir="Consent.provision.actor.reference",
        text="exactly one of recipient_ref, recipient_kind",
    )
    recipient_kind = Code(
        RECIPIENT_KINDS,
        safety_critical=True,
        fhir="Consent.provision.actor.role, with actor.reference by display only",
        text="as recipients[].kind",
    )
    categories = Code(
        CATEGORIES,
        required=True,
        many=True,
        safety_critical=True,
        why="granular choice",
        fhir="Consent.provision.securityLabel or .class",
        text='category codes; there is no "all"',
    )
    decision = Code(
        "permit deny",
        required=True,
        safety_critical=True,
        fhir="Consent.provision.type",
    )
    decided_by = Code(
        "young_person person_with_pr best_interests attorney_or_deputy "
        "court nearest_relative nominated_person",
        required=True,
        safety_critical=True,
        why="MHA roles do not consent",
        fhir="Consent.performer",
        text="the last two are always errors (E_CONSENT_DECIDER_INVALID)",
    )
    decider_ref = Ref(
        "people",
        "members",
        safety_critical=True,
        fhir="Consent.performer",
        text="required unless young_person or court; a person_with_pr decider "
        "must be a person who holds PR (E_CONSENT_DECIDER_NO_PR)",
    )
    decided_at = DateTime(required=True, safety_critical=True, fhir="Consent.dateTime")
    effective_from = Date(
        required=True,
        safety_critical=True,
        fhir="Consent.provision.period.start",
        text="a person_with_pr decision starting on or after the 18th birthday "
        "is an error (E_CONSENT_PR_AT_18)",
    )
    effective_to = Date(
        safety_critical=True,
        fhir="Consent.provision.period.end",
        text="last day in force; on or after effective_from",
    )
    withdrawn_at = DateTime(
        safety_critical=True,
        why="UK GDPR; common law",
        fhir="Consent.status = inactive",
        text="stops the decision from that instant",
    )
    review_on = Date(
        required=True,
        safety_critical=True,
        why="S002 O",
        fhir="Task.restriction.period",
    )
    reason_given = Text(
        category=TPI,
        fhir="Consent.extension (not exported by default)",
        text="may itself be sensitive; never sent to family",
    )
    best_interests_record = Text(
        safety_critical=True,
        why="MCA s4; S003",
        fhir="Consent.sourceReference (DocumentReference)",
        text="required when best_interests: who was consulted, wishes and "
        "feelings, less intrusive options",
    )


class Override(Section):
    """One recorded decision to share without agreement."""

    id = Id(required=True, safety_critical=True, fhir="Consent.identifier; Provenance")
    recipient_ref = Ref(
        "recipients",
        required=True,
        safety_critical=True,
        fhir="Consent.provision.actor.reference",
        text="one recipient only",
    )
    categories = Code(
        CATEGORIES,
        required=True,
        many=True,
        safety_critical=True,
        why="proportionality",
        fhir="Consent.provision.securityLabel",
        text="category codes, listed one by one",
    )
    reason_code = Code(
        "safeguarding_child safeguarding_adult_at_risk "
        "serious_harm_to_others serious_harm_to_self vital_interests "
        "court_order statutory_duty",
        required=True,
        safety_critical=True,
        fhir="Provenance.reason; Consent.policyRule",
    )
    reason_text = Text(
        safety_critical=True,
        why="GMC: record reasons",
        fhir="Provenance.reason.text",
        text="required, 20 characters or more",
    )
    legal_reference = String(
        safety_critical=True,
        fhir="Consent.policy",
        text="required for court_order and statutory_duty",
    )
    capacity_at_override = Code(
        "has_capacity lacks_capacity in_doubt competent_child not_competent_child",
        safety_critical=True,
        why="DHSC consensus statement",
        fhir="Observation",
        text="required for serious_harm_to_self and vital_interests",
    )
    decided_by_ref = Ref(
        "members",
        safety_critical=True,
        why="a named human decides",
        fhir="Provenance.agent.who",
        text="required",
    )
    consulted_ref = Ref(
        "members",
        fhir="Provenance.agent.who",
        text="Caldicott Guardian, safeguarding lead or senior; policy P-08",
    )
    decided_at = DateTime(
        safety_critical=True, fhir="Provenance.recorded", text="required"
    )
    expires_at = DateTime(
        safety_critical=True,
        why="not open-ended",
        fhir="Consent.provision.period.end",
        text="required; policy P-07 default at most 14 days after decided_at",
    )
    young_person_told = Code(
        "told_before told_after not_told_unsafe not_told_yet",
        safety_critical=True,
        why="GMC; Caldicott 8",
        fhir="Communication.status",
        text="required",
    )
    why_not_told = Text(
        safety_critical=True,
        fhir="Communication.statusReason",
        text="required when not told",
    )


class LawfulBasis(Section):
    """The basis in data-protection law, which is not consent."""

    article_6 = Code(
        "6_1_e_public_task 6_1_c_legal_obligation 6_1_d_vital_interests",
        required=True,
        why="UK GDPR; not consent",
        fhir="Consent.policyRule",
    )
    article_9 = Code(
        "9_2_h_health_or_social_care 9_2_g_safeguarding 9_2_c_vital_interests",
        required=True,
        why="UK GDPR; DPA 2018 Sch 1 para 2, para 18",
        fhir="Consent.policyRule",
    )


class ConsentAndSharing(Section):
    """Who decides, what was decided, and who the recipients are."""

    competence = One(Competence, required=True)
    recipients = Several(
        Recipient,
        required=True,
        absent_code=None,
        text="1, on an active record only; E_SCHEMA",
    )
    decisions = Several(ConsentDecision)
    overrides = Several(Override)
    change_at_18 = One(ChangeAt18)
    lawful_basis = One(LawfulBasis, required=True)
    privacy_explained_on = Date(
        category=LOG, why="Caldicott 8 no surprises", fhir="Communication.sent"
    )
