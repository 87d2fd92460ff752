"""A transaction Bundle, applied whole or not at all.

Source: FHIR R4 (4.0.1), http.html sections 3.1.0.5.2 (conditional update), 3.1.0.8.1
(conditional create) and 3.1.0.11 (transaction).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from adapter.clock import format_instant
from adapter.receiver.holdings import SEARCHED, Holdings, Resource, Written
from adapter.receiver.outcomes import Refused

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2}


@dataclass(frozen=True)
class Step:
    """One entry with its target found: which resource, and whether to write it."""

    method: str
    type: str
    id: str | None
    full_url: str
    resource: Resource | None
    existing: bool


def apply_transaction(
    bundle: Any,
    holdings: Holdings,
    *,
    at: datetime,
    new_id: Callable[[], str],
) -> Resource:
    """The transaction-response to a Bundle that was applied.

    Refused, and nothing is applied, when the Bundle is no transaction (400), holds
    something that is not supported (422), is an older version of a view than one that
    was taken already (409), or when a condition fits several resources (412).
    """
    entries = _entries(bundle)
    instant = format_instant(at)
    with holdings.transaction():
        view = _check_version(bundle, holdings)
        steps = [_plan(entry, holdings, new_id) for entry in entries]
        _check_targets(steps)
        places = {
            step.full_url: f"{step.type}/{step.id}" for step in steps if step.full_url
        }
        answers: dict[int, Resource] = {}
        for number in sorted(range(len(steps)), key=lambda n: _ORDER[steps[n].method]):
            answers[number] = _apply(steps[number], places, holdings, at, instant)
        if view is not None:
            holdings.note_view(*view)
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [{"response": answers[number]} for number in range(len(steps))],
    }


def _entries(bundle: Any) -> list[dict[str, Any]]:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Refused(400, "invalid", "a Bundle is needed")
    if bundle.get("type") != "transaction":
        raise Refused(422, "not-supported", "only a Bundle of type transaction")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("request"), dict)
        for entry in entries
    ):
        raise Refused(400, "structure", "each entry must have a request")
    return entries


def _check_version(bundle: Resource, holdings: Holdings) -> tuple[str, int] | None:
    """The view and version that a Bundle says it is; Refused when it is an old one."""
    identifier = bundle.get("identifier") or {}
    version = str((bundle.get("meta") or {}).get("versionId", ""))
    if not identifier.get("value") or not version.isdigit():
        return None
    view = f"{identifier.get('system', '')}|{identifier['value']}"
    if int(version) < holdings.view_version(view):
        raise Refused(409, "conflict", "a newer version of this view is held")
    return view, int(version)


def _plan(entry: Resource, holdings: Holdings, new_id: Callable[[], str]) -> Step:
    request = entry["request"]
    method = str(request.get("method", ""))
    url = str(request.get("url", ""))
    resource = entry.get("resource")
    path, _, query = url.partition("?")
    kind, _, name = path.partition("/")
    if method not in _ORDER or not kind:
        raise Refused(422, "not-supported", "only PUT, POST and DELETE on a type")
    if method == "DELETE":
        resource = None
    elif not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Refused(400, "invalid", "an entry's resource is not of its URL's type")
    if method == "POST":
        condition = request.get("ifNoneExist")
        found = find_one(kind, condition, holdings) if condition else None
    elif name:
        found = name if holdings.has(kind, name) else None
    elif query:
        found = find_one(kind, query, holdings)
    else:
        raise Refused(400, "invalid", "PUT and DELETE need an id or a condition")
    wanted = found or name or (None if method == "DELETE" else new_id())
    full_url = str(entry.get("fullUrl", ""))
    return Step(method, kind, wanted, full_url, resource, existing=bool(found))


def find_one(kind: str, query: str, holdings: Holdings) -> str | None:
    """The id of the one resource that a condition fits, None if it fits none."""
    found: set[str] | None = None
    for part in query.split("&") if query else ():
        parameter, _, token = part.partition("=")
        if parameter not in SEARCHED:
            raise Refused(400, "not-supported", "a condition by _id, _tag, identifier")
        matches = set(holdings.find(kind, parameter, unquote_plus(token)))
        found = matches if found is None else found & matches
    if found is None:
        raise Refused(400, "invalid", "a condition cannot be read")
    if len(found) > 1:
        raise Refused(412, "multiple-matches", "a condition fits several resources")
    return found.pop() if found else None


def _check_targets(steps: list[Step]) -> None:
    targets = [(step.type, step.id) for step in steps if step.id is not None]
    full_urls = [step.full_url for step in steps if step.full_url]
    for keys in (targets, full_urls):
        if len(set(keys)) != len(keys):
            raise Refused(400, "invalid", "two entries are about one resource")


def _apply(
    step: Step,
    places: dict[str, str],
    holdings: Holdings,
    at: datetime,
    instant: str,
) -> Resource:
    if step.id is None:
        return {"status": "204 No Content"}
    if step.method == "DELETE":
        holdings.delete(step.type, step.id, at)
        return {"status": "204 No Content"}
    if step.method == "POST" and step.existing:
        version = holdings.version(step.type, step.id) or 1
        written = Written(step.type, step.id, version, created=False, changed=False)
    else:
        resource = step.resource or {}
        written = holdings.write(step.type, step.id, resource, at, places)
    return {
        "status": "201 Created" if written.created else "200 OK",
        "location": f"{step.type}/{step.id}/_history/{written.version}",
        "etag": f'W/"{written.version}"',
        "lastModified": instant,
    }
