"""Whatever befell a generated record, a receiver holds what one delivery would leave.

Histories of versions, drafts, withdrawals, records that take another's place, lost and
refused requests, pulls, redrives, sweeps and people's answers, over the shipped mapping
and receivers that have a Patient of their own.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import pytest
from generated import (
    NOW,
    Tree,
    a_house,
    active_trees,
    declared_at,
    endpoints_for,
    give,
    without,
)
from handovers import (
    BUSY,
    CONFLICT,
    KNOWN_ALREADY,
    LOCKED_OUT,
    OK,
    PERSON,
    REFUSED,
    SmallParts,
    make_worker,
    renew_stale,
)
from holders import LOST, Holders
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from stores import databases

from adapter.bundle.content import ACCEPTANCE
from adapter.bundle.retirement import END_STATUSES
from adapter.canonical import CODE_SYSTEM, NHS_NUMBER_SYSTEM
from adapter.delivery.acknowledge import Answered, apply_task_answer
from adapter.delivery.model import REDRIVABLE, Answer, Outcome
from adapter.delivery.renewal import redrive
from adapter.delivery.sweep import sweep_once
from adapter.delivery.worker import run_once
from adapter.directory.model import Endpoint
from adapter.errors import Conflict, InvalidRecord, UnknownRecord
from adapter.record.vocabulary import ACTIVE_STATUSES
from adapter.store import tasks
from adapter.store.deliveries import list_deliveries

Stamped = dict[str, Any]

ASKED_TO_WAIT = Answer(
    Outcome.TRANSIENT, "http_429", 429, retry_after=timedelta(minutes=7)
)
TOO_MANY = Answer(Outcome.TRANSIENT, "http_412", 412)
GARBLED = Answer(Outcome.FATAL, "not_fhir", 200)

RECIPIENT_KIND = "consent_and_sharing.recipients[].kind"
OWN_PATIENT = "own-patient"
PHRASES = ("Another phrase", "Said <again> & otherwise", "Noch einmal — anders")

STEPS = st.fixed_dictionaries(
    {
        "change": st.sampled_from(
            ["text"] * 4 + ["item"] * 3 + ["code", "recipient", "consent", "first"]
        ),
        "seed": st.integers(0, 2**16),
        "status": st.sampled_from(
            ["active"] * 6
            + ["completed", "draft", "withdrawn", "entered_in_error", "superseded"]
        ),
        "record": st.sampled_from(["same"] * 6 + ["successor", "late"]),
        "answers": st.lists(
            st.sampled_from(
                [LOST, BUSY, REFUSED, ASKED_TO_WAIT, TOO_MANY, CONFLICT, LOCKED_OUT]
                + [GARBLED, KNOWN_ALREADY, None]
            ),
            max_size=5,
        ),
        "then": st.lists(
            st.sampled_from(
                ["work"] * 4 + ["redrive", "pull", "sweep", "answer", "repeat", "wait"]
            ),
            max_size=4,
        ),
    }
)


class Receivers(Holders):
    """Receivers that may take a Bundle in and then answer as if they had not.

    Each has a Patient of its own with the person's NHS number. An answer of None is
    no answer: the request raises.
    """

    taken_in = (GARBLED, KNOWN_ALREADY)

    def __init__(self, endpoints: list[Endpoint], number: str | None) -> None:
        super().__init__()
        self.own: Stamped = {
            "resourceType": "Patient",
            "identifier": [{"system": NHS_NUMBER_SYSTEM, "value": number or "none"}],
            "name": [{"family": "Theirs"}],
        }
        for each in endpoints:
            self.at(each.name).write("Patient", OWN_PATIENT, self.own, NOW)

    def send(
        self, endpoint: Endpoint, body: bytes, *, request_id: str, correlation_id: str
    ) -> Answer:
        told = self.answers[0] if self.answers else OK
        if told is None:
            del self.answers[0]
            raise ConnectionResetError
        if told in self.taken_in:
            self.answers[0] = OK
        answer = super().send(
            endpoint, body, request_id=request_id, correlation_id=correlation_id
        )
        return told if answer is OK else answer

    def holds(self, endpoint: str) -> Stamped:
        """What stands there and is not ended; neither own data, Tasks nor notices."""
        return {
            name: resource
            for name, resource in self.standing(endpoint).items()
            if not (
                name == f"Patient/{OWN_PATIENT}"
                or is_acceptance(resource)
                or is_notice(resource)
                or is_ended(resource)
            )
        }

    def acceptances(self, endpoint: str, *statuses: str) -> list[Stamped]:
        return [
            each
            for each in self.at(endpoint).all_of("Task")
            if is_acceptance(each) and each["status"] in statuses
        ]


def has_code(concept: Mapping[str, Any], code: str) -> bool:
    return any(
        (each.get("system"), each.get("code")) == (CODE_SYSTEM, code)
        for each in concept.get("coding", ())
    )


def is_acceptance(resource: Stamped) -> bool:
    code = ACCEPTANCE.partition(".")[2]
    return resource["resourceType"] == "Task" and has_code(
        resource.get("code", {}), code
    )


def is_notice(resource: Stamped) -> bool:
    return resource["resourceType"] == "Communication" and has_code(
        resource.get("topic", {}), "withdrawal-notice"
    )


def is_ended(resource: Stamped) -> bool:
    end = END_STATUSES.get(resource["resourceType"])
    aside = {"resourceType", "id", "meta", "identifier", end.person if end else None}
    rest = {name: part for name, part in resource.items() if name not in aside}
    return end is not None and rest == end.sets


# --- what may become of a record ------------------------------------------------------


def leaves(node: Any, path: str = "") -> list[tuple[Tree, str, Any]]:
    """The plain values of a record that are declared: object, name, declaration."""
    found = []
    for name, value in node.items():
        at = f"{path}{name}"
        if isinstance(value, dict):
            found += leaves(value, f"{at}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += [leaf for each in value for leaf in leaves(each, f"{at}[].")]
        elif (declared := declared_at(at)) is not None:
            found.append((node, name, declared))
    return found


def item_ids(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in item_ids(each)]
    if not isinstance(node, dict):
        return []
    own = [node["id"]] if "id" in node else []
    return own + [found for each in node.values() for found in item_ids(each)]


def changed(tree: Tree, change: str, rng: random.Random) -> Tree:
    """The record after one change; it may be one that is refused."""
    sharing = tree["consent_and_sharing"]
    if change == "item":
        ids = item_ids({name: tree[name] for name in tree if name != "care_team"})
        return without(tree, rng.choice(ids)) if ids else tree
    if change == "recipient":
        return without(tree, rng.choice(item_ids(sharing["recipients"])))
    other = copy.deepcopy(tree)
    if change == "consent":
        sharing = other["consent_and_sharing"]
        for decision in sharing.get("decisions", ()):
            decision["decision"] = rng.choice(["permit", "deny"])
        for recipient in sharing["recipients"]:
            recipient["care_relationship"] = rng.choice(
                ["current_care", "planned_care_accepted", "none"]
            )
    if change in ("text", "code"):
        kinds = ("text", "long_text") if change == "text" else ("code",)
        # A recipient that becomes another under its id: the first is told by a person.
        found = [
            leaf
            for leaf in leaves(other)
            if leaf[2].type in kinds and leaf[2].path != RECIPIENT_KIND
        ]
        for node, name, declared in rng.sample(found, min(3, len(found))):
            value = rng.choice(declared.codes or PHRASES)
            node[name] = [value] if declared.many else value
    return other


@dataclass
class History:
    """What a sender has posted: by record id, its newest version that stands."""

    parts: SmallParts
    receivers: Receivers
    first: Tree
    versions: dict[str, int] = field(default_factory=dict)
    standing: dict[str, Tree] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    answered: list[tuple[str, str, str]] = field(default_factory=list)
    last: Tree = field(default_factory=dict)

    def post(self, step: Mapping[str, Any]) -> None:
        """A version that came of the last one, unless it is refused as not valid."""
        rng = random.Random(step["seed"])
        base = self.first
        if step["change"] != "first" and self.last:
            base = changed(self.last, step["change"], rng)
        name = self._named(step["record"])
        tree = {
            **base,
            "record_id": name,
            "record_version": self.versions.get(name, 0) + 1,
            "status": step["status"],
        }
        tree.pop("status_reason", None)
        if tree["status"] in ("withdrawn", "entered_in_error"):
            tree["status_reason"] = "Synthetic"
        tree.pop("supersedes", None)
        number = int(name.rpartition("-")[2])
        if number > 1:
            before = f"rec-{number - 1}"
            tree["supersedes"] = {"record_id": before, "record_version": 1}
        try:
            give(self.parts, tree)
        except InvalidRecord:
            return
        self.versions[name] = tree["record_version"]
        self.last = tree
        if tree["status"] == "draft":
            return
        self.standing[name] = tree
        if "supersedes" in tree and tree["status"] in ACTIVE_STATUSES:
            self.over.add(tree["supersedes"]["record_id"])

    def _named(self, which: str) -> str:
        newest = max(len(self.versions), 1)
        if which == "successor" and self.versions:
            newest += 1
        if which == "late" and newest > 1:
            newest -= 1
        return f"rec-{newest}"

    def do(self, what: str) -> None:
        getattr(self, what)()

    def work(self) -> None:
        worker = make_worker(self.parts, self.receivers)
        run_once(self.parts, self.receivers, worker=worker)
        self.parts.clock.advance(minutes=20)

    def wait(self) -> None:
        self.parts.clock.advance(hours=20)

    def repeat(self) -> None:
        """The newest version is posted once more, as it was."""
        if self.last and self.last["record_id"] == f"rec-{len(self.versions)}":
            assert give(self.parts, self.last).status == "repeated"

    def redrive(self) -> None:
        sender = self.first["source_system"]["ods_code"]
        for each in list_deliveries(self.parts.store, sender, limit=500).items:
            if each.state in REDRIVABLE and each.endpoint is not None:
                try:
                    redrive(each.id, self.parts, self.parts.clock(), actor="ops")
                except Conflict:
                    continue

    def pull(self) -> None:
        for each in self.parts.directory.endpoints:
            renew_stale(each.ods_code, each.kinds, self.parts, self.parts.clock())

    def sweep(self) -> None:
        sweep_once(self.parts, "w1", interval=timedelta(0))

    def answer(self) -> None:
        """A person accepts what the first receiver that has something to accept has.

        As the receiver does it: at the adapter first, and here only when it was taken.
        """
        for each in self.parts.directory.endpoints:
            for task in self.receivers.acceptances(each.name, "requested"):
                if self._accept(each, task):
                    return

    def _accept(self, endpoint: Endpoint, task: Stamped) -> bool:
        address = next(
            given["valueUrl"]
            for given in task["input"]
            if has_code(given["type"], "reply-to")
        )
        name = address.rpartition("/")[2]
        with self.parts.store.reading() as connection:
            own = tasks.find_task(connection, name)
        if own is None:
            return False
        told = {**orjson.loads(own.body.plain()), "status": "accepted", **PERSON}
        try:
            taken = apply_task_answer(
                self.parts.store,
                name,
                told,
                caller_ods=endpoint.ods_code,
                kinds=endpoint.kinds,
                expected_version=own.version,
                actor="receiver",
                at=self.parts.clock(),
            )
        except UnknownRecord:
            return False
        if not isinstance(taken, Answered):
            return False
        here = {**task, "status": "accepted", **PERSON}
        self.receivers.at(endpoint.name).write("Task", task["id"], here, NOW)
        self.answered.append((endpoint.name, task["id"], name))
        return True

    def settle(self) -> None:
        """Every receiver works again, and what a person can do has been done."""
        self.receivers.answers = []
        for _ in range(4):
            self.sweep()
            self.redrive()
            self.work()
            self.parts.clock.advance(hours=1)
        self.sweep()
        self.work()


def run_history(tree: Tree, steps: list[dict[str, Any]], database: str) -> None:
    endpoints = endpoints_for(tree)
    number = tree["young_person"].get("nhs_number")
    with a_house(endpoints, database) as parts:
        history = History(parts, Receivers(endpoints, number), tree)
        for step in steps:
            history.receivers.answers = list(step["answers"])
            history.post(step)
            for what in step["then"]:
                history.do(what)
        history.settle()
        ended, at = history.receivers, parts.clock.now
    with a_house(endpoints, database) as parts:
        once = History(parts, Receivers(endpoints, number), tree)
        for name, last in history.standing.items():
            if name not in history.over:
                give(parts, last)
        parts.clock.now = at
        once.sweep()
        once.work()
    for each in endpoints:
        wanted = once.receivers.holds(each.name)
        assert ended.holds(each.name) == wanted
        assert ended.at(each.name).version("Patient", OWN_PATIENT) == 1
        is_answered = any(place == each.name for place, _, _ in history.answered)
        open_ = len(ended.acceptances(each.name, "requested"))
        once_open = len(once.receivers.acceptances(each.name, "requested"))
        assert open_ <= once_open
        assert open_ == once_open or is_answered
    for place, task_id, _ in history.answered:
        task = ended.at(place).read("Task", task_id)
        assert task is not None
        assert task["status"] == "accepted"


HISTORIES = st.lists(STEPS, min_size=1, max_size=6)


@examples(25)
@given(active_trees(), HISTORIES)
def test_receivers_end_with_what_one_delivery_would_have_left(
    tree: Tree, steps: list[dict[str, Any]]
) -> None:
    run_history(tree, steps, "sqlite")


@pytest.mark.skipif("postgresql" not in databases(), reason="there is no PostgreSQL")
@examples(4)
@given(active_trees(), HISTORIES)
def test_so_they_do_on_postgresql(tree: Tree, steps: list[dict[str, Any]]) -> None:
    run_history(tree, steps, "postgresql")
