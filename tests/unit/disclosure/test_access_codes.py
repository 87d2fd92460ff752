"""How to open a door is told to no silent recipient, wherever it stands (N8f)."""

import pytest
from disclosure_builders import add_decision, add_recipient, make_disclosed, values_in

from adapter.clock import parse_instant
from adapter.disclosure.access_codes import tells_access_code, without_access_codes
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY

AT = parse_instant("2026-11-05T12:00:00+00:00")


@pytest.mark.parametrize(
    "text",
    [
        "Use the side entrance, door code 4821",
        "The ward's access code is C1357Y",
        "Key safe 2468 by the bins",
        "Code for the front door: 1234",
        "The code 4321 opens the gate",
        "PIN for the building is 90210",
    ],
)
def test_a_code_is_found_as_people_write_it(text):
    assert tells_access_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ring the ward on 0115 496 0500",
        "The key safe is kept by Sam, 0115 496 0412",
        "Prefers the side door; ring 111 at night",
        "Agreed a code word with the team",
        "Locks the door when 2 or more people are there",
        "Access by the lift, flat 12",
        "Call 0800 000 0999 if the door is locked",
    ],
)
def test_what_is_no_code_stays(text):
    assert not tells_access_code(text)


def test_what_then_says_nothing_goes_too():
    item = {"id": "ad-1", "who": "door code 4821"}
    other = {"id": "ad-2", "who": "Sam"}
    assert without_access_codes({"a": [item, other]}) == {"a": [other]}
    assert without_access_codes({"a": [item], "b": [item]}) == {}
    assert item == {"id": "ad-1", "who": "door code 4821"}


@pytest.mark.parametrize(("kind", "is_told"), [("housing", False), ("gp", True)])
def test_no_silent_recipient_gets_the_code_of_a_door(kind, is_told):
    def change(tree):
        tree["step_down_plan"]["if_plan_not_working"] = "Come in, door code 4821"
        add_recipient(tree, kind=kind)
        add_decision(
            tree,
            recipient_ref="r-new",
            decision="permit",
            decided_by="court",
            categories=["safety_plan", "transition_logistics"],
        )

    _, redacted = disclose(
        make_disclosed(change), "r-new", at=AT, policy=DEFAULT_POLICY
    )
    told = [text for text in values_in(redacted.tree) if "4821" in str(text)]
    assert bool(told) is is_told
    assert redacted.tree["step_down_plan"]["escalation_thresholds"]
