"""What items that someone may have confided, or disputes, carry (the daggered rows).

Source: record model, section 0.
"""

from __future__ import annotations

from adapter.record.fields import Boolean, Code, Ref, Section, Text
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS


class ItemControls(Section):
    """What the four kinds of daggered items may carry beside their own fields."""

    extra_categories = Code(
        CATEGORIES,
        many=True,
        safety_critical=True,
        why="an item can belong to several categories; the most restrictive "
        "outcome wins",
        fhir="resource.meta.security",
        text="any category code of the disclosure rules",
    )
    information_source = Code(
        "young_person family third_party professional observed",
        safety_critical=True,
        why="S002 O (listening to families), GMC",
        fhir="Provenance.agent.who; Provenance.entity",
    )
    informant_ref = Ref(
        "people",
        "members",
        safety_critical=True,
        why="who must be protected",
        fhir="Provenance.agent.who",
    )
    given_in_confidence = Boolean(
        safety_critical=True,
        why="GMC; NHS England carers guidance",
        fhir="resource.meta.security",
        text="true adds category family_confidential (information_source family)"
        " or third_party (third_party or professional); true with any other"
        " information_source, or none, is E_CONFIDENCE_SOURCE",
    )
    informant_agrees_to_share_with = Code(
        RECIPIENT_KINDS,
        many=True,
        safety_critical=True,
        why="GMC; S002 O (listening to families)",
        fhir="not emitted; decides the outcome",
        text="recipient kinds that the informant has agreed may be told",
    )
    withhold_from_young_person = Boolean(
        safety_critical=True,
        why="DPA 2018 Sch 3 Pt 2",
        fhir="resource.meta.security",
        text="true only with withhold_reason; a named health professional's "
        "serious-harm judgement",
    )
    withhold_reason = Text(
        safety_critical=True,
        why="same",
        fhir="Provenance.reason",
        text="required when the flag above is true",
    )
    agreement = Code(
        "agreed partly_agreed disputed not_discussed",
        safety_critical=True,
        why="S003 (decisions they do not agree with); S004 co-production",
        fhir="extension of our own (agreement) on the item's resource",
        text="the young person's own position on this item",
    )
    young_persons_words = Text(
        safety_critical=True,
        why="S000, S004; MSP",
        fhir="Annotation with authorReference Patient (RiskAssessment.note, "
        "CarePlan.note, Observation.note)",
        text="own words, not edited",
    )
    co_produced_with = Ref(
        "young_person",
        "people",
        "members",
        many=True,
        why="S004 co-production",
        fhir="CarePlan.contributor; Provenance.agent.who",
    )
