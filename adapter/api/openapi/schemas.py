"""The shapes of what the JSON interface takes and answers, as JSON Schema (2020-12).

The record's own is made from its declarations; codes, kinds and states come from where
they are declared. The tests of the API hold every answer to these.
"""

from __future__ import annotations

from typing import Any

import orjson

from adapter.delivery.model import State
from adapter.disclosure.model import Outcome
from adapter.record.codes import ISSUE_CODES
from adapter.record.grouping import ENVELOPE, SECTIONS, WHOLE
from adapter.record.json_schema import json_schema
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS
from adapter.store.handling import STATES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
INSTANT: Schema = {"type": "string", "format": "date-time"}
LINK: Schema = {"type": "string", "format": "uri"}
SEVERITY: Schema = {"enum": ["error", "warning"]}
KIND: Schema = {"enum": list(RECIPIENT_KINDS)}
OUTCOME: Schema = {"enum": [outcome.value for outcome in Outcome]}
STATE: Schema = {
    "enum": [state.value for state in State],
    "description": "; ".join(f"{state}: {state.words}" for state in State),
}

ITEM_STATE: Schema = {"enum": list(STATES)}

COMPONENTS = "#/components/schemas/"


def ref(name: str) -> Schema:
    """A reference to one of the shapes below."""
    return {"$ref": COMPONENTS + name}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def shape(description: str = "", /, **properties: Schema) -> Schema:
    """An object that has all of these properties and no others."""
    made: Schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"description": description, **made} if description else made


def by_name(schema: Schema, names: Schema | None = None) -> Schema:
    """An object whose values are all of this shape, by a name."""
    made: Schema = {"type": "object", "additionalProperties": schema}
    return {**made, "propertyNames": names} if names else made


def record_schemas() -> dict[str, Schema]:
    """The record, and the types of the record model that it refers to."""
    text = orjson.dumps(json_schema())
    moved = orjson.loads(text.replace(b'"#/$defs/', f'"{COMPONENTS}type-'.encode()))
    types = moved.pop("$defs")
    del moved["$schema"], moved["$id"]
    return {
        "Record": moved,
        **{f"type-{name}": schema for name, schema in types.items()},
    }


