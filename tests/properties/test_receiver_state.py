"""Whatever happened on the way, a receiver ends with what one delivery would have left.

Sequences of versions, drafts, withdrawals, lost answers, failures and redrives, over a
simulated receiver that keeps what it is sent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from builders import a_risk, make_tree
from handovers import (
    AMH,
    BUSY,
    REFUSED,
    SENDER,
    SmallParts,
    TestClock,
    deliveries_to,
    ids_of,
    make_parts,
    make_worker,
)
from holders import LOST, Holders, our_name
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from stores import fresh_store

from adapter.bundle.withdrawal import NOTICE
from adapter.delivery.model import REDRIVABLE
from adapter.delivery.renewal import present_of, redrive
from adapter.delivery.verdict import refuse_held, release_held
from adapter.delivery.worker import run_once
from adapter.errors import Conflict
from adapter.intake import accept
from adapter.policy import ReleaseRule
from adapter.store.deliveries import list_deliveries
from adapter.store.handling import Person, list_items
from adapter.store.views import search_resources
from adapter.store.worklist import RELEASE_VIEW

SAM = Person("Sam Sender", "Duty lead")
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


def under_review(parts: SmallParts) -> SmallParts:
    rules = {"adult_mh_service": ReleaseRule.AFTER_REVIEW}
    policy = replace(parts.policy, release=rules)
    return replace(parts, tools=replace(parts.tools, policy=policy))


def say(parts: SmallParts, verdict: str) -> bool:
    """Whether something waited for the team's view and a person said this of it."""
    found = list_items(parts.store, SENDER, purpose=RELEASE_VIEW).items
    for item in found if verdict != "wait" else ():
        (entry,) = item.about
        which, at = (item.id, entry["delivery_id"]), parts.clock()
        if verdict == "release":
            release_held(*which, SAM, parts, at, actor="ward")
        else:
            refuse_held(*which, SAM, "No", parts, at, actor="ward")
        return True
    return False


def pulled(parts: SmallParts) -> tuple[set[str], set[str]]:
    """The team's risks and the family names that it could fetch now."""
    present = present_of(parts, parts.clock())
    found = {
        kind: search_resources(parts.store, AMH, None, kind, present=present).items
        for kind in ("Flag", "Patient")
    }
    names = [orjson.loads(each.body)["name"] for each in found["Patient"]]
    return (
        {RISKS[f"Flag/{each.id}"] for each in found["Flag"]},
        {name[0]["family"] for name in names},
    )


RISKS = {
    f"Flag/{ids_of('r-amh').of('Flag', risk)}": risk
    for risk in ("rk-1", "rk-2", "rk-3", "rk-4")
}
VERDICTS = st.sampled_from(["release", "release", "refuse", "wait"])


@examples(25)
@given(st.lists(st.tuples(VERSIONS, VERDICTS), min_size=1, max_size=6))
def test_a_review_says_when_a_receiver_has_it_and_never_what(
    versions: list[tuple[dict[str, Any], str]],
) -> None:
    stands: dict[str, Any] | None = None
    risks: set[str] = set()
    families: set[str] = set()
    with a_house() as automatic:
        parts, holders = under_review(automatic), Holders()
        for number, (version, verdict) in enumerate(versions, 1):
            holders.answers = list(version["answers"])
            give(parts, tree_of(number, version))
            stands = stands if version["status"] == "draft" else version
            for verdict_now in ("wait", verdict):
                if say(parts, verdict_now) and verdict_now == "release" and stands:
                    risks |= stands["risks"] | {"rk-1"}
                    families.add(stands["family"])
                is_active = stands is not None and stands["status"] == "active"
                flags, names = pulled(parts)
                assert flags <= risks
                assert names <= families
                assert flags <= (stands["risks"] | {"rk-1"} if is_active else set())
            if version["works"]:
                work(parts, holders)
            if version["redrives"]:
                redrive_all(parts)
        if say(parts, "release") and stands:
            risks |= stands["risks"] | {"rk-1"}
        holders.answers = []
        for _ in range(3):
            redrive_all(parts)
            work(parts, holders)
        ended = held(holders, "fenwick")
        delivered = deliveries_to(parts, "r-amh")
    for name, bundle in holders.sent:
        for entry in bundle["entry"] if name == "fenwick" else ():
            flag = entry.get("resource", {})
            if flag.get("resourceType") == "Flag" and "text" in flag["code"]:
                assert RISKS[our_name(flag)] in risks
    with a_house() as parts:
        once = Holders()
        if stands:
            give(parts, tree_of(1, stands))
            work(parts, once)
    wanted = held(once, "fenwick")
    if wanted and any(each.reason == "refused" for each in delivered[-1:]):
        assert ended.keys() - NOTICES <= wanted.keys()
    elif wanted or not any(each.attempts for each in delivered):
        assert ended == wanted
    else:
        assert {each.partition("/")[0] for each in ended} == {"Communication"}


NOTICES = {f"Communication/{ids_of('r-amh').of(NOTICE)}"}


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
