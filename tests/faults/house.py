"""A running adapter, a receiver beside it, and a sender that does not give up.

Real processes and real HTTP on the loopback. The receiver runs in the test's own
process, so that what it holds can be looked at.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from serve.conftest import Service, children_of, is_alive, until
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool
from stores import postgres

from adapter.api.auth import mint_token
from adapter.receiver import Identity, Receiver

SENDER = "ZZ9A1"
_NUMBERS = itertools.count(1)

Record = dict[str, Any]


def kinds_by_ods(records: Sequence[Record]) -> dict[str, set[str]]:
    """The recipient kinds that each organisation is in these records."""
    kinds: dict[str, set[str]] = {}
    for record in records:
        for each in record["consent_and_sharing"]["recipients"]:
            if "ods_code" in each:
                kinds.setdefault(each["ods_code"], set()).add(each["kind"])
    return kinds


def directory_of(
    kinds: Mapping[str, set[str]], receiver: Receiver, *, read_timeout: float = 10.0
) -> dict[str, Any]:
    """A directory in which every one of these organisations is at the receiver."""
    return {
        "endpoints": {
            ods_code.lower(): {
                "ods_code": ods_code,
                "kinds": sorted(found),
                "transport": "rest",
                "address": receiver.url + "/fhir",
                "auth": {"type": "none"},
                "timeouts": {"read": read_timeout},
            }
            for ods_code, found in sorted(kinds.items())
        }
    }


@contextlib.contextmanager
def listening() -> Iterator[Receiver]:
    with Receiver(Identity("Everybody", "ZZ9Z9")) as receiver:
        receiver.listen()
        yield receiver


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty store of that kind, not yet migrated."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'adapter.db'}"
        return
    server, how = postgres()
    if server is None:
        pytest.skip(f"LEFT OUT: PostgreSQL is {how}")
    with database_at(server) as url:
        yield url


@contextlib.contextmanager
def database_at(server: str) -> Iterator[str]:
    """The URL of a new database at that server, dropped afterwards."""
    name = f"adapter_faults_{os.getpid()}_{next(_NUMBERS)}"
    _at_server(server, f'CREATE DATABASE "{name}"')
    try:
        yield as_text(make_url(server).set(database=name))
    finally:
        _at_server(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def as_text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _at_server(server: str, command: str) -> None:
    address = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(command))


@dataclass(frozen=True)
class Posted:
    """A record as it was posted, and what answered."""

    record: Record
    status: int
    receipt: dict[str, Any]


class Adapter:
    """``serve``, running; it can be killed in part or whole, and started again."""

    def __init__(
        self,
        folder: Path,
        url: str,
        directory: Mapping[str, Any],
        *arguments: str,
        **environ: str,
    ) -> None:
        self.token, digest = mint_token()
        caller = {"name": "ward", "role": "sender", "ods_code": SENDER}
        callers = {"callers": [caller | {"token_sha256": digest}]}
        self._folder = folder
        self._arguments = list(arguments)
        self._environ = {
            "DATABASE_URL": url,
            "DIRECTORY_FILE": _written(folder / "directory.yaml", directory),
            "CALLERS_FILE": _written(folder / "callers.yaml", callers),
            **environ,
        }
        self.service = self._start()

    def _start(self) -> Service:
        # Its log must not lie where the store may have no room left.
        folder = Path(tempfile.mkdtemp(prefix="log-", dir=self._folder))
        return Service(folder, self._arguments, self._environ)

    @property
    def url(self) -> str:
        return self.service.url

    def wait_ready(self) -> None:
        assert self.service.is_ready(60), self.service.log.read_text()[-2000:]

    def pids(self) -> dict[str, int]:
        """The newest pid of each child by name; the log may just be being written."""
        pids = {}
        for line in self.service.log.read_text().splitlines():
            if '"service-started"' in line and '"child"' in line:
                with contextlib.suppress(json.JSONDecodeError):
                    found = json.loads(line)
                    pids[str(found["child"])] = int(found["pid"])
        return pids

    def kill(self, child: str, *, with_its_own: bool = False) -> None:
        """SIGKILL to a child, and to those below it if told so."""
        pid = self.pids()[child]
        below = children_of(pid) if with_its_own else []
        for each in (pid, *below):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)

    def start_again(self) -> None:
        """SIGKILL to the supervisor; another is started once everybody has ended."""
        family = self.service.family()
        self.service.process.kill()
        self.service.process.wait(10)
        if self.service.process.stdout:
            self.service.process.stdout.close()
        assert until(lambda: not any(is_alive(pid) for pid in family), 20)
        self.service = self._start()

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """One answer; raises what ``requests`` raises when none comes."""
        more.setdefault("timeout", 20)
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, **more)

    def post(self, record: Record, deadline: float) -> Posted:
        """The record, accepted: posted again until the adapter says so."""
        body = json.dumps(record).encode()
        headers = {"Content-Type": "application/json"}
        while time.monotonic() < deadline:
            try:
                answer = self.call("POST", "/records", data=body, headers=headers)
            except requests.RequestException:
                time.sleep(0.05)
                continue
            if answer.status_code in {200, 202}:
                return Posted(record, answer.status_code, answer.json())
            assert answer.status_code in {429, 503}, answer.text
            time.sleep(0.1)
        raise AssertionError("the record was not accepted in time")

    def deliveries(self, **asked: str) -> list[dict[str, Any]]:
        """Every delivery that is asked for, page by page; the web may be dead."""
        return _patiently(lambda: self._deliveries(asked))

    def _deliveries(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        path, params = "/deliveries", {**asked, "limit": "200"}
        while True:
            answer = self.call("GET", path, params=params)
            answer.raise_for_status()
            page = answer.json()
            found += page["deliveries"]
            following = page["links"].get("next")
            if following is None:
                return found
            path, params = following.removeprefix(self.url), {}

    def redrive(self, delivery: Mapping[str, Any]) -> requests.Response:
        path = f"/deliveries/{delivery['id']}/redrive"
        return _patiently(lambda: self.call("POST", path))

    def end(self) -> None:
        self.service.end()


def _patiently(ask: Callable[[], Any], seconds: float = 40.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _written(path: Path, document: Any) -> str:
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return str(path)
