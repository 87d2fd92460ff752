"""The stage of the demonstration: the adapter and its simulated receivers, running.

Each is a process of its own on a free loopback port, in a temporary folder, and ends
when the stage is left.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson
import requests
import yaml

from adapter.api.auth import mint_token

Found = TypeVar("Found")

CLOCK = "2026-11-05T09:00:00Z"
SENDER = "ZZ9A1"
FAILING = "ZZ9B2"
PATIENCE = 40.0


@dataclass(frozen=True)
class Provider:
    """A receiving provider that the demonstration plays, and who answers for it."""

    name: str
    ods_code: str
    kinds: tuple[str, ...]
    person: str
    role: str


PROVIDERS = (
    Provider(
        "Fenwick mental health services",
        FAILING,
        ("adult_mh_service", "cyp_mh_service"),
        "Jo Farrant",
        "Care coordinator",
    ),
    Provider(
        "Fenwick Crisis Team", "ZZ9B3", ("crisis_team",), "Sam Okoro", "Crisis worker"
    ),
    Provider("Testham Surgery", "ZZ9G1", ("gp",), "Dr Ines Hale", "GP"),
    Provider(
        "Home-area trust", "ZZ9H7", ("sending_provider",), "Lee Abara", "Oversight lead"
    ),
)


class DemoFailed(Exception):
    """Something that the demonstration claims was not so."""


@dataclass(frozen=True)
class Running:
    """A running adapter and its receivers, with the tokens to call them."""

    adapter: str
    sender_token: str
    receivers: Mapping[str, str]
    tokens: Mapping[str, str]
    folder: Path
    ready_after: float

    def get(self, path: str, token: str, **params: str) -> Any:
        return read_json(
            requests.get(
                self.adapter + path, headers=bearer(token), params=params, timeout=10
            )
        )


@contextmanager
def started() -> Iterator[Running]:
    """Everything running, on free ports, in a temporary folder; ended afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = _free_ports(len(PROVIDERS) + 2)
        web, metrics, *others = ports
        sender_token, sender_digest = mint_token()
        minted = {provider.ods_code: mint_token() for provider in PROVIDERS}
        receivers = {
            provider.ods_code: f"http://127.0.0.1:{port}"
            for provider, port in zip(PROVIDERS, others, strict=True)
        }
        _write(folder / "directory.yaml", _directory(receivers))
        digests = {ods: digest for ods, (_, digest) in minted.items()}
        _write(folder / "callers.yaml", _callers(sender_digest, digests))
        adapter = f"http://127.0.0.1:{web}"
        environ = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder / 'adapter.db'}",
            "PUBLIC_BASE_URL": adapter,
            "HOST": "127.0.0.1",
            "PORT": str(web),
            "METRICS_PORT": str(metrics),
            "DIRECTORY_FILE": str(folder / "directory.yaml"),
            "CALLERS_FILE": str(folder / "callers.yaml"),
            "PRODUCTION": "false",
            "LOG_LEVEL": "WARNING",
        }
        log = stack.enter_context((folder / "log").open("wb"))
        begun = time.monotonic()
        for provider, port in zip(PROVIDERS, others, strict=True):
            token = minted[provider.ods_code][0]
            arguments = ["receiver", "--port", str(port), "--name", provider.name]
            arguments += ["--ods-code", provider.ods_code]
            own = {**environ, "ADAPTER_TOKEN": token}
            _start(stack, arguments, own, log)
        _start(stack, ["serve", "--clock", CLOCK], environ, log)
        for address in (
            f"{adapter}/readyz",
            *(f"{r}/inbox" for r in receivers.values()),
        ):
            until(f"{address} to answer", partial(_is_up, address))
        yield Running(
            adapter,
            sender_token,
            receivers,
            {ods: token for ods, (token, _) in minted.items()},
            folder,
            time.monotonic() - begun,
        )


def _start(
    stack: ExitStack, arguments: list[str], environ: Mapping[str, str], log: Any
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", *arguments],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _directory(receivers: Mapping[str, str]) -> Any:
    return {
        "endpoints": {
            f"simulated-{provider.ods_code.lower()}": {
                "ods_code": provider.ods_code,
                "kinds": list(provider.kinds),
                "transport": "rest",
                "address": receivers[provider.ods_code] + "/fhir",
                "form": "transaction",
                "patient": "own",
                "auth": {"type": "none"},
            }
            for provider in PROVIDERS
        }
    }


def _callers(sender_digest: str, digests: Mapping[str, str]) -> Any:
    sender = {
        "name": "larkmoor-ehr",
        "role": "sender",
        "ods_code": SENDER,
        "token_sha256": sender_digest,
    }
    receivers = [
        {
            "name": f"simulated-{provider.ods_code.lower()}",
            "role": "receiver",
            "ods_code": provider.ods_code,
            "kinds": list(provider.kinds),
            "token_sha256": digests[provider.ods_code],
        }
        for provider in PROVIDERS
    ]
    return {"callers": [sender, *receivers]}


def _write(path: Path, document: Any) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _is_up(address: str) -> bool | None:
    try:
        return requests.get(address, timeout=2).ok or None
    except requests.ConnectionError:
        return None


def until(what: str, look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.1)
    raise DemoFailed(f"waited {PATIENCE:.0f} s for {what}")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def read_json(answer: requests.Response) -> Any:
    if not answer.ok:
        raise DemoFailed(f"a request was answered {answer.status_code}")
    return orjson.loads(answer.content)