_ISSUE_ALWAYS = shape(
    "One fault: how grave, which code, where, and what is wrong there.",
    severity=SEVERITY,
    code={
        "type": "string",
        "description": "of a record: one of " + ", ".join(ISSUE_CODES),
    },
    path={"type": "string", "description": "as the model writes it; empty for none"},
    message=TEXT,
)
_ISSUE = {
    **_ISSUE_ALWAYS,
    "properties": {
        **_ISSUE_ALWAYS["properties"],
        "record_path": {
            "type": "string",
            "description": "of a supplier's export, where `path` is its own: the place "
            "in the record made of it, as far as it is known",
        },
    },
}
_GROUP = shape(
    "The issues of one section of the record, by code.",
    section={"enum": [WHOLE, ENVELOPE, *SECTIONS]},
    errors=NUMBER,
    warnings=NUMBER,
    codes=listed(
        shape(
            code={"enum": list(ISSUE_CODES)},
            severity=SEVERITY,
            how_to_mend={"type": "string", "description": "one sentence"},
            paths=listed(TEXT),
        )
    ),
)
_PROBLEM = {
    **shape(
        "RFC 9457. Names places and codes, never a value that was sent or is held.",
        type=LINK,
        title=TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=TEXT,
        issues=listed(ref("Issue")),
        sections=listed(ref("IssueGroup")),
    ),
    "required": ["type", "title", "status", "detail", "issues"],
}
_DECISION = shape(
    "What one recipient may get at an instant, and why.",
    kind=KIND,
    record_version=NUMBER,
    at=INSTANT,
    policy_version=TEXT,
    categories=by_name(
        shape(
            outcome=OUTCOME,
            reason=TEXT,
            why=TEXT,
            rule=TEXT,
            policies=listed(TEXT),
        ),
        {"enum": list(CATEGORIES)},
    ),
    items=listed(shape(path=TEXT, outcome=OUTCOME, reason=TEXT, why=TEXT, rule=TEXT)),
    obligations=listed(shape(code=TEXT, due=or_null(INSTANT), detail=TEXT)),
    valid_until=or_null(INSTANT),
)
_RECEIPT = shape(
    "What was accepted, and what follows for each recipient.",
    ods_code=TEXT,
    record_id=TEXT,
    record_version=NUMBER,
    accepted_at=INSTANT,
    warnings=listed(ref("Issue")),
    sections=listed(ref("IssueGroup")),
    recipients=listed(
        shape(
            ref=TEXT,
            kind=KIND,
            outcomes=by_name(OUTCOME, {"enum": list(CATEGORIES)}),
            delivery=or_null(shape(id=TEXT, url=LINK, state=STATE)),
        )
    ),
)
_PREVIEW = shape(
    "What would be shared with whom and why; nothing is kept.",
    ods_code=TEXT,
    record_id=TEXT,
    record_version=NUMBER,
    warnings=listed(ref("Issue")),
    sections=listed(ref("IssueGroup")),
    recipients=listed(
        shape(
            ref=TEXT,
            release={
                "description": "whether people must release what is new for its kind",
                "enum": ["automatic", "after_review", "two_person"],
            },
            decision=ref("Decision"),
            issues=listed(ref("Issue")),
            bundle={
                "description": "a FHIR Bundle (R4); null when nothing would leave",
                "type": ["object", "null"],
            },
        )
    ),
)
_DELIVERY_FIELDS: dict[str, Schema] = {
    "id": TEXT,
    "url": LINK,
    "record_id": TEXT,
    "record_version": NUMBER,
    "recipient_id": TEXT,
    "recipient_kind": KIND,
    "recipient_ods": or_null(TEXT),
    "view_version": NUMBER,
    "purpose": {"enum": ["share", "withdrawal"]},
    "endpoint": or_null(TEXT),
    "state": STATE,
    "meaning": TEXT,
    "reason": or_null(TEXT),
    "issues": listed(shape(code=TEXT, path=TEXT)),
    "attempts": NUMBER,
    "next_attempt_at": or_null(INSTANT),
    "created_at": INSTANT,
    "state_since": INSTANT,
    "correlation_id": TEXT,
    "moves_at": or_null(INSTANT),
    "alarmed_at": or_null(INSTANT),
    "brake": or_null(ref("Brake")),
}
_ATTEMPT = shape(
    "One request to the recipient.",
    attempt=NUMBER,
    started_at=INSTANT,
    duration_ms={"type": "number"},
    outcome=TEXT,
    reason=or_null(TEXT),
    http_status=or_null({"type": "integer"}),
)
_ACKNOWLEDGEMENT = shape(
    "What a person at the recipient answered.",
    task_id=TEXT,
    status=TEXT,
    reason=or_null(TEXT),
    business_status=or_null(TEXT),
    by=or_null(shape(name=or_null(TEXT), role=or_null(TEXT))),
    at=INSTANT,
)
_HISTORY = shape(
    "The versions held of a record, and their deliveries.",
    ods_code=TEXT,
    record_id=TEXT,
    versions=listed(
        shape(
            record_version=NUMBER,
            status=TEXT,
            accepted_at=INSTANT,
            correlation_id=TEXT,
        )
    ),
    deliveries=listed(ref("Delivery")),
    links=shape(self=LINK, decisions=LINK),
)
_NAMED: dict[str, Schema] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 200},
    "role": {"type": "string", "minLength": 1, "maxLength": 200},
}
_HELD: dict[str, Schema] = {
    "delivery_id": {"type": "string", "minLength": 36, "maxLength": 36},
}
_ITEM = shape(
    "One thing that needs a person: for one young person and one purpose.",
    id=TEXT,
    url=LINK,
    purpose=TEXT,
    what=TEXT,
    how_to_close=TEXT,
    state=ITEM_STATE,
    due=or_null(INSTANT),
    is_overdue={"type": "boolean"},
    owner=TEXT,
    taken_by=or_null(shape(name=TEXT, role=TEXT)),
    ring=or_null(
        shape(number=TEXT, whose={"enum": ["transition_worker", "crisis_contact"]})
    ),
    about=listed(
        shape(
            record_id=TEXT,
            record_version=NUMBER,
            recipient_id=or_null(TEXT),
            delivery_id=or_null(TEXT),
            reason=TEXT,
            why=TEXT,
            path=or_null(TEXT),
            due=or_null(INSTANT),
            held=or_null(
                shape(
                    "What people are asked to release, and where to look at it.",
                    recipient_kind=TEXT,
                    since=INSTANT,
                    age_minutes=NUMBER,
                    releases_needed=NUMBER,
                    releases_missing=NUMBER,
                    released_by=listed(shape(name=TEXT, role=TEXT, at=INSTANT)),
                    decisions=LINK,
                    preview=LINK,
                )
            ),
        )
    ),
    history=listed(
        shape(
            verb=TEXT,
            name=TEXT,
            role=TEXT,
            at=INSTANT,
            reason=or_null(TEXT),
            delivery_id=or_null(TEXT),
        )
    ),
    opened_at=INSTANT,
    changed_at=INSTANT,
    closed_at=or_null(INSTANT),
)

