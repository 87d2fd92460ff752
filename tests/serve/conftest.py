"""Real processes on the loopback, each ended at the end of its test."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from adapter.serve import wait_ready

PATIENCE = 30.0


def until(look: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether ``look`` became true in that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if look():
            return True
        time.sleep(0.05)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def children_of(pid: int) -> list[int]:
    """The children of a process, where /proc tells; none elsewhere."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


class Service:
    """A running ``serve``, with what it logs."""

    def __init__(self, folder: Path, arguments: list[str], environ: Mapping[str, str]):
        self.port = free_port()
        self.metrics_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        given = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder / 'adapter.db'}",
            "PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "PUBLIC_BASE_URL": self.url,
            **environ,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adapter", "serve", *arguments],
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def is_ready(self, seconds: float = PATIENCE) -> bool:
        return wait_ready(self.url, timedelta(seconds=seconds))

    def lines(self) -> list[dict[str, object]]:
        texts = self.log.read_text().splitlines()
        return [json.loads(text) for text in texts if text.startswith("{")]

    def pids(self) -> dict[str, int]:
        """The newest pid of each child, by name."""
        return {
            str(line["child"]): int(str(line["pid"]))
            for line in self.lines()
            if line["event"] == "service-started" and "pid" in line
        }

    def family(self) -> list[int]:
        """Every process below the supervisor."""
        found, waiting = [], [self.process.pid]
        while waiting:
            below = children_of(waiting.pop())
            found += below
            waiting += below
        return found

    def end(self) -> None:
        family = self.family()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        until(lambda: not any(is_alive(pid) for pid in family), 10)
        for pid in family:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def start(*arguments: str, **environ: str) -> Service:
        services.append(Service(tmp_path, list(arguments), environ))
        return services[-1]

    yield start
    for service in services:
        service.end()


@pytest.fixture
def watch() -> Callable[..., bool]:
    return until


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


@pytest.fixture
def below() -> Callable[[int], list[int]]:
    return children_of
