"""A resource as text, with the places of its names left open.

The recipients of one record mostly get the same resources under other names. So a
resource is read and written out once, and for each recipient only the names are put in.
An open place is marked by a byte that UTF-8 never has, so that no text of a record can
be mistaken for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from adapter.bundle.fhir import identifier_is_list
from adapter.bundle.stamps import Resource, after_stamps, without_stamps
from adapter.canonical import RESOURCE_ID_SYSTEM
from adapter.errors import BundleInvalid, Issue

#: Types that a receiver cannot find by identifier: R4 gives them no such search.
FOUND_BY_TAG = frozenset({"AdverseEvent", "Provenance"})

_MARK = b"\xff"
_NAME, _REFERENCE = b"n", b"r"
_TOKEN_SYSTEM = quote(f"{RESOURCE_ID_SYSTEM}|", safe="")


class OpenText:
    """JSON into which names are still to be put, each told by its symbol.

    A symbol is what stands for a resource's name: "Flag/risk-1", "Patient". A reference
    is its name after what ``leading`` gives for its symbol.
    """

    __slots__ = ("_parts", "_symbols")

    def __init__(self, text: bytes, leading: Callable[[str], bytes]) -> None:
        # Text and marks take turns; a mark is a letter for its kind, and the symbol.
        self._parts = text.split(_MARK)
        self._symbols: list[str] = []
        for at in range(1, len(self._parts), 2):
            kind, symbol = self._parts[at][:1], self._parts[at][1:].decode()
            if kind == _REFERENCE:
                self._parts[at - 1] += leading(symbol)
            self._symbols.append(symbol)

    def filled(self, names: Mapping[str, bytes]) -> bytes:
        """The text with those names in it, by symbol."""
        parts = self._parts.copy()
        parts[1::2] = map(names.__getitem__, self._symbols)
        return b"".join(parts)


class Form:
    """A resource without its names: two of one form differ in nothing else.

    ``text`` is the resource, ``sorted_text`` the same with sorted keys, ``entry`` its
    entry in a transaction: PUT by what a receiver finds it by, or POSTed unless it is
    there. ``tail`` is what follows a resource's stamps, as it is pulled. ``references``
    are the symbols that it refers to, and ``digest`` tells forms apart. ``status`` is
    that of the resource, None where it has none.
    """

    __slots__ = (
        "digest", "entry", "references", "sorted_text", "status", "symbol", "tail",
        "text", "type",
    )  # fmt: skip

    def __init__(
        self,
        resource: Mapping[str, Any],
        symbol: str,
        *,
        targets: Collection[str] | None = None,
        is_posted: bool = False,
    ) -> None:
        """Of a resource with symbols for names; ``symbol`` is its own.

        References to what is not among ``targets`` stay as they are; None: none do.
        """
        opening = _Opening(targets)
        body = opening.object(resource)
        head = {"resourceType": body.pop("resourceType"), "id": _open(_NAME, symbol)}
        if "meta" in body:
            head["meta"] = body.pop("meta")
        whole = identify({**head, **body, "id": head["id"]})
        text = orjson.dumps(whole)
        in_order = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
        entry = orjson.dumps(_entry(whole, symbol, is_posted))
        status = whole.get("status")
        self.symbol = symbol
        self.status: str | None = status if isinstance(status, str) else None
        self.type = str(head["resourceType"])
        self.references = frozenset(opening.references)
        self.digest = hashlib.blake2b(text, digest_size=16).digest()
        self.text = OpenText(text, _typed)
        self.sorted_text = OpenText(in_order, _typed)
        self.entry = OpenText(entry, lambda _: b"urn:uuid:")
        self.tail = OpenText(after_stamps(whole), _typed)


class Forms:
    """The forms of one record's resources, each read once; not to be kept longer."""

    def __init__(self) -> None:
        self._met: dict[int, tuple[Mapping[str, Any], Form]] = {}
        self._known: dict[bytes, Form] = {}

    def of(self, resource: Mapping[str, Any]) -> Form:
        """The form of a mapped resource, all its references taken to lead somewhere.

        BundleInvalid when it has no symbol of its own type.
        """
        met = self._met.get(id(resource))
        if met is not None:
            return met[1]
        text = orjson.dumps(resource)
        known = self._known.get(text)
        if known is None:
            self._known[text] = known = Form(resource, symbol_of(resource))
        # The resource is kept beside its form so that its address stays its own.
        self._met[id(resource)] = resource, known
        return known


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


