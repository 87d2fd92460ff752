"""Which version of a view, and since when; and resources that bear it.

Stamps are put on at the last moment and are in no hash. Source: design, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.clock import format_instant

Resource = dict[str, Any]

#: What a resource begins with, in this order.
HEAD = frozenset({"resourceType", "id", "meta"})
_STAMPS = frozenset({"versionId", "lastUpdated"})


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


def stamped(resource: Mapping[str, Any], version: int, at: str) -> Resource:
    """The resource with that version and instant in its meta, before its claims."""
    whole: Resource = {
        "resourceType": resource["resourceType"],
        "id": resource["id"],
        "meta": {"versionId": str(version), "lastUpdated": at, **lasting(resource)},
    }
    for key, part in resource.items():
        if key not in HEAD:
            whole[key] = part
    return whole


def stamps_text(version: int, at: datetime) -> bytes:
    """The same two members of a meta as JSON text."""
    return f'"versionId":"{version}","lastUpdated":"{format_instant(at)}"'.encode()


def lasting(resource: Mapping[str, Any]) -> Resource:
    """What a resource's meta holds besides stamps: profiles, labels, tags."""
    meta = resource.get("meta", {})
    return {key: meta[key] for key in meta if key not in _STAMPS}


def address(base_url: str, resource_type: str, name: str) -> str:
    """Where a resource is read here. Source: design, section 6, PUBLIC_BASE_URL."""
    return f"{base_url.rstrip('/')}/fhir/{resource_type}/{name}"
