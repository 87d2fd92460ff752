"""What a storm does: records posted, processes killed, and a receiver that fails."""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from faults.house import SENDER, Adapter, Posted, Record
from sqlalchemy import select

from adapter.canonical import RESOURCE_ID_SYSTEM, VIEW_ID_SYSTEM
from adapter.clock import system_clock
from adapter.generate import generate_many
from adapter.receiver import Receiver
from adapter.receiver.faults import read_order
from adapter.record.identifiers import check_digit
from adapter.store import open_store, payload
from adapter.store.schema import deliveries, views

READ_TIMEOUT = 1.0
FAILS = 0.2
NO_ENDPOINT = "no_endpoint"
ONE_IN_FOUR = 4  # has a second version

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "drop"},
    {"kind": "drop", "applied": True},
    {"kind": "half"},
    {"kind": "delay", "seconds": READ_TIMEOUT * 1.6},
    {"kind": "html"},
    {"kind": "operation-outcome"},
)


def misbehave(receiver: Receiver) -> None:
    """The receiver fails in each way once, then one delivery in five, by chance."""
    for fault in FAULTS:
        receiver.orders.add(read_order(fault))
    share = 1 - (1 - FAILS) ** (1 / len(FAULTS))
    for fault in FAULTS:
        receiver.orders.add(read_order({**fault, "rate": share}))


def versions(seed: int, count: int) -> list[list[Record]]:
    """So many records, of one sender and of a person each; some in two versions."""
    made = []
    for place, tree in enumerate(generate_many(seed, count, now=datetime.now(UTC))):
        tree["source_system"]["ods_code"] = SENDER
        if "nhs_number" in tree["young_person"]:
            tree["young_person"]["nhs_number"] = _number(place)
        made.append([tree])
        if place % ONE_IN_FOUR == 0:
            made[-1].append(_changed(tree))
    return made


def _number(place: int) -> str:
    """A well-formed test number that belongs to this place alone."""
    for last in range(10):
        digits = f"999{place:05d}{last}"
        check = check_digit(digits)
        if check is not None:
            return f"{digits}{check}"
    raise AssertionError("a number was to be had")


def _changed(record: Record) -> Record:
    later = copy.deepcopy(record)
    later["record_version"] = record["record_version"] + 1
    later["supersedes"] = {
        "record_id": record["record_id"],
        "record_version": record["record_version"],
    }
    later["young_person"]["phone"] = "0115 496 0009"
    return later


@dataclass
class Storm:
    """One storm: what was accepted, whom it killed, and how long it took to recover."""

    adapter: Adapter
    receiver: Receiver
    rng: random.Random
    deadline: float
    accepted: list[Posted] = field(default_factory=list)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    redriven: Counter[str] = field(default_factory=Counter)

    def run(self, made: Sequence[Sequence[Record]], victims: Sequence[str]) -> None:
        """Every record is accepted, and each victim was killed at some point of it."""
        victims = self.rng.sample(list(victims), len(victims))
        points = sorted(self.rng.sample(range(1, len(made)), len(victims)))
        posting = threading.Event()
        posting.set()
        with ThreadPoolExecutor(3) as pool:
            killing = pool.submit(self._kill, points, victims, posting)
            try:
                with ThreadPoolExecutor(2) as posters:
                    for each in posters.map(self._post, made):
                        assert each
            finally:
                posting.clear()
            killing.result()

    def _post(self, versions: Sequence[Record]) -> bool:
        for record in versions:
            self.accepted.append(self.adapter.post(record, self.deadline))
        return True

    def _kill(
        self, points: Sequence[int], victims: Sequence[str], posting: threading.Event
    ) -> None:
        for point, victim in zip(points, victims, strict=True):
            while len(self.accepted) < point and posting.is_set():
                time.sleep(0.005)
            time.sleep(self.rng.random() * 0.1)
            begun = time.monotonic()
            old = self.adapter.pids()
            if victim == "everything":
                self.adapter.start_again()
                old = {}
            if victim in {"worker", "both"}:
                self.adapter.kill("worker-1")
            if victim in {"web", "both"}:
                self.adapter.kill("web", with_its_own=self.rng.random() < 0.5)
            if self._recovered(victim, old, posting):
                taken = time.monotonic() - begun
                self.recoveries.setdefault(victim, []).append(taken)

    def _recovered(
        self, victim: str, old: dict[str, int], posting: threading.Event
    ) -> bool:
        """Whether the work went on again while there was some."""
        names = {"worker": ["worker-1"], "web": ["web"]}.get(
            victim, ["worker-1", "web"]
        )
        while posting.is_set() and time.monotonic() < self.deadline:
            pids = self.adapter.pids()
            if all(name in pids and pids[name] != old.get(name) for name in names):
                break
            time.sleep(0.02)
        arrived, accepted = len(self.receiver.journal.listed()), len(self.accepted)
        while posting.is_set() and time.monotonic() < self.deadline:
            sends = "web" in names or len(self.receiver.journal.listed()) > arrived
            takes = "worker-1" in names or len(self.accepted) > accepted
            if victim in {"both", "everything"}:
                sends = len(self.receiver.journal.listed()) > arrived
                takes = len(self.accepted) > accepted
            if sends and takes:
                return True
            time.sleep(0.02)
        return False

    def settle(self) -> float:
        """How many seconds until nothing waits any more; what failed is redriven."""
        begun = time.monotonic()
        while time.monotonic() < self.deadline:
            failed = [
                each
                for state in ("failed", "expired")
                for each in self.adapter.deliveries(state=state)
                if each["reason"] != NO_ENDPOINT
            ]
            for each in failed:
                assert each["reason"], "what failed says why"
                answer = self.adapter.redrive(each)
                assert answer.status_code == 202, answer.text
                self.redriven[each["reason"]] += 1
            waiting = [
                each
                for state in ("queued", "sending")
                for each in self.adapter.deliveries(state=state)
            ]
            if not failed and not waiting:
                return time.monotonic() - begun
            time.sleep(0.3)
        raise AssertionError(f"{len(waiting)} deliveries still wait")


