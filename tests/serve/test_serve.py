"""``serve`` as it runs: ready, drained, mended, and never outlived by a child."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import requests

Start = Callable[..., Any]
Watch = Callable[..., bool]
Alive = Callable[[int], bool]
Below = Callable[[int], list[int]]


def test_it_serves_and_drains_when_told(start: Start, watch: Watch, alive: Alive):
    service = start()
    assert service.is_ready()
    family = service.family()
    figures = f"http://127.0.0.1:{service.metrics_port}/metrics"
    assert b"adapter_deliveries" in requests.get(figures, timeout=5).content
    assert requests.get(service.url + "/metrics", timeout=5).status_code != 200

    service.process.send_signal(signal.SIGTERM)

    assert service.process.wait(20) == 0
    assert service.process.stdout.read() == b""
    assert not any(alive(pid) for pid in family)
    events = [line["event"] for line in service.lines()]
    assert events.index("worker-stopped") < events.index("service-stopped")


def test_no_child_outlives_a_killed_supervisor(
    start: Start, watch: Watch, alive: Alive
):
    service = start()
    assert service.is_ready()
    family = service.family()
    assert len(family) >= 2 or not os.path.isdir("/proc/self")

    service.process.kill()
    killed_at = time.monotonic()

    everybody = {*family, *service.pids().values()}
    assert watch(lambda: not any(alive(pid) for pid in everybody), 10)
    assert time.monotonic() - killed_at < 10
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", service.port)) != 0


def test_what_dies_is_started_again(
    start: Start, watch: Watch, alive: Alive, below: Below
):
    service = start()
    assert service.is_ready()
    first = service.pids()

    os.kill(first["worker-1"], signal.SIGKILL)
    assert watch(lambda: service.pids()["worker-1"] != first["worker-1"])

    orphans = below(first["web"])
    os.kill(first["web"], signal.SIGKILL)
    assert watch(lambda: service.pids()["web"] != first["web"])
    assert watch(lambda: not any(alive(pid) for pid in orphans), 10)
    assert service.is_ready()

    second = service.pids()
    for pid in below(second["web"]):
        os.kill(pid, signal.SIGKILL)
        assert watch(lambda: service.pids()["web"] != second["web"])
    assert service.is_ready()
    ended = [line for line in service.lines() if line["event"] == "child-ended"]
    assert [(line["child"], line["code"]) for line in ended[:2]] == [
        ("worker-1", -9),
        ("web", -9),
    ]


def test_web_only_has_no_worker(start: Start):
    service = start("--web-only")

    assert service.is_ready()
    assert set(service.pids()) == {"web"}


def test_a_port_in_use_is_told_plainly(start: Start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = start(PORT=str(taken.getsockname()[1]))

        assert service.process.wait(30) == 3

    told = service.log.read_text()
    assert "PORT_UNAVAILABLE PORT" in told
    assert "in use" in told
