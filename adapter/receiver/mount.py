"""A WSGI application as a transport of ``requests``: a talk without a network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from adapter.receiver.misbehave import CutShort, Dropped, Wsgi


class InProcess(BaseAdapter):
    """Answers the requests of a session by calling a WSGI application."""

    def __init__(self, app: Wsgi) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        parts = urlsplit(request.url or "")
        body = request.body or b""
        builder = EnvironBuilder(
            path=parts.path or "/",
            query_string=parts.query,
            base_url=f"{parts.scheme}://{parts.netloc}",
            method=request.method or "GET",
            headers=list(request.headers.items()),
            data=body.encode() if isinstance(body, str) else body,
        )
        try:
            chunks, status, headers = run_wsgi_app(
                self._app, builder.get_environ(), buffered=True
            )
        except Dropped:
            raise requests.ConnectionError from ConnectionResetError()
        except CutShort as cut:
            chunks, status, headers = [cut.part], cut.status, cut.headers
        finally:
            builder.close()
        response = requests.Response()
        response.status_code = int(status.split(" ", 1)[0])
        response.headers.update(headers.items())
        response.url = request.url or ""
        response.request = request
        response.raw = HTTPResponse(
            body=io.BytesIO(b"".join(chunks)),
            headers=HTTPHeaderDict(headers.items()),
            status=response.status_code,
            preload_content=False,
            enforce_content_length=True,
        )
        return response

    def close(self) -> None:
        """Nothing is open."""
