"""Safeguarding alerts, complaints and quality concerns.

Source: record model, section 5.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import Code, Date, Id, OdsCode, Ref, Section, String, Text
from adapter.record.sections.item_controls import ItemControls
from adapter.record.vocabulary import SGD


class Investigation(Section):
    """Who looks into a concern, and what came of it."""

    lead_ref = Ref(
        "members",
        "agencies",
        category=SGD,
        safety_critical=True,
        why="S003 internal investigations",
        fhir="Task.owner",
    )
    started_on = Date(category=SGD, why="S003", fhir="Task.executionPeriod.start")
    ended_on = Date(category=SGD, why="S003", fhir="Task.executionPeriod.end")
    outcome = Text(
        category=SGD,
        safety_critical=True,
        why="S003 quality and outcomes monitored",
        fhir="Task.output.valueString",
    )
    learning = Text(
        category=SGD,
        why="S003; S000 learning and assurance",
        fhir="Task.output.valueString",
    )


class BestInterests(Section):
    """Who was consulted for someone who lacks capacity about safety."""

    consulted_refs = Ref(
        "people",
        "members",
        many=True,
        category=SGD,
        safety_critical=True,
        why="S003; MCA s4",
        fhir="DocumentReference.context.related",
        text="family or close friends",
    )
    imca_ref = Ref(
        "members",
        category=SGD,
        safety_critical=True,
        why="S003; MCA s37 to s39",
        fhir="CareTeam.participant.member",
        text="where there is no family or friend",
    )
    record = Text(
        category=SGD,
        safety_critical=True,
        why="MCA s4; S003",
        fhir="DocumentReference.description",
        text="wishes and feelings, less restrictive options",
    )


class Informed(Section):
    """One party that was told of a concern."""

    id = Id(required=True, category=SGD)
    party = Code(
        "commissioner provider regulator_cqc la_safeguarding police gp "
        "family receiving_service",
        required=True,
        category=SGD,
        safety_critical=True,
        why="S003",
        fhir="Communication.recipient",
    )
    on = Date(required=True, category=SGD, why="S003", fhir="Communication.sent")
    what = Text(category=SGD, why="S003", fhir="Communication.payload.contentString")


class Concern(ItemControls):
    """One safeguarding alert, complaint or quality concern."""

    id = Id(
        required=True,
        category=SGD,
        safety_critical=True,
        fhir="Flag.identifier (safeguarding_alert only); Task.identifier (all kinds)",
    )
    kind = Code(
        "safeguarding_alert complaint quality_concern",
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S003",
        fhir="Flag.category (safeguarding_alert only); Task.code",
        text="a complaint or quality concern is never routed as an alert, never "
        "a Flag, and raising one must not count against the person",
    )
    types = Code(
        "self_neglect physical sexual emotional neglect domestic_abuse "
        "coercive_control criminal_exploitation sexual_exploitation "
        "financial discriminatory organisational modern_slavery "
        "radicalisation online housing other",
        required=True,
        many=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        why="S000; Care Act guidance; Working Together",
        fhir="Flag.code (safeguarding_alert only); Observation.code",
    )
    description = Text(
        required=True,
        category=SGD,
        safety_critical=True,
        why="S000",
        fhir="Observation.valueString (a Flag points to it by extension flag-detail)",
    )
    status = Code(
        "open monitoring closed",
        required=True,
        category=SGD,
        minimum=(SGD,),
        safety_critical=True,
        fhir="Flag.status (safeguarding_alert only); Task.status",
    )
    raised_on = Date(
        category=SGD,
        why="S003",
        fhir="Observation.effectiveDateTime; Flag.period.start",
    )
    raised_by_ref = Ref(
        "young_person",
        "people",
        "members",
        category=SGD,
        safety_critical=True,
        why="S003 (reluctance to raise concerns)",
        fhir="Flag.author unless it is a RelatedPerson; Task.requester",
    )
    arose = Code(
        "before_transition during_transition after_transition",
        category=SGD,
        why="S000 tracking concerns arising during transitions",
        fhir="Observation.component",
    )
    closed_on = Date(
        category=SGD, why="S000", fhir="Flag.period.end; Task.executionPeriod.end"
    )
    outcome = Text(
        category=SGD,
        safety_critical=True,
        why="S003 outcomes monitored",
        fhir="Task.output.valueString",
    )
    statutory_threshold = Code(
        "none s17_child_in_need s47_significant_harm s42_care_act_enquiry not_decided",
        category=SGD,
        safety_critical=True,
        why="Children Act 1989; Care Act 2014",
        fhir="Flag.code",
        text="required for safeguarding_alert, forbidden for any other kind "
        "(E_COMPLAINT_TREATED_AS_ALERT)",
    )
    response_level = Code(
        "advice_and_guidance provider_led_response multi_agency_discussion "
        "la_enquiry police_and_la",
        category=SGD,
        safety_critical=True,
        why="S003 proportionality, response levels",
        fhir="Task.code",
        text="this levels the RESPONSE, never the person; required for "
        "safeguarding_alert, forbidden for any other kind "
        "(E_COMPLAINT_TREATED_AS_ALERT)",
    )
    response_rationale = Text(
        required=True,
        category=SGD,
        why="S003 transparency",
        fhir="Task.reasonCode",
        text="why proportionate",
    )
    decided_by_ref = Ref(
        "members",
        category=SGD,
        safety_critical=True,
        why="S003 good decision making",
        fhir="Task.requester; Provenance.agent.who",
        text="who decided threshold and response",
    )
    decided_on = Date(category=SGD, why="S003", fhir="Task.authoredOn")
    procedure_name_and_version = String(
        category=SGD,
        why="S003 multi-agency procedures",
        fhir="Task.note",
        text="the multi-agency procedure followed",
    )
    who_leads = Code(
        "provider local_authority police joint",
        category=SGD,
        safety_critical=True,
        why="S003 (when a provider may lead)",
        fhir="Task.owner",
        text="required for safeguarding_alert, forbidden for any other kind "
        "(E_COMPLAINT_TREATED_AS_ALERT); provider gives "
        "W_PROVIDER_LEADS_OWN_ALLEGATION when the provider is itself "
        "alleged",
    )
    alleged_source_refs = Ref(
        "people",
        "members",
        many=True,
        category=SGD,
        safety_critical=True,
        why="disclosure to a source of harm",
        fhir="Observation.component, to la_safeguarding, adult_mh_service and "
        "cyp_mh_service only",
        text="such a person is an implicated recipient (rule G4)",
    )
    alleged_source_ods = OdsCode(
        many=True,
        category=SGD,
        safety_critical=True,
        why="S003 (when a provider may lead); disclosure to a source of harm",
        fhir="Observation.component, to la_safeguarding, adult_mh_service and "
        "cyp_mh_service only",
        text="such an organisation is an implicated recipient (rule G4b)",
    )
    alleged_source_kind = Code(
        "staff organisation other_resident family stranger not_known",
        category=SGD,
        safety_critical=True,
        why="S003",
        fhir="Observation.component, to la_safeguarding, adult_mh_service and "
        "cyp_mh_service only",
    )
    alleged_source_text = Text(
        category=SGD,
        safety_critical=True,
        why="S003",
        fhir="Observation.component, to la_safeguarding, adult_mh_service and "
        "cyp_mh_service only",
        text="when there is nobody to refer to",
    )
    person_view = Text(
        category=SGD,
        safety_critical=True,
        why="S000, S003, MSP",
        fhir="Observation.note",
        text="what the young person wants to happen",
    )
    wanted_outcome = Text(
        category=SGD,
        safety_critical=True,
        why="MSP; S000",
        fhir="Goal.description.text",
        text="own words where possible",
    )
    wanted_outcome_met = Code(
        "yes partly no not_known",
        category=SGD,
        why="MSP; S003 outcomes monitored",
        fhir="Goal.achievementStatus",
    )
    autonomy_balance = Text(
        category=SGD,
        safety_critical=True,
        why="S000 balance autonomy with protection",
        fhir="Task.note",
        text="how protection and the person's own choice were weighed",
    )
    explained_to_person = Code(
        "explained_agrees explained_disagrees not_yet unsafe_to_explain",
        required=True,
        category=SGD,
        safety_critical=True,
        why="S003 (understand reasons for decisions they oppose)",
        fhir="Communication.status",
    )
    why_not_explained = Text(
        category=SGD,
        safety_critical=True,
        why="S003",
        fhir="Communication.statusReason",
        text="required when not_yet or unsafe_to_explain",
    )
    reasons_given_to_person = Text(
        category=SGD,
        safety_critical=True,
        why="S003 (understand reasons for decisions they oppose)",
        fhir="Communication.payload.contentString",
        text="required when explained_disagrees",
    )
    mitigation_refs = Ref(
        "mitigations",
        many=True,
        category=SGD,
        safety_critical=True,
        why="S000",
        fhir="CarePlan.activity",
    )
    investigation = One(Investigation)
    best_interests = One(BestInterests)
    informed = Several(Informed)
