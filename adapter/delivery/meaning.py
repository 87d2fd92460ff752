"""What an answer means, in words: for a tester, and for whoever mends an endpoint.

What happens is decided in ``settle`` and ``breaker``; this only tells it. No I/O here.
Source: DESIGN.md section 8, the table by answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from adapter.delivery.model import Answer, Outcome, State
from adapter.delivery.retry import DEFAULT_RETRY, FEW_TRIES_REASONS, RetryPolicy


@dataclass(frozen=True)
class Meaning:
    """Where the delivery stands after a first answer, why, and what happens next."""

    state: State
    why: str
    then: str


WHY = {
    "ok": "It was taken as a whole.",
    "duplicate": "It was taken before; this is the same message again.",
    "answer_cut_short": "The answer broke off, so nobody knows whether it was taken.",
    "entry_refused": "An entry of the transaction was refused, so all of it counts as "
    "refused: a transaction is whole or not at all.",
    "answer_operation_outcome": "The status says success, the body is an "
    "OperationOutcome and not what the protocol promises.",
    "answer_other_fhir": "The status says success, the body is FHIR but no Bundle of "
    "type transaction-response.",
    "answer_too_large": "The answer is larger than is read.",
    "answer_not_fhir": "The status says success, the body is not FHIR: a sign-in page, "
    "a proxy, nothing.",
    "dns": "The host name is not known.",
    "tls": "No secure connection: the certificate is not trusted, has expired, or is "
    "for another host.",
    "refused": "Nothing listens there.",
    "connect_timeout": "Nobody answered the connection in time.",
    "timeout": "The answer was not there in time.",
    "reset": "The connection was closed without an answer.",
    "connection_broke": "The connection broke, or what came was not HTTP.",
    "proxy": "The proxy could not be used.",
    "network": "The network failed.",
}
"""Words for each reason but those of a status, which are ``http_`` and the status."""

STATUS_WHY = {
    401: "The credential is missing or not known there.",
    403: "The credential may not do this.",
    404: "There is nothing at this address, or what is meant is not there.",
    405: "The address does not take POST.",
    409: "It contradicts what is held there.",
    412: "More than one thing there fits a condition.",
    413: "The Bundle is too large for it.",
    422: "The Bundle breaks a rule of the receiver's.",
    429: "Too much is asked of it just now.",
    501: "It does not do this at all.",
    503: "It cannot answer just now.",
}


def meaning(answer: Answer, *, policy: RetryPolicy = DEFAULT_RETRY) -> Meaning:
    """What a first answer to a delivery means, and what the adapter would do next."""
    why = WHY.get(answer.reason) or STATUS_WHY.get(
        answer.http_status or 0, f"It was answered {answer.http_status}."
    )
    match answer.outcome:
        case Outcome.OK | Outcome.DUPLICATE:
            then = "Nothing more is sent; a person there is to accept or decline it."
            return Meaning(State.DELIVERED, why, then)
        case Outcome.FATAL:
            then = (
                "It is not tried again. It stands on the worklist with this reason, to "
                "be redriven once that is mended; what follows in its lane waits."
            )
            return Meaning(State.FAILED, why, then)
        case Outcome.ENDPOINT_FAULT:
            then = (
                "The endpoint is taken to be at fault: one alarm, all its deliveries "
                "wait, and a probe resumes them once it answers."
            )
            return Meaning(State.QUEUED, why, then)
    return Meaning(State.QUEUED, why, _again(answer, policy))


def _again(answer: Answer, policy: RetryPolicy) -> str:
    first = policy.first
    if answer.retry_after is not None and answer.retry_after > first:
        asked = int(answer.retry_after.total_seconds())
        wait = f"after the {asked} s that Retry-After asks for"
    else:
        wait = f"within {int(first.total_seconds())} s"
    if answer.reason in FEW_TRIES_REASONS:
        return f"It is tried again {wait}, {policy.few} times in all; then it failed."
    hours = policy.window // timedelta(hours=1)
    return (
        f"It is tried again {wait}, then with waits that double up to "
        f"{policy.longest // timedelta(minutes=1)} min, for {hours} h; then it is "
        "given up and a person is told. The endpoint's breaker counts it."
    )
