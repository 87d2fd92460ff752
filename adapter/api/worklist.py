"""What needs a person at the sender: list it, take it, close it, release it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from adapter.api.answers import JSON, json_answer
from adapter.api.auth import Role, current_caller, open_to
from adapter.api.bodies import check_media_type, read_json
from adapter.api.deliveries import brake_as_json
from adapter.api.links import list_url
from adapter.api.parameters import check_parameters, refuse, text, whole_number
from adapter.api.problems import ChangeRefused
from adapter.delivery.verdict import refuse_held, release_held
from adapter.errors import Issue
from adapter.store import handling
from adapter.store.brakes import list_brakes
from adapter.store.handling import STATES, Person
from adapter.store.worklist import Item
from adapter.worklist.telling import Telling

if TYPE_CHECKING:
    from adapter.wiring import Parts

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
LARGEST_BODY = 10_000
LONGEST = {"name": 200, "role": 200, "reason": 2000, "delivery_id": 36}
SHORTEST = {"name": 1, "role": 1, "reason": 3, "delivery_id": 36}
BODY_INVALID = "BODY_INVALID"


def worklist_routes(parts: Parts) -> Blueprint:
    """/worklist, for senders; an item of another organisation is not found."""
    routes = Blueprint("worklist", __name__)
    base_url = parts.settings.public_base_url

    @routes.get("/worklist")
    @open_to(Role.SENDER)
    def get_worklist() -> Response:
        check_parameters("state", "purpose", "limit", "cursor")
        state, purpose, cursor = _state(), text("purpose"), text("cursor")
        limit = min(whole_number("limit") or DEFAULT_LIMIT, LARGEST_LIMIT)
        found = handling.list_items(
            parts.store,
            current_caller().ods_code,
            state=state,
            purpose=purpose,
            after=cursor,
            limit=limit,
        )
        link = {
            "state": state,
            "purpose": purpose,
            "limit": None if limit == DEFAULT_LIMIT else str(limit),
        }
        links = {"self": list_url(base_url, "/worklist", **link, cursor=cursor)}
        if found.next is not None:
            links["next"] = list_url(base_url, "/worklist", **link, cursor=found.next)
        telling = Telling(parts.store, base_url, parts.clock())
        items = [telling.item(each) for each in found.items]
        on = [brake_as_json(each) for each in list_brakes(parts.store)]
        return json_answer({"items": items, "brakes": on, "links": links})

    @routes.get("/worklist/<item_id>")
    @open_to(Role.SENDER)
    def get_item(item_id: str) -> Response:
        check_parameters()
        return _told(
            handling.find_item(parts.store, item_id, current_caller().ods_code)
        )

    @routes.post("/worklist/<item_id>/take")
    @open_to(Role.SENDER)
    def take_item(item_id: str) -> Response:
        check_parameters()
        person, _ = read_act()
        caller = current_caller()
        return _told(
            handling.take(
                parts.store,
                item_id,
                caller.ods_code,
                person,
                actor=caller.name,
                at=parts.clock(),
            )
        )

    @routes.post("/worklist/<item_id>/close")
    @open_to(Role.SENDER)
    def close_item(item_id: str) -> Response:
        check_parameters()
        person, words = read_act("reason")
        caller = current_caller()
        return _told(
            handling.close(
                parts.store,
                item_id,
                caller.ods_code,
                person,
                words["reason"],
                actor=caller.name,
                at=parts.clock(),
            )
        )

    @routes.post("/worklist/<item_id>/release")
    @open_to(Role.SENDER)
    def release_item(item_id: str) -> Response:
        check_parameters()
        person, words = read_act("delivery_id")
        caller = current_caller()
        return _told(
            release_held(
                item_id,
                words["delivery_id"],
                person,
                parts,
                parts.clock(),
                actor=caller.name,
                ods_code=caller.ods_code,
            )
        )

    @routes.post("/worklist/<item_id>/refuse")
    @open_to(Role.SENDER)
    def refuse_item(item_id: str) -> Response:
        check_parameters()
        person, words = read_act("delivery_id", "reason")
        caller = current_caller()
        return _told(
            refuse_held(
                item_id,
                words["delivery_id"],
                person,
                words["reason"],
                parts,
                parts.clock(),
                actor=caller.name,
                ods_code=caller.ods_code,
            )
        )

    def _told(item: Item) -> Response:
        return json_answer(Telling(parts.store, base_url, parts.clock()).item(item))

    return routes


def read_act(*more: str) -> tuple[Person, dict[str, str]]:
    """Who acts, and ``more`` that must be told, from the body.

    ChangeRefused names every fault at once.
    """
    check_media_type(JSON)
    body = read_json(LARGEST_BODY)
    names = ("name", "role", *more)
    if not isinstance(body, Mapping):
        raise ChangeRefused(
            issues=[Issue("error", BODY_INVALID, "", f"must have {', '.join(names)}")]
        )
    issues = [
        Issue("error", BODY_INVALID, name, _must_be(name))
        for name in names
        if not _is_sound(name, body.get(name))
    ]
    if set(body) - set(names):
        issues.append(
            Issue("error", BODY_INVALID, "", f"may only have {', '.join(names)}")
        )
    if issues:
        raise ChangeRefused(issues=issues)
    person = Person(body["name"].strip(), body["role"].strip())
    return person, {name: body[name].strip() for name in more}


def _is_sound(name: str, given: Any) -> bool:
    return (
        isinstance(given, str)
        and SHORTEST[name] <= len(given.strip())
        and len(given) <= LONGEST[name]
        and all(letter.isprintable() or letter == "\n" for letter in given)
    )


def _must_be(name: str) -> str:
    least, most = SHORTEST[name], LONGEST[name]
    return f"must be a text of {least} {f'to {most} ' * (least < most)}characters"


def _state() -> str | None:
    given = text("state")
    if given is not None and given not in STATES:
        raise refuse("state", f"one of: {', '.join(STATES)}")
    return given
