"""What a receiving server ends up with, asked of one that nobody here wrote.

A real store, worker and transport push the four examples to HAPI FHIR's server; what it
then holds is asked of it alone. Each test has an adapter of its own, so ids of its own,
and a person of its own.
"""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from conformance.fhir_server import FhirServer, build, running
from conformance.judge import missing_tools

from adapter.api.auth import load_callers
from adapter.bundle.retirement import DELETED, END_STATUSES
from adapter.canonical import NHS_NUMBER_SYSTEM, RESOURCE_ID_SYSTEM
from adapter.delivery.model import Answer, Outcome, State
from adapter.delivery.transports.rest import RestTransport
from adapter.delivery.worker import run_once
from adapter.directory.model import Directory, Endpoint
from adapter.generate.making import nhs_number
from adapter.intake import accept
from adapter.prepare import Tools
from adapter.settings import Settings
from adapter.store import migrate, open_store
from adapter.store.deliveries import Delivery, list_deliveries
from adapter.wiring import Parts, build_tools

pytestmark = pytest.mark.conformance

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
EXAMPLES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)
SETTINGS = Settings(public_base_url="https://adapter.example")

Resource = dict[str, Any]


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Recorded:
    """The real transport, and every body that went through it."""

    transport: RestTransport
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def send(self, endpoint: Endpoint, body: bytes, **ids: str) -> Answer:
        answer = self.transport.send(endpoint, body, **ids)
        self.bodies.append((endpoint.name, body))
        self.answers.append(answer)
        return answer

    def newest(self, endpoint: str) -> Resource:
        """The Bundle that went to that endpoint last."""
        bodies = [body for name, body in self.bodies if name == endpoint]
        bundle: Resource = orjson.loads(bodies[-1])
        return bundle


