"""A connection that a watchdog can cut: no request outlives its whole time.

The time-outs of ``requests`` are for each read from the socket, so a receiver that
sends a byte now and then could hold a worker beyond its lease. A line knows the socket
in use; at the deadline the watchdog shuts it, and the read ends.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

_TICK = 0.05  # seconds between two looks of the watchdog


class Line:
    """The socket that one session uses just now, and whether its time is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.over = False

    def begin(self) -> None:
        """A new request: its time is not over."""
        with self._lock:
            self.over = False

    def hold(self, connection: HTTPConnection, sock: socket.socket) -> None:
        """Take note of the socket in use; raises when the time is over already."""
        with self._lock:
            self._socket = sock
            if not self.over:
                return
        sock.close()
        raise ConnectTimeoutError(connection, "the time for the request is over")

    def cut(self) -> None:
        """End the time: whatever waits for the socket wakes with an error."""
        with self._lock:
            self.over = True
            if self._socket is not None:
                # Not SSLSocket.shutdown, which takes the TLS state from under a reader.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """Cuts each line whose deadline has passed; one thread for all of them."""

    def __init__(self) -> None:
        self._deadlines: dict[Line, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def guard(self, line: Line, seconds: float) -> Iterator[None]:
        """Cut the line if the block takes longer than that."""
        line.begin()
        with self._changed:
            self._deadlines[line] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="request-watchdog", daemon=True
                )
                self._thread.start()
            elif len(self._deadlines) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._deadlines[line]

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._deadlines:
                    self._changed.wait()
                now = time.monotonic()
                late = [line for line, at in self._deadlines.items() if at <= now]
            for line in late:
                line.cut()
            time.sleep(_TICK)


class LineAdapter(HTTPAdapter):
    """An adapter of ``requests`` with one connection, whose socket a line holds."""

    def __init__(self, line: Line) -> None:
        self._pool_classes = _pool_classes(line)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pool_classes
        return manager


def _pool_classes(line: Line) -> dict[str, type[HTTPConnectionPool]]:
    class HeldConnection(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            line.hold(self, self.sock)

    class HeldSecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            line.hold(self, sock)
            return sock

        def connect(self) -> None:
            super().connect()
            line.hold(self, self.sock)

    class Pool(HTTPConnectionPool):
        ConnectionCls = HeldConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = HeldSecureConnection

    return {"http": Pool, "https": SecurePool}
