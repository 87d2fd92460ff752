"""Whatever happened on the way, a receiver ends with what one delivery would have left.

Sequences of versions, drafts, withdrawals, lost answers, failures and redrives, over a
simulated receiver that keeps what it is sent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from builders import a_risk, make_tree
from handovers import (
    BUSY,
    REFUSED,
    SENDER,
    SmallParts,
    TestClock,
    deliveries_to,
    make_parts,
    make_worker,
)
from holders import LOST, Holders
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from stores import fresh_store

from adapter.delivery.model import REDRIVABLE
from adapter.delivery.renewal import redrive
from adapter.delivery.worker import run_once
from adapter.errors import Conflict
from adapter.intake import accept
from adapter.store.deliveries import list_deliveries

RECIPIENTS = {"fenwick": "r-amh", "surgery": "r-gp", "crisis": "r-crisis"}

STATUSES = st.sampled_from(["active"] * 5 + ["draft", "withdrawn", "entered_in_error"])
ANSWERS = st.lists(st.sampled_from([LOST, BUSY, REFUSED]), max_size=4)
VERSIONS = st.fixed_dictionaries(
    {
        "status": STATUSES,
        "risks": st.sets(st.sampled_from(["rk-2", "rk-3", "rk-4"])),
        "family": st.sampled_from(["Testley", "Other"]),
        "named": st.booleans(),
        "answers": ANSWERS,
        "works": st.booleans(),
        "redrives": st.booleans(),
    }
)


@contextmanager
def a_house() -> Iterator[SmallParts]:
    clock = TestClock()
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_store("sqlite", Path(folder), clock) as store,
    ):
        yield make_parts(store, clock)


def tree_of(number: int, version: dict[str, Any]) -> dict[str, Any]:
    tree = make_tree(record_version=number, status=version["status"])
    if version["status"] in {"withdrawn", "entered_in_error"}:
        tree["status_reason"] = "Synthetic"
    tree["young_person"]["names"][0]["family"] = version["family"]
    tree["safety"]["risks"] += [a_risk(each) for each in sorted(version["risks"])]
    if not version["named"]:
        recipients = tree["consent_and_sharing"]["recipients"]
        recipients[:] = [each for each in recipients if each["id"] != "r-gp"]
    return tree


def give(parts: SmallParts, tree: dict[str, Any]) -> None:
    accept(orjson.dumps(tree), caller_ods=SENDER, parts=parts, at=parts.clock())


def work(parts: SmallParts, holders: Holders) -> None:
    run_once(parts, holders, worker=make_worker(parts, holders))  # type: ignore[arg-type]
    parts.clock.now += timedelta(hours=1)


def redrive_all(parts: SmallParts) -> None:
    for each in list_deliveries(parts.store, SENDER, limit=500).items:
        if each.state in REDRIVABLE and each.endpoint is not None:
            try:
                redrive(each.id, parts, parts.clock(), actor="ops")
            except Conflict:
                continue


def held(holders: Holders, endpoint: str) -> dict[str, Any]:
    """What stands there, without Tasks (answered or not) and without instants."""
    return {
        name: {
            key: part
            for key, part in resource.items()
            if key not in {"sent", "lastModified", "authoredOn"}
        }
        for name, resource in holders.standing(endpoint).items()
        if not name.startswith("Task/")
    }


@examples(25)
@given(st.lists(VERSIONS, min_size=1, max_size=6))
def test_a_receiver_ends_with_what_one_delivery_would_have_left(
    versions: list[dict[str, Any]],
) -> None:
    with a_house() as parts:
        holders = Holders()
        for number, version in enumerate(versions, 1):
            holders.answers = list(version["answers"])
            give(parts, tree_of(number, version))
            if version["works"]:
                work(parts, holders)
            if version["redrives"]:
                redrive_all(parts)
        holders.answers = []
        for _ in range(3):
            redrive_all(parts)
            work(parts, holders)
        ended = {name: held(holders, name) for name in RECIPIENTS}
        was_sent = {
            name: any(each.attempts for each in deliveries_to(parts, recipient))
            for name, recipient in RECIPIENTS.items()
        }
        requested = open_tasks(holders)
    standing = [each for each in versions if each["status"] != "draft"]
    with a_house() as parts:
        once = Holders()
        if standing:
            give(parts, tree_of(1, standing[-1]))
            work(parts, once)
        for name in RECIPIENTS:
            wanted = held(once, name)
            if not wanted and was_sent[name]:
                assert {each.partition("/")[0] for each in ended[name]} == {
                    "Communication"
                }
            else:
                assert ended[name] == wanted
        assert requested == open_tasks(once)


def open_tasks(holders: Holders) -> dict[str, int]:
    """How many acceptance Tasks wait for an answer at each receiver."""
    return {
        name: sum(
            each["status"] == "requested" for each in holders.at(name).all_of("Task")
        )
        for name in RECIPIENTS
    }


@examples(15)
@given(
    updated=st.integers(0, 40_000),
    told=st.text("abc ", min_size=1, max_size=20).filter(str.strip),
    shuffle=st.randoms(use_true_random=False),
)
def test_what_a_recipient_may_not_see_makes_no_delivery(
    updated: int, told: str, shuffle: Any
) -> None:
    with a_house() as parts:
        first = make_tree()
        first["safety"]["risks"] += [a_risk("rk-2"), a_risk("rk-3")]
        give(parts, first)
        before = list_deliveries(parts.store, SENDER, limit=500).items
        second = make_tree(record_version=2)
        second["safety"]["risks"] += [a_risk("rk-3"), a_risk("rk-2")]
        shuffle.shuffle(second["consent_and_sharing"]["recipients"])
        second["updated_at"] = f"2026-11-05T{updated // 3600 % 9:02}:00:30+00:00"
        second["source_system"]["version"] = told.strip()
        give(parts, second)
        after = list_deliveries(parts.store, SENDER, limit=500).items
        assert [each.id for each in after] == [each.id for each in before]
