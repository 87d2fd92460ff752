"""Recipients whose own systems hold what they are sent, in memory, one an endpoint.

A request can be answered and its answer lost: then it was taken in all the same.
"""

from __future__ import annotations

import itertools
from typing import Any

import orjson
from builders import NOON
from handovers import BUSY, CONFLICT, OK

from adapter.canonical import RESOURCE_ID_SYSTEM
from adapter.delivery.model import Answer
from adapter.directory.model import Endpoint
from adapter.receiver.holdings import Holdings
from adapter.receiver.outcomes import Refused
from adapter.receiver.transaction import apply_transaction

LOST = Answer(BUSY.outcome, "timeout")
"""As an answer: the request was taken in, and nothing came back."""

OVER = {
    ("Flag", "inactive"),
    ("CarePlan", "revoked"),
    ("Task", "cancelled"),
    ("Communication", "entered-in-error"),
    ("Patient", "False"),
}


class Holders:
    """A transport to simulated receivers; ``answers`` are given in turn, then OK."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.holdings: dict[str, Holdings] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._ids = itertools.count(1)

    def at(self, endpoint: str) -> Holdings:
        return self.holdings.setdefault(endpoint, Holdings())

    def send(
        self, endpoint: Endpoint, body: bytes, *, request_id: str, correlation_id: str
    ) -> Answer:
        answer = self.answers.pop(0) if self.answers else OK
        if answer is not OK and answer is not LOST:
            return answer
        bundle = orjson.loads(body)
        self.sent.append((endpoint.name, bundle))
        try:
            apply_transaction(
                bundle, self.at(endpoint.name), at=NOON, new_id=self._new_id
            )
        except Refused as refused:
            if refused.status != 409:
                raise
            return CONFLICT
        return answer

    def _new_id(self) -> str:
        return f"r{next(self._ids)}"

    def resources(self, endpoint: str) -> list[dict[str, Any]]:
        """All that is held there."""
        held = self.at(endpoint)
        return [each for kind in held.types() for each in held.all_of(kind)]

    def standing(self, endpoint: str) -> dict[str, dict[str, Any]]:
        """What is held there and not over, by "Flag/<our id>", without stamps."""
        places = {
            f"{each['resourceType']}/{each['id']}": our_name(each)
            for each in self.resources(endpoint)
        }
        return {
            our_name(each): _with_our_names(each, places)
            for each in self.resources(endpoint)
            if not is_over(each)
        }


def our_name(resource: dict[str, Any]) -> str:
    """ "Flag/<our id>" where the resource is ours, else where it stands."""
    found = resource.get("identifier", [])
    for each in found if isinstance(found, list) else [found]:
        if each.get("system") == RESOURCE_ID_SYSTEM:
            return f"{resource['resourceType']}/{each['value']}"
    for tag in resource.get("meta", {}).get("tag", []):
        if tag.get("system") == RESOURCE_ID_SYSTEM:
            return f"{resource['resourceType']}/{tag['code']}"
    return f"{resource['resourceType']}/{resource['id']}"


def is_over(resource: dict[str, Any]) -> bool:
    status = resource.get("status", str(resource.get("active")))
    return (resource["resourceType"], status) in OVER


def _with_our_names(resource: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
    whole = {key: part for key, part in resource.items() if key not in {"id", "meta"}}
    text = orjson.dumps(whole).decode()
    for place, name in places.items():
        text = text.replace(f'"reference":"{place}"', f'"reference":"{name}"')
    changed: dict[str, Any] = orjson.loads(text)
    return changed
