"""What an answer to a transaction means: the table of answers, and who reads them.

No I/O belongs here. An answer's text is looked at for its structure only; nothing that
the other side wrote is ever carried on, so a reason is always a code of ours.

Source: DESIGN.md section 8, the table by answer.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import orjson

from adapter.delivery.model import Outcome

LONGEST_RETRY_AFTER = timedelta(days=3)
"""What a longer Retry-After is cut to: no delivery is tried for longer."""


class Body(StrEnum):
    """What the body of an answer is."""

    TRANSACTION_RESPONSE = "transaction-response"
    ENTRY_REFUSED = "entry-refused"
    DUPLICATE = "duplicate"
    OPERATION_OUTCOME = "operation-outcome"
    OTHER_FHIR = "other-fhir"
    CUT_SHORT = "cut-short"
    TOO_LARGE = "too-large"
    NOT_FHIR = "not-fhir"
    NOTHING = "nothing"


OUTCOMES_OF_FHIR = frozenset({Body.OPERATION_OUTCOME, Body.DUPLICATE})
ANY_BODY = frozenset(Body)


@dataclass(frozen=True)
class Row:
    """One row of the table: which statuses and bodies, and what that comes to.

    ``reason`` None stands for ``http_`` and the status.
    """

    statuses: Container[int]
    bodies: frozenset[Body]
    outcome: Outcome
    reason: str | None = None


def _only(*bodies: Body) -> frozenset[Body]:
    return frozenset(bodies)


SUCCESS = range(200, 300)

ANSWERS: tuple[Row, ...] = (
    Row(SUCCESS, _only(Body.TRANSACTION_RESPONSE), Outcome.OK, "ok"),
    Row(SUCCESS, _only(Body.CUT_SHORT), Outcome.TRANSIENT, "answer_cut_short"),
    Row(SUCCESS, _only(Body.ENTRY_REFUSED), Outcome.FATAL, "entry_refused"),
    Row(SUCCESS, OUTCOMES_OF_FHIR, Outcome.FATAL, "answer_operation_outcome"),
    Row(SUCCESS, _only(Body.OTHER_FHIR), Outcome.FATAL, "answer_other_fhir"),
    Row(SUCCESS, _only(Body.TOO_LARGE), Outcome.FATAL, "answer_too_large"),
    Row(SUCCESS, _only(Body.NOT_FHIR, Body.NOTHING), Outcome.FATAL, "answer_not_fhir"),
    Row((409,), _only(Body.DUPLICATE), Outcome.DUPLICATE, "duplicate"),
    Row((408, 409, 412, 425, 429), ANY_BODY, Outcome.TRANSIENT),
    Row((404,), OUTCOMES_OF_FHIR, Outcome.FATAL),
    # 407 is the directory's proxy refusing us: no delivery of ours can mend that.
    Row((401, 403, 404, 405, 407), ANY_BODY, Outcome.ENDPOINT_FAULT),
    Row((501,), ANY_BODY, Outcome.FATAL),
    Row(range(500, 600), ANY_BODY, Outcome.TRANSIENT),
    Row(range(1000), ANY_BODY, Outcome.FATAL),
)
"""The first row that fits counts; the last fits whatever no protocol promises."""


ANSWERS_TO_A_CREATE: tuple[Row, ...] = (
    Row(SUCCESS, _only(Body.OTHER_FHIR, Body.NOTHING), Outcome.OK, "ok"),
    *ANSWERS,
)
"""A Bundle that is no transaction is a resource to keep: told back, or not at all.

Source: FHIR R4, RESTful API, create.
"""


def judge(
    status: int, body: Body, *, rows: tuple[Row, ...] = ANSWERS
) -> tuple[Outcome, str]:
    """What a status and a body come to, with the code of the reason."""
    for row in rows:
        if status in row.statuses and body in row.bodies:
            return row.outcome, row.reason or f"http_{status}"
    return Outcome.FATAL, "http_unknown"


def read_body(content: bytes, media_type: str, *, framed: bool) -> Body:
    """What the body of an answer is.

    ``framed`` tells that its length was announced, so that it is known to be whole; if
    not, a body that begins as JSON and does not parse was cut short on its way.
    """
    if framed and not content:
        return Body.NOTHING
    name = media_type.split(";", 1)[0].strip().lower()
    if name and "json" not in name:
        return Body.NOT_FHIR
    try:
        resource = orjson.loads(content)
    except orjson.JSONDecodeError:
        started = content.lstrip()[:1] in {b"{", b""}
        return Body.CUT_SHORT if started and not framed else Body.NOT_FHIR
    if not isinstance(resource, dict):
        return Body.NOT_FHIR
    match resource.get("resourceType"):
        case "Bundle" if resource.get("type") == "transaction-response":
            return _read_entries(resource.get("entry"))
        case "OperationOutcome":
            return _read_issues(resource.get("issue"))
        case str():
            return Body.OTHER_FHIR
    return Body.NOT_FHIR


def _read_entries(entries: Any) -> Body:
    """A transaction is whole or not at all, so one refused entry speaks for all."""
    if not isinstance(entries, list) or not entries:
        return Body.OTHER_FHIR
    for entry in entries:
        response = entry.get("response") if isinstance(entry, dict) else None
        status = response.get("status") if isinstance(response, dict) else None
        if not isinstance(status, str):
            return Body.OTHER_FHIR
        if not status.startswith("2"):
            return Body.ENTRY_REFUSED
    return Body.TRANSACTION_RESPONSE


def _read_issues(issues: Any) -> Body:
    """A replay is told by issue code ``duplicate``. Source: BaRS, Core 1.2.2."""
    listed = issues if isinstance(issues, list) else []
    codes = {issue.get("code") for issue in listed if isinstance(issue, dict)}
    return Body.DUPLICATE if "duplicate" in codes else Body.OPERATION_OUTCOME


def read_retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """How long a Retry-After asks to wait; None when it is absent or unreadable.

    It is a number of seconds or an HTTP date; a date that has passed is no wait.
    Source: RFC 9110, section 10.2.3.
    """
    asked = (text or "").strip()
    if asked.isascii() and asked.isdigit():
        seconds = int(asked[:9])
        return min(timedelta(seconds=seconds), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        return None
    return max(timedelta(), min(until - now, LONGEST_RETRY_AFTER))
