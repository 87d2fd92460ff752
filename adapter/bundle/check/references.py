"""Where references lead: to something in the bundle, of a type that may stand there.

A logical reference (identifier or words alone) leads nowhere and is let through. The
design's rule is stricter than R4's: a literal reference must resolve inside the bundle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapter.bundle.check.faults import (
    INVARIANT,
    REFERENCE,
    TARGET,
    Check,
    Faults,
    Scope,
)
from adapter.bundle.fhir import STRUCTURE

_LITERAL = re.compile(r"\S+").fullmatch
_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}").fullmatch


def reference_check(inner: Check, targets: tuple[str, ...]) -> Check:
    """The check of a Reference that may name those types; any, if "Resource" is one."""
    allowed = None if "Resource" in targets or not targets else frozenset(targets)

    def check(value: Any, scope: Scope) -> Faults:
        if scope.members is not None and value.__class__ is dict and len(value) == 1:
            # Nearly all are this: a reference alone, to something that is there.
            target = value.get("reference")
            known = scope.members.get(target) if target.__class__ is str else None
            if known is not None and (allowed is None or known in allowed):
                return None
        faults = inner(value, scope)
        if faults:
            return faults
        reference, told = value.get("reference"), value.get("type")
        if reference is None:
            return _wrong_type() if allowed and told and told not in allowed else None
        if not _LITERAL(reference):
            return [("reference", STRUCTURE, "must be a literal reference")]
        if reference[0] == "#":
            scope.named.add(reference)
            kind = scope.contained.get(reference)
            if kind is None and reference != "#":
                return [("", INVARIANT, "ref-1: names nothing that is contained")]
        elif scope.members is None:
            match = _TYPED(reference)
            kind = match.group(1) if match else None
        else:
            kind = scope.members.get(reference)
            if kind is None:
                return [("reference", REFERENCE, "leads to nothing in this bundle")]
        if kind is None:
            return None
        if allowed is not None and kind not in allowed:
            return _wrong_type()
        if told is not None and told != kind:
            return [("type", TARGET, "is not the type of what is referred to")]
        return None

    return check


def _wrong_type() -> Faults:
    return [("", TARGET, "refers to a type that R4 does not allow here")]


def on_behalf_check(value: Any, scope: Scope) -> Faults:
    """ctm-1: on behalf of an organization only where the member is a Practitioner."""
    reference = value.get("member", {}).get("reference")
    if "onBehalfOf" not in value or reference is None:
        return None
    kind = (scope.members or {}).get(reference) or scope.contained.get(reference)
    if kind is None or kind == "Practitioner":
        return None
    return [("", INVARIANT, "ctm-1: a member on behalf of others is a Practitioner")]


def bundle_members(bundle: Mapping[str, Any]) -> dict[str, str]:
    """What a reference may say, and the type that it leads to.

    A fullUrl, and where that ends in "Type/id", those two: every address of ours has
    the one base of this service.
    """
    members: dict[str, str] = {}
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        full_url, resource = entry.get("fullUrl"), entry.get("resource")
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(full_url, str) or not isinstance(kind, str):
            continue
        members[full_url] = kind
        match = _TYPED(full_url)
        if match and match.group(1) == kind:
            members["/".join(full_url.rsplit("/", 2)[-2:])] = kind
    return members


def contained_types(resource: Mapping[str, Any]) -> dict[str, str]:
    """The types of what a resource contains, by "#id"."""
    found: dict[str, str] = {}
    contained = resource.get("contained")
    for part in contained if isinstance(contained, list) else ():
        if not isinstance(part, dict):
            continue
        name, kind = part.get("id"), part.get("resourceType")
        if isinstance(name, str) and isinstance(kind, str):
            found[f"#{name}"] = kind
    return found
