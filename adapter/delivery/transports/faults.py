"""Why no answer came: a code for each way in which a network fails.

``str()`` of an error of ``requests`` prints the URL, so these errors are only ever
looked at by their class, and never logged, kept or carried on.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions as urllib3_errors

NO_ANSWER: tuple[type[BaseException], ...] = (
    requests.RequestException,
    urllib3_errors.HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)
"""Everything that can be raised in place of an answer."""

REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((urllib3_errors.NameResolutionError,), "dns"),
    ((ssl.SSLError, urllib3_errors.SSLError, requests.exceptions.SSLError), "tls"),
    ((ConnectionRefusedError,), "refused"),
    (
        (requests.exceptions.ConnectTimeout, urllib3_errors.ConnectTimeoutError),
        "connect_timeout",
    ),
    (
        (requests.ReadTimeout, urllib3_errors.ReadTimeoutError, TimeoutError),
        "timeout",
    ),
    ((urllib3_errors.IncompleteRead, http.client.IncompleteRead), "answer_cut_short"),
    ((requests.exceptions.ChunkedEncodingError,), "answer_cut_short"),
    (
        (ConnectionResetError, ConnectionAbortedError, BrokenPipeError),
        "reset",
    ),
    ((requests.exceptions.ProxyError, urllib3_errors.ProxyError), "proxy"),
    ((requests.ConnectionError, urllib3_errors.ProtocolError), "connection_broke"),
)
"""The first row with a class of the error, or of what caused it, names the reason."""


def reason_of(error: BaseException) -> str:
    """The code of the reason for which no answer came."""
    causes = list(_causes(error))
    for classes, reason in REASONS:
        for cause in causes:
            # A failed connection is a NewConnectionError, which urllib3 derives from
            # its time-out; it is judged by what caused it.
            if isinstance(cause, classes) and not (
                reason == "connect_timeout"
                and isinstance(cause, urllib3_errors.NewConnectionError)
            ):
                return reason
    return "network"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, *cause.args]
        waiting.append(getattr(cause, "reason", None))
