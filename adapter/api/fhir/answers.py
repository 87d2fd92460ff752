"""What leaves under /fhir: resources as they are kept, and Bundles of them.

Kept bytes are passed on as they are; nothing is parsed to be written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, request
from werkzeug.http import http_date

from adapter.api.problems import FHIR_JSON
from adapter.clock import format_instant
from adapter.store.payload import GZIP, Payload
from adapter.store.views import StoredResource


def etag_of(version: int | str) -> str:
    """The ETag of a version, as R4 has it: ``W/"3"``."""
    return f'W/"{version}"'


def fhir_answer(body: bytes | dict[str, Any], status: int = 200) -> Response:
    """An answer in FHIR JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(data, status=status, content_type=FHIR_JSON)


def resource_answer(
    body: Payload | bytes, version: int | str, last_updated: datetime
) -> Response:
    """One resource with its version; 304 without it to a caller who has that version.

    A gzip payload goes out as it is kept to a caller who takes gzip.
    """
    etag = etag_of(version)
    if request.headers.get("If-None-Match") in {etag, "*"}:
        answer = Response(status=304)
    elif isinstance(body, bytes):
        answer = fhir_answer(body)
    elif body.encoding == GZIP and _takes_gzip():
        answer = fhir_answer(body.data)
        answer.headers["Content-Encoding"] = GZIP
    else:
        answer = fhir_answer(body.plain())
    answer.headers["ETag"] = etag
    answer.headers["Last-Modified"] = http_date(last_updated.astimezone(UTC))
    answer.headers["Vary"] = "Accept, Accept-Encoding, Authorization"
    return answer


def _takes_gzip() -> bool:
    return request.accept_encodings.quality(GZIP) > 0


def searchset(
    base_url: str,
    matches: Sequence[StoredResource],
    included: Sequence[StoredResource],
    *,
    self_link: str,
    next_link: str | None,
) -> bytes:
    """A page of a search as a Bundle, the resources in it as they are kept.

    There is no total: it would have to be counted, and pages tell when they end.
    """
    links = [{"relation": "self", "url": self_link}]
    if next_link is not None:
        links.append({"relation": "next", "url": next_link})
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
    }
    entries = [
        *(_entry(base_url, resource, "match") for resource in matches),
        *(_entry(base_url, resource, "include") for resource in included),
    ]
    if entries:
        bundle["entry"] = entries
    return orjson.dumps(bundle)


def history(
    base_url: str, versions: Sequence[StoredResource], *, self_link: str
) -> bytes:
    """The versions of one resource that are served, newest first, as a Bundle."""
    entries = [
        {
            "fullUrl": f"{base_url}/fhir/{each.type}/{each.id}",
            "resource": orjson.Fragment(each.body),
            "request": {"method": "PUT", "url": f"{each.type}/{each.id}"},
            "response": {
                "status": "200",
                "etag": etag_of(each.version),
                "lastModified": format_instant(each.last_updated),
            },
        }
        for each in versions
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(entries),
        "link": [{"relation": "self", "url": self_link}],
        "entry": entries,
    }
    return orjson.dumps(bundle)


def _entry(base_url: str, resource: StoredResource, mode: str) -> dict[str, Any]:
    return {
        "fullUrl": f"{base_url}/fhir/{resource.type}/{resource.id}",
        "resource": orjson.Fragment(resource.body),
        "search": {"mode": mode},
    }