def check_nothing_is_lost(
    url: str, receiver: Receiver, accepted: Sequence[Posted], kinds: dict[str, set[str]]
) -> int:
    """How many views the receiver holds, each in its newest version.

    Asserts that the newest accepted version of each record is what its views are made
    of, and that each view that may leave is there whole.
    """
    newest: dict[str, Record] = {}
    for posted in accepted:
        record = posted.record
        known = newest.get(record["record_id"])
        if known is None or known["record_version"] < record["record_version"]:
            newest[record["record_id"]] = record
    found = _rows(url)
    held = 0
    for record in newest.values():
        if record["status"] == "draft":
            continue
        for recipient in record["consent_and_sharing"]["recipients"]:
            view, delivery = found[record["record_id"], recipient["id"]]
            assert view.record_version == record["record_version"]
            if recipient["kind"] not in kinds.get(recipient.get("ods_code"), ()):
                continue
            if view.standing != "current":
                continue
            identifier = f"{VIEW_ID_SYSTEM}|{view.view_id}"
            assert receiver.holdings.view_version(identifier) == view.version
            _check_members(
                orjson.loads(payload.read(delivery, "body").plain()), receiver
            )
            held += 1
    return held


def _rows(url: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    store = open_store(url, system_clock)
    with store.reading() as connection:
        newest = {
            row.view_id: row
            for row in connection.execute(
                select(deliveries).order_by(deliveries.c.number)
            )
        }
        found = {
            (row.record_id, row.recipient_id): (row, newest.get(row.view_id))
            for row in connection.execute(select(views))
        }
    store.close()
    return found


def _check_members(bundle: dict[str, Any], receiver: Receiver) -> None:
    for entry in bundle["entry"]:
        if "resource" not in entry:
            continue
        kind = entry["resource"]["resourceType"]
        token = f"{RESOURCE_ID_SYSTEM}|{entry['fullUrl'].rpartition(':')[2]}"
        by = "_tag" if kind in {"Provenance", "AdverseEvent"} else "identifier"
        assert len(receiver.holdings.find(kind, by, token)) == 1, kind


def check_nothing_is_there_twice(receiver: Receiver) -> int:
    """How many resources the receiver holds, none of them under two ids."""
    names: Counter[tuple[str, str]] = Counter()
    for kind in receiver.holdings.types():
        for resource in receiver.holdings.all_of(kind):
            tags = [each.get("code") for each in resource["meta"].get("tag", [])]
            given = resource.get("identifier", [])
            own = [
                each["value"]
                for each in (given if isinstance(given, list) else [given])
                if each.get("system") == RESOURCE_ID_SYSTEM
            ]
            names.update((kind, name) for name in own or tags)
    assert [name for name, count in names.items() if count > 1] == []
    return len(names)


def check_order(url: str, receiver: Receiver) -> None:
    """Each lane's deliveries first arrived in their places' order.

    A view was never offered in an older version than before. Both but for a request
    that the receiver itself held back: its sender may have been killed meanwhile, and
    what superseded it have been sent.
    """
    seen = receiver.journal.listed()
    first: dict[str, int] = {}
    shown: dict[str, int] = defaultdict(int)
    for position, each in enumerate(seen):
        if each.fault == "delay":
            continue
        if each.request_id and each.status == 200:
            first.setdefault(each.request_id, position)
        if each.view and each.view_version:
            assert int(each.view_version) >= shown[each.view]
            shown[each.view] = int(each.view_version)
    store = open_store(url, system_clock)
    with store.reading() as connection:
        rows = connection.execute(
            select(deliveries.c.lane, deliveries.c.sequence, deliveries.c.request_id)
            .where(deliveries.c.lane.is_not(None))
            .order_by(deliveries.c.lane, deliveries.c.sequence)
        ).all()
    store.close()
    lanes: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.request_id in first:
            lanes[row.lane].append(first[row.request_id])
    for places in lanes.values():
        assert places == sorted(places), [
            (place, seen[place].fault, seen[place].view, seen[place].view_version)
            for place in places
        ]
