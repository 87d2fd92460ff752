"""What is told of an answer is what becomes of the delivery, for every reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from adapter.delivery.meaning import WHY, meaning
from adapter.delivery.model import Answer, Outcome
from adapter.delivery.retry import DEFAULT_RETRY
from adapter.delivery.settle import judge
from adapter.delivery.transports.answers import ANSWERS, Body
from adapter.delivery.transports.answers import judge as read
from adapter.delivery.transports.faults import REASONS

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
FIRST_TRY = SimpleNamespace(tries=0, few_tries=0, retry_since=None)
CAME = [
    Answer(*read(status, body), status)
    for status in range(200, 600)
    for body in (Body.TRANSACTION_RESPONSE, Body.OPERATION_OUTCOME, Body.DUPLICATE)
] + [Answer(Outcome.TRANSIENT, reason) for _, reason in REASONS]


def test_the_state_that_is_told_is_the_one_it_gets() -> None:
    for came in CAME:
        verdict = judge(
            FIRST_TRY, came, policy=DEFAULT_RETRY, now=NOW, dice=lambda: 0.5
        )
        assert meaning(came).state is verdict.state, came


def test_every_reason_that_can_be_given_has_words_of_its_own() -> None:
    given = {row.reason for row in ANSWERS} | {reason for _, reason in REASONS}
    assert given - {None} | {"network"} == set(WHY)
    assert meaning(Answer(Outcome.FATAL, "http_418", 418)).why.endswith("418.")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(Outcome.TRANSIENT, "http_503", 503), "again within 1 s"),
        (
            Answer(Outcome.TRANSIENT, "http_503", 503, timedelta(seconds=90)),
            "after the 90 s",
        ),
        (Answer(Outcome.TRANSIENT, "http_409", 409), "5 times in all"),
        (Answer(Outcome.ENDPOINT_FAULT, "http_401", 401), "a probe resumes"),
        (Answer(Outcome.FATAL, "http_422", 422), "redriven"),
        (Answer(Outcome.OK, "ok", 200), "Nothing more is sent"),
    ],
)
def test_what_happens_next_is_told(answer: Answer, said: str) -> None:
    assert said in meaning(answer).then
