"""The receiver over HTTP: its label, its token, its inbox and its misbehaviour."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask, Response, request
from transactions import TASK, task, transaction

from adapter.delivery.model import Outcome
from adapter.delivery.transports.rest import RestTransport
from adapter.directory import Auth, Endpoint
from adapter.errors import SettingsInvalid
from adapter.receiver import Identity, Receiver, run_receiver
from adapter.receiver.faults import read_order
from adapter.receiver.mount import InProcess

BODY = json.dumps(transaction()).encode()


def endpoint(receiver: Receiver, **changes: Any) -> Endpoint:
    address = (receiver.url or "http://receiver.test") + "/fhir"
    return Endpoint(
        "fenwick", "ZZ9B2", ("adult_mh_service",), address, read_timeout=1.0, **changes
    )


def deliver(receiver: Receiver, transport: RestTransport | None = None) -> Any:
    transport = transport or RestTransport(receiver_clock)
    return transport.send(
        endpoint(receiver), BODY, request_id="r-1", correlation_id="c-1"
    )


def receiver_clock() -> datetime:
    return datetime(2026, 11, 5, 12, tzinfo=UTC)


def order(receiver: Receiver, **body: Any) -> requests.Response:
    return requests.post(receiver.url + "/faults", json=body, timeout=5)


class TestLabel:
    @pytest.mark.parametrize("path", ["/", "/inbox", "/fhir/metadata", "/fhir/Flag/x"])
    def test_every_answer_says_that_it_is_simulated(
        self, receiver: Receiver, path: str
    ):
        answer = requests.get(receiver.url + path, timeout=5)

        assert answer.headers["X-Simulated-Receiver"].startswith("simulated")

    def test_the_page_and_the_metadata_say_so_too(self, receiver: Receiver):
        deliver(receiver)
        page = requests.get(receiver.url + "/", timeout=5).text
        metadata = requests.get(receiver.url + "/fhir/metadata", timeout=5).json()

        assert "SIMULATED" in page
        assert "Fenwick Adult Community Team" in page
        assert metadata["resourceType"] == "CapabilityStatement"
        assert "SIMULATED" in metadata["implementation"]["description"]
        assert metadata["experimental"] is True

    def test_a_name_cannot_bring_markup_into_the_page(self):
        with Receiver(Identity("<script>x</script>")) as other:
            other.listen()
            assert "<script>" not in requests.get(other.url + "/", timeout=5).text


class TestToken:
    @pytest.fixture
    def guarded(self) -> Iterator[Receiver]:
        with Receiver(Identity(token="s3cr3t")) as running:
            running.listen()
            yield running

    def test_what_it_asks_for_is_needed(self, guarded: Receiver):
        assert deliver(guarded).outcome is Outcome.ENDPOINT_FAULT

        headers = {"Authorization": "Bearer s3cr3t"}
        known = endpoint(guarded, auth=Auth("bearer", headers))
        sent = RestTransport(receiver_clock).send(
            known, BODY, request_id="r", correlation_id="c"
        )
        assert sent.outcome is Outcome.OK

    def test_its_tokens_are_never_printed(self):
        identity = Identity(token="s3cr3t", adapter_token="0th3r")

        assert "s3cr3t" not in repr(identity)
        assert "0th3r" not in repr(identity)


class TestFaults:
    @pytest.mark.parametrize(
        ("body", "outcome", "reason"),
        [
            ({"status": 503}, Outcome.TRANSIENT, "http_503"),
            ({"status": 429, "retry_after": 7}, Outcome.TRANSIENT, "http_429"),
            ({"status": 404, "bare": True}, Outcome.ENDPOINT_FAULT, "http_404"),
            ({"status": 404}, Outcome.FATAL, "http_404"),
            ({"kind": "drop"}, Outcome.TRANSIENT, "reset"),
            ({"kind": "half"}, Outcome.TRANSIENT, "answer_cut_short"),
            (
                {"kind": "half", "applied": False},
                Outcome.TRANSIENT,
                "answer_cut_short",
            ),
            ({"kind": "malformed"}, Outcome.FATAL, "answer_not_fhir"),
            ({"kind": "html"}, Outcome.FATAL, "answer_not_fhir"),
            (
                {"kind": "operation-outcome"},
                Outcome.FATAL,
                "answer_operation_outcome",
            ),
            ({"kind": "delay", "seconds": 30}, Outcome.TRANSIENT, "timeout"),
        ],
    )
    def test_a_fault_is_what_the_adapter_meets_once(
        self, receiver: Receiver, body: dict[str, Any], outcome: Outcome, reason: str
    ):
        assert order(receiver, **body).status_code == 201

        first, second = deliver(receiver), deliver(receiver)

        assert (first.outcome, first.reason) == (outcome, reason)
        assert second.outcome is Outcome.OK
        assert receiver.holdings.types()["Flag"] == 1

    def test_retry_after_is_sent_as_told(self, receiver: Receiver):
        order(receiver, status=503, retry_after="Thu, 05 Nov 2026 12:00:30 GMT")

        assert deliver(receiver).retry_after.total_seconds() == 30

    @pytest.mark.parametrize(
        ("applied", "held"), [(True, {"Flag": 1}), (False, {"Flag": 0})]
    )
    @pytest.mark.parametrize("kind", ["drop", "half", "status", "html"])
    def test_the_bundle_is_applied_first_if_so_ordered(
        self, receiver: Receiver, kind: str, applied: bool, held: dict[str, int]
    ):
        order(receiver, kind=kind, applied=applied)

        deliver(receiver)

        assert len(receiver.holdings.all_of("Flag")) == held["Flag"]

    def test_an_order_holds_for_so_many_deliveries(self, receiver: Receiver):
        order(receiver, status=500, times=2)

        reasons = [deliver(receiver).reason for _ in range(3)]

        assert reasons == ["http_500", "http_500", "ok"]

    def test_a_rate_fails_a_share_for_good(self, receiver: Receiver):
        order(receiver, status=500, rate=0.25)

        failed = [deliver(receiver).reason for _ in range(80)].count("http_500")

        assert 8 < failed < 35
        assert requests.get(receiver.url + "/faults", timeout=5).json()["faults"]

    def test_orders_are_listed_and_cleared(self, receiver: Receiver):
        order(receiver, kind="html", times=9)
        listed = requests.get(receiver.url + "/faults", timeout=5).json()["faults"]
        assert [(each["kind"], each["times"]) for each in listed] == [("html", 9)]

        assert requests.delete(receiver.url + "/faults", timeout=5).status_code == 204

        assert deliver(receiver).outcome is Outcome.OK

    def test_only_deliveries_meet_a_fault(self, receiver: Receiver):
        order(receiver, status=500)

        assert requests.get(receiver.url + "/fhir/Flag", timeout=5).ok

    @pytest.mark.parametrize(
        "body",
        [
            {"kind": "sulk"},
            {"status": 200},
            {"status": "500"},
            {"times": 0},
            {"rate": 2},
            {"seconds": -1},
            {"retry_after": "x\r\nSet-Cookie: y"},
            {"applied": "yes"},
            {"colour": "blue"},
        ],
    )
    def test_an_order_that_cannot_be_followed_is_refused(
        self, receiver: Receiver, body: dict[str, Any]
    ):
        assert order(receiver, **body).status_code == 422

    def test_faults_work_without_a_port_too(self):
        with Receiver() as unheard:
            transport = RestTransport(
                receiver_clock, adapter_for=lambda _: unheard.as_adapter()
            )
            for kind in ("drop", "half", "html"):
                unheard.orders.add(read_order({"kind": kind}))
            reasons = [deliver(unheard, transport).reason for _ in range(4)]

        assert reasons == ["reset", "answer_cut_short", "answer_not_fhir", "ok"]


class TestWire:
    def test_one_connection_serves_many_requests(self, receiver: Receiver):
        with requests.Session() as session:
            started = time.monotonic()
            for _ in range(50):
                assert session.get(receiver.url + "/fhir/Flag", timeout=5).ok
            assert time.monotonic() - started < 2

    def test_gzip_is_taken(self, receiver: Receiver):
        sent = RestTransport(receiver_clock).send(
            endpoint(receiver, gzip=True), BODY, request_id="r", correlation_id="c"
        )
        assert sent.outcome is Outcome.OK

        bad = requests.post(
            receiver.url + "/fhir",
            data=gzip.compress(BODY)[:40],
            headers={
                "Content-Encoding": "gzip",
                "Content-Type": "application/fhir+json",
            },
            timeout=5,
        )
        assert bad.status_code == 413

    def test_what_it_saw_holds_ids_and_no_content(self, receiver: Receiver):
        deliver(receiver)
        order(receiver, kind="drop")
        deliver(receiver)
        requests.get(receiver.url + "/fhir/Patient?identifier=9997000374", timeout=5)

        text = requests.get(receiver.url + "/requests", timeout=5).text
        taken, dropped, searched = json.loads(text)["requests"]

        assert (taken["request_id"], taken["correlation_id"]) == ("r-1", "c-1")
        assert (taken["status"], taken["view"], taken["view_version"]) == (
            200,
            "view-1",
            "1",
        )
        assert (dropped["status"], dropped["fault"]) == (None, "drop")
        assert searched["path"] == "/fhir/Patient"
        assert "9997000374" not in text
        assert "Whitlock" not in text

    def test_a_port_in_use_is_told_plainly(self, receiver: Receiver):
        port = int(receiver.url.rsplit(":", 1)[1])

        with pytest.raises(SettingsInvalid) as refused:
            run_receiver("127.0.0.1", port, ods_code="ZZ9B2")

        assert refused.value.issues[0].code == "PORT_UNAVAILABLE"

    def test_it_runs_until_told_to_stop(self):
        stop = threading.Event()
        seen: list[str] = []

        def started(address: str) -> None:
            seen.append(requests.get(address + "/inbox", timeout=5).text)
            stop.set()

        run_receiver(ods_code="ZZ9B2", started=started, stop=stop)

        assert json.loads(seen[0])["handovers"] == []


class Adapter:
    """The adapter's side of a Task, as far as a receiver sees it."""

    def __init__(self) -> None:
        self.task: dict[str, Any] = {**task()["resource"], "id": TASK}
        self.version = 1
        self.fail_with: int | None = None
        self.overtaken = False
        self.tokens: list[str | None] = []
        self.app = Flask("adapter-side")
        self.app.add_url_rule("/fhir/Task/<name>", view_func=self.get)
        self.app.add_url_rule(
            "/fhir/Task/<name>", view_func=self.put, methods=["PUT"], endpoint="put"
        )

    def sessions(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", InProcess(self.app.wsgi_app))
        return session

    def get(self, name: str) -> Response:
        self.tokens.append(request.headers.get("Authorization"))
        if self.fail_with:
            return Response(status=self.fail_with)
        answer = Response(json.dumps(self.task), content_type="application/fhir+json")
        answer.headers["ETag"] = f'W/"{self.version}"'
        if self.overtaken:
            self.version += 1
        return answer

    def put(self, name: str) -> Response:
        if request.headers.get("If-Match") != f'W/"{self.version}"':
            return Response(status=412)
        self.task = request.get_json(force=True)
        self.version += 1
        return Response(json.dumps(self.task), content_type="application/fhir+json")


class TestInbox:
    @pytest.fixture
    def adapter(self) -> Adapter:
        return Adapter()

    @pytest.fixture
    def answering(self, adapter: Adapter) -> Iterator[Receiver]:
        identity = Identity("Fenwick", "ZZ9B2", (), adapter_token="0ur-t0k3n")
        with Receiver(identity, sessions=adapter.sessions) as running:
            running.listen()
            deliver(running)
            yield running

    def inbox(self, receiver: Receiver) -> list[dict[str, Any]]:
        answer = requests.get(receiver.url + "/inbox", timeout=5)
        return list(answer.json()["handovers"])

    def answer(self, receiver: Receiver, way: str, **body: Any) -> requests.Response:
        (handover, *_) = self.inbox(receiver)
        url = f"{receiver.url}/inbox/{handover['id']}/{way}"
        return requests.post(url, json=body, timeout=5)

    def test_a_handover_waits_for_an_answer(self, answering: Receiver):
        (handover,) = self.inbox(answering)

        assert handover["status"] == "requested"
        assert handover["reply_to"].endswith(TASK)

    def test_a_named_person_accepts_it_at_the_adapter(
        self, answering: Receiver, adapter: Adapter
    ):
        answer = self.answer(answering, "accept", name="Jo Farrant", role="Nurse")

        assert answer.status_code == 200
        assert answer.json()["answered_by"] == {"name": "Jo Farrant", "role": "Nurse"}
        assert adapter.task["status"] == "accepted"
        assert adapter.task["owner"]["reference"] == "#answered-by"
        role, person = adapter.task["contained"]
        assert role["resourceType"] == "PractitionerRole"
        assert role["code"] == [{"text": "Nurse"}]
        assert role["practitioner"]["reference"] == "#" + person["id"]
        assert person["name"] == [{"text": "Jo Farrant"}]
        assert adapter.tokens == ["Bearer 0ur-t0k3n"]

    def test_an_accepted_handover_stays_accepted_after_a_retry(
        self, answering: Receiver
    ):
        self.answer(answering, "accept", name="Jo Farrant", role="Nurse")

        deliver(answering)

        assert [each["status"] for each in self.inbox(answering)] == ["accepted"]

    def test_a_rejection_gives_its_reason(self, answering: Receiver, adapter: Adapter):
        silent = self.answer(answering, "reject", name="Jo Farrant", role="Nurse")
        assert silent.status_code == 422
        assert adapter.task["status"] == "requested"

        self.answer(
            answering, "reject", name="Jo Farrant", role="Nurse", reason="No bed"
        )

        assert adapter.task["status"] == "rejected"
        assert adapter.task["statusReason"] == {"text": "No bed"}

    @pytest.mark.parametrize("body", [{}, {"name": "Jo"}, {"name": " ", "role": "x"}])
    def test_somebody_must_answer(self, answering: Receiver, body: dict[str, Any]):
        assert self.answer(answering, "accept", **body).status_code == 422

    def test_an_answer_is_given_once(self, answering: Receiver):
        assert self.answer(answering, "accept", name="Jo", role="Nurse").ok

        again = self.answer(answering, "reject", name="X", role="Y", reason="Z")

        assert again.status_code == 409

    @pytest.mark.parametrize("fault", ["overtaken", "fails"])
    def test_what_the_adapter_does_not_take_changes_nothing_here(
        self, answering: Receiver, adapter: Adapter, fault: str
    ):
        if fault == "overtaken":
            adapter.overtaken = True
        else:
            adapter.fail_with = 503

        answer = self.answer(answering, "accept", name="Jo", role="Nurse")

        assert answer.status_code == 502
        assert [each["status"] for each in self.inbox(answering)] == ["requested"]

    def test_no_such_handover(self, answering: Receiver):
        url = f"{answering.url}/inbox/none/accept"

        answer = requests.post(url, json={"name": "Jo", "role": "Nurse"}, timeout=5)

        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "reply_to",
        ["https://elsewhere.example/fhir/Task/1", "http://127.0.0.1.example/Task/1"],
    )
    def test_the_token_is_shown_at_the_adapter_only(
        self, adapter: Adapter, reply_to: str
    ):
        identity = Identity(adapter_token="0ur-t0k3n")
        with Receiver(identity, sessions=adapter.sessions) as running:
            running.listen()
            bundle = transaction(*transaction()["entry"][:-1], task(reply_to))
            requests.post(running.url + "/fhir", json=bundle, timeout=5)

            refused = self.answer(running, "accept", name="Jo", role="Nurse")

        assert refused.status_code == 409
        assert adapter.tokens == []

    def test_a_receiver_without_a_token_says_so(self, receiver: Receiver):
        deliver(receiver)

        refused = self.answer(receiver, "accept", name="Jo", role="Nurse")

        assert refused.status_code == 409
        assert "token" in refused.json()["error"]
