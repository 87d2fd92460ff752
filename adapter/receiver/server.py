"""The receiver on a real port: HTTP/1.1 with connections that stay open, or break.

Werkzeug's own server closes each connection and waits 10 ms before it does; a receiver
that is to keep up with a worker, and to reset a connection when told, is served here.
"""

from __future__ import annotations

import io
import os
import random
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from werkzeug.test import run_wsgi_app

from adapter.clock import Clock, system_clock
from adapter.errors import Issue, SettingsInvalid
from adapter.receiver.app import LARGEST_BODY, create_receiver
from adapter.receiver.faults import Orders
from adapter.receiver.holdings import Holdings
from adapter.receiver.identity import Identity
from adapter.receiver.journal import Journal
from adapter.receiver.misbehave import CutShort, Dropped, Misbehaving
from adapter.receiver.mount import InProcess

_IDLE_SECONDS = 60


class Receiver:
    """A simulated receiver, in process; ``listen`` puts it on a port too."""

    def __init__(
        self,
        identity: Identity | None = None,
        *,
        clock: Clock = system_clock,
        data: Path | None = None,
        rng: random.Random | None = None,
        **options: Any,
    ) -> None:
        self.identity = identity or Identity()
        self.holdings = Holdings(data)
        self.orders = Orders(rng)
        self.journal = Journal()
        self.app = create_receiver(
            self.identity,
            holdings=self.holdings,
            orders=self.orders,
            journal=self.journal,
            clock=clock,
            **options,
        )
        self.url = ""
        self._server: ThreadingHTTPServer | None = None

    def listen(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """The address at which it now answers, from a thread; port 0: any free one.

        Raises SettingsInvalid when the port cannot be had.
        """
        self._server = _Server(host, port, self.app.wsgi_app)
        self.url = f"http://{_in_url(host)}:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
            name="receiver", daemon=True,
        ).start()  # fmt: skip
        return self.url

    def as_adapter(self) -> InProcess:
        """A transport of ``requests`` that reaches it without a port."""
        return InProcess(self.app.wsgi_app)

    def close(self) -> None:
        misbehaving: Misbehaving = self.app.extensions["receiver"]
        misbehaving.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self.holdings.close()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def run_receiver(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    name: str = "Simulated receiver",
    ods_code: str,
    kinds: Sequence[str] = (),
    adapter_token: str | None = None,
    adapter_url: str | None = None,
    token: str | None = None,
    data: Path | None = None,
    started: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Run a simulated receiver until told to stop, by a signal or by ``stop``.

    ``started`` is called with its address once it answers; without it the address is
    told on standard error. ``data`` is a file that keeps what it gets. Raises
    SettingsInvalid when the port cannot be had.
    """
    identity = Identity(name, ods_code, tuple(kinds), adapter_token, adapter_url, token)
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    with Receiver(identity, data=data) as receiver:
        address = receiver.listen(host, port)
        if started is not None:
            started(address)
        else:
            sys.stderr.write(f"{identity.label} answers at {address}\n")
        stop.wait()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def __init__(self, host: str, port: int, app: Any) -> None:
        self.app = app
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no such port"
            issue = Issue("error", "PORT_UNAVAILABLE", "port", f"{port}: {reason}")
            raise SettingsInvalid(
                "the receiver cannot listen", issues=[issue]
            ) from None

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service for this host's name, which can hang.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no event here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Server

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._write("411 Length Required", [], b"", close=True)
            return
        if int(length) > LARGEST_BODY:
            self._write("413 Content Too Large", [], b"", close=True)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        try:
            chunks, status, headers = run_wsgi_app(
                self.server.app, self._environ(body), buffered=True
            )
        except Dropped:
            self._reset()
        except CutShort as cut:
            self._write(cut.status, cut.headers.items(), cut.part, close=True)
        else:
            content = b"" if self.command == "HEAD" else b"".join(chunks)
            self._write(status, headers.items(), content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
        }
        for key, value in self.headers.items():
            environ.setdefault(f"HTTP_{key.upper().replace('-', '_')}", value)
        return environ

    def _write(
        self,
        status: str,
        headers: Iterable[tuple[str, str]],
        content: bytes,
        *,
        close: bool = False,
    ) -> None:
        lines = [f"HTTP/1.1 {status}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if not any(line.lower().startswith("content-length:") for line in lines):
            lines.append(f"Content-Length: {len(content)}")
        if close:
            lines.append("Connection: close")
            self.close_connection = True
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self.wfile.write(head + content)

    def _reset(self) -> None:
        """Close so that the other side sees a reset, not a goodbye."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a request line can hold a query."""


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
