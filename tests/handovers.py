"""A small adapter for tests of store and delivery: everything outside is handed in.

The mapping is four lines of Python, so that a test decides what a view holds; the
record, its parsing, its decisions and its bundles are the real ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic as system_monotonic
from typing import Any

import orjson
from builders import NOON, make_body, make_tree
from stores import KEY

from adapter.bundle.ids import Ids
from adapter.canonical import NHS_NUMBER_SYSTEM
from adapter.delivery.leases import LEASE, Claimed, LeaseLost, Terms, claim_some
from adapter.delivery.model import Answer, Outcome
from adapter.delivery.renewal import present_of, renew
from adapter.delivery.retry import DEFAULT_RETRY
from adapter.delivery.settle import Finished, Settled, settle_all
from adapter.delivery.worker import Worker
from adapter.directory.model import Directory, Endpoint
from adapter.errors import Issue
from adapter.intake import Accepted, accept
from adapter.policy import DEFAULT_POLICY, Policy
from adapter.prepare import Tools
from adapter.settings import Settings
from adapter.store import Store, views
from adapter.store.deliveries import Delivery, list_deliveries

SENDER = "ZZ9A1"
AMH = "ZZ9B1"
GP = "ZZ9G1"
CRISIS = "ZZ9B3"

OK = Answer(Outcome.OK, "http_200", 200)
BUSY = Answer(Outcome.TRANSIENT, "http_503", 503)
REFUSED = Answer(Outcome.FATAL, "http_422", 422)
LOCKED_OUT = Answer(Outcome.ENDPOINT_FAULT, "http_401", 401)
KNOWN_ALREADY = Answer(Outcome.DUPLICATE, "http_409", 409)
CONFLICT = Answer(Outcome.TRANSIENT, "http_409", 409)

PERSON = {
    "contained": [
        {
            "resourceType": "PractitionerRole",
            "id": "role",
            "practitioner": {"reference": "#person"},
            "code": [{"text": "Care coordinator"}],
        },
        {
            "resourceType": "Practitioner",
            "id": "person",
            "name": [{"text": "Bo Receiver"}],
        },
    ],
    "owner": {"reference": "#role", "display": "Bo Receiver"},
}


class TestClock:
    """A clock that stands until a test moves it."""

    __test__ = False

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class SmallMapping:
    """Patient, plan, a Flag for each risk, and the Task that asks for acceptance."""

    version = "small-1"

    def apply(
        self, context: Mapping[str, Any], shared: Any = None
    ) -> list[dict[str, Any]]:
        person = context["young_person"]
        patient: dict[str, Any] = {
            "resourceType": "Patient",
            "id": "Patient",
            "name": [{"family": person["names"][0]["family"]}],
            "birthDate": person["birth_date"],
        }
        if "nhs_number" in person:
            number = {"system": NHS_NUMBER_SYSTEM, "value": person["nhs_number"]}
            patient["identifier"] = [number]
        subject = {"reference": "Patient"}
        plan = {
            "resourceType": "CarePlan",
            "id": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": subject,
        }
        flags = [
            {
                "resourceType": "Flag",
                "id": f"Flag/{risk['id']}",
                "status": "active",
                "code": {"text": risk["behaviours"]},
                "subject": subject,
            }
            for risk in context.get("safety", {}).get("risks", [])
        ]
        task = {
            "resourceType": "Task",
            "id": "Task.accept-handover",
            "status": "requested",
            "intent": "order",
            "focus": {"reference": "CarePlan"},
            "for": subject,
        }
        return [patient, plan, *flags, task]


class SmallChecker:
    """Finds what a test tells it to find."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.of_ends: list[Issue] = []

    def content(self, content: Any) -> list[Issue]:
        return list(self.issues)

    def resources(self, resources: Any) -> list[Issue]:
        return list(self.of_ends)

    def bundle(self, bundle: Any) -> list[Issue]:
        return list(self.of_ends)


def endpoint(name: str, ods_code: str, *kinds: str) -> Endpoint:
    return Endpoint(name, ods_code, kinds, "http://127.0.0.1:9/fhir")


ENDPOINTS = (
    endpoint("fenwick", AMH, "adult_mh_service"),
    endpoint("surgery", GP, "gp"),
    endpoint("crisis", CRISIS, "crisis_team"),
)


@dataclass(frozen=True)
class SmallParts:
    """What intake and worker need of an adapter, and no more."""

    store: Store
    clock: TestClock
    tools: Tools
    directory: Directory
    settings: Settings = field(
        default_factory=lambda: Settings(public_base_url="https://adapter.example")
    )

    @property
    def policy(self) -> Policy:
        return self.tools.policy

    def with_policy(self, version: str) -> SmallParts:
        policy = replace(self.policy, version=version)
        return replace(self, tools=replace(self.tools, policy=policy))

    def with_endpoints(self, *endpoints: Endpoint, version: str = "d2") -> SmallParts:
        return replace(self, directory=Directory(endpoints, version))


