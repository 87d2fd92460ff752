"""An item of the worklist as it is told to the sending team: why, whom to ring, how.

The reason and the number are read from decision and record when they are asked for;
neither stands in the worklist.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapter.clock import format_instant
from adapter.record.model import Record
from adapter.store import Store
from adapter.store.holds import find_hold
from adapter.store.records import load_decisions, load_record
from adapter.store.worklist import RELEASE_VIEW, Item
from adapter.worklist.words import purpose_of, reason_in_words


class Telling:
    """Tells items, each record and each decision read once."""

    def __init__(self, store: Store, base_url: str, at: datetime) -> None:
        self._store = store
        self._base_url = base_url
        self._at = at
        self._records: dict[tuple[str, str], Record | None] = {}
        self._obligations: dict[tuple[str, str, int], dict[str, dict[str, str]]] = {}

    def item(self, item: Item) -> dict[str, Any]:
        """The item with its reason in words and the number to ring."""
        purpose = purpose_of(item.purpose)
        taken = next(
            (each for each in reversed(item.history) if each["verb"] == "take"), None
        )
        is_taken = item.taken_at is not None and taken is not None
        return {
            "id": item.id,
            "url": f"{self._base_url}/worklist/{item.id}",
            "purpose": item.purpose,
            "what": purpose.what,
            "how_to_close": purpose.how_to_close,
            "state": item.state,
            "due": _optional(item.due),
            "is_overdue": item.closed_at is None
            and item.due is not None
            and item.due <= self._at,
            "owner": item.owner,
            "taken_by": {"name": taken["name"], "role": taken["role"]}
            if is_taken and taken
            else None,
            "ring": self._ring(item),
            "about": [self._entry(item, each) for each in item.about],
            "history": [{"delivery_id": None, **each} for each in item.history],
            "opened_at": format_instant(item.opened_at),
            "changed_at": format_instant(item.changed_at),
            "closed_at": _optional(item.closed_at),
        }

    def _entry(self, item: Item, entry: Mapping[str, Any]) -> dict[str, Any]:
        told = {
            name: entry.get(name)
            for name in (
                "record_id",
                "record_version",
                "recipient_id",
                "delivery_id",
                "reason",
            )
        }
        held = self._held(item, entry)
        why = reason_in_words(entry["reason"])
        if entry["reason"] == item.purpose:
            made = self._duties(item.ods_code, entry)
            why = made.get(item.purpose, purpose_of(item.purpose).what)
        path, due = entry.get("path"), entry.get("due")
        return {**told, "why": why, "path": path, "due": due, "held": held}

    def _held(self, item: Item, entry: Mapping[str, Any]) -> dict[str, Any] | None:
        """What people are asked to release; None for what is no such thing."""
        if item.purpose != RELEASE_VIEW:
            return None
        hold = find_hold(self._store, entry["delivery_id"])
        if hold is None:
            return None
        delivery, since = hold.delivery, hold.delivery.created_at
        record = f"{quote(delivery.ods_code)}/{quote(delivery.record_id, safe='')}"
        return {
            "recipient_kind": delivery.recipient_kind,
            "since": format_instant(since),
            "age_minutes": max(self._at - since, timedelta()) // timedelta(minutes=1),
            "releases_needed": hold.persons,
            "releases_missing": hold.missing,
            "released_by": list(hold.releases),
            "decisions": f"{self._base_url}/records/{record}/decisions"
            f"?version={delivery.record_version}",
            "preview": f"{self._base_url}/deliveries/{delivery.id}/redrive",
        }

    def _duties(self, ods_code: str, entry: Mapping[str, Any]) -> dict[str, str]:
        """What the decision on that recipient says of each duty, by its code."""
        key = (ods_code, entry["record_id"], entry["record_version"])
        if key not in self._obligations:
            self._obligations[key] = {
                each.recipient_id: {
                    duty["code"]: duty["detail"]
                    for duty in each.as_json()["obligations"]
                }
                for each in load_decisions(self._store, *key)
            }
        return self._obligations[key].get(entry.get("recipient_id") or "", {})

    def _ring(self, item: Item) -> dict[str, str] | None:
        for entry in reversed(item.about):
            record = self._record(item.ods_code, entry["record_id"])
            found = number_to_ring(record) if record else None
            if found is not None:
                return found
        return None

    def _record(self, ods_code: str, record_id: str) -> Record | None:
        key = (ods_code, record_id)
        if key not in self._records:
            stored = load_record(self._store, *key)
            self._records[key] = stored.record() if stored else None
        return self._records[key]


def number_to_ring(record: Record) -> dict[str, str] | None:
    """The transition worker's number, else that of a crisis contact always available.

    None when the record has neither. Source: disclosure rules, section 8.
    """
    worker = record.tree.get("transition", {}).get("named_transition_worker_ref")
    phone = (record.find(worker or "") or {}).get("phone")
    if phone:
        return {"number": str(phone), "whose": "transition_worker"}
    plan = record.tree.get("safety", {}).get("safety_plan", {})
    for contact in plan.get("crisis_contacts", ()):
        if contact.get("available") == "always" and contact.get("phone"):
            return {"number": str(contact["phone"]), "whose": "crisis_contact"}
    return None


def _optional(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
