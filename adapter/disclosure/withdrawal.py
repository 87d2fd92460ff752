"""Withdrawing what was sent: to whom it goes by itself, and which number it gives.

Apart from deciding: a record that is withdrawn lets nothing leave, and yet its earlier
holders must be told to stop. Source: disclosure rules, section 8, W1 to W3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.disclosure.gates import first_gate
from adapter.record.model import Record

_NEVER = frozenset({"G2a", "G3", "G4"})

#: Kinds whose recipient is a person, or may be one; the sending team rings them.
PERSONS = frozenset(
    {"advocate", "community_placement_carer", "family_member", "young_person"}
)


def why_not_by_itself(record: Record, recipient: Mapping[str, Any]) -> str | None:
    """Why no withdrawal goes to this recipient unattended; None when it may go.

    ``person``, ``without_ods_code``, or the gate: ``g2a``, ``g3`` or ``g4``. The gates
    are asked as if the record were still active, for its status alone would hide them.
    Source: disclosure rules, W2.
    """
    tree = {**record.tree, "status": "active"}
    gate = first_gate(tree, recipient)
    if gate is not None and gate[0] in _NEVER:
        return gate[0].lower()
    if recipient.get("kind") in PERSONS or recipient.get("person_ref"):
        return "person"
    if not recipient.get("ods_code"):
        return "without_ods_code"
    return None


def number_to_ring(record: Record) -> str | None:
    """The number that a withdrawal gives; None where the record has none.

    The transition worker's phone, else that of the first crisis contact available
    always. Whom it belongs to is not said. Source: disclosure rules, W1.
    """
    worker = record.tree.get("transition", {}).get("named_transition_worker_ref")
    phone = (record.find(worker or "") or {}).get("phone")
    if phone:
        return str(phone)
    plan = record.tree.get("safety", {}).get("safety_plan", {})
    for contact in plan.get("crisis_contacts", ()):
        if contact.get("available") == "always" and contact.get("phone"):
            return str(contact["phone"])
    return None
