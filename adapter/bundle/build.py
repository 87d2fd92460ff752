"""From mapped resources to content, and from content to the two forms of a bundle.

A view's content has real ids, no stamps, and one order: resources by type, then id;
lists inside a resource stay as the mapping made them. Its hash is over the content
alone, keys sorted, so that neither a stamp nor the order in which a mapping writes its
keys makes a new version. Source: design, section 6.

What is built here shares parts with what was handed in: nothing is changed in place,
and nothing that is handed out may be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

import orjson

from adapter.bundle.fhir import identifier_is_list
from adapter.bundle.ids import Ids
from adapter.canonical import CODE_SYSTEM, RESOURCE_ID_SYSTEM, VIEW_ID_SYSTEM
from adapter.clock import format_instant
from adapter.errors import BundleInvalid, Issue

Resource = dict[str, Any]

ACCEPTANCE = "Task.accept-handover"

#: Types that a receiver cannot find by identifier: R4 gives them no such search.
FOUND_BY_TAG = frozenset({"AdverseEvent", "Provenance"})


@dataclass(frozen=True)
class Content:
    """What one recipient gets of one record, without stamps.

    ``resources`` have their real ids and refer to each other as "Flag/<uuid>". The
    ``acceptance`` Task is apart, without an id: it belongs to a version of the view,
    and is in neither ``resources`` nor ``hash`` (SHA-256, 64 hex digits).
    """

    resources: tuple[Resource, ...]
    acceptance: Resource | None
    hash: str


@dataclass(frozen=True)
class Stamp:
    """Which version of which view, and since when.

    ``resource_stamps`` says, by "Flag/<uuid>", in which version each resource last
    changed and when; None, or a resource that is not in it: as the view.
    """

    view_id: str
    version: int
    stamped_at: datetime
    resource_stamps: Mapping[str, tuple[int, datetime]] | None = None


def make_content(mapped: Sequence[Mapping[str, Any]], ids: Ids) -> Content:
    """The content of a view: real ids for symbolic ones, sorted, hashed.

    A symbolic reference to something that is not among ``mapped`` stays as it is: the
    check reports it, and what fails the check never leaves. BundleInvalid when a
    resource has no symbolic id of its own type.
    """
    symbols = [_symbol(resource) for resource in mapped]
    real = {s: ids.of(*_kind_and_item(s)) for s in symbols if not _is_acceptance(s)}
    targets = {s: f"{_type_of(s)}/{name}" for s, name in real.items()}
    settle = _rewriter(
        targets.get, lambda symbol: real.get(symbol) or ids.of(*_kind_and_item(symbol))
    )
    resources: list[Resource] = []
    acceptance: Resource | None = None
    for symbol, resource in zip(symbols, mapped, strict=True):
        settled = settle(resource)
        if _is_acceptance(symbol):
            acceptance = {key: settled[key] for key in settled if key != "id"}
        else:
            resources.append(_identified({**settled, "id": real[symbol]}))
    resources.sort(key=_order)
    return Content(tuple(resources), acceptance, content_hash(resources))


def content_hash(resources: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the resources as JSON with sorted keys, as 64 hex digits."""
    text = orjson.dumps(list(resources), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def acceptance_task(
    content: Content, ids: Ids, stamp: Stamp, base_url: str
) -> Resource | None:
    """The Task that asks a person there to accept this version of the view.

    Its reply-to is its own address here. None when the mapping made none, as for a
    recipient that is no organisation.
    """
    if content.acceptance is None:
        return None
    name = ids.task_id(stamp.version)
    at = format_instant(stamp.stamped_at)
    reply_to = {
        "type": {"coding": [{"system": CODE_SYSTEM, "code": "reply-to"}]},
        "valueUrl": _address(base_url, "Task", name),
    }
    task = _identified({**content.acceptance, "id": name})
    task["authoredOn"] = at
    task["lastModified"] = at
    task["input"] = [*task.get("input", ()), reply_to]
    return _stamped(task, 1, at)


def cancelled_task(task: Mapping[str, Any], at: datetime) -> Resource:
    """An undecided Task of an earlier version of the view, cancelled by a newer one."""
    instant = format_instant(at)
    version = int(task["meta"]["versionId"]) + 1
    cancelled = {**task, "status": "cancelled", "lastModified": instant}
    return _stamped(cancelled, version, instant)


def stamped_resource(resource: Mapping[str, Any], stamp: Stamp) -> Resource:
    """A resource of the content as it is read here: with its version and instant."""
    version, at = stamp.version, stamp.stamped_at
    if stamp.resource_stamps is not None:
        key = f"{resource['resourceType']}/{resource['id']}"
        version, at = stamp.resource_stamps.get(key, (version, at))
    return _stamped(resource, version, format_instant(at))


def collection(
    content: Content, stamp: Stamp, base_url: str, *, task: Resource | None
) -> Resource:
    """The Bundle of type collection, as a receiver that pulls is given it."""
    members = [stamped_resource(resource, stamp) for resource in content.resources]
    if task is not None:
        members.append(task)
    members.sort(key=_order)
    entries = [
        {
            "fullUrl": _address(base_url, member["resourceType"], member["id"]),
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
    members = sorted([*content.resources, *tasks], key=_order)
    targets = {
        f"{member['resourceType']}/{member['id']}": f"urn:uuid:{member['id']}"
        for member in members
    }
    settle = _rewriter(targets.get, lambda value: value)
    entries = []
    for member in members:
        request = _creation(member) if member is task else _replacement(member)
        entries.append(
            {
                "fullUrl": f"urn:uuid:{member['id']}",
                "resource": _unstamped(settle(member)),
                "request": request,
            }
        )
    return {**_head(stamp, "transaction"), "entry": entries}


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


def _address(base_url: str, resource_type: str, name: str) -> str:
    return f"{base_url.rstrip('/')}/fhir/{resource_type}/{name}"


def _order(resource: Mapping[str, Any]) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


def _replacement(member: Resource) -> Resource:
    kind, token = member["resourceType"], _token(member)
    by = "_tag" if is_found_by_tag(kind) else "identifier"
    return {"method": "PUT", "url": f"{kind}?{by}={token}"}


def _creation(task: Resource) -> Resource:
    return {
        "method": "POST",
        "url": task["resourceType"],
        "ifNoneExist": f"identifier={_token(task)}",
    }


def is_found_by_tag(resource_type: str) -> bool:
    """Whether a receiver finds resources of that type by our tag, not identifier."""
    return resource_type in FOUND_BY_TAG or identifier_is_list(resource_type) is None


def _token(member: Resource) -> str:
    return quote(f"{RESOURCE_ID_SYSTEM}|{member['id']}", safe="")


def _stamped(resource: Mapping[str, Any], version: int, at: str) -> Resource:
    own = {"versionId": str(version), "lastUpdated": at}
    rest = {key: resource[key] for key in resource if key not in _HEAD}
    return {
        "resourceType": resource["resourceType"],
        "id": resource["id"],
        "meta": {**own, **_lasting(resource)},
        **rest,
    }


def _unstamped(resource: Mapping[str, Any]) -> Resource:
    kind = resource["resourceType"]
    meta = _lasting(resource)
    if is_found_by_tag(kind):
        ours = {"system": RESOURCE_ID_SYSTEM, "code": resource["id"]}
        meta = {**meta, "tag": [ours, *meta.get("tag", ())]}
    rest = {key: resource[key] for key in resource if key not in _HEAD}
    return {"resourceType": kind, **({"meta": meta} if meta else {}), **rest}


_HEAD = frozenset({"resourceType", "id", "meta"})
_STAMPS = frozenset({"versionId", "lastUpdated"})


def _lasting(resource: Mapping[str, Any]) -> Resource:
    meta = resource.get("meta", {})
    return {key: meta[key] for key in meta if key not in _STAMPS}


def _identified(resource: Mapping[str, Any]) -> Resource:
    """The resource with our identifier first, where its type has an identifier."""
    kind, name = resource["resourceType"], resource["id"]
    head = {key: resource[key] for key in ("resourceType", "id", "meta", "language")
            if key in resource}  # fmt: skip
    rest = {key: resource[key] for key in resource if key not in head}
    given = rest.pop("identifier", None)
    is_list = identifier_is_list(kind)
    if is_list is None:
        return {**head, **({"identifier": given} if given else {}), **rest}
    known = given if isinstance(given, list) else [given] if given else []
    ours = {"system": RESOURCE_ID_SYSTEM, "value": name}
    others = []
    for identifier in known:
        if identifier.get("system") == RESOURCE_ID_SYSTEM:
            ours = {**identifier, "value": name}
        else:
            others.append(identifier)
    return {**head, "identifier": [ours, *others] if is_list else ours, **rest}


def _symbol(resource: Mapping[str, Any]) -> str:
    kind, symbol = resource.get("resourceType"), resource.get("id")
    if not isinstance(symbol, str) or _type_of(symbol) != kind:
        issue = Issue(
            "error",
            "BUNDLE_STRUCTURE",
            f"{kind}.id",
            "the mapping gave no id of the resource's own type",
        )
        raise BundleInvalid("A mapped resource has no id", issues=[issue])
    return symbol


def _kind_and_item(symbol: str) -> tuple[str, str]:
    kind, _, item = symbol.partition("/")
    return kind, item


def _type_of(symbol: str) -> str:
    return symbol.partition("/")[0].partition(".")[0]


def _is_acceptance(symbol: str) -> bool:
    return symbol.partition("/")[0] == ACCEPTANCE


def _rewriter(
    target: Callable[[str], str | None], name: Callable[[str], str]
) -> Callable[[Mapping[str, Any]], Resource]:
    """A deep copy, with references and identifiers of ours replaced."""

    def settle(value: Any) -> Any:
        if isinstance(value, list):
            return [
                settle(part) if isinstance(part, (dict, list)) else part
                for part in value
            ]
        settled = {
            key: settle(part) if isinstance(part, (dict, list)) else part
            for key, part in value.items()
        }
        reference = settled.get("reference")
        if isinstance(reference, str):
            settled["reference"] = target(reference) or reference
        elif settled.get("system") == RESOURCE_ID_SYSTEM:
            value_of_ours = settled.get("value")
            if isinstance(value_of_ours, str):
                settled["value"] = name(value_of_ours)
        return settled

    return cast(Callable[[Mapping[str, Any]], Resource], settle)
