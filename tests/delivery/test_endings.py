"""What a recipient holds and may hold no longer is ended, and only that."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from builders import REMOVE, a_risk
from handovers import (
    BUSY,
    REFUSED,
    SENDER,
    SmallParts,
    deliveries_to,
    delivery_to,
    endpoint,
    ids_of,
    make_worker,
    post,
    to_another,
)
from holders import LOST, Holders

from adapter.bundle.withdrawal import STOP_USING_THIS
from adapter.delivery.model import State
from adapter.delivery.renewal import present_of, preview_redrive, redrive
from adapter.delivery.worker import run_once
from adapter.store import worklist
from adapter.store.deliveries import WITHDRAWAL
from adapter.store.history import resource_history

FLAG_2 = f"Flag/{ids_of('r-amh').of('Flag', 'rk-2')}"
LATER = endpoint("later", "ZZ9B7", "adult_mh_service")
TWO = {"safety.risks[+]": a_risk("rk-2")}
WITHDRAWN = {"status": "withdrawn", "status_reason": "Sent in error (synthetic)"}


def send(parts: SmallParts, holders: Holders) -> None:
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]


def flags(holders: Holders) -> list[str]:
    return [each for each in holders.standing("fenwick") if each.startswith("Flag/")]


def test_what_a_later_version_lacks_is_ended(parts: SmallParts) -> None:
    holders = Holders()
    post(parts, TWO)
    send(parts, holders)
    assert len(flags(holders)) == 2
    post(parts, record_version=2)
    send(parts, holders)
    assert FLAG_2 not in flags(holders)
    assert len(flags(holders)) == 1
    (over,) = [
        e for e in holders.at("fenwick").all_of("Flag") if "text" not in e["code"]
    ]
    assert over["status"] == "inactive"
    assert over["code"]["coding"][0]["code"] == "retired"
    assert delivery_to(parts, "r-amh").retires == (FLAG_2,)


def test_what_may_have_arrived_is_ended_too(parts: SmallParts) -> None:
    holders = Holders(LOST, LOST, LOST)
    post(parts, TWO)
    send(parts, holders)
    post(parts, record_version=2)
    parts.clock.advance(hours=1)
    send(parts, holders)
    assert len(flags(holders)) == 1


def test_what_was_never_sent_is_not_ended(parts: SmallParts) -> None:
    holders = Holders()
    post(parts, TWO)
    post(parts, record_version=2)
    send(parts, holders)
    assert delivery_to(parts, "r-amh").retires == ()
    assert len(holders.at("fenwick").all_of("Flag")) == 1


def test_what_was_ended_is_not_ended_again_unless_it_came_back(
    parts: SmallParts,
) -> None:
    holders = Holders()
    for version, changes in enumerate(
        [TWO, {}, {"young_person.names[0].family": "Other"}], 1
    ):
        post(parts, changes, record_version=version)
        send(parts, holders)
    assert delivery_to(parts, "r-amh").retires == ()
    post(parts, TWO, record_version=4)
    send(parts, holders)
    assert FLAG_2 in flags(holders)
    post(parts, record_version=5)
    send(parts, holders)
    assert FLAG_2 not in flags(holders)
    assert delivery_to(parts, "r-amh").retires == (FLAG_2,)


def test_a_withdrawn_record_leaves_nothing_active(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, WITHDRAWN, record_version=2)
    last = delivery_to(parts, "r-amh")
    assert (last.state, last.purpose) == (State.QUEUED, WITHDRAWAL)
    send(parts, holders)
    assert delivery_to(parts, "r-amh").state is State.DELIVERED
    (left,) = holders.standing("fenwick").values()
    assert left["resourceType"] == "Communication"
    assert left["payload"][0]["contentString"] == STOP_USING_THIS
    assert left["about"][0]["identifier"]["value"] == ids_of("r-amh").view_id()


def test_a_withdrawal_repeats_nothing_of_the_person(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, WITHDRAWN, record_version=2)
    send(parts, holders)
    bundle = str([each for name, each in holders.sent if name == "fenwick"][-1])
    for word in ("Testley", "2009-09-01", "9990000018", "in error (synthetic)"):
        assert word not in bundle


def test_who_was_sent_nothing_is_told_nothing(parts: SmallParts) -> None:
    post(parts)
    post(parts, WITHDRAWN, record_version=2)
    assert [each.state for each in deliveries_to(parts, "r-amh")] == [State.WITHDRAWN]


def test_what_comes_back_ends_the_notice(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    first = holders.standing("fenwick")
    post(parts, WITHDRAWN, record_version=2)
    send(parts, holders)
    post(parts, record_version=3)
    send(parts, holders)
    again = holders.standing("fenwick")
    assert not any(each.startswith("Communication/") for each in again)
    without_tasks = [each for each in first if not each.startswith("Task/")]
    assert {name: again[name] for name in without_tasks} == {
        name: first[name] for name in without_tasks
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"outcomes_monitoring.death": {"date_of_death": "2026-11-04"}},
            "g2a",
        ),
    ],
)
def test_under_some_gates_only_a_person_withdraws(
    parts: SmallParts, changes: dict[str, Any], reason: str
) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, changes, record_version=2)
    assert delivery_to(parts, "r-amh").purpose != WITHDRAWAL
    (item,) = worklist.open_items(
        parts.store, SENDER, purpose=worklist.WITHDRAW_FROM_HOLDER
    )
    assert reason in {each["reason"] for each in item.about}


def test_a_withdrawal_waits_for_a_retry_and_arrives(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, WITHDRAWN, record_version=2)
    holders.answers = [BUSY, BUSY, BUSY, LOST, LOST]
    for _ in range(6):
        send(parts, holders)
        parts.clock.advance(hours=1)
    assert len(holders.standing("fenwick")) == 1


def left(holders: Holders, name: str) -> set[str]:
    """The types of what still stands at that receiver."""
    return {each.partition("/")[0] for each in holders.standing(name)}


def without_the_gp(parts: SmallParts, holders: Holders) -> None:
    send(parts, holders)
    post(parts, {"consent_and_sharing.recipients[1]": REMOVE}, record_version=2)


def test_a_recipient_that_is_no_longer_named_is_withdrawn_from(
    parts: SmallParts,
) -> None:
    holders = Holders()
    post(parts)
    without_the_gp(parts, holders)
    send(parts, holders)
    assert left(holders, "surgery") == {"Communication"}
    assert "Flag" in left(holders, "fenwick")


def test_a_withdrawal_from_one_no_longer_named_can_be_redriven(
    parts: SmallParts,
) -> None:
    holders = Holders()
    post(parts)
    without_the_gp(parts, holders)
    holders.answers = [REFUSED]
    send(parts, holders)
    failed = delivery_to(parts, "r-gp")
    assert (failed.purpose, failed.state) == (WITHDRAWAL, State.FAILED)
    again = redrive(failed.id, parts, parts.clock(), actor="ops")
    assert (again.id, again.lane) == (failed.id, failed.lane)
    send(parts, holders)
    assert left(holders, "surgery") == {"Communication"}


def test_the_next_version_cancels_what_nobody_answered(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, TWO, record_version=2)
    send(parts, holders)
    tasks = {t["status"] for t in holders.at("fenwick").all_of("Task")}
    assert tasks == {"cancelled", "requested"}


def test_a_preview_shows_what_a_redrive_would_send(parts: SmallParts) -> None:
    holders = Holders(*[REFUSED] * 3)
    post(parts)
    send(parts, holders)
    failed = delivery_to(parts, "r-amh")
    shown = preview_redrive(failed.id, parts, parts.clock())
    assert (shown.would, shown.endpoint) == ("send_again", "fenwick")
    assert shown.bundle is not None
    other = parts.with_endpoints(version="none")
    assert preview_redrive(failed.id, other, parts.clock()).would == "no_endpoint"
    assert delivery_to(parts, "r-amh") == failed
    redrive(failed.id, parts, parts.clock(), actor="ops")
    send(parts, holders)
    ((_, sent),) = [each for each in holders.sent if each[0] == "fenwick"]
    assert sent == orjson.loads(shown.bundle.plain())


def test_who_takes_over_an_id_learns_nothing_of_whom_it_named_before(
    parts: SmallParts,
) -> None:
    """A recipient's code is mended: the first holder is a person's to tell."""
    holders = Holders()
    parts = parts.with_endpoints(*parts.directory.endpoints, LATER, version="d1")
    post(parts, TWO)
    send(parts, holders)
    post(parts, to_another(str(LATER.ods_code)), record_version=2)
    send(parts, holders)
    assert delivery_to(parts, "r-amh").endpoint == LATER.name
    assert not delivery_to(parts, "r-amh").retires
    assert [each["status"] for each in holders.at(LATER.name).all_of("Flag")] == [
        "active"
    ]
    assert [each["status"] for each in holders.at(LATER.name).all_of("Task")] == [
        "requested"
    ]
    assert len(flags(holders)) == 2
    (item,) = worklist.open_items(
        parts.store, SENDER, purpose=worklist.WITHDRAW_FROM_HOLDER
    )
    assert [each["reason"] for each in item.about] == ["recipient_changed"]


def test_who_takes_over_an_id_reads_no_version_of_whom_it_named_before(
    parts: SmallParts,
) -> None:
    parts = parts.with_endpoints(*parts.directory.endpoints, LATER, version="d1")
    post(parts)
    code = str(LATER.ods_code)
    changed = {**to_another(code), "young_person.names[0].family": "Other"}
    post(parts, changed, record_version=2)
    patient = ids_of("r-amh").of("Patient")
    present = present_of(parts, parts.clock())
    served = resource_history(
        parts.store, code, None, "Patient", patient, present=present
    )
    assert [each.version for each in served] == [2]
