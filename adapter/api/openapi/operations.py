"""What each route of the JSON interface does, takes and answers, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.api.openapi.schemas import INSTANT, ITEM_STATE, STATE, TEXT, ref

JSON = "application/json"
PROBLEM = "application/problem+json"
HTML = "text/html"


@dataclass(frozen=True)
class Answer:
    """One status of a route: when, and in which shape; a problem unless one is named.

    ``headers`` are those that the status always has beside the common ones.
    """

    when: str
    shape: Mapping[str, Any] = field(default_factory=lambda: ref("Problem"))
    media_type: str = PROBLEM
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One method of one route.

    ``parameters`` are those of the query, ``headers`` those of the request, by name:
    what they mean, and their shape. ``takes`` has the shape of the body by media type.
    """

    name: str
    summary: str
    answers: Mapping[int, Answer]
    parameters: Mapping[str, tuple[str, Mapping[str, Any]]] = field(
        default_factory=dict
    )
    headers: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    takes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _ok(when: str, name: str, **headers: str) -> Answer:
    said = {header.replace("_", "-"): words for header, words in headers.items()}
    return Answer(when, ref(name), JSON, said)


_WAIT = {"Retry-After": "seconds to wait before the same call"}
_REFUSED = {
    400: Answer("the request cannot be read, or has an unknown or malformed parameter"),
    401: Answer(
        "no bearer token that is known here", headers={"WWW-Authenticate": "Bearer"}
    ),
    403: Answer("a token of another role, or of another organisation"),
    500: Answer("unforeseen; the log has it under the id in detail"),
    503: Answer("the store cannot answer just now", headers=_WAIT),
}
_MISSING = {404: Answer("nothing there for this caller")}
_LOCATION = "the address of what came of it"
_HANDLED = {
    200: _ok("done; the item as it stands now", "WorklistItem"),
    **_REFUSED,
    **_MISSING,
    409: Answer("the item is closed, or is not one to do this with"),
    413: Answer("the body is over the limit"),
    415: Answer("another media type, or another coding than gzip"),
    422: Answer("something that must be told is missing; every fault is told"),
}

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/records"): Operation(
        "postRecord",
        "Send a record: kept, decided and queued for each recipient before the answer",
        {
            200: Answer(
                "accepted before with the same content: the same receipt; or, with "
                "dry_run, what would be shared",
                {"anyOf": [ref("Receipt"), ref("Preview")]},
                JSON,
            ),
            202: _ok("accepted and kept", "Receipt", Location=_LOCATION),
            **_REFUSED,
            409: Answer("this version is held with other content, or a newer one is"),
            413: Answer("the body is over the limit"),
            415: Answer("another media type, or another coding than gzip"),
            422: Answer("the record breaks the content model; every fault is told"),
            429: Answer("too many records are being taken in just now", headers=_WAIT),
        },
        {
            "dry_run": (
                "true: nothing is kept, and the answer shows what would be shared",
                {"enum": ["true", "false"]},
            )
        },
        headers={
            "X-Source-Format": (
                "the name of a source mapping, when the body is a supplier's export; "
                "record for a record; what the caller's registration says if absent",
                TEXT,
            )
        },
        takes={
            JSON: ref("Record"),
            "application/zip": {
                "description": "a supplier's export in several files",
                "type": "string",
                "contentMediaType": "application/zip",
            },
        },
    ),
    ("GET", "/records/<ods_code>/<record_id>"): Operation(
        "getRecord",
        "The versions held of one's own record, and their deliveries",
        {200: _ok("found", "RecordHistory"), **_REFUSED, **_MISSING},
    ),
    ("GET", "/records/<ods_code>/<record_id>/decisions"): Operation(
        "getDecisions",
        "Who may be told what, and why",
        {200: _ok("found", "Decisions"), **_REFUSED, **_MISSING},
        {
            "at": ("decide anew for this instant, and keep nothing", INSTANT),
            "version": (
                "another version than the newest that is no draft",
                {"type": "integer", "minimum": 1},
            ),
        },
    ),
    ("GET", "/deliveries"): Operation(
        "getDeliveries",
        "One's own deliveries, newest first",
        {200: _ok("a page", "Deliveries"), **_REFUSED},
        {
            "state": ("only those in this state", STATE),
            "record_id": ("only those of this record", TEXT),
            "limit": (
                "how many at most: 50 if absent, at most 200",
                {"type": "integer", "minimum": 1},
            ),
            "cursor": ("where the page before ended: follow links.next", TEXT),
        },
    ),
    ("GET", "/deliveries/<delivery_id>"): Operation(
        "getDelivery",
        "One delivery, its requests and its answer",
        {200: _ok("found", "DeliveryInFull"), **_REFUSED, **_MISSING},
    ),
    ("GET", "/deliveries/<delivery_id>/redrive"): Operation(
        "previewRedrive",
        "What a redrive, or a release, would send now; nothing is changed",
        {
            200: _ok("what would be sent", "RedrivePreview"),
            **_REFUSED,
            **_MISSING,
            409: Answer("it is in no state to be queued again"),
        },
        {"preview": ("true, or absent", {"type": "string", "enum": ["true"]})},
    ),
    ("POST", "/deliveries/<delivery_id>/redrive"): Operation(
        "redriveDelivery",
        "Queue a delivery again, prepared anew, once what stopped it is mended",
        {
            202: _ok("queued", "Delivery", Location=_LOCATION),
            **_REFUSED,
            **_MISSING,
            409: Answer("it cannot be queued again as things stand; detail says why"),
        },
    ),
    ("GET", "/worklist"): Operation(
        "getWorklist",
        "What needs a person, soonest due first",
        {200: _ok("a page", "Worklist"), **_REFUSED},
        {
            "state": (
                "open, taken or closed; what is not closed if absent",
                ITEM_STATE,
            ),
            "purpose": ("only those of this purpose", TEXT),
            "limit": (
                "how many at most: 50 if absent, at most 200",
                {"type": "integer", "minimum": 1},
            ),
            "cursor": ("where the page before ended: follow links.next", TEXT),
        },
    ),
    ("GET", "/worklist/<item_id>"): Operation(
        "getWorklistItem",
        "One thing that needs a person",
        {200: _ok("found", "WorklistItem"), **_REFUSED, **_MISSING},
    ),
    ("POST", "/worklist/<item_id>/take"): Operation(
        "takeWorklistItem",
        "A named person sees to it from now on",
        _HANDLED,
        takes={JSON: ref("Taking")},
    ),
    ("POST", "/worklist/<item_id>/close"): Operation(
        "closeWorklistItem",
        "A named person has dealt with it, and says how",
        _HANDLED,
        takes={JSON: ref("Closing")},
    ),
    ("GET", "/test/clock"): Operation(
        "getClock",
        "The instant that everything here goes by (not there in production)",
        {200: _ok("what the clock shows", "Clock"), **_REFUSED},
    ),
    ("PUT", "/test/clock"): Operation(
        "putClock",
        "Set, advance or release the clock of every process (not there in production)",
        {
            200: _ok("every process goes by it now", "Clock"),
            **_REFUSED,
            413: Answer("the body is over the limit"),
            415: Answer("another media type, or another coding than gzip"),
            422: Answer("it is none of set, advance and release, or cannot be read"),
        },
        takes={JSON: ref("ClockMove")},
    ),
    ("POST", "/worklist/<item_id>/release"): Operation(
        "releaseHeld",
        "A named person releases what is held; it leaves once as many have as must",
        {**_HANDLED, 409: Answer("it cannot be released as things stand; see detail")},
        takes={JSON: ref("Releasing")},
    ),
    ("POST", "/worklist/<item_id>/refuse"): Operation(
        "refuseHeld",
        "A named person refuses what is held, and says why: it never leaves",
        {**_HANDLED, 409: Answer("it is held no longer, or not by this item")},
        takes={JSON: ref("Refusing")},
    ),
    ("GET", "/healthz"): Operation(
        "getHealth",
        "Whether the process runs",
        {200: _ok("it runs", "Health"), 500: _REFUSED[500]},
    ),
    ("GET", "/readyz"): Operation(
        "getReadiness",
        "Whether it can answer",
        {
            200: _ok("it can", "Health"),
            500: _REFUSED[500],
            503: Answer("the store cannot answer", ref("Health"), JSON, _WAIT),
        },
    ),
    ("GET", "/openapi.json"): Operation(
        "getOpenApi",
        "This document",
        {200: _ok("the document", "OpenAPI"), 500: _REFUSED[500]},
    ),
    ("GET", "/docs"): Operation(
        "getDocs",
        "This document as a page to read",
        {200: Answer("the page", TEXT, HTML), 500: _REFUSED[500]},
    ),
}
