"""What one recipient gets of one record, without stamps: its resources, ids and hash.

One order: resources by type, then id; lists inside a resource stay as the mapping made
them. The hash is over the content alone, keys sorted, so that neither a stamp nor the
order in which a mapping writes its keys makes a new version. Source: design, section 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

import orjson

from adapter.bundle.forms import Form, Forms, identify
from adapter.bundle.ids import Ids
from adapter.bundle.stamps import Resource, Stamp, stamps_text

__all__ = [
    "ACCEPTANCE",
    "Content",
    "Members",
    "Resource",
    "SettledNames",
    "content_hash",
    "identify",
    "make_content",
    "reference_to",
]

ACCEPTANCE = "Task.accept-handover"


class Members(Sequence[Resource]):
    """Resources in their order, each made a dict only when somebody asks for it.

    ``references`` are their names as others refer to them, "Flag/<uuid>", and ``forms``
    their forms.
    """

    def __init__(self, forms: Iterable[Form], names: Mapping[str, bytes]) -> None:
        found = [(form.type, names[form.symbol], form) for form in forms]
        found.sort(key=lambda one: one[:2])
        self.forms = [form for _, _, form in found]
        self.references = [f"{kind}/{name.decode()}" for kind, name, _ in found]
        self._names = names
        self._made: list[Resource | None] = [None] * len(found)

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Members:
        """The members that have their real ids and references already."""
        named = [(reference_to(one), one) for one in resources]
        names = SettledNames(reference for reference, _ in named)
        forms = [Form(one, symbol, targets=names) for symbol, one in named]
        return cls(forms, names)

    def __len__(self) -> int:
        return len(self.forms)

    @overload
    def __getitem__(self, at: int) -> Resource: ...

    @overload
    def __getitem__(self, at: slice) -> list[Resource]: ...

    def __getitem__(self, at: int | slice) -> Resource | list[Resource]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        made = self._made[at]
        if made is None:
            made = orjson.loads(self.forms[at].text(self._names))
            self._made[at] = made
        return made

    def entries(self) -> Iterator[tuple[str, bytes]]:
        """Each one's reference and its entry in a transaction."""
        for reference, form in zip(self.references, self.forms, strict=True):
            yield reference, form.entry.filled(self._names)

    def stamped(self, stamp: Stamp) -> Iterator[bytes]:
        """Each one as it is read here, with its version and instant: JSON."""
        own = stamp.resource_stamps or {}
        whole = stamps_text(stamp.version, stamp.stamped_at)
        for reference, form in zip(self.references, self.forms, strict=True):
            differs = own.get(reference)
            stamps = whole if differs is None else stamps_text(*differs)
            yield form.stamped(self._names, stamps)

    def hash(self) -> str:
        """The same as ``content_hash``, without making them dicts."""
        return hashlib.sha256(b"[" + b",".join(self._sorted) + b"]").hexdigest()

    def hashes(self) -> dict[str, str]:
        """The ``content_hash`` of each by itself, by reference."""
        return {
            reference: hashlib.sha256(b"[" + text + b"]").hexdigest()
            for reference, text in zip(self.references, self._sorted, strict=True)
        }

    @cached_property
    def _sorted(self) -> list[bytes]:
        return [form.sorted_text.filled(self._names) for form in self.forms]


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

    resources: Sequence[Resource] = field(compare=False)
    acceptance: Resource | None
    hash: str
    forms: tuple[bytes | None, ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def members(self) -> Members:
        """The resources, with their forms."""
        if isinstance(self.resources, Members):
            return self.resources
        return Members.of(self.resources)


class SettledNames(dict[str, bytes]):
    """The ids of resources that have theirs, by reference; any other name is itself."""

    def __init__(self, references: Iterable[str]) -> None:
        super().__init__((each, each.partition("/")[2].encode()) for each in references)

    def __missing__(self, symbol: str) -> bytes:
        return orjson.dumps(symbol)[1:-1]


class _Names(dict[str, bytes]):
    """The ids of one recipient by symbol, worked out when they are first asked for."""

    def __init__(self, ids: Ids) -> None:
        super().__init__()
        self._ids = ids

    def __missing__(self, symbol: str) -> bytes:
        kind, _, item = symbol.partition("/")
        self[symbol] = name = self._ids.of(kind, item).encode()
        return name


def make_content(
    mapped: Sequence[Mapping[str, Any]], ids: Ids, forms: Forms | None = None
) -> Content:
    """The content of a view: real ids for symbolic ones, sorted, hashed.

    A symbolic reference to something that is not among ``mapped`` stays as it is: the
    check reports it, and what fails the check never leaves. BundleInvalid when a
    resource has no symbolic id of its own type. ``forms`` are those of the record's
    other recipients, where they share some.
    """
    forms = Forms() if forms is None else forms
    mapped_forms = [forms.of(resource) for resource in mapped]
    targets = {form.symbol for form in mapped_forms if not _is_acceptance(form)}
    names = _Names(ids)
    members: list[Form] = []
    acceptance: Resource | None = None
    astray: set[Form] = set()
    for form, resource in zip(mapped_forms, mapped, strict=True):
        if not form.references <= targets:
            form = Form(resource, form.symbol, targets=targets)
            astray.add(form)
        if _is_acceptance(form):
            acceptance = orjson.loads(form.text(names))
        else:
            members.append(form)
    if acceptance is not None:
        del acceptance["id"]
    resources = Members(members, names)
    return Content(
        resources,
        acceptance,
        resources.hash(),
        tuple(None if form in astray else form.digest for form in resources.forms),
    )


def content_hash(resources: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the resources as JSON with sorted keys, as 64 hex digits."""
    text = orjson.dumps(list(resources), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def reference_to(resource: Mapping[str, Any]) -> str:
    """How others refer to a resource that has its id: "Flag/<uuid>"."""
    return f"{resource['resourceType']}/{resource['id']}"


def _is_acceptance(form: Form) -> bool:
    return form.symbol.partition("/")[0] == ACCEPTANCE
