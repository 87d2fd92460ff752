"""Who was sent what they may have no longer is asked to stop, each in their own way.

Organisations by what is sent to them; people, and those whom a gate bars, by a person
of the sending team. Source: disclosure rules, section 8, W1 to W3.
"""

from __future__ import annotations

from typing import Any

import pytest
from builders import a_concern, a_permit, a_person, a_recipient, a_refusal
from handovers import (
    ENDPOINTS,
    SENDER,
    SmallParts,
    deliveries_to,
    delivery_to,
    endpoint,
    make_worker,
    post,
    renew_stale,
)
from holders import Holders

from adapter.bundle.withdrawal import STOP_USING_THIS
from adapter.clock import parse_instant
from adapter.delivery.worker import run_once
from adapter.store.deliveries import WITHDRAWAL
from adapter.store.worklist import NARROWED, WITHDRAW_FROM_HOLDER, open_items

HOUSING = a_recipient("r-housing", "housing", ods_code="ZZ9H1")
COUNCIL = a_recipient("r-council", "social_care", ods_code="ZZ9S1")
MUM = a_recipient("r-mum", "family_member", person_ref="p-mum")
SHARED = ["demographics", "transition_logistics", "risk_and_mitigation"]
DECISIONS = "consent_and_sharing.decisions"
RECIPIENT = "consent_and_sharing.recipients[+]"
PEOPLE = "family_and_carers.people"


@pytest.fixture
def town(parts: SmallParts) -> SmallParts:
    """The adapter, with a council and a landlord whose systems take what is sent."""
    return parts.with_endpoints(
        *ENDPOINTS,
        endpoint("homes", "ZZ9H1", "housing"),
        endpoint("council", "ZZ9S1", "social_care"),
    )


def send(parts: SmallParts, holders: Holders) -> None:
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]


def standing(holders: Holders, name: str) -> set[str]:
    """The types of what stands at an endpoint, Tasks left out."""
    kinds = {each.partition("/")[0] for each in holders.standing(name)}
    return kinds - {"Task"}


def asked_of_people(parts: SmallParts) -> dict[str, str]:
    """Whom a person has to ask to stop, and why."""
    items = open_items(parts.store, SENDER, purpose=WITHDRAW_FROM_HOLDER)
    return {each["recipient_id"]: each["reason"] for i in items for each in i.about}


def assert_told_to_stop(holders: Holders, name: str) -> None:
    assert standing(holders, name) == {"Communication"}
    (notice,) = holders.standing(name).values()
    assert notice["payload"][0]["contentString"] == STOP_USING_THIS


def test_of_a_narrowed_view_only_what_is_over_is_ended(town: SmallParts) -> None:
    holders = Holders()
    post(town)
    send(town, holders)
    assert standing(holders, "fenwick") == {"Patient", "CarePlan", "Flag"}
    refused = [a_refusal("r-amh", ["risk_and_mitigation"])]
    post(town, {DECISIONS: refused}, record_version=2)
    send(town, holders)
    assert standing(holders, "fenwick") == {"Patient", "CarePlan"}
    assert standing(holders, "surgery") == {"Patient", "CarePlan", "Flag"}
    retired = {each.partition("/")[0] for each in delivery_to(town, "r-amh").retires}
    assert "Flag" in retired
    assert asked_of_people(town) == {}


def test_a_withdrawn_agreement_withdraws_what_it_had_opened(town: SmallParts) -> None:
    permit = a_permit("r-housing", SHARED, withdrawn_at="2026-11-08T10:00:00+00:00")
    holders = Holders()
    post(town, {RECIPIENT: HOUSING, DECISIONS: [permit]})
    send(town, holders)
    assert standing(holders, "homes") == {"Patient", "CarePlan", "Flag"}
    town.clock.now = parse_instant("2026-11-08T10:00:00+00:00")
    assert renew_stale("ZZ9H1", None, town, town.clock()) == 1
    send(town, holders)
    assert_told_to_stop(holders, "homes")
    assert delivery_to(town, "r-housing").purpose == WITHDRAWAL
    assert asked_of_people(town) == {}


