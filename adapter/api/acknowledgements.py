"""What a recipient answered, as its sender sees it: who, in which role, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from adapter.bundle.ids import Ids
from adapter.clock import format_instant
from adapter.store import Store
from adapter.store.deliveries import Delivery
from adapter.store.tasks import StoredTask, find_task


def task_of(delivery: Delivery, store: Store, key: bytes) -> StoredTask | None:
    """The acceptance Task of what a delivery carries; None when it has none."""
    ids = Ids(key, delivery.ods_code, delivery.record_id, delivery.recipient_id)
    with store.reading() as connection:
        return find_task(connection, ids.task_id(delivery.view_version))


def acknowledgement_as_json(task: StoredTask) -> dict[str, Any]:
    """The Task's state, and who answered; ``by`` is None before an answer."""
    body = orjson.loads(task.body.plain())
    return {
        "task_id": task.id,
        "status": task.status,
        "reason": _words(body.get("statusReason")),
        "business_status": _words(body.get("businessStatus")),
        "by": _person(body),
        "at": format_instant(task.last_updated),
    }


def _person(task: Mapping[str, Any]) -> dict[str, str | None] | None:
    contained = {f"#{each.get('id')}": each for each in task.get("contained", ())}
    role = contained.get(task.get("owner", {}).get("reference"), {})
    person = contained.get(role.get("practitioner", {}).get("reference"))
    if person is None:
        return None
    return {
        "name": next(map(_full_name, person.get("name", ())), None),
        "role": next(map(_words, role.get("code", ())), None),
    }


def _full_name(name: Mapping[str, Any]) -> str | None:
    parts = [*name.get("given", ()), name.get("family")]
    return name.get("text") or " ".join(part for part in parts if part) or None


def _words(concept: Mapping[str, Any] | None) -> str | None:
    """What a CodeableConcept says: its text, else a display, else a code."""
    if concept is None:
        return None
    codings = concept.get("coding", ())
    said = [coding.get("display") or coding.get("code") for coding in codings]
    return concept.get("text") or next(iter(said), None)
