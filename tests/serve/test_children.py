"""The supervisor's care of its children, tried with children that only wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.errors import SettingsInvalid
from adapter.serve import supervisor
from adapter.serve.ports import with_ports
from adapter.serve.supervisor import Child
from adapter.settings import Settings

PROGRAM = """
import os, signal, sys, threading, time
from adapter.serve import supervisor
from adapter.serve.stop import end_with_parent, pipe_closed, stop_by_signals
from adapter.serve.supervisor import Child, run_children

def note(text):
    with open(sys.argv[1], "a") as log:
        log.write(text + "\\n")

def waits(name, seconds):
    def work():
        stop = stop_by_signals()
        end_with_parent(pipe_closed)
        note(f"{name} began {os.getpid()}")
        stop.asked.wait()
        time.sleep(seconds)
        note(f"{name} ended")
    return work

def falls():
    note("falling")
    raise ValueError("Amara Whitlock")

stop = stop_by_signals()
"""


@pytest.fixture
def run(tmp_path: Path):
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "children"
    log.touch()

    def run(program: str) -> tuple[subprocess.Popen[bytes], Path]:
        text = PROGRAM + textwrap.dedent(program)
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", text, str(log)], stderr=subprocess.PIPE
            )
        )
        return started[-1], log

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_workers_drain_before_web_ends(run, watch: Callable[..., bool]):
    process, log = run(
        """
        run_children(Child("web", waits("web", 0)),
                     [Child("worker-1", waits("worker", 0.5))], stop)
        """
    )
    assert watch(lambda: log.read_text().count("began") == 2)

    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert log.read_text().splitlines()[-2:] == ["worker ended", "web ended"]


def test_a_second_signal_does_not_wait(run, watch: Callable[..., bool]):
    process, log = run(
        """
        run_children(Child("web", waits("web", 60)),
                     [Child("worker-1", waits("worker", 60))], stop)
        """
    )
    assert watch(lambda: log.read_text().count("began") == 2)

    process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # two signals at once would be one
    assert process.poll() is None
    process.send_signal(signal.SIGINT)

    assert process.wait(10) == 0
    assert "ended" not in log.read_text()


def test_a_child_that_cannot_end_is_ended_when_its_parent_is_gone(
    run, watch: Callable[..., bool], alive: Callable[[int], bool]
):
    process, log = run(
        """
        run_children(Child("web", waits("web", 60)),
                     [Child("worker-1", waits("worker", 60))], stop)
        """
    )
    assert watch(lambda: log.read_text().count("began") == 2)
    pids = [int(line.split()[-1]) for line in log.read_text().splitlines()]

    process.kill()

    assert watch(lambda: not any(alive(pid) for pid in pids), 10)


def test_a_restarted_child_does_not_hold_its_siblings_up(
    run, watch: Callable[..., bool], alive: Callable[[int], bool]
):
    process, log = run(
        """
        run_children(Child("web", waits("web", 0)),
                     [Child("worker-1", waits("worker", 0))], stop)
        """
    )
    assert watch(lambda: log.read_text().count("began") == 2)
    os.kill(int(log.read_text().split("web began ")[1].split()[0]), signal.SIGKILL)
    assert watch(lambda: log.read_text().count("began") == 3)
    pids = [int(line.split()[-1]) for line in log.read_text().splitlines()]

    process.kill()

    assert watch(lambda: not any(alive(pid) for pid in pids), 6)
    assert log.read_text().count("ended") == 2


def test_what_ended_a_child_is_told_without_its_text(run, watch: Callable[..., bool]):
    process, log = run(
        """
        supervisor.FIRST_PAUSE = 0.05
        run_children(Child("web", falls), [], stop)
        """
    )
    assert watch(lambda: log.read_text().count("falling") >= 3)

    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=10)

    assert b"ValueError" in told
    assert b"Amara" not in told


def test_the_pause_doubles_up_to_a_bound_and_starts_over():
    child = Child("web", lambda: None)
    child.started_at = 100.0

    pauses = [child.pause(101.0) for _ in range(2000)]

    assert pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(pauses) == supervisor.LONGEST_PAUSE
    assert child.pause(100.0 + supervisor.STEADY + 1) == 0.25


def test_a_bad_directory_stops_the_start_with_every_fault(tmp_path: Path):
    directory = tmp_path / "directory.yaml"
    directory.write_text("endpoints:\n  a: {ods_code: x}\n  b: {kinds: [gp]}\n")
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'adapter.db'}",
        port=0,
        metrics_port=0,
        directory_file=directory,
    )

    with pytest.raises(SettingsInvalid) as refused:
        supervisor.serve(settings, {})

    places = [
        (issue.path, issue.message.split(":")[0]) for issue in refused.value.issues
    ]
    assert ("endpoints.a.ods_code", "line 2") in places
    assert ("endpoints.b.address", "line 3") in places


def test_port_nought_is_any_free_port():
    assert with_ports(Settings(port=0, metrics_port=0)).port > 0


def test_a_port_that_is_none_is_refused():
    with pytest.raises(SettingsInvalid) as refused:
        with_ports(Settings(port=99_999, metrics_port=0))

    assert [issue.path for issue in refused.value.issues] == ["PORT"]