def test_a_best_interests_agreement_ends_when_capacity_is_regained(
    town: SmallParts,
) -> None:
    competence = "consent_and_sharing.competence"
    lacks = {
        "gillick": "not_applicable_16_or_over",
        "capacity": "lacks_capacity",
        "decision_in_question": "Sharing with the landlord",
        "assessed_on": "2026-11-01",
        "assessor_ref": "m-1",
        "evidence": "Could not weigh it up",
    }
    permit = a_permit(
        "r-housing",
        SHARED,
        decided_by="best_interests",
        decider_ref="m-1",
        best_interests_record="Family and carers were asked",
    )
    agreed: dict[str, Any] = {RECIPIENT: HOUSING, DECISIONS: [permit]}
    holders = Holders()
    post(town, {**agreed, competence: lacks})
    send(town, holders)
    assert standing(holders, "homes") == {"Patient", "CarePlan", "Flag"}
    regained = {**lacks, "capacity": "has_capacity"}
    post(town, {**agreed, competence: regained}, record_version=2)
    send(town, holders)
    assert_told_to_stop(holders, "homes")


def test_what_a_council_had_as_of_a_child_ends_on_the_18th_birthday(
    town: SmallParts,
) -> None:
    basis = {"safeguarding.local_authority.social_care_basis": "looked_after"}
    holders = Holders()
    post(town, {RECIPIENT: COUNCIL, **basis})
    send(town, holders)
    assert "Patient" in standing(holders, "council")
    birthday = parse_instant("2027-09-01T00:00:00+01:00")
    town.clock.now = birthday
    assert renew_stale("ZZ9S1", None, town, town.clock()) == 1
    send(town, holders)
    assert_told_to_stop(holders, "council")
    assert asked_of_people(town) == {}


def family(**fields: Any) -> dict[str, Any]:
    """Mum, who may have something, and something of her own in the record."""
    return {
        RECIPIENT: MUM,
        PEOPLE: [a_person("p-mum", **fields)],
        DECISIONS: [a_permit("r-mum", SHARED)],
    }


BARRED = a_person(
    "p-mum", contact_restriction="court_order", restriction_notes="No contact"
)
ALLEGED = a_concern("co-1", alleged_source_refs=["p-mum"])


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({DECISIONS: [a_refusal("r-mum", SHARED)]}, "person"),
        ({PEOPLE: [BARRED]}, "g3"),
        ({"safeguarding.concerns": [ALLEGED]}, "g4"),
        ({"outcomes_monitoring.death": {"date_of_death": "2026-11-04"}}, "g2a"),
    ],
)
@pytest.mark.parametrize("has_address", [False, True])
def test_a_person_is_asked_by_a_person_only(
    town: SmallParts, changes: dict[str, Any], gate: str, has_address: bool
) -> None:
    """Also one at whom a system takes what is sent: it is never told to stop."""
    shared = family()
    if has_address:
        own = {**MUM, "kind": "housing", "ods_code": "ZZ9H1"}
        shared[RECIPIENT] = own
    holders = Holders()
    post(town, shared)
    send(town, holders)
    before = len(holders.sent)
    post(town, {**shared, **changes}, record_version=2)
    assert all(each.purpose != WITHDRAWAL for each in deliveries_to(town, "r-mum"))
    expected = gate if has_address else "may_have_been_pulled"
    assert asked_of_people(town)["r-mum"] == expected
    send(town, holders)
    assert "homes" not in {name for name, _ in holders.sent[before:]}


def test_a_person_who_may_have_less_is_asked_by_a_person_too(
    town: SmallParts,
) -> None:
    post(town, family())
    assert asked_of_people(town) == {}
    less = {**family(), DECISIONS: [a_permit("r-mum", SHARED[:2])]}
    post(town, less, record_version=2)
    assert asked_of_people(town) == {"r-mum": NARROWED}
    assert all(each.purpose != WITHDRAWAL for each in deliveries_to(town, "r-mum"))


def test_a_person_who_gets_more_is_not_asked(town: SmallParts) -> None:
    less = {**family(), DECISIONS: [a_permit("r-mum", SHARED[:2])]}
    post(town, less)
    post(town, family(), record_version=2)
    assert asked_of_people(town) == {}
