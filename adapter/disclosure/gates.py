"""The gates: what ends the matter before any table is looked at.

Each is a short function that returns its reason or None. G0 is not here: a record that
failed validation never becomes a ``Record``. The gates read no clock.
Source: disclosure rules, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.record.vocabulary import ACTIVE_STATUSES, RECIPIENT_KINDS

_PERSONS = frozenset({"family_member", "community_placement_carer"})


def first_gate(
    tree: Mapping[str, Any], recipient: Mapping[str, Any] | None
) -> tuple[str, str] | None:
    """The first gate that withholds everything, with its reason; None when none does.

    ``recipient`` is the entry of ``consent_and_sharing.recipients``, None when the
    record lists no such id.
    """
    if tree.get("status") not in ACTIVE_STATUSES:
        return "G1", "RECORD_NOT_ACTIVE"
    if recipient is None or recipient.get("kind") not in RECIPIENT_KINDS:
        return "G2", "RECIPIENT_UNKNOWN"
    if "death" in tree.get("outcomes_monitoring", {}):
        return "G2a", "PERSON_DECEASED"
    if reason := _barred(tree, recipient):
        return "G3", reason
    if _is_alleged_source(tree, recipient):
        return "G4", "RECIPIENT_IMPLICATED"
    return None


def is_implicated_organisation(
    tree: Mapping[str, Any], recipient: Mapping[str, Any]
) -> bool:
    """True when G4b withholds safeguarding: the organisation, or someone who works
    there, is an alleged source of harm in a concern that is not closed.
    """
    ods = recipient.get("ods_code")
    if not ods:
        return False
    members = {each["id"]: each for each in _members(tree) if "id" in each}
    for concern in _live_concerns(tree):
        if ods in concern.get("alleged_source_ods", ()):
            return True
        for ref in concern.get("alleged_source_refs", ()):
            if members.get(ref, {}).get("organisation_ods") == ods:
                return True
    return False


def _barred(tree: Mapping[str, Any], recipient: Mapping[str, Any]) -> str | None:
    """G3. A person who should be in the record and is not counts as not known."""
    ref = recipient.get("person_ref")
    people = tree.get("family_and_carers", {}).get("people", ())
    for person in people:
        if ref is not None and person.get("id") == ref:
            restriction = person.get("contact_restriction", "not_known")
            if restriction == "none":
                return None
            if restriction == "not_known":
                return "RESTRICTION_NOT_KNOWN"
            return "RECIPIENT_BARRED"
    return "RESTRICTION_NOT_KNOWN" if recipient.get("kind") in _PERSONS else None


def _is_alleged_source(tree: Mapping[str, Any], recipient: Mapping[str, Any]) -> bool:
    ref = recipient.get("person_ref")
    return ref is not None and any(
        ref in concern.get("alleged_source_refs", ())
        for concern in _live_concerns(tree)
    )


def _live_concerns(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    concerns = tree.get("safeguarding", {}).get("concerns", ())
    return [each for each in concerns if each.get("status") != "closed"]


def _members(tree: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    members: Sequence[Mapping[str, Any]] = tree.get("care_team", {}).get("members", ())
    return members
