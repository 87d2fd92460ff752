"""The table of answers, and how an answer is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from adapter.delivery.model import Outcome
from adapter.delivery.transports.answers import (
    ANSWERS,
    ANSWERS_TO_A_CREATE,
    Body,
    judge,
    read_body,
    read_retry_after,
)

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
FHIR = "application/fhir+json; charset=utf-8"


def outcome(code: str) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": code}],
        }
    )


def response(*statuses: str) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [{"response": {"status": status}} for status in statuses],
        }
    )


@pytest.mark.parametrize(
    ("status", "body", "expected", "reason"),
    [
        (200, Body.TRANSACTION_RESPONSE, Outcome.OK, "ok"),
        (201, Body.TRANSACTION_RESPONSE, Outcome.OK, "ok"),
        (200, Body.NOT_FHIR, Outcome.FATAL, "answer_not_fhir"),
        (200, Body.OPERATION_OUTCOME, Outcome.FATAL, "answer_operation_outcome"),
        (200, Body.DUPLICATE, Outcome.FATAL, "answer_operation_outcome"),
        (200, Body.ENTRY_REFUSED, Outcome.FATAL, "entry_refused"),
        (200, Body.TOO_LARGE, Outcome.FATAL, "answer_too_large"),
        (200, Body.CUT_SHORT, Outcome.TRANSIENT, "answer_cut_short"),
        (204, Body.NOTHING, Outcome.FATAL, "answer_not_fhir"),
        (302, Body.NOT_FHIR, Outcome.FATAL, "http_302"),
        (400, Body.OPERATION_OUTCOME, Outcome.FATAL, "http_400"),
        (401, Body.OPERATION_OUTCOME, Outcome.ENDPOINT_FAULT, "http_401"),
        (403, Body.NOT_FHIR, Outcome.ENDPOINT_FAULT, "http_403"),
        (404, Body.NOT_FHIR, Outcome.ENDPOINT_FAULT, "http_404"),
        (404, Body.OPERATION_OUTCOME, Outcome.FATAL, "http_404"),
        (405, Body.NOT_FHIR, Outcome.ENDPOINT_FAULT, "http_405"),
        (407, Body.NOT_FHIR, Outcome.ENDPOINT_FAULT, "http_407"),
        (408, Body.NOT_FHIR, Outcome.TRANSIENT, "http_408"),
        (409, Body.DUPLICATE, Outcome.DUPLICATE, "duplicate"),
        (409, Body.OPERATION_OUTCOME, Outcome.TRANSIENT, "http_409"),
        (412, Body.OPERATION_OUTCOME, Outcome.TRANSIENT, "http_412"),
        (413, Body.NOT_FHIR, Outcome.FATAL, "http_413"),
        (422, Body.OPERATION_OUTCOME, Outcome.FATAL, "http_422"),
        (425, Body.NOT_FHIR, Outcome.TRANSIENT, "http_425"),
        (429, Body.NOT_FHIR, Outcome.TRANSIENT, "http_429"),
        (500, Body.OPERATION_OUTCOME, Outcome.TRANSIENT, "http_500"),
        (501, Body.OPERATION_OUTCOME, Outcome.FATAL, "http_501"),
        (503, Body.TOO_LARGE, Outcome.TRANSIENT, "http_503"),
        (599, Body.NOT_FHIR, Outcome.TRANSIENT, "http_599"),
    ],
)
def test_an_answer_comes_to_what_the_table_says(
    status: int, body: Body, expected: Outcome, reason: str
):
    assert judge(status, body) == (expected, reason)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (Body.OTHER_FHIR, (Outcome.OK, "ok")),
        (Body.NOTHING, (Outcome.OK, "ok")),
        (Body.OPERATION_OUTCOME, (Outcome.FATAL, "answer_operation_outcome")),
        (Body.NOT_FHIR, (Outcome.FATAL, "answer_not_fhir")),
        (Body.CUT_SHORT, (Outcome.TRANSIENT, "answer_cut_short")),
    ],
)
def test_what_is_no_transaction_is_a_resource_to_keep(
    body: Body, expected: tuple[Outcome, str]
):
    assert judge(201, body, rows=ANSWERS_TO_A_CREATE) == expected
    for status in (400, 401, 404, 503):
        rows = ANSWERS_TO_A_CREATE
        assert judge(status, body, rows=rows) == judge(status, body)


def test_every_status_and_body_has_a_row():
    for status in range(100, 600):
        for body in Body:
            assert any(status in row.statuses and body in row.bodies for row in ANSWERS)


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (response("201 Created", "200 OK"), FHIR, Body.TRANSACTION_RESPONSE),
        (response("201"), "application/json", Body.TRANSACTION_RESPONSE),
        (response("201"), "", Body.TRANSACTION_RESPONSE),
        (response("201", "412 Precondition Failed"), FHIR, Body.ENTRY_REFUSED),
        (response(), FHIR, Body.OTHER_FHIR),
        (
            b'{"resourceType": "Bundle", "type": "batch-response"}',
            FHIR,
            Body.OTHER_FHIR,
        ),
        (
            b'{"resourceType":"Bundle","type":"transaction-response","entry":[1]}',
            FHIR,
            Body.OTHER_FHIR,
        ),
        (outcome("processing"), FHIR, Body.OPERATION_OUTCOME),
        (outcome("duplicate"), FHIR, Body.DUPLICATE),
        (b'{"resourceType":"OperationOutcome"}', FHIR, Body.OPERATION_OUTCOME),
        (b"<html>Sign in</html>", "text/html", Body.NOT_FHIR),
        (response("201"), "text/html", Body.NOT_FHIR),
        (b"<html>Sign in</html>", FHIR, Body.NOT_FHIR),
        (b"[]", FHIR, Body.NOT_FHIR),
        (b'{"ok": true}', FHIR, Body.NOT_FHIR),
        (b"", FHIR, Body.NOTHING),
        (b"", "", Body.NOTHING),
        (b'{"resourceType": "Bun', FHIR, Body.NOT_FHIR),
    ],
)
def test_a_body_is_read_for_what_it_is(content: bytes, media_type: str, expected: Body):
    assert read_body(content, media_type, framed=True) is expected


def test_half_a_body_of_unknown_length_was_cut_short():
    half = response("201 Created")[:40]

    assert read_body(half, FHIR, framed=False) is Body.CUT_SHORT
    assert read_body(half, FHIR, framed=True) is Body.NOT_FHIR


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", timedelta()),
        (" 120 ", timedelta(seconds=120)),
        ("9" * 40, timedelta(days=3)),
        ("Thu, 05 Nov 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Thu, 05 Nov 2026 11:00:00 GMT", timedelta()),
        ("Thu, 05 Nov 2099 11:00:00 GMT", timedelta(days=3)),
        ("Thu, 05 Nov 2026 11:00:00", None),
        ("Thu, 99 Nov 2026 11:00:00 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(text: str | None, wait: timedelta | None):
    assert read_retry_after(text, now=NOON) == wait
