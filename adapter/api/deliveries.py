"""A sender's deliveries: browse them, try one again, record an answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response

from adapter.api.acknowledgements import acknowledgement_as_json, task_of
from adapter.api.answers import json_answer
from adapter.api.auth import Role, current_caller, open_to
from adapter.api.links import delivery_url, list_url
from adapter.api.parameters import check_parameters, refuse, text, whole_number
from adapter.clock import format_instant
from adapter.delivery.model import UNDELIVERED, State
from adapter.delivery.renewal import preview_redrive, redrive
from adapter.errors import UnknownRecord
from adapter.store.brakes import Brake, holding, list_brakes
from adapter.store.deliveries import (
    Attempt,
    Delivery,
    find_delivery,
    list_attempts,
    list_deliveries,
)

if TYPE_CHECKING:
    from datetime import datetime

    from adapter.wiring import Parts

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


def delivery_routes(parts: Parts) -> Blueprint:
    """/deliveries, for senders; a delivery of another organisation is not found."""
    routes = Blueprint("deliveries", __name__)
    base_url = parts.settings.public_base_url

    @routes.get("/deliveries")
    @open_to(Role.SENDER)
    def get_deliveries() -> Response:
        check_parameters("state", "record_id", "limit", "cursor")
        state, record_id, cursor = _state(), text("record_id"), text("cursor")
        limit = whole_number("limit") or DEFAULT_LIMIT
        page = list_deliveries(
            parts.store,
            current_caller().ods_code,
            state=state,
            record_id=record_id,
            after=cursor,
            limit=min(limit, LARGEST_LIMIT),
        )
        links = {"self": _list_link(state, record_id, limit, cursor)}
        if page.next is not None:
            links["next"] = _list_link(state, record_id, limit, page.next)
        on = list_brakes(parts.store)
        found = [delivery_as_json(each, base_url, on) for each in page.items]
        return json_answer({"deliveries": found, "links": links})

    @routes.get("/deliveries/<delivery_id>")
    @open_to(Role.SENDER)
    def get_delivery(delivery_id: str) -> Response:
        check_parameters()
        found = _own(delivery_id)
        made = list_attempts(parts.store, found.id)
        task = task_of(found, parts.store, parts.tools.key)
        return json_answer(
            {
                **delivery_as_json(found, base_url, list_brakes(parts.store)),
                "requests": [_attempt_as_json(each) for each in made],
                "acknowledgement": acknowledgement_as_json(task) if task else None,
            }
        )

    @routes.post("/deliveries/<delivery_id>/redrive")
    @open_to(Role.SENDER)
    def post_redrive(delivery_id: str) -> Response:
        check_parameters()
        caller = current_caller()
        queued = redrive(
            delivery_id,
            parts,
            parts.clock(),
            actor=caller.name,
            ods_code=caller.ods_code,
        )
        on = list_brakes(parts.store)
        answer = json_answer(delivery_as_json(queued, base_url, on), 202)
        answer.headers["Location"] = delivery_url(base_url, queued.id)
        return answer

    @routes.get("/deliveries/<delivery_id>/redrive")
    @open_to(Role.SENDER)
    def get_redrive(delivery_id: str) -> Response:
        check_parameters("preview")
        if text("preview") not in {None, "true"}:
            raise refuse("preview", "true: to redrive, use POST")
        found = preview_redrive(
            delivery_id, parts, parts.clock(), ods_code=current_caller().ods_code
        )
        bundle = found.bundle
        return json_answer(
            {
                "delivery": delivery_as_json(
                    found.delivery, base_url, list_brakes(parts.store)
                ),
                "would": found.would,
                "endpoint": found.endpoint,
                "view_version": found.view_version,
                "issues": list(found.issues),
                "bundle": orjson.loads(bundle.plain()) if bundle else None,
            }
        )

    def _own(delivery_id: str) -> Delivery:
        found = find_delivery(
            parts.store, delivery_id, ods_code=current_caller().ods_code
        )
        if found is None:
            raise UnknownRecord
        return found

    def _list_link(
        state: State | None, record_id: str | None, limit: int, cursor: str | None
    ) -> str:
        return list_url(
            base_url,
            "/deliveries",
            state=state.value if state else None,
            record_id=record_id,
            limit=None if limit == DEFAULT_LIMIT else str(limit),
            cursor=cursor,
        )

    return routes


def _state() -> State | None:
    given = text("state")
    if given is None:
        return None
    if given not in set(State):
        raise refuse("state", f"one of: {', '.join(State)}")
    return State(given)


def delivery_as_json(
    delivery: Delivery, base_url: str, on: Collection[Brake]
) -> dict[str, Any]:
    """A delivery as its sender sees it, with the brake of those ``on`` that holds it.

    ``attempts`` counts the requests made so far; ``moves_at`` is when clinical
    responsibility moves, ``alarmed_at`` when a person was told that it is late for it.
    """
    brake = None
    if delivery.state in UNDELIVERED:
        brake = holding(on, delivery.endpoint, delivery.recipient_kind)
    return {
        "id": delivery.id,
        "url": delivery_url(base_url, delivery.id),
        "record_id": delivery.record_id,
        "record_version": delivery.record_version,
        "recipient_id": delivery.recipient_id,
        "recipient_kind": delivery.recipient_kind,
        "recipient_ods": delivery.recipient_ods,
        "view_version": delivery.view_version,
        "purpose": delivery.purpose,
        "endpoint": delivery.endpoint,
        "state": delivery.state.value,
        "meaning": delivery.state.words,
        "reason": delivery.reason,
        "issues": list(delivery.issues),
        "attempts": delivery.attempts,
        "next_attempt_at": _optional(delivery.next_attempt_at),
        "created_at": format_instant(delivery.created_at),
        "state_since": format_instant(delivery.state_since),
        "moves_at": _optional(delivery.moves_at),
        "alarmed_at": _optional(delivery.alarmed_at),
        "brake": brake_as_json(brake) if brake else None,
        "correlation_id": delivery.correlation_id,
    }


def brake_as_json(brake: Brake) -> dict[str, Any]:
    """What a person has stopped, as those whom it holds up see it."""
    return {
        "scope": brake.scope,
        "name": brake.name,
        "reason": brake.reason,
        "since": format_instant(brake.set_at),
    }


def _attempt_as_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt,
        "started_at": format_instant(attempt.started_at),
        "duration_ms": round(attempt.duration.total_seconds() * 1000, 1),
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "http_status": attempt.http_status,
    }


def _optional(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
