"""POST of a Bundle to an endpoint: one attempt is one request.

TLS is always verified, redirects are never followed, no proxy but the directory's own
is used, and neither the environment nor a cookie changes what is sent. The bytes of an
attempt are the same each time.

Source: DESIGN.md section 8.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import BaseAdapter

from adapter.clock import Clock
from adapter.delivery.model import Answer, Outcome
from adapter.delivery.transports.answers import (
    ANSWERS,
    ANSWERS_TO_A_CREATE,
    Body,
    judge,
    read_body,
    read_retry_after,
)
from adapter.delivery.transports.faults import NO_ANSWER, reason_of
from adapter.delivery.transports.line import Line, LineAdapter, Watchdog
from adapter.directory.model import Endpoint

FHIR_JSON = "application/fhir+json"

HEADERS = {
    "Accept": FHIR_JSON,
    "Accept-Encoding": "identity",
    "Content-Type": FHIR_JSON,
    "User-Agent": "transition-adapter",
}
"""On every request; beside them those of the endpoint's authentication and the ids."""

Hear = Callable[[requests.Response, bytes], None]

_GZIP_LEVEL = 1
_CHUNK = 65_536


class RestTransport:
    """Sends Bundles; safe to use from several threads.

    A request is bounded from its first look-up to the last byte of the answer, by the
    endpoint's two time-outs together, which are under half a lease; or by
    ``total_seconds``. ``hear`` is told each answer, for a tester who may see it, with
    as much of its body as was read. ``adapter_for`` is for tests: what ``requests`` is
    to reach an endpoint through, in place of the network.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        total_seconds: float | None = None,
        hear: Hear | None = None,
        adapter_for: Callable[[Endpoint], BaseAdapter] | None = None,
    ) -> None:
        self._clock = clock
        self._total_seconds = total_seconds
        self._hear = hear
        self._adapter_for = adapter_for
        self._watchdog = Watchdog()
        self._of_thread = threading.local()

    def send(
        self, endpoint: Endpoint, body: bytes, *, request_id: str, correlation_id: str
    ) -> Answer:
        """What one POST of ``body`` came to; an ordinary failure is never raised."""
        channel = self._channel(endpoint)
        headers = {
            "X-Request-Id": request_id,
            "X-Correlation-Id": correlation_id,
        }
        if endpoint.gzip:
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        total = self._total_seconds or endpoint.connect_timeout + endpoint.read_timeout
        started = time.monotonic()
        try:
            with self._watchdog.guard(channel.line, total):
                answer = self._request(channel, body, headers)
        except NO_ANSWER as error:
            reason = "timeout" if channel.line.over else reason_of(error)
            answer = Answer(Outcome.TRANSIENT, reason)
        duration = timedelta(seconds=time.monotonic() - started)
        return Answer(
            answer.outcome,
            answer.reason,
            answer.http_status,
            answer.retry_after,
            duration,
        )

    def _request(
        self, channel: Channel, body: bytes, headers: dict[str, str]
    ) -> Answer:
        endpoint = channel.endpoint
        with channel.session.send(
            channel.request(body, headers),
            proxies=channel.session.proxies,
            timeout=(endpoint.connect_timeout, endpoint.read_timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            found, content = _read(response, endpoint.max_response_bytes)
            if self._hear is not None:
                self._hear(response, content)
            is_transaction = endpoint.form == "transaction"
            rows = ANSWERS if is_transaction else ANSWERS_TO_A_CREATE
            outcome, reason = judge(response.status_code, found, rows=rows)
            retry_after = None
            if outcome is Outcome.TRANSIENT:
                asked = response.headers.get("Retry-After")
                retry_after = read_retry_after(asked, now=self._clock())
            return Answer(outcome, reason, response.status_code, retry_after)

    def _channel(self, endpoint: Endpoint) -> Channel:
        """This thread's channel to the endpoint; a new one when it was redefined."""
        channels: dict[str, Channel] = self._of_thread.__dict__
        channel = channels.get(endpoint.name)
        if channel is None or channel.endpoint != endpoint:
            if channel is not None:
                channel.session.close()
            channel = channels[endpoint.name] = Channel(endpoint, self._adapter_for)
        return channel


class Channel:
    """One thread's session with one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        adapter_for: Callable[[Endpoint], BaseAdapter] | None,
    ) -> None:
        self.endpoint = endpoint
        self.line = Line()
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(endpoint.ca) if endpoint.ca else True
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers.update({**HEADERS, **endpoint.auth.headers})
        if endpoint.proxy:
            self.session.proxies = {"http": endpoint.proxy, "https": endpoint.proxy}
        adapter = adapter_for(endpoint) if adapter_for else LineAdapter(self.line)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def request(self, body: bytes, headers: dict[str, str]) -> requests.PreparedRequest:
        """A POST of these bytes with these headers beside the session's own."""
        request = self._empty.copy()
        request.headers.update(headers)
        request.prepare_body(body, None)
        return request

    @cached_property
    def _empty(self) -> requests.PreparedRequest:
        # Made once: putting together what is the same each time is half of a request.
        post = requests.Request("POST", self.endpoint.address)
        return self.session.prepare_request(post)


def _read(response: requests.Response, limit: int) -> tuple[Body, bytes]:
    """What the body is, and its bytes, read no further than the limit."""
    content = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            content += chunk
            if len(content) > limit:
                return Body.TOO_LARGE, bytes(content[:limit])
    except requests.exceptions.ContentDecodingError:
        return Body.NOT_FHIR, b""
    headers = response.headers
    framed = (
        "Content-Length" in headers
        or "Transfer-Encoding" in headers
        or response.status_code == HTTPStatus.NO_CONTENT  # which has neither
    )
    media_type = headers.get("Content-Type", "")
    return read_body(bytes(content), media_type, framed=framed), bytes(content)
