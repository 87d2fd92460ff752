"""A resource as text, with the places of its names left open.

The recipients of one record mostly get the same resources under other names. So a
resource is read and written out once, and for each recipient only the names are put in.
An open place is marked by a byte that UTF-8 never has, so that no text of a record can
be mistaken for one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from adapter.bundle.fhir import identifier_is_list
from adapter.bundle.stamps import HEAD, Resource, lasting
from adapter.canonical import RESOURCE_ID_SYSTEM
from adapter.errors import BundleInvalid, Issue

#: Types that a receiver cannot find by identifier: R4 gives them no such search.
FOUND_BY_TAG = frozenset({"AdverseEvent", "Provenance"})

_MARK = b"\xff"
#: Stands before the type in a reference, which gives way to a scheme in a transaction.
_TYPE = b"\xfe"
_TYPED = re.compile(_TYPE + b"[^" + _MARK + b"]*")
_META = b',"meta":{'
_TOKEN_SYSTEM = quote(f"{RESOURCE_ID_SYSTEM}|", safe="")


class OpenText:
    """JSON text with open places, each for the name that a symbol stands for.

    A symbol is what stands for a resource's name: "Flag/risk-1", "Patient".
    """

    __slots__ = ("_parts", "_symbols")

    def __init__(self, text: bytes) -> None:
        # Text and symbols take turns.
        self._parts = text.split(_MARK)
        self._symbols = [symbol.decode() for symbol in self._parts[1::2]]

    def filled(self, names: Mapping[str, bytes]) -> bytes:
        """The text with those names in it, by symbol."""
        parts = self._parts.copy()
        parts[1::2] = map(names.__getitem__, self._symbols)
        return b"".join(parts)


class Form:
    """A resource without its names: two of one form differ in nothing else.

    ``sorted_text`` is the resource with sorted keys, ``entry`` its entry in a
    transaction: PUT by what a receiver finds it by, or POSTed unless it is there,
    without id, version and instant, which are the receiver's to give. ``references``
    are the symbols that it refers to, ``status`` is its code if it has one, and
    ``digest`` tells forms apart.
    """

    __slots__ = (
        "_body", "_head", "digest", "entry", "references", "sorted_text", "status",
        "symbol", "type",
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
        whole = identify({**opening.object(resource), "id": _open(symbol)})
        kind = whole["resourceType"]
        meta = lasting(whole)
        rest = {key: part for key, part in whole.items() if key not in HEAD}
        body = sent = _members({"meta": meta, **rest} if meta else rest)
        by_tag = is_found_by_tag(kind)
        if by_tag:
            tag = {"system": RESOURCE_ID_SYSTEM, "code": whole["id"]}
            tagged = {**meta, "tag": [tag, *meta.get("tag", ())]}
            sent = _members({"meta": tagged, **rest})
        if meta:
            whole["meta"] = meta
        in_order = orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
        status = whole.get("status")
        name = _MARK + symbol.encode() + _MARK
        head = f'{{"resourceType":"{kind}"'.encode()
        request = _request(kind, by_tag, is_posted).encode()
        entry = (
            b'{"fullUrl":"urn:uuid:', name, b'","resource":', head,
            _TYPED.sub(b"urn:uuid:", sent), request, name, b'"}}',
        )  # fmt: skip
        self.symbol = symbol
        self.type = str(kind)
        self.status = status if isinstance(status, str) else None
        self.references = frozenset(opening.references)
        self.digest = hashlib.blake2b(head + name + body, digest_size=16).digest()
        self.sorted_text = OpenText(in_order.replace(_TYPE, b""))
        self.entry = OpenText(b"".join(entry))
        self._head = head + b',"id":"'
        self._body = OpenText(body.replace(_TYPE, b""))

    def text(self, names: Mapping[str, bytes]) -> bytes:
        """The resource with those names in it."""
        body = self._body.filled(names)
        return b"".join((self._head, names[self.symbol], b'"', body))

    def stamped(self, names: Mapping[str, bytes], stamps: bytes) -> bytes:
        """The same with stamps, which are members of its meta, before its claims."""
        body = self._body.filled(names)
        has_meta = body.startswith(_META)
        claims = b"," + body[len(_META) :] if has_meta else b"}" + body
        name = names[self.symbol]
        return b"".join((self._head, name, b'"', _META, stamps, claims))


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
    """A resource with each reference and name of ours left open.

    It shares with the resource what has none; nothing is changed in place.
    """

    def __init__(self, targets: Collection[str] | None) -> None:
        self._targets = targets
        self.references: set[str] = set()

    def object(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        opened: Resource = {}
        new: Any
        for key, part in value.items():
            if part.__class__ is dict:
                new = self.object(part)
            elif part.__class__ is list:
                new = self.list(part)
            elif key == "reference" and part.__class__ is str:
                new = self.reference(part)
            else:
                continue
            if new is not part:
                opened[key] = new
        if value.get("system") == RESOURCE_ID_SYSTEM:
            name = value.get("value")
            if isinstance(name, str):
                opened["value"] = _open(name)
        return {**value, **opened} if opened else value

    def list(self, value: list[Any]) -> list[Any]:
        opened: list[Any] | None = None
        new: Any
        for index, part in enumerate(value):
            if part.__class__ is dict:
                new = self.object(part)
            elif part.__class__ is list:
                new = self.list(part)
            else:
                continue
            if new is not part:
                opened = value.copy() if opened is None else opened
                opened[index] = new
        return value if opened is None else opened

    def reference(self, symbol: str) -> Any:
        is_open = symbol in self._targets if self._targets is not None else True
        if not is_open or symbol.startswith("#"):
            return symbol
        self.references.add(symbol)
        return _open(symbol, b"%b%b/" % (_TYPE, type_of(symbol).encode()))


def _open(symbol: str, before: bytes = b"") -> Any:
    text = b"".join((b'"', before, _MARK, symbol.encode(), _MARK, b'"'))
    return orjson.Fragment(text)


def _members(body: Mapping[str, Any]) -> bytes:
    """What follows the first members of an object, to its end."""
    return b"," + orjson.dumps(body)[1:] if body else b"}"


def _request(kind: str, by_tag: bool, is_posted: bool) -> str:
    """What follows the resource in its entry, to the name that it is found by."""
    if is_posted:
        unless = f'"ifNoneExist":"identifier={_TOKEN_SYSTEM}'
        return f',"request":{{"method":"POST","url":"{kind}",{unless}'
    by = "_tag" if by_tag else "identifier"
    return f',"request":{{"method":"PUT","url":"{kind}?{by}={_TOKEN_SYSTEM}'
