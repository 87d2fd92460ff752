"""The decisions of the four stories, each equal to the expected one in full."""

import json

import pytest
from disclosure_builders import CASES, FIXTURES, make_disclosed

from adapter.clock import parse_instant
from adapter.disclosure.model import Outcome
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY


def expected_decisions():
    for case in CASES:
        file = FIXTURES / case / "expected" / "decisions.json"
        for at, recipients in json.loads(file.read_text()).items():
            for recipient_id, expected in recipients.items():
                yield pytest.param(
                    case, at, recipient_id, expected, id=f"{case} {at} {recipient_id}"
                )


@pytest.mark.parametrize(
    ("case", "at", "recipient_id", "expected"), list(expected_decisions())
)
def test_decisions_are_the_expected_ones(case, at, recipient_id, expected):
    decision, redacted = disclose(
        make_disclosed(case=case),
        recipient_id,
        at=parse_instant(at),
        policy=DEFAULT_POLICY,
    )
    due = expected["valid_until"]
    assert {
        "kind": decision.kind,
        "valid_until": decision.valid_until,
        "categories": {
            name: {"outcome": decided.outcome, "reason": decided.reason}
            for name, decided in decision.categories.items()
        },
        "obligations": sorted(duty.code for duty in decision.obligations),
    } == {**expected, "valid_until": parse_instant(due) if due else None}
    shares = {each["outcome"] for each in expected["categories"].values()}
    assert (redacted is not None) is (shares != {Outcome.WITHHOLD})
    silent = "SILENT_OMISSION" in expected["obligations"]
    assert decision.is_silent is silent
