"""The least receiver there can be: takes a transaction, says at once that it did.

It stands in for somebody else's server, so that a figure tells of the adapter and not
of the simulated receiver, which keeps and checks what it gets. ``GET /seen`` gives the
monotonic instants at which Bundles arrived, each with its correlation id.
"""

import asyncio
import json
import sys
import time

ANSWER = json.dumps(
    {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [{"response": {"status": "201 Created"}}],
    }
).encode()

seen: list[tuple[float, str]] = []


def answer(body: bytes, media_type: bytes = b"application/fhir+json") -> bytes:
    length = str(len(body)).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + media_type + b"\r\nContent-Length: "
        b"" + length + b"\r\n\r\n" + body
    )


TAKEN = answer(ANSWER)


class Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.waiting = b""

    def data_received(self, received: bytes) -> None:
        self.waiting += received
        while True:
            head, found, rest = self.waiting.partition(b"\r\n\r\n")
            if not found:
                return
            headers = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:]
            )
            length = int(headers.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self.waiting = rest[length:]
            if head.startswith(b"GET /seen"):
                self.transport.write(answer(json.dumps(seen).encode()))
                continue
            name = headers.get(b"x-correlation-id", b"").decode()
            seen.append((time.monotonic(), name))
            self.transport.write(TAKEN)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__" and not sys.stdin.isatty():
    asyncio.run(main())
