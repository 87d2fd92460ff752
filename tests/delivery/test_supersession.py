"""A record that takes another's place ends it, at every recipient that held it."""

from __future__ import annotations

import orjson
from builders import REMOVE, make_body
from handovers import (
    SENDER,
    SmallParts,
    deliveries_to,
    delivery_to,
    ids_of,
    make_worker,
    post,
)
from holders import Holders

from adapter.delivery.model import State
from adapter.delivery.renewal import renew
from adapter.delivery.worker import run_once
from adapter.intake import preview
from adapter.store import worklist
from adapter.store.deliveries import WITHDRAWAL, Delivery
from adapter.store.heads import find_head

NEW = {
    "record_id": "tr-0002",
    "supersedes": {"record_id": "tr-0001", "record_version": 1},
}
OLD_FLAG = f"Flag/{ids_of('r-amh').of('Flag', 'rk-1')}"
NEW_FLAG = f"Flag/{ids_of('r-amh', 'tr-0002').of('Flag', 'rk-1')}"


def send(parts: SmallParts, holders: Holders) -> None:
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]


def standing_of(parts: SmallParts, record_id: str) -> str:
    head = find_head(parts.store, ids_of("r-amh", record_id).view_id())
    assert head is not None
    return head.standing


def reasons(parts: SmallParts) -> list[str]:
    items = worklist.open_items(parts.store, SENDER, purpose=worklist.SUPERSESSION)
    return [each["reason"] for item in items for each in item.about]


def test_the_new_records_first_bundle_ends_the_old_one(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    assert OLD_FLAG in holders.standing("fenwick")
    post(parts, NEW)
    assert standing_of(parts, "tr-0001") == "empty"
    send(parts, holders)
    held = holders.standing("fenwick")
    assert NEW_FLAG in held
    assert OLD_FLAG not in held
    only = Holders()
    post(parts, record_id="tr-0003")
    send(parts, only)
    assert len(held) == len(only.standing("fenwick"))
    assert OLD_FLAG in delivery_to_of(parts, "tr-0002").retires


def delivery_to_of(parts: SmallParts, record_id: str) -> Delivery:
    found = [d for d in deliveries_to(parts, "r-amh") if d.record_id == record_id]
    return found[-1]


def test_what_was_not_sent_of_the_old_record_is_not_sent_any_more(
    parts: SmallParts,
) -> None:
    holders = Holders()
    post(parts)
    post(parts, NEW)
    assert delivery_to_of(parts, "tr-0001").state is State.WITHDRAWN
    send(parts, holders)
    assert OLD_FLAG not in holders.standing("fenwick")
    assert delivery_to_of(parts, "tr-0002").retires == ()


def test_who_gets_nothing_of_the_new_record_is_told_to_stop(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    post(parts, {**NEW, "consent_and_sharing.recipients[1]": REMOVE})
    old = [d for d in deliveries_to(parts, "r-gp") if d.record_id == "tr-0001"]
    assert old[-1].purpose == WITHDRAWAL
    send(parts, holders)
    left = {each.partition("/")[0] for each in holders.standing("surgery")}
    assert left == {"Communication"}


def test_a_superseded_record_stays_so(parts: SmallParts) -> None:
    post(parts)
    post(parts, NEW)
    other = parts.with_policy("trust-7")
    renew(ids_of("r-amh").view_id(), other, parts.clock())
    assert standing_of(parts, "tr-0001") == "empty"
    post(parts, record_version=2)
    assert standing_of(parts, "tr-0001") == "empty"
    assert reasons(parts) == ["superseded_record_changed"]


def test_an_unknown_target_is_work_and_no_refusal(parts: SmallParts) -> None:
    post(parts, NEW)
    assert reasons(parts) == ["supersedes_unknown_record"]
    assert delivery_to(parts, "r-amh").state is State.QUEUED


def test_a_record_of_somebody_else_is_not_superseded(parts: SmallParts) -> None:
    post(parts)
    post(
        parts,
        {
            **NEW,
            "young_person.nhs_number": "9990000026",
            "young_person.local_patient_id": "LKM-2",
        },
    )
    assert reasons(parts) == ["supersedes_record_of_another_person"]
    assert standing_of(parts, "tr-0001") == "current"


def test_a_draft_takes_no_place(parts: SmallParts) -> None:
    post(parts)
    post(parts, {**NEW, "status": "draft"})
    assert standing_of(parts, "tr-0001") == "current"
    post(parts, {**NEW, "record_version": 2})
    assert standing_of(parts, "tr-0001") == "empty"


def test_a_draft_after_an_active_version_changes_nothing(parts: SmallParts) -> None:
    holders = Holders()
    post(parts)
    send(parts, holders)
    before = holders.standing("fenwick")
    other = {"young_person.names[0].family": "Other", "status": "draft"}
    post(parts, other, record_version=2)
    assert len(deliveries_to(parts, "r-amh")) == 1
    send(parts, holders)
    assert holders.standing("fenwick") == before


def test_a_dry_run_knows_that_another_record_took_the_place(
    parts: SmallParts,
) -> None:
    def would_leave(**named: int) -> dict[str, bool]:
        found = preview(
            make_body(**named), caller_ods=SENDER, parts=parts, at=parts.clock()
        )
        return {each["ref"]: each["bundle"] is not None for each in found["recipients"]}

    post(parts)
    assert would_leave(record_version=2)["r-amh"]
    post(parts, NEW)
    assert not any(would_leave(record_version=2).values())
    receipt = orjson.loads(post(parts, record_version=2).receipt_bytes)
    assert not any(
        outcome != "withhold"
        for each in receipt["recipients"]
        for outcome in each["outcomes"].values()
    )
