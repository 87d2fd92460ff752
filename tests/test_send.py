"""``send`` against the simulated receiver and raw endpoints, over real HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from loopback import CERTIFICATE, Loopback, answer

from adapter.cli import cli
from adapter.receiver import Identity, Receiver

CASE = "planned-handover"
SECRET = "tester-key-0f1e2d3c"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(Identity("Fenwick", "ZZ9B2", token=SECRET)) as found:
        found.listen()
        yield found


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def serving() -> Iterator[Callable[..., Loopback]]:
    started: list[Loopback] = []

    def serve(body: bytes, *, tls: bool = False) -> Loopback:
        started.append(Loopback(tls=tls))
        started[-1].answers(body)
        return started[-1]

    yield serve
    for each in started:
        each.stop()


def run(*arguments: str, form: str = "transaction") -> Result:
    return CliRunner().invoke(cli, ["send", CASE, "--as", form, *arguments])


def send(code: int, *arguments: str, form: str = "transaction") -> dict[str, Any]:
    result = run(*arguments, form=form)
    assert result.exit_code == code, result.output
    assert SECRET not in result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def order(receiver: Receiver, **fault: Any) -> None:
    assert requests.post(f"{receiver.url}/faults", json=fault, timeout=5).ok


def test_what_is_delivered_is_told_with_its_request(
    receiver: Receiver, token: Path
) -> None:
    to = f"{receiver.url}/fhir"
    told = send(0, "--to", to, "--token-file", str(token))
    assert (told["recipient"], told["at"]) == ("r-amh", "2026-11-05T09:00:00.000Z")
    request = told["request"]
    assert (request["method"], request["url"]) == ("POST", to)
    assert request["headers"]["Authorization"] == "(secret)"
    assert request["bundle"]["type"] == "transaction"
    assert told["answer"]["status"] == 200
    assert told["answer"]["body"]["type"] == "transaction-response"
    assert told["means"]["state"] == "delivered"

    (seen,) = requests.get(f"{receiver.url}/requests", timeout=5).json()["requests"]
    assert seen["request_id"] == request["headers"]["X-Request-Id"]

    again = send(0, "--to", to, "--token-file", str(token), "--recipient", "r-gp",
                 "--anchor", "today")  # fmt: skip
    assert again["request"]["bundle"]["identifier"] != request["bundle"]["identifier"]


FAULTS = [
    (
        {"status": 503, "retry_after": 7},
        503,
        "transient-error",
        "queued",
        "after the 7 s",
    ),
    ({"status": 409}, 409, "transient-error", "queued", "5 times in all"),
    ({"status": 422}, 422, "fatal-error", "failed", "redriven"),
    ({"status": 403}, 403, "endpoint-fault", "queued", "probe"),
    ({"status": 404, "bare": True}, 404, "endpoint-fault", "queued", "probe"),
    ({"status": 307}, 307, "fatal-error", "failed", "redriven"),
    ({"kind": "drop"}, None, "transient-error", "queued", "within 1 s"),
    ({"kind": "half"}, None, "transient-error", "queued", "within 1 s"),
    ({"kind": "html"}, 200, "fatal-error", "failed", "redriven"),
    ({"kind": "operation-outcome"}, 200, "fatal-error", "failed", "redriven"),
    ({"kind": "malformed"}, 200, "fatal-error", "failed", "redriven"),
]


@pytest.mark.parametrize(
    ("fault", "status", "outcome", "state", "then"), FAULTS, ids=lambda each: str(each)
)
def test_each_fault_means_what_the_table_says(
    receiver: Receiver,
    token: Path,
    fault: dict[str, Any],
    status: int | None,
    outcome: str,
    state: str,
    then: str,
) -> None:
    order(receiver, **fault)
    told = send(1, "--to", f"{receiver.url}/fhir", "--token-file", str(token))
    assert (told["answer"] and told["answer"]["status"]) == status
    assert (told["means"]["outcome"], told["means"]["state"]) == (outcome, state)
    assert then in told["means"]["then"]


def test_a_wrong_credential_is_the_endpoints_fault(
    receiver: Receiver, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text("another-token")
    told = send(1, "--to", f"{receiver.url}/fhir", "--token-file", str(other))
    assert told["means"]["reason"] == "http_401"
    assert told["answer"]["body"]["resourceType"] == "OperationOutcome"


def test_nobody_there_is_told_without_an_answer() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = send(1, "--to", f"http://127.0.0.1:{port}/fhir")
    assert told["answer"] is None
    assert told["means"]["reason"] == "refused"


def test_a_collection_is_a_resource_to_keep(serving: Callable[..., Loopback]) -> None:
    kept = serving(answer(201, headers={"Location": "/fhir/Bundle/1"}))
    told = send(0, "--to", f"{kept.url}/Bundle", form="collection")
    assert told["request"]["bundle"]["type"] == "collection"
    assert told["answer"]["headers"]["Location"] == "/fhir/Bundle/1"
    refused = serving(answer(422, '{"resourceType": "OperationOutcome"}'))
    told = send(1, "--to", f"{refused.url}/Bundle", form="collection")
    assert told["means"]["state"] == "failed"


def test_a_credential_that_the_answer_repeats_is_not_printed(
    serving: Callable[..., Loopback], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTER_KEY", SECRET)
    echo = serving(
        answer(400, f'{{"you sent": "{SECRET}"}}', {"Location": f"/{SECRET}"})
    )
    told = send(1, "--to", echo.url, "--header", "X-Api-Key=TESTER_KEY")
    assert told["answer"]["body"] == {"you sent": "(secret)"}
    assert told["answer"]["headers"]["Location"] == "/(secret)"
    assert told["request"]["headers"]["X-Api-Key"] == "(secret)"
    (request,) = echo.requests
    assert request.header("X-Api-Key") == SECRET


def test_tls_is_verified_unless_the_certificate_is_named(
    serving: Callable[..., Loopback],
) -> None:
    secure = serving(answer(201), tls=True)
    told = send(1, "--to", f"{secure.url}/Bundle", form="collection")
    assert told["means"]["reason"] == "tls"
    named = ("--ca", str(CERTIFICATE))
    told = send(0, "--to", f"{secure.url}/Bundle", *named, form="collection")
    assert told["means"]["outcome"] == "ok"


def test_who_gets_nothing_is_sent_nothing(receiver: Receiver) -> None:
    told = send(1, "--to", f"{receiver.url}/fhir", "--recipient", "r-com")
    assert told["request"] is None
    assert told["means"]["reason"] == "nothing_leaves"
    assert requests.get(f"{receiver.url}/requests", timeout=5).json()["requests"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--to", "http://example.org/fhir"),
        ("--to", f"https://user:{SECRET}@127.0.0.1/fhir"),
        ("--to", "ftp://127.0.0.1/"),
        ("--to", "http://127.0.0.1:1/fhir?a=b"),
        ("--to", "http://127.0.0.1:1", "--header", f"X-Api-Key={SECRET}"),
        ("--to", "http://127.0.0.1:1", "--header", "X-Api-Key=NO_SUCH_SECRET"),
        ("--to", "http://127.0.0.1:1", "--header", "Host=PATH"),
        ("--to", "http://127.0.0.1:1", "--token-file", "/dev/null"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_an_echo(
    arguments: tuple[str, ...],
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert SECRET not in result.output


def test_a_case_that_is_refused_and_an_unknown_recipient_are_not_sent() -> None:
    to = ("--as", "transaction", "--to", "http://127.0.0.1:1")
    runner = CliRunner()
    bad = runner.invoke(cli, ["send", "bad-draft", *to])
    assert bad.exit_code == 1
    assert bad.stdout == ""
    assert run("--to", "http://127.0.0.1:1", "--recipient", "nobody").exit_code == 1
