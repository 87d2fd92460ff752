"""The tester's clock: set, advanced and released; outside production alone.

While it is set, every answer says so in a header. Source: DESIGN.md section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response

from adapter.api.answers import JSON, json_answer
from adapter.api.auth import Role, current_caller, open_to
from adapter.api.bodies import check_media_type, read_json
from adapter.api.parameters import check_parameters
from adapter.api.problems import ChangeRefused
from adapter.clock import format_instant, parse_duration, parse_instant
from adapter.errors import Issue
from adapter.store.tester_clock import FOLLOWED_WITHIN, move_clock

if TYPE_CHECKING:
    from adapter.store import Store
    from adapter.wiring import Parts

HEADER = "Test-Clock"
"""On every answer while the clock is set: the instant that it shows."""

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
LARGEST_BODY = 1_000
WAYS = ("set", "advance", "release")


def tester_clock_routes(parts: Parts) -> Blueprint:
    """/test/clock: either side may read it, a sender may move it."""
    routes = Blueprint("tester_clock", __name__)

    @routes.get("/test/clock")
    @open_to(Role.SENDER, Role.RECEIVER)
    def get_clock() -> Response:
        check_parameters()
        return json_answer(clock_as_json(parts.store))

    @routes.put("/test/clock")
    @open_to(Role.SENDER)
    def put_clock() -> Response:
        """Answered once every process goes by it, so that what follows is after it."""
        check_parameters()
        check_media_type(JSON)
        offset = _asked(read_json(LARGEST_BODY), parts.store)
        caller = current_caller()
        move_clock(parts.store, offset, actor=caller.name, ods_code=caller.ods_code)
        sleep(FOLLOWED_WITHIN.total_seconds())
        return json_answer(clock_as_json(parts.store))

    return routes


def tell_that_the_clock_is_set(app: Flask, store: Store) -> None:
    """Put the header on every answer of the application while the clock is set."""

    @app.after_request
    def tell(answer: Response) -> Response:
        offset = store.offset()
        if offset:
            answer.headers[HEADER] = format_instant(store.clock() + offset)
        return answer


def clock_as_json(store: Store) -> dict[str, Any]:
    """What the clock shows, and how far it runs ahead; behind is below nothing."""
    offset = store.offset()
    return {
        "now": format_instant(store.clock() + offset),
        "is_set": bool(offset),
        "ahead_seconds": offset.total_seconds(),
    }


def _asked(body: Any, store: Store) -> timedelta:
    """How far ahead the clock is to run. ChangeRefused when that cannot be read."""
    if not isinstance(body, Mapping) or len(body) != 1 or not set(body) <= set(WAYS):
        raise _refusal("", f"must have one of: {', '.join(WAYS)}")
    ((way, asked),) = body.items()
    now = store.clock()
    try:
        if way == "release":
            if asked is not True:
                raise ValueError
            return timedelta()
        if way == "set":
            offset = parse_instant(asked) - now
        else:
            offset = store.offset() + parse_duration(asked)
        if not FIRST <= now + offset < LAST:
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise _refusal(way, MUST_BE[way]) from None
    return offset


MUST_BE = {
    "set": "must be an RFC 3339 instant with its offset, of the years 2000 to 2199",
    "advance": "must be an ISO 8601 duration such as P1DT2H, leading no further "
    "than the year 2199",
    "release": "must be true",
}


def _refusal(path: str, message: str) -> ChangeRefused:
    return ChangeRefused(issues=[Issue("error", "BODY_INVALID", path, message)])
