"""Handovers that wait for an answer, and how a person here gives one.

An answer is an update of the Task at the adapter: read it, change what a receiver may
change, and put it back on the condition that nobody changed it meanwhile.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from adapter.canonical import ODS_SYSTEM
from adapter.clock import Clock
from adapter.receiver.holdings import Holdings, Resource
from adapter.receiver.identity import Identity
from adapter.receiver.outcomes import Refused

ANSWERABLE = frozenset({"requested", "received"})
TIMEOUT = (3.0, 10.0)

_ROLE_ID = "answered-by"
_PERSON_ID = "answered-by-person"


@dataclass(frozen=True)
class Person:
    """Who answers here, and as what."""

    name: str
    role: str


class Inbox:
    """The handovers among what the receiver holds."""

    def __init__(
        self,
        holdings: Holdings,
        identity: Identity,
        clock: Clock,
        sessions: Callable[[], requests.Session],
    ) -> None:
        self._holdings = holdings
        self._identity = identity
        self._clock = clock
        self._sessions = sessions

    def listed(self) -> list[dict[str, Any]]:
        """The Tasks that ask for an answer, unanswered ones first."""
        tasks = [task for task in self._holdings.all_of("Task") if reply_to(task)]
        tasks.sort(key=lambda task: task.get("status") not in ANSWERABLE)
        return [_summary(task) for task in tasks]

    def answer(
        self, task_id: str, status: str, person: Person, reason: str | None
    ) -> dict[str, Any]:
        """The handover after a person accepted or rejected it at the adapter.

        Refused when there is no such handover (404), when it was answered before or
        cannot be answered from here (409), and when the adapter did not take the answer
        (502); then nothing has changed here.
        """
        own = self._holdings.read("Task", task_id)
        address = reply_to(own) if own else None
        if own is None or address is None:
            raise Refused(404, "not-found", "no such handover")
        if own.get("status") not in ANSWERABLE:
            raise Refused(409, "conflict", "this handover was answered already")
        if not self._may_reply_to(address):
            raise Refused(409, "forbidden", "its reply-to is not at the adapter")
        changes = self._changes(status, person, reason)
        self._update_at_adapter(address, changes)
        with self._holdings.transaction():
            changed = _changed(own, changes)
            self._holdings.write("Task", task_id, changed, self._clock())
        return _summary(changed)

    def _may_reply_to(self, address: str) -> bool:
        """The token is shown at the adapter only, whatever a Bundle says."""
        if self._identity.adapter_token is None:
            raise Refused(409, "login", "the receiver was given no token for it")
        known = self._identity.adapter_url
        if known is not None:
            return address.startswith(known.rstrip("/") + "/")
        parts = urlsplit(address)
        if parts.hostname == "localhost":
            return True
        try:
            return ipaddress.ip_address(parts.hostname or "").is_loopback
        except ValueError:
            return False

    def _changes(self, status: str, person: Person, reason: str | None) -> Resource:
        organisation = {
            "identifier": {"system": ODS_SYSTEM, "value": self._identity.ods_code},
            "display": self._identity.name,
        }
        role = {
            "resourceType": "PractitionerRole",
            "id": _ROLE_ID,
            "practitioner": {"reference": f"#{_PERSON_ID}"},
            "organization": organisation,
            "code": [{"text": person.role}],
        }
        practitioner = {
            "resourceType": "Practitioner",
            "id": _PERSON_ID,
            "name": [{"text": person.name}],
        }
        changes: Resource = {
            "status": status,
            "contained": [role, practitioner],
            "owner": {"reference": f"#{_ROLE_ID}", "display": person.name},
        }
        if reason:
            changes["statusReason"] = {"text": reason}
        return changes

    def _update_at_adapter(self, address: str, changes: Resource) -> None:
        headers = {
            "Authorization": f"Bearer {self._identity.adapter_token}",
            "Accept": "application/fhir+json",
        }
        with self._sessions() as session:
            session.trust_env = False
            task, etag = self._read_at_adapter(session, address, headers)
            headers["If-Match"] = etag
            headers["Content-Type"] = "application/fhir+json"
            try:
                put = session.put(
                    address,
                    json=_changed(task, changes),
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
            except requests.RequestException:
                raise _unanswered("PUT") from None
            if not 200 <= put.status_code < 300:
                raise _unanswered("PUT", put.status_code)

    def _read_at_adapter(
        self, session: requests.Session, address: str, headers: dict[str, str]
    ) -> tuple[Resource, str]:
        try:
            got = session.get(
                address, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException:
            raise _unanswered("GET") from None
        if got.status_code != 200:
            raise _unanswered("GET", got.status_code)
        try:
            task = got.json()
        except ValueError:
            raise _unanswered("GET") from None
        etag = got.headers.get("ETag")
        if not isinstance(task, dict) or task.get("resourceType") != "Task" or not etag:
            raise _unanswered("GET")
        return task, etag


def reply_to(task: Resource) -> str | None:
    """Where a Task asks to be answered, None when it does not ask."""
    for given in task.get("input", []):
        codes = {code.get("code") for code in given.get("type", {}).get("coding", [])}
        if "reply-to" in codes:
            address = given.get("valueUrl") or given.get("valueUri")
            return address if isinstance(address, str) else None
    return None


def _changed(task: Resource, changes: Resource) -> Resource:
    ours = {_ROLE_ID, _PERSON_ID}
    kept = [each for each in task.get("contained", []) if each.get("id") not in ours]
    return {**task, **changes, "contained": [*kept, *changes["contained"]]}


def _summary(task: Resource) -> dict[str, Any]:
    answered = {each.get("id"): each for each in task.get("contained", [])}
    summary = {
        "id": task["id"],
        "status": task.get("status"),
        "description": task.get("description"),
        "reply_to": reply_to(task),
        "received_at": task.get("meta", {}).get("lastUpdated"),
    }
    if _ROLE_ID in answered and _PERSON_ID in answered:
        summary["answered_by"] = {
            "name": answered[_PERSON_ID]["name"][0]["text"],
            "role": answered[_ROLE_ID]["code"][0]["text"],
        }
    return summary


def _unanswered(method: str, status: int | None = None) -> Refused:
    what = "did not answer" if status is None else f"answered {status}"
    return Refused(502, "processing", f"the adapter {what} when the Task was {method}")
