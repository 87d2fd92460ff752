"""The envelope: who sends, which version, and what is not yet known.

Source: record model, sections 1 and 1.1.
"""

from __future__ import annotations

from adapter.record.fields import (
    Code,
    Date,
    DateTime,
    Id,
    Integer,
    OdsCode,
    RecordKey,
    Ref,
    Section,
    String,
    Text,
)
from adapter.record.vocabulary import LOG


class SourceSystem(Section):
    """The organisation and the product that send the record."""

    ods_code = OdsCode(
        required=True,
        safety_critical=True,
        why="design",
        fhir="Provenance.agent.who (Organization.identifier)",
        text="sending organisation",
    )
    name = String(
        required=True,
        why="design",
        fhir="Provenance.agent.who (Device.deviceName)",
        text="EHR product or instance",
    )
    version = String(why="design", fhir="Device.version")


class Supersedes(Section):
    """The record, or the version of this one, that this one replaces."""

    record_id = RecordKey(
        required=True,
        safety_critical=True,
        why="design",
        fhir="CarePlan.replaces; Composition.relatesTo",
        text="this record's own: supersedes.record_version names an earlier "
        "version; another of the same sender: that record becomes "
        "superseded when this one is accepted. An unknown target is "
        "worklist, not refusal",
    )
    record_version = Integer(
        lowest=1,
        required=True,
        safety_critical=True,
        why="design",
        fhir="Composition.relatesTo.targetIdentifier",
        text="below record_version when record_id is this record's own "
        "(otherwise E_SCHEMA)",
    )


class CoProduction(Section):
    """How far the young person had a hand in the record."""

    level = Code(
        "written_with_young_person young_person_commented "
        "explained_to_young_person not_yet_involved",
        required=True,
        category=LOG,
        why="S004 co-production; NG43; S002",
        fhir="CarePlan.contributor; CarePlan.note",
    )
    what_was_not_possible_and_why = Text(
        category=LOG,
        why="S004 (balance of speed and involvement)",
        fhir="CarePlan.note",
        text="required when not_yet_involved",
    )
    copy_given_to_young_person_at = DateTime(
        category=LOG, why="NG43 personal folder; NG53", fhir="Communication.sent"
    )
    revisit_on = Date(
        category=LOG,
        why="S004 (balance of speed and involvement)",
        fhir="Task.restriction.period",
        text="when involvement is tried again",
    )


class DeclaredGap(Section):
    """What is not yet known, why, who fills it and by when."""

    id = Id(required=True, safety_critical=True, why="design", fhir="Task.identifier")
    path = String(
        required=True,
        safety_critical=True,
        why="design: a declared gap is safer than a refused handover",
        fhir="extension of our own (declared-gap) on CarePlan",
        text="a path as issues give it, or a parent of it",
    )
    reason = Text(
        required=True,
        safety_critical=True,
        why="S002 R (essential safety information)",
        fhir="not carried (else Task.statusReason)",
    )
    who_fills_ref = Ref(
        "members",
        required=True,
        safety_critical=True,
        why="S000 named leads",
        fhir="Task.owner",
    )
    by = DateTime(
        required=True,
        safety_critical=True,
        why="design: not open-ended",
        fhir="Task.restriction.period.end",
    )
    authorised_by_ref = Ref(
        "members",
        required=True,
        safety_critical=True,
        why="design: a named human decides",
        fhir="not carried (else Provenance.agent.who)",
    )