def symbol_of(resource: Mapping[str, Any]) -> str:
    """The symbol of a mapped resource; BundleInvalid when it has none of its type."""
    kind, symbol = resource.get("resourceType"), resource.get("id")
    if not isinstance(symbol, str) or type_of(symbol) != kind:
        issue = Issue(
            "error",
            "BUNDLE_STRUCTURE",
            f"{kind}.id",
            "the mapping gave no id of the resource's own type",
        )
        raise BundleInvalid("A mapped resource has no id", issues=[issue])
    return symbol


def type_of(symbol: str) -> str:
    """The type of the resource of that symbol: "Flag.communication-needs" is a Flag."""
    return symbol.partition("/")[0].partition(".")[0]


def is_found_by_tag(resource_type: str) -> bool:
    """Whether a receiver finds resources of that type by our tag, not identifier."""
    return resource_type in FOUND_BY_TAG or identifier_is_list(resource_type) is None


class _Opening:
    """A copy of a resource in which each reference and name of ours is left open."""

    def __init__(self, targets: Collection[str] | None) -> None:
        self._targets = targets
        self.references: set[str] = set()

    def object(self, value: Mapping[str, Any]) -> Resource:
        made: Resource = {}
        for key, part in value.items():
            if part.__class__ is dict:
                made[key] = self.object(part)
            elif part.__class__ is list:
                made[key] = self.list(part)
            elif key == "reference" and part.__class__ is str:
                made[key] = self.reference(part)
            else:
                made[key] = part
        is_ours = made.get("system") == RESOURCE_ID_SYSTEM
        if is_ours and isinstance(name := made.get("value"), str):
            made["value"] = _open(_NAME, name)
        return made

    def list(self, value: list[Any]) -> list[Any]:
        return [
            self.object(part)
            if part.__class__ is dict
            else self.list(part)
            if part.__class__ is list
            else part
            for part in value
        ]

    def reference(self, symbol: str) -> Any:
        is_open = symbol in self._targets if self._targets is not None else True
        if not is_open or symbol.startswith("#"):
            return symbol
        self.references.add(symbol)
        return _open(_REFERENCE, symbol)


def _open(kind: bytes, symbol: str, before: str = "") -> Any:
    text = b"".join((before.encode(), _MARK, kind, symbol.encode(), _MARK))
    return orjson.Fragment(b'"' + text + b'"')


def _typed(symbol: str) -> bytes:
    return f"{type_of(symbol)}/".encode()


def _entry(whole: Resource, symbol: str, is_posted: bool) -> Resource:
    kind = whole["resourceType"]
    by_tag = is_found_by_tag(kind)
    by = f"{kind}?{'_tag' if by_tag else 'identifier'}={_TOKEN_SYSTEM}"
    tag = {"system": RESOURCE_ID_SYSTEM, "code": whole["id"]} if by_tag else None
    request = {"method": "PUT", "url": _open(_NAME, symbol, by)}
    if is_posted:
        unless = _open(_NAME, symbol, f"identifier={_TOKEN_SYSTEM}")
        request = {"method": "POST", "url": kind, "ifNoneExist": unless}
    return {
        "fullUrl": _open(_NAME, symbol, "urn:uuid:"),
        "resource": without_stamps(whole, tag),
        "request": request,
    }
