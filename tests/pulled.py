"""What receivers can find out over HTTP: every answer, byte for byte.

A house is the real application over a real SQLite file; two houses of one key give the
same ids to the same record.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from api_house import BASE_URL, House, TestClock

from adapter.api.app import create_app
from adapter.api.auth import load_callers, mint_token
from adapter.directory import load_directory
from adapter.prepare import Tools
from adapter.record.vocabulary import RECIPIENT_KINDS
from adapter.settings import Settings
from adapter.store import migrate, open_store
from adapter.wiring import Parts

SENDER = "ZZ9A1"
ODS_OF = {kind: f"ZZ9K{number:02}" for number, kind in enumerate(RECIPIENT_KINDS)}
"""An organisation for each kind, so that each can ask for its own."""

OTHER_KINDS = "other-kinds"
SEARCHED = (
    "Patient",
    "CarePlan",
    "Communication",
    "Consent",
    "Flag",
    "Observation",
    "Practitioner",
    "Provenance",
    "RelatedPerson",
    "RiskAssessment",
    "Task",
)
NOT_COMPARED = {"Date", "X-Request-Id", "X-Correlation-Id"}

Tree = dict[str, Any]


def _callers() -> tuple[str, dict[str, str]]:
    tokens: dict[str, str] = {}
    listed = []

    def add(name: str, **caller: Any) -> None:
        tokens[name], digest = mint_token()
        listed.append({"name": name, **caller, "token_sha256": digest})

    add("ward", role="sender", ods_code=SENDER)
    for kind, ods in ODS_OF.items():
        name = kind.replace("_", "-")
        add(name, role="receiver", ods_code=ods, kinds=[kind])
        other = "regulator" if kind != "regulator" else "housing"
        add(f"{name}-{OTHER_KINDS}", role="receiver", ods_code=ods, kinds=[other])
    return json.dumps({"callers": listed}), tokens


CALLERS, TOKENS = _callers()


def addressed(tree: Tree) -> Tree:
    """The record, sent by our sender, each recipient with its kind's organisation."""
    tree["source_system"]["ods_code"] = SENDER
    for recipient in tree["consent_and_sharing"]["recipients"]:
        recipient["ods_code"] = ODS_OF[recipient["kind"]]
    tree["transition"]["to_service"]["ods_code"] = ODS_OF["adult_mh_service"]
    return tree


class Street:
    """Houses of one key, each empty when it is opened."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self.folder = folder
        self.tools = tools
        self.count = 0
        self.empty = folder / "empty.db"
        migrate(f"sqlite:///{self.empty}")

    @contextlib.contextmanager
    def house(self) -> Iterator[House]:
        self.count += 1
        path = self.folder / f"house-{self.count}.db"
        shutil.copy(self.empty, path)
        clock = TestClock()
        store = open_store(f"sqlite:///{path}", clock)
        parts = Parts(
            settings=Settings(public_base_url=BASE_URL),
            clock=clock,
            store=store,
            tools=replace(self.tools, key=store.key()),
            directory=load_directory("", secrets=lambda name: None),
            callers=load_callers(CALLERS),
        )
        try:
            yield House(create_app(parts), parts, clock, TOKENS)
        finally:
            store.close()


def answers(
    house: House,
    caller: str,
    addresses: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """What a caller is answered, by what was asked: status, headers and body.

    Types are searched, one of each type found is read in every way, and so are the
    ``addresses``; Date and the ids of the request itself are left out.
    """
    client = house.client(caller)
    told: dict[str, bytes] = {}

    def ask(address: str, **asked: Any) -> Any:
        sent = {**(headers or {}), **asked.pop("headers", {})}
        method = asked.pop("method", "GET")
        answer = client.open(address, method=method, headers=sent, **asked)
        kept = [
            f"{name}: {value}"
            for name, value in answer.headers.items()
            if name not in NOT_COMPARED
        ]
        head = "\n".join([str(answer.status_code), *kept]).encode()
        key = f"{method} {address} {sorted(sent.items())}"
        told[key] = head + b"\n\n" + answer.get_data()
        return answer

    found = set(addresses)
    for name in SEARCHED:
        body = ask(f"/fhir/{name}?_count=200").get_json()
        for entry in body.get("entry", ()):
            found.add(f"{name}/{entry['resource']['id']}")
    form = {"content_type": "application/x-www-form-urlencoded", "method": "POST"}
    ask("/fhir/Flag/_search", data="_count=1", **form)
    ask("/fhir/Patient/_search", data=f"identifier={NHS}", **form)
    ask("/fhir/Task?status=requested&_include=Task:focus")
    ask("/fhir/Flag?patient=Patient/none")
    ask("/fhir/Flag?nonsense=1")
    ask("/worklist")
    ask("/records/ZZ9A1/tr-0001")
    for address in _some(found):
        ask(f"/fhir/{address}")
        ask(f"/fhir/{address}", headers={"Accept-Encoding": "gzip"})
        ask(f"/fhir/{address}", headers={"If-None-Match": 'W/"1"'})
        if not address.startswith("Bundle/"):
            ask(f"/fhir/{address}/_history")
            ask(f"/fhir/{address}/_history/1")
        if address.startswith("Task/"):
            put = {"resourceType": "Task", "id": address[5:], "status": "unknown"}
            ask(f"/fhir/{address}", method="PUT", json=put)
    return told


def _some(addresses: Iterable[str]) -> list[str]:
    """Views and Tasks, a Flag and a CarePlan: each is read in many ways."""
    first: dict[str, str] = {}
    for address in sorted(addresses):
        kind = address.partition("/")[0]
        if kind in ("Bundle", "Task", "Flag", "CarePlan"):
            first[address if kind in ("Bundle", "Task") else kind] = address
    return sorted(first.values())


NHS = "https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018"
