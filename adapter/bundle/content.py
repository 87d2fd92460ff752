"""What one recipient gets of one record, without stamps: its resources, ids and hash.

One order: resources by type, then id; lists inside a resource stay as the mapping made
them. The hash is over the content alone, keys sorted, so that neither a stamp nor the
order in which a mapping writes its keys makes a new version. Source: design, section 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from adapter.bundle.fhir import identifier_is_list
from adapter.bundle.ids import Ids
from adapter.bundle.rewrite import rewritten
from adapter.canonical import RESOURCE_ID_SYSTEM
from adapter.errors import BundleInvalid, Issue

Resource = dict[str, Any]

ACCEPTANCE = "Task.accept-handover"


@dataclass(frozen=True)
class Content:
    """What one recipient gets of one record, without stamps.

    ``resources`` have their real ids and refer to each other as "Flag/<uuid>". The
    ``acceptance`` Task is apart, without an id: it belongs to a version of the view,
    and is in neither ``resources`` nor ``hash`` (SHA-256, 64 hex digits). ``forms``
    are, in the order of ``resources``, a digest of each as it was mapped: two resources
    of one form differ in nothing but the ids in them. None where a reference leads to
    nothing.
    """

    resources: tuple[Resource, ...]
    acceptance: Resource | None
    hash: str
    forms: tuple[bytes | None, ...] = field(default=(), compare=False, repr=False)


def make_content(mapped: Sequence[Mapping[str, Any]], ids: Ids) -> Content:
    """The content of a view: real ids for symbolic ones, sorted, hashed.

    A symbolic reference to something that is not among ``mapped`` stays as it is: the
    check reports it, and what fails the check never leaves. BundleInvalid when a
    resource has no symbolic id of its own type.
    """
    symbols = [_symbol(resource) for resource in mapped]
    real: dict[str, str] = {}
    targets: dict[str, str] = {}
    for symbol, resource in zip(symbols, mapped, strict=True):
        if not _is_acceptance(symbol):
            real[symbol] = ids.of(*_kind_and_item(symbol))
            targets[symbol] = f"{resource['resourceType']}/{real[symbol]}"
    made: list[tuple[str, str, Resource, bytes | None]] = []
    acceptance: Resource | None = None
    missing: list[str] = []

    def reference(symbol: str) -> str | None:
        target = targets.get(symbol)
        if target is None and symbol[:1] != "#":
            missing.append(symbol)
        return target

    def identifier(symbol: str) -> str:
        return real.get(symbol) or ids.of(*_kind_and_item(symbol))

    for symbol, resource in zip(symbols, mapped, strict=True):
        missing.clear()
        text = orjson.dumps(resource)
        settled: Resource = rewritten(text, reference, identifier)
        if _is_acceptance(symbol):
            acceptance = {key: settled[key] for key in settled if key != "id"}
            continue
        name = real[symbol]
        settled["id"] = name
        form = None if missing else hashlib.blake2b(text, digest_size=16).digest()
        made.append((settled["resourceType"], name, identify(settled), form))
    made.sort(key=lambda one: one[:2])
    resources = tuple(one[2] for one in made)
    forms = tuple(one[3] for one in made)
    return Content(resources, acceptance, content_hash(resources), forms)


def content_hash(resources: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the resources as JSON with sorted keys, as 64 hex digits."""
    text = orjson.dumps(list(resources), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def order(resource: Mapping[str, Any]) -> tuple[str, str]:
    """What entries are sorted by: type, then id."""
    return resource["resourceType"], resource["id"]


def identify(resource: Resource) -> Resource:
    """The same resource, our identifier made its first where its type has any.

    It is written into what is handed in, which nobody else may hold.
    """
    kind, name = resource["resourceType"], resource["id"]
    is_list = identifier_is_list(kind)
    if is_list is None:
        return resource
    ours: Resource = {"system": RESOURCE_ID_SYSTEM, "value": name}
    given = resource.get("identifier") or ()
    others = []
    for one in [given] if isinstance(given, dict) else given:
        if one.get("system") == RESOURCE_ID_SYSTEM:
            ours = {**one, "value": name}
        else:
            others.append(one)
    resource["identifier"] = [ours, *others] if is_list else ours
    return resource


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
