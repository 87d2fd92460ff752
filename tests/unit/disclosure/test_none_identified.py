"""That no risk was found is not told to those who could infer from its absence."""

import pytest
from disclosure_builders import add_decision, add_recipient, make_disclosed

from adapter.clock import parse_instant
from adapter.disclosure.model import SILENT_KINDS
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY

AT = parse_instant("2026-11-05T12:00:00+00:00")


def safety_for(kind, change):
    def prepare(tree):
        add_recipient(tree, kind=kind, care_relationship="none")
        add_decision(
            tree,
            recipient_ref="r-new",
            decision="permit",
            decided_by="court",
            categories=["risk_and_mitigation", "transition_logistics"],
        )
        change(tree["safety"])

    record = make_disclosed(prepare)
    _, redacted = disclose(record, "r-new", at=AT, policy=DEFAULT_POLICY)
    return redacted and redacted.tree.get("safety", {})


def none_found(safety):
    for name in ("risks", "mitigations"):
        del safety[name]
    safety["risks_none_identified"] = "Explored at length"


def all_confided(safety):
    for risk in safety["risks"]:
        risk.update(given_in_confidence=True, information_source="family")


@pytest.mark.parametrize("kind", ["care_provider", "housing", "voluntary_sector"])
def test_a_silent_recipient_cannot_tell_no_risk_from_none_that_may_be_told(kind):
    assert kind in SILENT_KINDS
    assert safety_for(kind, none_found) == safety_for(kind, all_confided)


def test_a_health_service_is_told_that_no_risk_was_found():
    found = safety_for("gp", none_found)
    assert found["risks_none_identified"] == "Explored at length"
