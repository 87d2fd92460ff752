"""Where the next place is, whether it was wanted, and who keeps watch from afar.

Source: record model, section 3.
"""

from __future__ import annotations

from adapter.record.containers import Several
from adapter.record.fields import Boolean, Code, Date, Id, OdsCode, Ref, Section, Text
from adapter.record.vocabulary import CLN, FAM, LOG


class PlacePreference(Section):
    """Where the young person wants to be, and whether that was met."""

    wishes = Text(
        category=LOG,
        safety_critical=True,
        why="S002 R document wishes",
        fhir="Goal.description; Consent not used",
        text="where and near whom the person wants to be",
    )
    asked = Code(
        "asked not_asked could_not_express",
        required=True,
        category=LOG,
        why="S002 R",
        fhir="Observation.valueCodeableConcept",
        text="not_asked gives W_PLACE_WISHES_NOT_ASKED",
    )
    family_wishes = Text(
        category=FAM,
        why="S002 R family voice",
        fhir="Goal.note",
        text="category family_confidential unless "
        "family_wishes_given_in_confidence is false, then "
        "transition_logistics",
    )
    family_wishes_given_in_confidence = Boolean(
        safety_critical=True,
        why="GMC; S002 R family voice",
        fhir="meta.security",
        text="default true (fail closed)",
    )
    met = Code(
        "met partly_met not_met",
        category=LOG,
        why="S002 R",
        fhir="Goal.achievementStatus",
    )
    why_not_met = Text(
        category=LOG,
        why="S002 R",
        fhir="Goal.statusReason",
        text="required when partly_met or not_met",
    )


class OversightContact(Section):
    """One contact by which the sending service keeps watch."""

    id = Id(required=True, category=LOG, fhir="Task.identifier")
    due_on = Date(
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 O clinical and welfare oversight",
        fhir="Task.restriction.period.end",
    )
    done_on = Date(
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="Task.executionPeriod.end",
    )
    finding = Text(
        category=CLN, safety_critical=True, why="S002 O", fhir="Task.output.valueString"
    )


class OutOfArea(Section):
    """Who keeps watch, and the way back, when the place is far from home."""

    is_out_of_area = Code(
        "yes no not_known",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 out of area",
        fhir="CarePlan.category",
        text="not_known gives W_NOT_KNOWN",
    )
    reason = Text(category=LOG, why="S002 out of area", fhir="CarePlan.note")
    responsible_commissioner_ods = OdsCode(
        category=LOG,
        safety_critical=True,
        why="S002 R future accountability",
        fhir="Organization.identifier",
    )
    sending_ods_code = OdsCode(
        category=LOG,
        safety_critical=True,
        why="S002 O sending hospital keeps oversight",
        fhir="CareTeam.managingOrganization",
        text="required when out of area",
    )
    oversight_lead_ref = Ref(
        "members",
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="CareTeam.participant.member",
        text="required when out of area",
    )
    oversight_arrangement = Text(
        category=LOG,
        safety_critical=True,
        why="S002 O",
        fhir="CarePlan.activity.detail",
        text="required when out of area: contact rhythm, welfare checks",
    )
    return_plan = Text(
        category=LOG,
        why="S002 O return as soon as possible",
        fhir="CarePlan.activity.detail",
        text="required when out of area",
    )
    expected_return_on = Date(
        category=LOG,
        why="S002 O return as soon as possible",
        fhir="CarePlan.activity.detail.scheduledPeriod.end",
    )
    oversight_contacts = Several(OversightContact)
