"""Which version of a view, and since when; and resources that bear it.

Stamps are put on at the last moment and are in no hash. Source: design, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from adapter.clock import format_instant

Resource = dict[str, Any]

_HEAD = frozenset({"resourceType", "id", "meta"})
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


def stamped_resource(resource: Mapping[str, Any], stamp: Stamp) -> Resource:
    """A resource of the content as it is read here: with its version and instant."""
    version, at = stamp.version, stamp.stamped_at
    if stamp.resource_stamps is not None:
        key = f"{resource['resourceType']}/{resource['id']}"
        version, at = stamp.resource_stamps.get(key, (version, at))
    return stamped(resource, version, format_instant(at))


def stamped(resource: Mapping[str, Any], version: int, at: str) -> Resource:
    """The resource with that version and instant in its meta, next to its claims."""
    whole: Resource = {
        "resourceType": resource["resourceType"],
        "id": resource["id"],
        "meta": {"versionId": str(version), "lastUpdated": at, **lasting(resource)},
    }
    for key, part in resource.items():
        if key not in _HEAD:
            whole[key] = part
    return whole


def before_tail(kind: str, name: bytes, version: int, at: str) -> bytes:
    """The beginning of a stamped resource as text, up to where ``after_stamps`` is."""
    return (
        b'{"resourceType":"%b","id":"%b","meta":{"versionId":"%d","lastUpdated":"%b"'
        % (
            kind.encode(),
            name,
            version,
            at.encode(),
        )
    )


def after_stamps(resource: Mapping[str, Any]) -> bytes:
    """The rest of a stamped resource as text: all that stands behind the stamps."""
    claims = orjson.dumps(lasting(resource))
    rest = orjson.dumps({key: resource[key] for key in resource if key not in _HEAD})
    return _continued(claims) + _continued(rest)


def _continued(text: bytes) -> bytes:
    """The text of an object as the rest of one that has members already."""
    return text[1:] if text == b"{}" else b"," + text[1:]


def lasting(resource: Mapping[str, Any]) -> Resource:
    """What a resource's meta holds besides stamps: profiles, labels, tags."""
    meta = resource.get("meta", {})
    return {key: meta[key] for key in meta if key not in _STAMPS}


def without_stamps(resource: Mapping[str, Any], tag: Resource | None) -> Resource:
    """The resource as a receiver is to store it: neither id, version nor instant.

    Those are the receiver's to give. ``tag`` goes first among its tags.
    """
    meta = lasting(resource)
    if tag is not None:
        meta["tag"] = [tag, *meta.get("tag", ())]
    whole: Resource = {"resourceType": resource["resourceType"]}
    if meta:
        whole["meta"] = meta
    for key, part in resource.items():
        if key not in _HEAD:
            whole[key] = part
    return whole


def address(base_url: str, resource_type: str, name: str) -> str:
    """Where a resource is read here. Source: design, section 6, PUBLIC_BASE_URL."""
    return f"{base_url.rstrip('/')}/fhir/{resource_type}/{name}"
