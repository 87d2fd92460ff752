"""A receiver of raw bytes on the loopback: each test scripts how it behaves."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

CERTIFICATE = Path(__file__).with_name("loopback-for-tests-only.pem")
"""Its own authority, for 127.0.0.1 and localhost; its key is public, so worthless."""


@dataclass
class Request:
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            found, _, value = line.partition(": ")
            if found.lower() == name.lower():
                return value
        return None


Behaviour = Callable[[socket.socket, Request], None]


def answer(
    status: int,
    body: bytes | str = b"",
    headers: dict[str, str] | None = None,
    *,
    media_type: str = "application/fhir+json",
) -> bytes:
    """A whole HTTP answer, its length announced."""
    content = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(content)}",
    ]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def reset(connection: socket.socket) -> None:
    """Close with a reset instead of a goodbye."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(connection.detach())


@dataclass
class Loopback:
    """A server whose every request is answered by ``behave``."""

    behave: Behaviour | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    tls: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        self.stopping = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/fhir"

    def answers(self, content: bytes) -> None:
        self.behave = lambda connection, request: connection.sendall(content)

    def stop(self) -> None:
        self.stopping.set()
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(CERTIFICATE)
                connection = context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            stream = connection.makefile("rb")
            while request := _read_request(stream):
                self.requests.append(request)
                assert self.behave is not None
                self.behave(connection, request)
        except (OSError, ValueError):
            return


def _read_request(stream: BinaryIO) -> Request | None:
    head = ""
    while not head.endswith("\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line.decode()
    request = Request(head.rstrip(), b"")
    length = int(request.header("Content-Length") or 0)
    request.body = stream.read(length)
    return request
