"""The young person: identity, needs and circumstances.

Source: record model, section 2.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import (
    Boolean,
    Code,
    Date,
    Id,
    LanguageTag,
    LongText,
    NhsNumber,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import (
    CLN,
    DEM,
    INFORMATION_FORMATS,
    LOG,
    RECIPIENT_KINDS,
    SGD,
    SXG,
)

ETHNIC_CATEGORIES = "A B C D E F G H J K L M N P R S Z 99"
"""Letters of the NHS Data Dictionary as UK Core lists them for England, with Z not
stated and 99 not known."""

ASSESSMENT_STATES = (
    "diagnosed",
    "assessment_in_progress",
    "assessment_indicated_not_started",
    "not_indicated",
    "not_known",
)


class PersonName(Section):
    """One name, and with whom it may be used."""

    id = Id(required=True, category=DEM, why="design", fhir="element id")
    use = Code(
        "official preferred former",
        required=True,
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="S002 R trans and non-binary; PRSB",
        fhir="Patient.name.use (official, usual, old)",
        text="exactly one official; former is category sexual_health_and_gender",
    )
    given = String(
        required=True,
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        fhir="Patient.name.given",
    )
    family = String(
        category=DEM, minimum=(DEM,), safety_critical=True, fhir="Patient.name.family"
    )
    use_with = Code(
        RECIPIENT_KINDS,
        many=True,
        category=DEM,
        safety_critical=True,
        why="outing someone to their family is a harm; S002 R",
        fhir="decides whether Patient.name is emitted",
        text="recipient kinds; only on preferred. When absent: used with health "
        "recipients and the young person only, never with family, housing, "
        "voluntary sector or education",
    )


class ReasonableAdjustment(Section):
    """One adjustment that services must make."""

    id = Id(required=True, category=DEM, fhir="Flag.identifier")
    description = Text(
        required=True,
        category=DEM,
        safety_critical=True,
        why="Equality Act 2010 s20; DAPB4019",
        fhir="Flag.code.text (category: reasonable adjustment)",
    )
    needed_in_setting = String(
        category=DEM, why="S002 O sensory needs", fhir="Flag.code.text"
    )


class Neurodevelopmental(Section):
    """Diagnoses and assessments that must not get lost in the move."""

    autism = Code(
        ASSESSMENT_STATES,
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 O early assessment",
        fhir="Condition.code; Condition.verificationStatus; ServiceRequest.status",
    )
    adhd = Code(
        ASSESSMENT_STATES,
        required=True,
        category=CLN,
        safety_critical=True,
        why="S002 O",
        fhir="same",
    )
    learning_disability = Code(
        ASSESSMENT_STATES,
        required=True,
        category=CLN,
        safety_critical=True,
        why="MHA 2025; LeDeR",
        fhir="same",
    )
    who_owns_outstanding_assessment_ref = Ref(
        "members",
        category=CLN,
        safety_critical=True,
        why="lost-referral hazard at the boundary",
        fhir="Task.owner",
        text="required when any of the three is in progress or indicated",
    )
    referred_on = Date(
        category=CLN,
        safety_critical=True,
        why="S002 O early assessment",
        fhir="ServiceRequest.authoredOn",
    )
    where = String(
        category=CLN,
        safety_critical=True,
        why="S002 O; lost-referral hazard at the boundary",
        fhir="ServiceRequest.performer.display",
        text="the service that holds the referral",
    )
    expected_by = Date(
        category=CLN, why="S002 O", fhir="ServiceRequest.occurrencePeriod.end"
    )


class SocialCircumstances(Section):
    """Home and money."""

    accommodation_status = Code(
        "settled temporary at_risk none not_known",
        category=LOG,
        safety_critical=True,
        why="S000 housing vulnerability; S001 housing stability; S002 R 16 to 25",
        fhir="Observation.valueCodeableConcept",
    )
    tenancy_at_risk = Boolean(
        category=LOG,
        safety_critical=True,
        why="S000; S001",
        fhir="Observation.valueBoolean",
    )
    money = Text(
        category=SGD,
        why="S000 financial vulnerability",
        fhir="Observation.valueString",
        text="income, debts, benefits, who helps",
    )


class YoungPerson(Section):
    """Who the record is about, and what helps them."""

    nhs_number = NhsNumber(
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="HSCA 2012 s251A; MHSDS MPI",
        fhir="Patient.identifier (system https://fhir.nhs.uk/Id/nhs-number)",
        text="see 0.1; required unless nhs_number_status is not_present",
    )
    nhs_number_status = Code(
        "verified present_not_traced not_present",
        required=True,
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="wrong-person hazard",
        fhir="Patient.identifier.extension UKCore-NHSNumberVerificationStatus",
    )
    local_patient_id = String(
        required=True,
        category=DEM,
        safety_critical=True,
        why="MHSDS",
        fhir="Patient.identifier",
    )
    names = Several(PersonName, required=True, text="1 in every status")
    pronouns = String(
        category=DEM, why="S002 R", fhir="Patient.extension of our own (pronouns)"
    )
    pronouns_use_with = Code(
        RECIPIENT_KINDS,
        many=True,
        category=DEM,
        safety_critical=True,
        why="same",
        fhir="decides emission",
        text="as use_with",
    )
    gender_identity = Code(
        "female male non_binary other not_asked declined_to_say",
        category=SXG,
        why="S002 R; MHSDS",
        fhir="Patient.extension patient-genderIdentity",
    )
    gender_identity_text = String(
        category=SXG, why="S002 R", fhir="same extension .text", text="own words"
    )
    administrative_gender = Code(
        "female male other unknown",
        required=True,
        category=DEM,
        why="PDS matching",
        fhir="Patient.gender",
    )
    birth_sex = Code(
        "female male not_known not_disclosed",
        category=SXG,
        why="GRA 2004 s22 caution: never record whether a certificate exists",
        fhir="Patient.extension UKCore-BirthSex",
        text="send only when clinically needed",
    )
    accommodation_needs_relating_to_gender = Text(
        category=SXG,
        minimum=(SXG,),
        safety_critical=True,
        why="S002 R guiding principles on accommodating patients",
        fhir="CarePlan.activity.detail.description; Flag.code",
        text="what helps the person to feel safe (room, bathroom, searches); "
        "written so that it can be shared alone",
    )
    birth_date = Date(
        required=True,
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="drives every age rule",
        fhir="Patient.birthDate",
        text="not in the future (E_DATE_FUTURE); for transition types beginning "
        "inpatient_cyp or cyp: age 10 to 25 at planned_date, otherwise "
        "W_AGE_UNUSUAL",
    )
    ethnic_category = Code(
        ETHNIC_CATEGORIES,
        category=DEM,
        why="equality monitoring",
        fhir="Patient.extension UKCore-EthnicCategory",
        text="NHS Data Dictionary ETHNIC CATEGORY letter, or Z (not stated), or 99",
    )
    address_text = Text(category=DEM, safety_critical=True, fhir="Patient.address.text")
    postcode = String(category=DEM, fhir="Patient.address.postalCode")
    address_is_sensitive = Boolean(
        category=DEM,
        safety_critical=True,
        why="S000 domestic abuse, coercion; PDS restricted flag",
        fhir="Patient.meta.security; Patient.address omitted",
        text="true: address and postcode go to no one but health recipients and "
        "LA safeguarding",
    )
    phone = String(category=DEM, fhir="Patient.telecom")
    safe_to_contact_notes = Text(
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="S000 coercion",
        fhir="Patient.telecom extension; Flag.code",
        text="who may overhear or read; no voicemail; and so on",
    )
    preferred_language = LanguageTag(
        category=DEM,
        minimum=(DEM,),
        why="AIS (DAPB1605)",
        fhir="Patient.communication.language",
        text="BCP 47",
    )
    interpreter_required = Boolean(
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="AIS",
        fhir="Patient.extension patient-interpreterRequired",
    )
    information_formats = Code(
        INFORMATION_FORMATS,
        many=True,
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="AIS (DAPB1605); NG43",
        fhir="Flag.code (category: reasonable adjustment)",
    )
    communication_needs = Text(
        category=DEM,
        minimum=(DEM,),
        safety_critical=True,
        why="NG43 1.1.2; AIS; PRSB About Me",
        fhir="Flag.code; Patient.communication",
        text="incl. how distress shows, and what to avoid",
    )
    reasonable_adjustments = Several(ReasonableAdjustment)
    neurodevelopmental = One(Neurodevelopmental, required=True)
    looked_after_status = Code(
        "none looked_after care_leaver previously_looked_after",
        category=SGD,
        why="NG43; S002 R 16 to 25",
        fhir="Condition or Observation (social context)",
    )
    education_status = Code(
        "in_education ehcp_in_place employment_or_training "
        "not_in_education_or_work not_known",
        category=LOG,
        why="NG43; S002 R closer co-operation with education",
        fhir="Observation.valueCodeableConcept",
    )
    caring_responsibilities = Text(
        category=LOG, why="NG43 1.1.2", fhir="Observation.valueString"
    )
    social_circumstances = One(SocialCircumstances)
    about_me = LongText(
        category=LOG,
        why="PRSB About Me; NG43 personal folder",
        fhir="Composition.section.text",
        text="own words: what matters, how to support me",
    )
