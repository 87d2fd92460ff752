"""Query parameters of the JSON interface: each known, each once, each of its form."""

from __future__ import annotations

import re
from datetime import datetime

from flask import request

from adapter.clock import parse_instant
from adapter.errors import Issue, UnreadableRequest

LONGEST = 2000
WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def refuse(name: str, must_be: str) -> UnreadableRequest:
    """The refusal of a parameter; what was sent is not repeated."""
    issue = Issue("error", "PARAMETER_INVALID", name, f"must be {must_be}")
    return UnreadableRequest(issue.message, issues=[issue])


def check_parameters(*known: str) -> None:
    """Refuse any other parameter, and one that stands twice or is too long."""
    for name, values in request.args.lists():
        if name not in known:
            raise refuse("", f"one of: {', '.join(known) or 'none at all'}")
        if len(values) > 1 or len(values[0]) > LONGEST:
            raise refuse(name, "given once, and not too long")


def text(name: str) -> str | None:
    """A parameter as it was sent, None when it was not."""
    return request.args.get(name)


def flag(name: str) -> bool:
    """Whether a parameter says true; false when it was not sent."""
    given = request.args.get(name, "false")
    if given not in {"true", "false"}:
        raise refuse(name, "true or false")
    return given == "true"


def instant(name: str) -> datetime | None:
    """The instant that a parameter names, in UTC; None when it was not sent."""
    given = request.args.get(name)
    if given is None:
        return None
    try:
        return parse_instant(given)
    except (ValueError, OverflowError):
        raise refuse(name, "an RFC 3339 instant with its offset") from None


def whole_number(name: str) -> int | None:
    """The number above 0 that a parameter names; None when it was not sent."""
    given = request.args.get(name)
    if given is None:
        return None
    if not WHOLE_NUMBER.fullmatch(given):
        raise refuse(name, "a whole number above 0")
    return int(given)
