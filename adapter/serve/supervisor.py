"""The supervisor: forks web and workers, starts again what ends, and drains them.

Source: DESIGN.md section 8.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from adapter import logs
from adapter.serve.children import run_web, run_worker
from adapter.serve.ports import with_ports
from adapter.serve.stop import Stop, stop_by_signals
from adapter.settings import Settings

if TYPE_CHECKING:
    from adapter.wiring import Parts

DRAIN = timedelta(seconds=45)
"""How long a worker may take to end the requests that it has begun."""
WEB_STOP = timedelta(seconds=8)
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
"""Seconds before a child that ended is started again: doubling, up to a bound."""
STEADY = 30.0
"""A child that ran for so many seconds is restarted as if it had never failed."""
YOUNG_VALUES = 5_000
"""So many new values, net, call for a collection of the young ones."""

OPERATOR = "command-line"
"""The actor in the audit trail, of a clock that is set at the start."""

CLOCK_IS_SET = (
    "The clock of this store is set by a tester, and every process goes by it.\n"
    'To let it go: PUT /test/clock with {"release": true}.\n'
)
CLOCK_IGNORED = "A tester's clock is kept in this store; production does not heed it.\n"

_TICK = 0.1


@dataclass
class Child:
    """One process under the supervisor, started again whenever it ends.

    ``pipe`` is the end that the supervisor holds; ``pid`` is None while it is not
    running.
    """

    name: str
    work: Callable[[], None]
    pid: int | None = None
    pipe: int = -1
    failures: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    def start(self, siblings: Sequence[Child]) -> None:
        """Fork it; it gets no sibling's pipe, or it would hold that sibling up."""
        listen, self.pipe = os.pipe()
        pid = os.fork()
        if pid == 0:
            for child in siblings:
                if child.pipe >= 0:
                    os.close(child.pipe)
            _become(self.work, listen)
        os.close(listen)
        self.pid = pid
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """The exit code once it ended, negative for a signal; None while it runs."""
        if self.pid is None:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.pid = None
        os.close(self.pipe)
        self.pipe = -1
        return os.waitstatus_to_exitcode(status)

    def pause(self, now: float) -> float:
        """Seconds until the next start, after it ended: doubling, up to a bound."""
        self.failures = 1 if now - self.started_at > STEADY else self.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.failures - 1, 16))
        self.start_again_at = now + pause
        return pause

    def tell(self, number: int) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def serve(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    web_only: bool = False,
    stop: Stop | None = None,
) -> int:
    """The exit code after web and workers have run and drained: 0.

    Brings the store up to date first and sets a tester's clock. Raises StartRefused
    when a port is taken or something that the children need is wrong, and NotReady
    when the store cannot be reached.
    """
    logs.start_logging(settings.log_level)
    log = logs.get_logger()
    settings = with_ports(settings)
    parts = _prepared_parts(settings, environ)
    workers = [
        Child(f"worker-{number}", lambda: run_worker(parts))
        for number in range(1, settings.workers + 1)
    ]
    web = Child("web", lambda: run_web(parts))
    stop = stop or stop_by_signals()
    log.info(logs.SERVICE_STARTED, host=settings.host, port=settings.port)
    run_children(web, [] if web_only else workers, stop)
    log.info(logs.SERVICE_STOPPED)
    return 0


def run_children(web: Child, workers: Sequence[Child], stop: Stop) -> None:
    """Nothing, once ``stop`` was asked for and every child has drained and ended."""
    log = logs.get_logger()
    children = [web, *workers]
    try:
        for child in children:
            child.start(children)
            log.info(logs.SERVICE_STARTED, child=child.name, pid=child.pid)
        _supervise(children, stop, log)
    finally:
        # The workers first, so that what they have begun is written back.
        _end(workers, DRAIN, stop)
        _end([web], WEB_STOP, stop)


def _prepared_parts(settings: Settings, environ: Mapping[str, str]) -> Parts:
    """The parts that every child works with, over a store that is up to date."""
    from adapter.store import migrate
    from adapter.wiring import build_parts

    migrate(settings.database_url)
    parts = build_parts(settings, environ)
    _set_clock(settings, parts)
    parts.store.close()  # no connection may be shared by two processes
    spare_collector()
    return parts


def spare_collector() -> None:
    """Keeps what is there now out of every collection, and makes those fewer.

    A collection in a child would copy what it shares with the others. What a record
    is made into stays until all of it goes at once: looking through it at every 700
    values more, as Python does, finds nothing, and takes a twentieth of preparing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_VALUES, 10, 10)


def _set_clock(settings: Settings, parts: Parts) -> None:
    """Set a tester's clock when told to; say so, also of one that was forgotten."""
    from adapter.clock import system_clock
    from adapter.store.tester_clock import move_clock, warn

    if settings.clock is not None:
        to = settings.clock - system_clock()
        move_clock(parts.store, to, actor=OPERATOR)
    offset = parts.store.clock_offset()
    if not offset:
        return
    warn(offset, ignored=settings.production)
    if sys.stderr.isatty():
        sys.stderr.write(CLOCK_IGNORED if settings.production else CLOCK_IS_SET)


def _become(work: Callable[[], None], listen: int) -> NoReturn:
    """Be the child: its own session, the pipe as standard input, nothing printed."""
    code = 1
    try:
        os.setsid()  # Ctrl-C is for the supervisor, which drains
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(listen, 0)
        os.close(listen)
        os.dup2(2, 1)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:
        _tell_fault(error)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _tell_fault(error: BaseException) -> None:
    """Log what ended a child: its class and place, since its text can hold values."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    name = type(error).__name__
    logs.get_logger().error(logs.CHILD_ENDED, error=name, place=place)


def _supervise(children: list[Child], stop: Stop, log: Any) -> None:
    while not stop.asked.wait(_TICK):
        now = time.monotonic()
        for child in children:
            code = child.ended()
            if code is not None:
                pause = child.pause(now)
                log.error(
                    logs.CHILD_ENDED, child=child.name, code=code, restart_in=pause
                )
            elif child.pid is None and child.start_again_at <= now:
                child.start(children)
                log.info(logs.SERVICE_STARTED, child=child.name, pid=child.pid)


def _end(children: Sequence[Child], patience: timedelta, stop: Stop) -> None:
    for child in children:
        child.tell(signal.SIGTERM)
    deadline = time.monotonic() + patience.total_seconds()
    while any(child.ended() is None and child.pid is not None for child in children):
        if time.monotonic() > deadline or stop.hurry.is_set():
            for child in children:
                child.tell(signal.SIGKILL)
        time.sleep(_TICK / 4)


def wait_ready(url: str, timeout: timedelta) -> bool:
    """Whether the service at ``url`` says, in that time, that it is ready."""
    import requests

    deadline = time.monotonic() + timeout.total_seconds()
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < deadline:
            try:
                if session.get(f"{url.rstrip('/')}/readyz", timeout=1).ok:
                    return True
            except requests.RequestException:
                pass
            time.sleep(0.05)
    return False
