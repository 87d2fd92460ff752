"""The two forms of a bundle: the collection that is pulled, the transaction pushed.

Building twice gives the same bytes. What is built shares parts with what was handed in:
nothing is changed in place, and nothing that is handed out may be. Source: design,
section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from adapter.bundle.acceptance import acceptance_task, cancelled_task
from adapter.bundle.content import (
    ACCEPTANCE,
    Content,
    Resource,
    SettledNames,
    content_hash,
    make_content,
    reference_to,
)
from adapter.bundle.forms import Form, is_found_by_tag
from adapter.bundle.stamps import Stamp, address
from adapter.canonical import VIEW_ID_SYSTEM
from adapter.clock import format_instant

__all__ = [
    "ACCEPTANCE",
    "Collected",
    "Content",
    "Resource",
    "Stamp",
    "acceptance_task",
    "cancelled_task",
    "collect",
    "collection",
    "content_hash",
    "is_found_by_tag",
    "make_content",
    "to_bytes",
    "transaction",
    "transaction_bytes",
]


def collection(
    content: Content, stamp: Stamp, base_url: str, *, task: Resource | None
) -> Resource:
    """The Bundle of type collection, as a receiver that pulls is given it.

    As ``collect``, read.
    """
    whole: Resource = orjson.loads(collect(content, stamp, base_url, task=task).text)
    return whole


@dataclass(frozen=True)
class Collected:
    """The Bundle of type collection as bytes.

    ``places`` says where in ``text`` each resource of the content stands: its first
    byte and their number, by "Flag/<uuid>".
    """

    text: bytes
    places: Mapping[str, tuple[int, int]]


def collect(
    content: Content, stamp: Stamp, base_url: str, *, task: Resource | None
) -> Collected:
    """The Bundle of type collection, as a receiver that pulls is given it.

    ``task`` is in it, and has no place of its own: it changes without the view.
    """
    members = content.members
    found = list(zip(members.references, members.stamped(stamp), strict=True))
    if task is not None:
        found.append((reference_to(task), to_bytes(task)))
        found.sort(key=lambda one: one[0].split("/"))
    address_of = orjson.dumps(address(base_url, "", ""))[:-2]
    parts = [orjson.dumps(_head(stamp, "collection"))[:-1], b',"entry":[']
    at = sum(map(len, parts))
    places = {}
    for reference, text in found:
        before = b'{"fullUrl":%b%b","resource":' % (address_of, reference.encode())
        places[reference] = at + len(before), len(text)
        parts += before, text, b"},"
        at += len(before) + len(text) + 2
    if task is not None:
        del places[reference_to(task)]
    if found:
        parts[-1] = b"}"
    parts.append(b"]}")
    return Collected(b"".join(parts), places)


def transaction(
    content: Content,
    stamp: Stamp,
    base_url: str,
    *,
    task: Resource | None,
    undecided: Sequence[Resource] = (),
) -> Resource:
    """The Bundle of type transaction, as a receiver that is pushed to is given it.

    As ``transaction_bytes``, read.
    """
    whole: Resource = orjson.loads(
        transaction_bytes(content, stamp, base_url, task=task, undecided=undecided)
    )
    return whole


def transaction_bytes(
    content: Content,
    stamp: Stamp,
    base_url: str,
    *,
    task: Resource | None,
    undecided: Sequence[Resource] = (),
) -> bytes:
    """The Bundle of type transaction as it is sent.

    Content is PUT by what a receiver finds it by (our identifier, or a tag where R4 has
    no such search); ``task`` is POSTed unless it is there, never PUT, since a retry
    would undo an answer. ``undecided`` are the Tasks of earlier versions that nobody
    decided: each is PUT as cancelled. Resources have neither id, version nor instant:
    those are the receiver's to give.
    """
    earlier = [cancelled_task(past, stamp.stamped_at) for past in undecided]
    tasks = [*([task] if task is not None else []), *earlier]
    entries = list(content.members.entries())
    if tasks:
        names = SettledNames([*content.members.references, *map(reference_to, tasks)])
        for one in tasks:
            form = Form(one, reference_to(one), targets=names, is_posted=one is task)
            entries.append((reference_to(one), form.entry.filled(names)))
        entries.sort(key=lambda entry: entry[0].split("/"))
    head = orjson.dumps(_head(stamp, "transaction"))
    inside = b",".join(entry for _, entry in entries)
    return b"".join((head[:-1], b',"entry":[', inside, b"]}"))


def to_bytes(resource: Mapping[str, Any]) -> bytes:
    """The resource as UTF-8 JSON: the one way in which anything is written."""
    return orjson.dumps(resource)


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
