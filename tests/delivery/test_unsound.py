"""What fails our own check, and what no Bundle can end: none of it goes unsaid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import REMOVE, a_refusal, a_risk
from handovers import (
    AMH,
    REFUSED,
    SENDER,
    Receivers,
    SmallChecker,
    SmallMapping,
    SmallParts,
    deliveries_to,
    delivery_to,
    ids_of,
    make_parts,
    make_worker,
    post,
)
from holders import Holders

from adapter.delivery.model import State
from adapter.delivery.renewal import preview_redrive, redrive
from adapter.delivery.worker import run_once
from adapter.errors import Conflict, Issue
from adapter.store import Store, views, worklist
from adapter.store.deliveries import SHARE, WITHDRAWAL, Delivery
from adapter.store.heads import Present

FAULT = Issue("error", "BUNDLE_STRUCTURE", "Flag.status", "is required")
TWO = {"safety.risks[+]": a_risk("rk-2")}
FLAG_1, FLAG_2 = (
    f"Flag/{ids_of('r-amh').of('Flag', each)}" for each in ("rk-1", "rk-2")
)
WITHDRAWN = {"status": "withdrawn", "status_reason": "Sent in error (synthetic)"}
DENY = a_refusal("r-amh", ["risk_and_mitigation"])


@pytest.fixture
def checker() -> SmallChecker:
    return SmallChecker()


@pytest.fixture
def parts(store: Store, clock: Any, checker: SmallChecker) -> SmallParts:
    return make_parts(store, clock, checker=checker)


def send(parts: SmallParts, transport: Any) -> None:
    run_once(parts, transport, worker=make_worker(parts, transport))


def reasons(parts: SmallParts, purpose: str) -> set[tuple[str, str]]:
    """Recipient and reason of what a person is asked."""
    return {
        (each["recipient_id"], each["reason"])
        for item in worklist.open_items(parts.store, SENDER, purpose=purpose)
        for each in item.about
    }


def flags(holders: Holders) -> set[str]:
    return {each for each in holders.standing("fenwick") if each.startswith("Flag/")}


def pulled(parts: SmallParts) -> int:
    present = Present(parts.clock(), parts.policy.version, parts.directory.version)
    found = views.search_resources(parts.store, AMH, None, "Flag", present=present)
    return len(found.items)


def pair(parts: SmallParts) -> tuple[Delivery, Delivery]:
    """The two newest deliveries: what ends things, and what may not leave."""
    ending, share = deliveries_to(parts, "r-amh")[-2:]
    assert (ending.purpose, share.purpose) == (WITHDRAWAL, SHARE)
    return ending, share


def test_what_a_version_that_may_not_leave_has_no_more_is_ended(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts, TWO)
    send(parts, holders)
    before = holders.standing("fenwick")
    checker.issues = [FAULT]
    post(parts, record_version=2)
    ending, share = pair(parts)
    assert (share.state, share.reason) == (State.FAILED, "bundle_invalid")
    assert ("r-amh", "bundle_invalid") in reasons(parts, worklist.DELIVERY_FAILED)
    assert ending.retires[0] == FLAG_2
    send(parts, holders)
    assert delivery_to(parts, "r-amh").id == share.id
    assert flags(holders) == {FLAG_1}
    after = holders.standing("fenwick")
    kept = [each for each in before if not each.startswith("Task/") and each != FLAG_2]
    assert {each: after[each] for each in kept} == {each: before[each] for each in kept}


def test_what_is_still_there_in_full_is_not_touched(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    checker.issues = [FAULT]
    post(parts, {"safety.risks[0].behaviours": "Other"}, record_version=2)
    sent = len(holders.sent)
    send(parts, holders)
    assert len(holders.sent) == sent
    assert flags(holders) == {FLAG_1}
    assert reasons(parts, worklist.WITHDRAW_FROM_HOLDER) == set()


def test_what_is_withheld_now_is_ended_and_a_person_told(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    checker.issues = [FAULT]
    post(parts, {"consent_and_sharing.decisions[+]": DENY}, record_version=2)
    send(parts, holders)
    assert flags(holders) == set()
    told = reasons(parts, worklist.WITHDRAW_FROM_HOLDER)
    assert ("r-amh", "narrowed_and_invalid") in told
    assert ("r-gp", "narrowed_and_invalid") not in told


def test_once_mended_the_whole_version_takes_its_place(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts, TWO)
    send(parts, holders)
    checker.issues = [FAULT]
    post(parts, record_version=2)
    send(parts, holders)
    _, share = pair(parts)
    with pytest.raises(Conflict, match="still fails"):
        redrive(share.id, parts, parts.clock(), actor="ops")
    checker.issues = []
    assert preview_redrive(share.id, parts, parts.clock()).would == "send_new_version"
    redrive(share.id, parts, parts.clock(), actor="ops")
    send(parts, holders)
    assert delivery_to(parts, "r-amh").state is State.DELIVERED
    assert flags(holders) == {FLAG_1}
    assert any(each.startswith("Task/") for each in holders.standing("fenwick"))
    assert ("r-amh", "bundle_invalid") not in reasons(parts, worklist.DELIVERY_FAILED)


def test_what_is_mended_before_it_went_is_ended_by_the_whole_version(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts, TWO)
    send(parts, holders)
    checker.issues = [FAULT]
    post(parts, record_version=2)
    checker.issues = []
    post(parts, record_version=3)
    assert deliveries_to(parts, "r-amh")[-3].state is State.SUPERSEDED
    send(parts, holders)
    assert flags(holders) == {FLAG_1}


def test_the_end_that_is_refused_can_be_redriven_alone(
    parts: SmallParts, checker: SmallChecker
) -> None:
    post(parts, TWO)
    transport = Receivers()
    send(parts, transport)
    checker.issues = [FAULT]
    post(parts, record_version=2)
    transport.by_endpoint["fenwick"] = [REFUSED]
    send(parts, transport)
    ending, _ = pair(parts)
    assert ending.state is State.FAILED
    preview = preview_redrive(ending.id, parts, parts.clock())
    assert preview.would == "send_withdrawal"
    again = redrive(ending.id, parts, parts.clock(), actor="ops")
    assert (again.id, again.state) == (ending.id, State.QUEUED)
    send(parts, transport)
    assert pair(parts)[0].state is State.DELIVERED


def test_nothing_older_is_pulled_in_its_place(
    parts: SmallParts, checker: SmallChecker
) -> None:
    post(parts, TWO)
    assert pulled(parts) == 2
    checker.issues = [FAULT]
    post(parts, record_version=2)
    assert pulled(parts) == 0


def test_a_withdrawal_that_fails_the_check_is_never_sent(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    checker.of_ends = [FAULT]
    post(parts, WITHDRAWN, record_version=2)
    failed = delivery_to(parts, "r-amh")
    assert (failed.purpose, failed.state) == (WITHDRAWAL, State.FAILED)
    assert (failed.reason, failed.issues) == (
        "bundle_invalid",
        ({"code": "BUNDLE_STRUCTURE", "path": "Flag.status"},),
    )
    assert ("r-amh", "bundle_invalid") in reasons(parts, worklist.DELIVERY_FAILED)
    preview = preview_redrive(failed.id, parts, parts.clock())
    assert (preview.would, preview.bundle) == ("bundle_invalid", None)
    assert preview.issues == failed.issues
    with pytest.raises(Conflict, match="still fails"):
        redrive(failed.id, parts, parts.clock(), actor="ops")
    checker.of_ends = []
    preview = preview_redrive(failed.id, parts, parts.clock())
    assert (preview.would, preview.bundle is None) == ("send_withdrawal", False)
    redrive(failed.id, parts, parts.clock(), actor="ops")
    send(parts, holders)
    assert flags(holders) == set()
    assert delivery_to(parts, "r-amh").state is State.DELIVERED


def test_an_update_whose_ends_fail_the_check_is_never_sent(
    parts: SmallParts, checker: SmallChecker
) -> None:
    holders = Holders()
    post(parts, TWO)
    send(parts, holders)
    checker.of_ends = [FAULT]
    post(parts, record_version=2)
    failed = delivery_to(parts, "r-amh")
    assert (failed.state, failed.reason) == (State.FAILED, "bundle_invalid")
    assert failed.issues[0]["code"] == "BUNDLE_STRUCTURE"
    assert pulled(parts) == 1
    send(parts, holders)
    assert flags(holders) == {FLAG_1, FLAG_2}
    with pytest.raises(Conflict, match="still fails"):
        redrive(failed.id, parts, parts.clock(), actor="ops")
    checker.of_ends = []
    redrive(failed.id, parts, parts.clock(), actor="ops")
    send(parts, holders)
    assert flags(holders) == {FLAG_1}


class WithBasic(SmallMapping):
    """As an earlier mapping may have done: it makes a type that nothing ends."""

    def apply(self, context: Any, shared: Any = None) -> list[dict[str, Any]]:
        basic = [
            {
                "resourceType": "Basic",
                "id": f"Basic/{risk['id']}",
                "code": {"text": "Of an earlier mapping"},
            }
            for risk in context.get("safety", {}).get("risks", [])[1:]
        ]
        return [*super().apply(context, shared), *basic]


@pytest.mark.parametrize(
    ("recipient", "endpoint", "changes"),
    [
        ("r-amh", "fenwick", {}),
        ("r-amh", "fenwick", WITHDRAWN),
        ("r-gp", "surgery", {"consent_and_sharing.recipients[1]": REMOVE}),
    ],
)
def test_what_no_bundle_can_end_is_told_to_a_person(
    parts: SmallParts, recipient: str, endpoint: str, changes: dict[str, Any]
) -> None:
    mapping: Any = WithBasic()
    parts = replace(parts, tools=replace(parts.tools, mapping=mapping))
    transport = Receivers()
    post(parts, TWO)
    send(parts, transport)
    assert reasons(parts, worklist.WITHDRAW_FROM_HOLDER) == set()
    post(parts, changes, record_version=2)
    assert (recipient, "no_end_status") in reasons(parts, worklist.WITHDRAW_FROM_HOLDER)
    send(parts, transport)
    last = [bundle for name, _, bundle in transport.sent if name == endpoint][-1]
    assert "Basic" not in str(last)
