"""Transaction Bundles of the form that the adapter sends."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from adapter.canonical import CODE_SYSTEM, RESOURCE_ID_SYSTEM, VIEW_ID_SYSTEM

Resource = dict[str, Any]

PATIENT = "11111111-1111-8111-8111-111111111111"
FLAG = "22222222-2222-8222-8222-222222222222"
PROVENANCE = "33333333-3333-8333-8333-333333333333"
TASK = "44444444-4444-8444-8444-444444444444"
REPLY_TO = "http://127.0.0.1:9/fhir/Task/" + TASK


def token(name: str) -> str:
    return quote(f"{RESOURCE_ID_SYSTEM}|{name}", safe="")


def ours(name: str) -> list[Resource]:
    return [{"system": RESOURCE_ID_SYSTEM, "value": name}]


def put(name: str, resource: Resource) -> Resource:
    kind = resource["resourceType"]
    return {
        "fullUrl": f"urn:uuid:{name}",
        "resource": {**resource, "identifier": ours(name)},
        "request": {"method": "PUT", "url": f"{kind}?identifier={token(name)}"},
    }


def patient(family: str = "Whitlock") -> Resource:
    return put(PATIENT, {"resourceType": "Patient", "name": [{"family": family}]})


def flag(text: str = "Distress at night") -> Resource:
    subject = {"reference": f"urn:uuid:{PATIENT}"}
    code = {"text": text}
    return put(
        FLAG,
        {"resourceType": "Flag", "status": "active", "code": code, "subject": subject},
    )


def provenance() -> Resource:
    return {
        "fullUrl": f"urn:uuid:{PROVENANCE}",
        "resource": {
            "resourceType": "Provenance",
            "meta": {"tag": [{"system": RESOURCE_ID_SYSTEM, "code": PROVENANCE}]},
            "target": [{"reference": f"urn:uuid:{FLAG}"}],
        },
        "request": {"method": "PUT", "url": f"Provenance?_tag={token(PROVENANCE)}"},
    }


def task(reply_to: str = REPLY_TO) -> Resource:
    kind = {"coding": [{"system": CODE_SYSTEM, "code": "reply-to"}]}
    return {
        "fullUrl": f"urn:uuid:{TASK}",
        "resource": {
            "resourceType": "Task",
            "identifier": ours(TASK),
            "status": "requested",
            "intent": "order",
            "description": "Please review and accept",
            "for": {"reference": f"urn:uuid:{PATIENT}"},
            "input": [{"type": kind, "valueUrl": reply_to}],
        },
        "request": {
            "method": "POST",
            "url": "Task",
            "ifNoneExist": f"identifier={token(TASK)}",
        },
    }


def transaction(*entries: Resource, version: int = 1) -> Resource:
    """A transaction of these entries, or of one of each kind."""
    entries = entries or (patient(), flag(), provenance(), task())
    return {
        "resourceType": "Bundle",
        "meta": {"versionId": str(version)},
        "identifier": {"system": VIEW_ID_SYSTEM, "value": "view-1"},
        "type": "transaction",
        "entry": list(entries),
    }