def make_parts(
    store: Store,
    clock: TestClock,
    endpoints: Sequence[Endpoint] = ENDPOINTS,
    checker: SmallChecker | None = None,
) -> SmallParts:
    tools = Tools(
        policy=DEFAULT_POLICY,
        mapping=SmallMapping(),  # type: ignore[arg-type]
        checker=checker or SmallChecker(),  # type: ignore[arg-type]
        key=KEY,
    )
    return SmallParts(store, clock, tools, Directory(tuple(endpoints), "d1"))


class Receivers:
    """A transport that keeps what it is given and answers as it is told.

    ``answers`` are given in turn, for every endpoint or for one; then OK.
    """

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.by_endpoint: dict[str, list[Answer]] = {}
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.lock = threading.Lock()

    def send(
        self, endpoint: Endpoint, body: bytes, *, request_id: str, correlation_id: str
    ) -> Answer:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        with self.lock:
            self.sent.append((endpoint.name, request_id, orjson.loads(body)))
            waiting = self.by_endpoint.get(endpoint.name) or self.answers
            return waiting.pop(0) if waiting else OK

    def versions(self, endpoint: str) -> list[int]:
        return [
            int(bundle["meta"]["versionId"])
            for name, _, bundle in self.sent
            if name == endpoint
        ]


def make_worker(parts: SmallParts, transport: Receivers, **more: Any) -> Worker:
    """A worker whose dice always fall on the longest wait."""
    return Worker(parts, transport, **{"name": "w1", "dice": lambda: 0.999999, **more})


def post(parts: SmallParts, changes: Any = None, /, **named: Any) -> Accepted:
    """A record accepted at the parts' own time."""
    return accept(
        make_body(changes, **named),
        caller_ods=SENDER,
        parts=parts,
        at=parts.clock(),
    )


def delivery_to(parts: SmallParts, recipient_id: str) -> Delivery:
    """The newest delivery to that recipient."""
    found = list_deliveries(parts.store, SENDER, limit=500).items
    return next(each for each in found if each.recipient_id == recipient_id)


def deliveries_to(parts: SmallParts, recipient_id: str) -> list[Delivery]:
    """The deliveries to that recipient, oldest first."""
    found = list_deliveries(parts.store, SENDER, limit=500).items
    return [each for each in reversed(found) if each.recipient_id == recipient_id]


def ids_of(recipient_id: str, record_id: str = "tr-0001") -> Ids:
    return Ids(KEY, SENDER, record_id, recipient_id)


def to_another(ods_code: str) -> dict[str, Any]:
    """The changes that make the adult service another organisation under its id."""
    recipients = make_tree()["consent_and_sharing"]["recipients"]
    adult = next(each for each in recipients if each["id"] == "r-amh")
    adult["ods_code"] = ods_code
    return {
        "consent_and_sharing.recipients": recipients,
        "transition.to_service.ods_code": ods_code,
    }


def claim(
    store: Store,
    owner: str,
    *,
    length_for: Callable[[str], timedelta] = lambda endpoint: LEASE,
    most_at: Callable[[str], int | None] = lambda endpoint: None,
    monotonic: Callable[[], float] = system_monotonic,
) -> Claimed | None:
    """The next delivery that is due, leased in a transaction of its own, if any is."""
    taken, terms = monotonic(), Terms(owner, length_for, most_at)
    with store.writing() as connection:
        now = store.now(connection)
        found = claim_some(connection, 1, terms, now=now, taken=taken)
    return found[0] if found else None


def settle(store: Store, claimed: Claimed, answer: Answer) -> Settled:
    """What became of one attempt, in a transaction of its own; dice that show 0.5."""
    with store.writing() as connection:
        (settled,) = settle_all(
            connection,
            [Finished(claimed, answer)],
            store.now(connection),
            policy=DEFAULT_RETRY,
            dice=lambda: 0.5,
        )
        if settled is None:
            raise LeaseLost
    return settled


def renew_stale(
    caller_ods: str, kinds: Collection[str] | None, parts: Any, at: datetime
) -> int:
    """How many of a receiver's own views were prepared again: all that had to be."""
    stale = views.stale_views(parts.store, caller_ods, kinds, present_of(parts, at))
    for view_id in stale:
        renew(view_id, parts, at, actor=caller_ods)
    return len(stale)
