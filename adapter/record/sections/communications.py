"""The log of communications.

Source: record model, section 11.
"""

from __future__ import annotations

from adapter.record.fields import Code, DateTime, Id, Ref, String, Text
from adapter.record.sections.item_controls import ItemControls
from adapter.record.vocabulary import CATEGORIES, LOG


class LoggedCommunication(ItemControls):
    """One message to a recipient, and what became of it."""

    id = Id(
        required=True,
        category=LOG,
        safety_critical=True,
        fhir="Communication.identifier",
    )
    recipient_ref = Ref(
        "recipients",
        required=True,
        category=LOG,
        safety_critical=True,
        why="S002 R",
        fhir="Communication.recipient",
    )
    sent_at = DateTime(
        category=LOG,
        safety_critical=True,
        fhir="Communication.sent",
        text="absent when status is planned",
    )
    status = Code(
        "planned sent delivered acknowledged failed not_sent",
        required=True,
        category=LOG,
        safety_critical=True,
        why="an unread handover is an unsafe handover",
        fhir="Communication.status; .received",
    )
    acknowledged_by = String(
        category=LOG,
        safety_critical=True,
        why="S002 R",
        fhir="Communication.received; Task.owner",
        text="a named person; required when acknowledged",
    )
    acknowledged_at = DateTime(
        category=LOG, safety_critical=True, fhir="Communication.received", text="same"
    )
    medium = Code(
        "fhir_push fhir_pull mesh secure_email phone in_person letter",
        required=True,
        category=LOG,
        fhir="Communication.medium",
    )
    summary = Text(
        required=True, category=LOG, fhir="Communication.payload.contentString"
    )
    categories_sent = Code(
        CATEGORIES,
        many=True,
        category=LOG,
        safety_critical=True,
        why="accountability",
        fhir="not carried (else Communication.meta.security)",
        text="category codes",
    )
    not_sent_reason = Text(
        category=LOG,
        safety_critical=True,
        fhir="Communication.statusReason",
        text="required when failed or not_sent",
    )