SHAPES: dict[str, Schema] = {
    "Issue": _ISSUE,
    "IssueGroup": _GROUP,
    "Problem": _PROBLEM,
    "Decision": _DECISION,
    "Receipt": _RECEIPT,
    "Preview": _PREVIEW,
    "Delivery": shape("One bundle for one recipient.", **_DELIVERY_FIELDS),
    "DeliveryInFull": shape(
        "A delivery with its requests and its answer.",
        **_DELIVERY_FIELDS,
        requests=listed(_ATTEMPT),
        acknowledgement=or_null(_ACKNOWLEDGEMENT),
    ),
    "RedrivePreview": shape(
        "What a redrive, or a release, would send now, or why it would not.",
        delivery=ref("Delivery"),
        would={
            "enum": [
                "send_again",
                "send_new_version",
                "send_withdrawal",
                "send_once_released",
                "wait_for_release",
                "nothing_may_leave",
                "bundle_invalid",
                "no_endpoint",
            ]
        },
        endpoint=or_null(TEXT),
        view_version=NUMBER,
        issues=listed(shape(code=TEXT, path=TEXT)),
        bundle=or_null({"type": "object"}),
    ),
    "Deliveries": shape(
        "A page of deliveries, newest first.",
        deliveries=listed(ref("Delivery")),
        links={**shape(self=LINK, next=LINK), "required": ["self"]},
    ),
    "RecordHistory": _HISTORY,
    "Decisions": shape(
        "The decision for each recipient, by the recipient's id.",
        ods_code=TEXT,
        record_id=TEXT,
        record_version=NUMBER,
        decisions=by_name(ref("Decision")),
    ),
    "WorklistItem": _ITEM,
    "Brake": shape(
        "What a person has stopped until it is released.",
        scope={"enum": ["endpoint", "kind", "all"]},
        name=TEXT,
        reason=TEXT,
        since=INSTANT,
    ),
    "Worklist": shape(
        "A page of what needs a person, soonest due first; the brakes that are on.",
        items=listed(ref("WorklistItem")),
        brakes=listed(ref("Brake")),
        links={**shape(self=LINK, next=LINK), "required": ["self"]},
    ),
    "Taking": shape("Who sees to it.", **_NAMED),
    "Releasing": shape("Who releases what.", **_NAMED, **_HELD),
    "Refusing": shape(
        "Who refuses what, and why.",
        **_NAMED,
        **_HELD,
        reason={"type": "string", "minLength": 3, "maxLength": 2000},
    ),
    "Closing": shape(
        "Who has dealt with it, and how.",
        **_NAMED,
        reason={"type": "string", "minLength": 3, "maxLength": 2000},
    ),
    "Health": {
        **shape(
            status=TEXT,
            store=TEXT,
            clock={"const": "set by a tester", "description": "absent when it is not"},
        ),
        "required": ["status"],
    },
    "Clock": shape(
        now=INSTANT,
        is_set={"type": "boolean"},
        ahead_seconds={"type": "number", "description": "below 0: it is behind"},
    ),
    "ClockMove": {
        "description": "one of them",
        "type": "object",
        "properties": {
            "set": {**INSTANT, "description": "the instant to show from now on"},
            "advance": {
                "type": "string",
                "description": "an ISO 8601 duration of weeks, days, hours and less",
                "examples": ["P1DT2H", "PT15M"],
            },
            "release": {"const": True, "description": "show the system's time again"},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    },
    "OpenAPI": {"type": "object", "description": "this document"},
}
"""Every shape but the record's, by its name in the document."""
