"""The two forms of a bundle: the collection that is pulled, the transaction pushed.

Building twice gives the same bytes. What is built shares parts with what was handed in:
nothing is changed in place, and nothing that is handed out may be. Source: design,
section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from adapter.bundle.acceptance import acceptance_task, cancelled_task
from adapter.bundle.content import (
    ACCEPTANCE,
    Content,
    Resource,
    content_hash,
    make_content,
    order,
)
from adapter.bundle.fhir import identifier_is_list
from adapter.bundle.rewrite import rewritten
from adapter.bundle.stamps import Stamp, address, stamped_resource, without_stamps
from adapter.canonical import RESOURCE_ID_SYSTEM, VIEW_ID_SYSTEM
from adapter.clock import format_instant

__all__ = [
    "ACCEPTANCE",
    "Content",
    "Resource",
    "Stamp",
    "acceptance_task",
    "cancelled_task",
    "collection",
    "content_hash",
    "is_found_by_tag",
    "make_content",
    "stamped_resource",
    "to_bytes",
    "transaction",
]

#: Types that a receiver cannot find by identifier: R4 gives them no such search.
FOUND_BY_TAG = frozenset({"AdverseEvent", "Provenance"})

_TOKEN_SYSTEM = quote(f"{RESOURCE_ID_SYSTEM}|", safe="")


def collection(
    content: Content, stamp: Stamp, base_url: str, *, task: Resource | None
) -> Resource:
    """The Bundle of type collection, as a receiver that pulls is given it."""
    members = [stamped_resource(resource, stamp) for resource in content.resources]
    if task is not None:
        members.append(task)
    members.sort(key=order)
    entries = [
        {
            "fullUrl": address(base_url, member["resourceType"], member["id"]),
            "resource": member,
        }
        for member in members
    ]
    return {**_head(stamp, "collection"), "entry": entries}


def transaction(
    content: Content,
    stamp: Stamp,
    base_url: str,
    *,
    task: Resource | None,
    undecided: Sequence[Resource] = (),
) -> Resource:
    """The Bundle of type transaction, as a receiver that is pushed to is given it.

    Content is PUT by what a receiver finds it by (our identifier, or a tag where R4 has
    no such search); ``task`` is POSTed unless it is there, never PUT, since a retry
    would undo an answer. ``undecided`` are the Tasks of earlier versions that nobody
    decided: each is PUT as cancelled. Resources have neither id, version nor instant:
    those are the receiver's to give.
    """
    earlier = [cancelled_task(past, stamp.stamped_at) for past in undecided]
    tasks = [*([task] if task is not None else []), *earlier]
    members = sorted([*content.resources, *tasks], key=order)
    names = {f"{m['resourceType']}/{m['id']}": f"urn:uuid:{m['id']}" for m in members}
    entries = [
        {
            "fullUrl": f"urn:uuid:{member['id']}",
            "resource": without_stamps(member, _tag(member)),
            "request": _creation(member) if member is task else _replacement(member),
        }
        for member in members
    ]
    whole = {**_head(stamp, "transaction"), "entry": entries}
    settled: Resource = rewritten(orjson.dumps(whole), names.get, None)
    return settled


def to_bytes(resource: Mapping[str, Any]) -> bytes:
    """The resource as UTF-8 JSON: the one way in which anything is written."""
    return orjson.dumps(resource)


def is_found_by_tag(resource_type: str) -> bool:
    """Whether a receiver finds resources of that type by our tag, not identifier."""
    return resource_type in FOUND_BY_TAG or identifier_is_list(resource_type) is None


def _head(stamp: Stamp, form: str) -> Resource:
    at = format_instant(stamp.stamped_at)
    return {
        "resourceType": "Bundle",
        "id": stamp.view_id,
        "meta": {"versionId": str(stamp.version), "lastUpdated": at},
        "identifier": {"system": VIEW_ID_SYSTEM, "value": stamp.view_id},
        "type": form,
        "timestamp": at,
    }


def _tag(member: Resource) -> Resource | None:
    if not is_found_by_tag(member["resourceType"]):
        return None
    return {"system": RESOURCE_ID_SYSTEM, "code": member["id"]}


def _replacement(member: Resource) -> Resource:
    kind = member["resourceType"]
    by = "_tag" if is_found_by_tag(kind) else "identifier"
    return {"method": "PUT", "url": f"{kind}?{by}={_token(member)}"}


def _creation(task: Resource) -> Resource:
    return {
        "method": "POST",
        "url": task["resourceType"],
        "ifNoneExist": f"identifier={_token(task)}",
    }


def _token(member: Resource) -> str:
    return f"{_TOKEN_SYSTEM}{member['id']}"
