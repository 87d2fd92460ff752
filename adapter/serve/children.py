"""The two kinds of child: the web process and the worker.

Both are forked from the supervisor with the parts that it has built and checked, so
they start at once, share its memory, and work by the same mapping, policy and
directory. A child's standard input is a pipe from the supervisor: when it closes,
however the supervisor ended, the child ends too. Granian's main process leaves a worker
serving when it is killed, so that worker watches its own parent in the same way.
"""

from __future__ import annotations

import multiprocessing
import os
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from adapter import logs
from adapter.serve.stop import (
    ORPHAN_GRACE,
    end_with_parent,
    pipe_closed,
    stop_by_signals,
)

if TYPE_CHECKING:
    from flask import Flask

    from adapter.wiring import Parts


def work(parts: Parts, stop: Event | None = None) -> None:
    """Nothing, once the worker was told to stop and has ended what it had begun.

    Without ``stop``, SIGTERM and SIGINT tell it.
    """
    from adapter.clock import system_clock
    from adapter.delivery import sweep
    from adapter.delivery.transports.rest import RestTransport
    from adapter.delivery.worker import own_name, run

    if stop is None:
        stop = stop_by_signals().asked
    sweeper = Thread(
        target=sweep.run, args=(parts, own_name(os.getpid()), stop), name="sweep"
    )
    sweeper.start()
    # Another system's dates are measured by the real clock, whatever a tester set.
    run(parts, RestTransport(system_clock), stop)
    sweeper.join()


def run_worker(parts: Parts) -> None:
    """Nothing, once this worker was told to stop or its supervisor is gone."""
    stop = stop_by_signals()
    end_with_parent(pipe_closed)
    work(parts, stop.asked)


def run_web(parts: Parts) -> None:
    """Nothing, once Granian was told to stop or the supervisor is gone."""
    from granian.constants import HTTPModes, Interfaces
    from granian.server import Server

    end_with_parent(pipe_closed)
    settings = parts.settings
    Server(
        "adapter.serve.children:web_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.blocking_threads,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        workers_kill_timeout=int(ORPHAN_GRACE.total_seconds()),
    ).serve(target_loader=partial(web_app, parts), wrap_loader=False)


def web_app(parts: Parts) -> Flask:
    """The web application in Granian's worker, with its figures on their own port."""
    from adapter.api.app import create_app
    from adapter.api.metrics import start_metrics

    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with_parent(parent.join)
    try:
        start_metrics(parts, parts.settings.metrics_port)
    except OSError as error:
        logs.get_logger().error(logs.REQUEST_FAILED, error=type(error).__name__)
    return create_app(parts)