@dataclass
class Sender:
    """An adapter whose every recipient is on the one server."""

    parts: Parts
    clock: Clock
    sent: Recorded
    number: str

    def post(self, record: Resource) -> None:
        """The record is accepted, and all that is due has arrived."""
        accept(
            json.dumps(record).encode(),
            caller_ods=record["source_system"]["ods_code"],
            parts=self.parts,
            at=self.clock.now,
        )
        self.deliver()

    def deliver(self) -> None:
        run_once(self.parts, self.sent)
        assert self.sent.answers, "nothing was sent"
        outcomes = {(each.outcome, each.reason) for each in self.sent.answers}
        assert outcomes == {(Outcome.OK, "ok")}

    def record(self, case: str, version: int | None = None) -> Resource:
        """An example, its person known by the test's own NHS number."""
        found: Resource = json.loads((FIXTURES / case / "record.json").read_text())
        found["young_person"]["nhs_number"] = self.number
        return found if version is None else self.next(found, version)

    def next(self, record: Resource, version: int) -> Resource:
        """The record as a later version, an hour on."""
        later: Resource = copy.deepcopy(record)
        later["supersedes"] = {
            "record_id": record["record_id"],
            "record_version": record["record_version"],
        }
        later["record_version"] = version
        self.clock.now += timedelta(hours=1)
        later["updated_at"] = self.clock.now.isoformat()
        return later

    def deliveries(self) -> list[Delivery]:
        ods_code = "ZZ9A1"
        return list(list_deliveries(self.parts.store, ods_code, limit=200).items)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    missing = missing_tools()
    if missing:
        reason = f"LEFT OUT: a FHIR server, for {', '.join(missing)} is not installed"
        if os.environ.get("REQUIRE_CONFORMANCE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        build()
    except subprocess.CalledProcessError as fault:
        pytest.fail(f"the server could not be built:\n{fault.stdout}{fault.stderr}")
    log = tmp_path_factory.mktemp("fhir-server") / "log"
    try:
        with running(log) as url:
            yield FhirServer(url)
    except RuntimeError:
        pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def tools() -> Tools:
    return build_tools(SETTINGS)


@pytest.fixture
def sender(
    server: FhirServer, tools: Tools, tmp_path: Path
) -> Iterator[Callable[..., Sender]]:
    """Makes a sender; ``patient`` is how the directory says the person is found."""
    opened = []

    def make(patient: str = "own") -> Sender:
        url = f"sqlite:///{tmp_path / f'store-{len(opened)}.db'}"
        migrate(url)
        clock = Clock()
        store = open_store(url, clock)
        opened.append(store)
        parts = Parts(
            settings=SETTINGS,
            clock=clock,
            store=store,
            tools=replace(tools, key=store.key()),
            directory=Directory(endpoints(server, patient), "of-this-test"),
            callers=load_callers(""),
        )
        sent = Recorded(RestTransport(clock))
        return Sender(parts, clock, sent, nhs_number(random.Random()))

    yield make
    for store in opened:
        store.close()


def endpoints(server: FhirServer, patient: str) -> tuple[Endpoint, ...]:
    """Every organisation of the examples, all at one address."""
    kinds: dict[str, set[str]] = {}
    for case in EXAMPLES:
        record = json.loads((FIXTURES / case / "record.json").read_text())
        for each in record["consent_and_sharing"]["recipients"]:
            if "ods_code" in each:
                kinds.setdefault(each["ods_code"], set()).add(each["kind"])
    return tuple(
        Endpoint(
            f"at-{ods_code.lower()}",
            ods_code,
            tuple(sorted(found)),
            server.url,
            patient=patient,
            read_timeout=30.0,
        )
        for ods_code, found in kinds.items()
    )


def members(bundle: Resource) -> list[tuple[str, str]]:
    """Type and name of each resource that a Bundle writes, and does not delete."""
    return [
        (entry["resource"]["resourceType"], entry["fullUrl"].rpartition(":")[2])
        for entry in bundle["entry"]
        if "resource" in entry
    ]


def held(server: FhirServer, kind: str, name: str) -> list[Resource]:
    """What the server has of ours by that name: by identifier, else by our tag."""
    by_tag = kind in {"Provenance", "AdverseEvent"}
    parameter = "_tag" if by_tag else "identifier"
    return server.find(kind, **{parameter: f"{RESOURCE_ID_SYSTEM}|{name}"})


def the(server: FhirServer, kind: str, name: str) -> Resource:
    found = held(server, kind, name)
    assert len(found) == 1, f"{len(found)} of {kind}"
    return found[0]


def counts(server: FhirServer, kinds: set[str]) -> dict[str, int]:
    found = {}
    for kind in sorted(kinds):
        answer = server.send("GET", f"{kind}?_summary=count&_total=accurate")
        found[kind] = answer.json()["total"]
    return found


@pytest.mark.parametrize("case", EXAMPLES)
def test_a_transaction_taken_twice_leaves_nothing_twice(
    case: str, server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    ward.post(ward.record(case))
    bundles = [orjson.loads(body) for _, body in ward.sent.bodies]
    sent = [member for bundle in bundles for member in members(bundle)]
    assert len(sent) > 20
    assert all(len(held(server, *member)) == 1 for member in sent)
    before = counts(server, {kind for kind, _ in sent})

    for bundle in bundles:
        again = server.send("POST", "", bundle)
        assert again.status_code == 200, again.text

    assert counts(server, set(before)) == before


def test_searches_find_what_was_sent(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    ward.post(ward.record("planned-handover"))
    bundle = ward.sent.newest("at-zz9b2")
    texts: dict[str, list[str]] = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] in {"Flag", "RiskAssessment"}:
            kind = resource["resourceType"]
            texts.setdefault(kind, []).append(entry["fullUrl"].rpartition(":")[2])
    (patient,) = [name for kind, name in members(bundle) if kind == "Patient"]
    token = f"{RESOURCE_ID_SYSTEM}|{patient}"

    for kind, names in texts.items():
        found = server.find(kind, **{"patient.identifier": token})
        assert sorted(_names(found)) == sorted(names)
    plan = server.find("CarePlan", **{"subject.identifier": token})
    assert len(plan) == len([1 for kind, _ in members(bundle) if kind == "CarePlan"])
    persons = server.find("Patient", identifier=f"{NHS_NUMBER_SYSTEM}|{ward.number}")
    assert patient in [name for each in persons for name in _names([each])]
    asked = server.find("Task", **{"patient.identifier": token, "status": "requested"})
    assert len(asked) == 1


def _names(resources: list[Resource]) -> list[str]:
    return [
        identifier["value"]
        for resource in resources
        for identifier in resource["identifier"]
        if identifier.get("system") == RESOURCE_ID_SYSTEM
    ]


def own_patient(server: FhirServer, number: str) -> Resource:
    """A Patient that the receiver had before, by the same NHS number."""
    identifier = [{"system": NHS_NUMBER_SYSTEM, "value": number}]
    name = [{"family": "Known", "given": ["Here"]}]
    return server.keep(
        {"resourceType": "Patient", "identifier": identifier, "name": name}
    )


def test_its_own_patient_with_the_same_number_stays_as_it_was(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    theirs = own_patient(server, ward.number)

    record = ward.record("planned-handover")
    ward.post(record)
    later = ward.next(record, 2)
    later["young_person"]["phone"] = "0115 496 0009"
    ward.post(later)

    assert server.read("Patient", theirs["id"]) == theirs
    flags = server.find("Flag", patient=theirs["id"])
    assert flags == []


def test_two_recipients_on_one_server_leave_each_other_alone(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    ward.post(ward.record("planned-handover"))
    team, surgery = ward.sent.newest("at-zz9b2"), ward.sent.newest("at-zz9g1")
    assert not set(members(team)) & set(members(surgery))
    before = {each: the(server, *each) for each in members(team)}

    changed = copy.deepcopy(surgery)
    for entry in changed["entry"]:
        if entry["resource"]["resourceType"] == "Flag":
            entry["resource"]["status"] = "inactive"
    assert server.send("POST", "", changed).status_code == 200

    assert {each: the(server, *each) for each in members(team)} == before


def test_a_retry_leaves_an_accepted_task_accepted(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    ward.post(ward.record("planned-handover"))
    bundle = ward.sent.newest("at-zz9b2")
    (name,) = [
        entry["fullUrl"].rpartition(":")[2]
        for entry in bundle["entry"]
        if entry["request"]["method"] == "POST"
    ]
    task = the(server, "Task", name)
    assert task["status"] == "requested"
    task["status"] = "accepted"
    assert server.send("PUT", f"Task/{task['id']}", task).status_code == 200

    assert server.send("POST", "", bundle).status_code == 200

    assert the(server, "Task", name)["status"] == "accepted"


def test_a_changed_phone_number_arrives(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    record = ward.record("planned-handover")
    ward.post(record)
    (name,) = [
        name
        for kind, name in members(ward.sent.newest("at-zz9b2"))
        if kind == "Patient"
    ]
    before = the(server, "Patient", name)

    later = ward.next(record, 2)
    later["young_person"]["phone"] = "0115 496 0009"
    ward.post(later)

    after = the(server, "Patient", name)
    assert after["id"] == before["id"]
    phones = {
        each["value"].replace(" ", "")
        for each in after["telecom"]
        if each["system"] == "phone"
    }
    assert "01154960009" in phones
    assert "01154960001" not in phones
    states = {each.state for each in ward.deliveries() if each.endpoint}
    assert states == {State.DELIVERED}


def test_a_match_finds_its_own_patient_and_leaves_it_as_it_was(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender("match")
    theirs = own_patient(server, ward.number)
    record = ward.record("planned-handover")
    ward.post(record)
    later = ward.next(record, 2)
    later["young_person"]["phone"] = "0115 496 0009"
    ward.post(later)

    assert server.read("Patient", theirs["id"]) == theirs
    persons = server.find("Patient", identifier=f"{NHS_NUMBER_SYSTEM}|{ward.number}")
    assert [each["id"] for each in persons] == [theirs["id"]]
    assert server.find("Flag", patient=theirs["id"])

    ward.post(withdrawn(ward, later))

    assert server.read("Patient", theirs["id"]) == theirs
    flags = server.find("Flag", patient=theirs["id"])
    assert [each for each in flags if each["status"] != "inactive"] == []


def test_a_person_can_be_referred_to_without_a_patient(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender("reference")
    ward.post(ward.record("planned-handover"))
    bundle = ward.sent.newest("at-zz9b2")
    assert "Patient" not in {kind for kind, _ in members(bundle)}
    subjects = [
        the(server, kind, name)["subject"]["identifier"]
        for kind, name in members(bundle)
        if kind in {"Flag", "CarePlan"}
    ]
    assert {each["value"] for each in subjects} == {ward.number}
    persons = server.find("Patient", identifier=f"{NHS_NUMBER_SYSTEM}|{ward.number}")
    assert persons == []


def withdrawn(ward: Sender, record: Resource) -> Resource:
    later = ward.next(record, record["record_version"] + 1)
    later["status"] = "withdrawn"
    later["status_reason"] = "Sent in error (synthetic)"
    return later


def is_ended(server: FhirServer, kind: str, name: str) -> bool:
    """Whether the server holds it as ended, and with none of its words."""
    if kind in DELETED:
        return held(server, kind, name) == []
    resource = the(server, kind, name)
    end = END_STATUSES[kind]
    known = {"resourceType", "id", "meta", "identifier", end.person, *end.sets}
    return resource.keys() <= known and all(
        resource[element] == value for element, value in end.sets.items()
    )


def test_a_withdrawn_record_leaves_nothing_active(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    record = ward.record("planned-handover")
    ward.post(record)
    sent = {
        endpoint: members(ward.sent.newest(endpoint))
        for endpoint, _ in ward.sent.bodies
    }
    assert len(sent) > 1

    ward.post(withdrawn(ward, record))

    left = {
        endpoint: [each for each in those if not is_ended(server, *each)]
        for endpoint, those in sent.items()
    }
    assert left == {endpoint: [] for endpoint in sent}
    for endpoint in sent:
        (notice,) = [
            each
            for each in members(ward.sent.newest(endpoint))
            if each not in sent[endpoint]
        ]
        assert the(server, *notice)["status"] == "completed"


def test_a_later_version_without_a_risk_leaves_no_active_word_of_it(
    server: FhirServer, sender: Callable[..., Sender]
) -> None:
    ward = sender()
    record = ward.record("shared-lives-version-2")
    ward.post(record)
    before = set(members(ward.sent.newest("at-zz9b2")))

    later = ward.next(record, 3)
    safety = later["safety"]
    safety["risks"] = _without(safety["risks"], "rk-2")
    safety["mitigations"] = _without(safety["mitigations"], "mt-2")
    refer_no_more(later, "mt-2")
    ward.post(later)

    bundle = ward.sent.newest("at-zz9b2")
    present = {
        member
        for member, resource in zip(
            members(bundle),
            [entry["resource"] for entry in bundle["entry"] if "resource" in entry],
            strict=True,
        )
        if member in before and not _is_end(resource)
    }
    gone = before - present
    assert {"Flag", "RiskAssessment"} <= {kind for kind, _ in gone}
    assert [each for each in gone if not is_ended(server, *each)] == []
    patient = next(name for kind, name in before if kind == "Patient")
    token = {"patient.identifier": f"{RESOURCE_ID_SYSTEM}|{patient}"}
    for kind in ("Flag", "RiskAssessment"):
        active = [
            each
            for each in server.find(kind, **token)
            if each["status"] != END_STATUSES[kind].sets["status"]
        ]
        assert {(kind, name) for name in _names(active)} <= present


def _is_end(resource: Resource) -> bool:
    end = END_STATUSES.get(resource["resourceType"])
    return end is not None and resource.keys() <= {
        "resourceType",
        "identifier",
        end.person,
        *end.sets,
    }


def _without(items: list[Resource], name: str) -> list[Resource]:
    return [each for each in items if each["id"] != name]


def refer_no_more(node: Any, name: str) -> None:
    """Take a mitigation out of every list that refers to it."""
    for part in node.values() if isinstance(node, dict) else node:
        if isinstance(part, dict):
            refs = part.get("mitigation_refs")
            if refs is not None:
                part["mitigation_refs"] = [each for each in refs if each != name]
                if not part["mitigation_refs"]:
                    del part["mitigation_refs"]
        if isinstance(part, dict | list):
            refer_no_more(part, name)
