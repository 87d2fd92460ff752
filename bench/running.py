"""What several benches run: an adapter, the least receiver, and records to post.

Each runs in processes of its own, in a temporary folder, and is ended afterwards.
"""

import copy
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import yaml
from prepare import cut_down, record_for_six

from adapter.api.auth import mint_token
from adapter.record.identifiers import check_digit
from adapter.serve import wait_ready
from adapter.settings import Settings
from adapter.wiring import build_tools

CLOCK = "2026-11-05T09:00:00Z"
SENDER = "ZZ9A1"
HERE = Path(__file__).resolve().parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(times: Sequence[float], share: int) -> float:
    """The value under which that share in 100 lie."""
    return quantiles(times, n=100, method="inclusive")[share - 1]


def records(count: int) -> list[bytes]:
    """So many bodies to post: 250 values for six recipients, of a person each."""
    tree = cut_down(record_for_six(), build_tools(Settings()))
    bodies = []
    place = 0
    while len(bodies) < count:
        digits = f"999{place:06d}"
        place += 1
        check = check_digit(digits)
        if check is None:
            continue
        one = copy.deepcopy(tree)
        one["record_id"] = f"bench-{len(bodies)}"
        one["young_person"]["nhs_number"] = f"{digits}{check}"
        bodies.append(json.dumps(one).encode())
    return bodies


class Receiver:
    """The least receiver, in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "receiver.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def seen(self) -> list[tuple[float, str]]:
        """When each Bundle arrived, by the monotonic clock, and its correlation id."""
        found: list[tuple[float, str]] = json.loads(call(self.url, "GET", "/seen")[1])
        return found

    def wait_for(self, count: int, seconds: float = 120) -> list[tuple[float, str]]:
        deadline = time.monotonic() + seconds
        while len(found := self.seen()) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {len(found)} of {count} bundles arrived")
            time.sleep(0.1)
        return found

    def end(self) -> None:
        self.process.communicate("")


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.end()


def directory_for(address: str) -> dict[str, Any]:
    """A directory in which the record's six recipients are at that address."""
    found = record_for_six()["consent_and_sharing"]["recipients"]
    return {
        "endpoints": {
            each["id"]: {
                "ods_code": each["ods_code"],
                "kinds": [each["kind"]],
                "transport": "rest",
                "address": f"{address}/fhir",
                "auth": {"type": "none"},
            }
            for each in found
        }
    }


@dataclass
class Adapter:
    """A running adapter: where it answers, and how it is asked."""

    url: str
    token: str
    database: str
    process: subprocess.Popen[bytes]
    ready_after: float
    environ: dict[str, str]

    def post(self, bodies: Sequence[bytes], connections: int) -> "Posting":
        """Every body is accepted, over so many connections at once."""
        return Posting(self, bodies, connections)


def environment(
    folder: Path, address: str, *, database: str | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """The settings of an adapter in that folder, and a token by the caller's role."""
    sender, sender_digest = mint_token()
    reader, reader_digest = mint_token()
    team = record_for_six()["consent_and_sharing"]["recipients"][0]
    callers = [
        {
            "name": "ward",
            "role": "sender",
            "ods_code": SENDER,
            "token_sha256": sender_digest,
        },
        {
            "name": "team",
            "role": "receiver",
            "ods_code": team["ods_code"],
            "kinds": [team["kind"]],
            "token_sha256": reader_digest,
        },
    ]
    (folder / "directory.yaml").write_text(yaml.safe_dump(directory_for(address)))
    (folder / "callers.yaml").write_text(yaml.safe_dump({"callers": callers}))
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database or f"sqlite:///{folder / 'adapter.db'}",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "METRICS_PORT": "0",
        "DIRECTORY_FILE": str(folder / "directory.yaml"),
        "CALLERS_FILE": str(folder / "callers.yaml"),
        "CLOCK": CLOCK,
        "LOG_LEVEL": "WARNING",
    }
    return environ, {"sender": sender, "receiver": reader}


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="adapter-bench-") as folder:
        yield Path(folder)


@contextmanager
def serving(environ: dict[str, str], token: str, *arguments: str) -> Iterator[Adapter]:
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", "serve", *arguments],
        env=environ,
        cwd=HERE.parent,
        stdin=subprocess.DEVNULL,
    )
    url = environ["PUBLIC_BASE_URL"]
    try:
        if not wait_ready(url, timedelta(seconds=60)):
            raise SystemExit("the adapter did not become ready")
        ready_after = time.monotonic() - begun
        database = environ["DATABASE_URL"]
        yield Adapter(url, token, database, process, ready_after, environ)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def running(address: str, *, database: str | None = None) -> Iterator[Adapter]:
    """``serve`` with one web process and one worker, over an empty store."""
    with temporary_folder() as folder:
        environ, tokens = environment(folder, address, database=database)
        with serving(environ, tokens["sender"]) as adapter:
            yield adapter


def call(
    url: str,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """One answer, on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


class Posting:
    """What posting came to: when it began and ended, and how long each answer took."""

    def __init__(
        self, adapter: Adapter, bodies: Sequence[bytes], connections: int
    ) -> None:
        self._adapter = adapter
        self.times: list[float] = []
        self.refused = 0
        shares = [bodies[start::connections] for start in range(connections)]
        self.begun = time.monotonic()
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(self._post, shares))
        self.ended = time.monotonic()

    @property
    def seconds(self) -> float:
        return self.ended - self.begun

    def _post(self, bodies: Sequence[bytes]) -> None:
        connection = connect(self._adapter.url)
        for body in bodies:
            self.times.append(self._accept(connection, body))

    def _accept(self, connection: http.client.HTTPConnection, body: bytes) -> float:
        begun = time.monotonic()
        while True:
            status = post_one(connection, self._adapter.token, body)
            if status == 202:
                return time.monotonic() - begun
            if status not in {429, 503}:
                raise SystemExit(f"a record was answered with {status}")
            self.refused += 1
            time.sleep(0.05)


def connect(url: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.connect()
    assert connection.sock is not None
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def post_one(connection: http.client.HTTPConnection, token: str, body: bytes) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/records", body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status
