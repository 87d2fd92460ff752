"""The CapabilityStatement, made from the table that the routes are made from.

So it cannot promise what is not there. It is open to anyone, and says nothing of what
is held or who may call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from adapter import __version__
from adapter.api.fhir.types import PARAMETER_TYPES, TYPES, TypeOffer
from adapter.api.problems import FHIR_JSON
from adapter.canonical import CANONICAL
from adapter.clock import format_instant

FHIR_VERSION = "4.0.1"
JSON_PATCH = "application/json-patch+json"

_SEARCH_BY_NUMBER = (
    "The system https://fhir.nhs.uk/Id/nhs-number only, and by POST to _search only: "
    "a number of a person must not stand in an address."
)
_PARAMETER_NOTES = {
    "patient.identifier": _SEARCH_BY_NUMBER,
    "identifier": _SEARCH_BY_NUMBER,
    "_lastUpdated": "With eq, ge, le, gt or lt; a date is one in Europe/London.",
}


def supported_profiles(folder: Path) -> dict[str, list[str]]:
    """The canonical URLs of our profiles, by the resource type that each constrains."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("StructureDefinition-*.json")):
        profile = orjson.loads(path.read_bytes())
        if profile.get("kind") == "resource" and profile["type"] in TYPES:
            found.setdefault(profile["type"], []).append(profile["url"])
    return found


def capability_statement(
    base_url: str, started_at: datetime, profiles: Mapping[str, list[str]]
) -> dict[str, Any]:
    """What this server offers, as a CapabilityStatement of kind ``instance``."""
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{CANONICAL}/CapabilityStatement/transition-adapter",
        "version": __version__,
        "name": "TransitionAdapter",
        "title": "Transition adapter",
        "status": "active",
        "date": format_instant(started_at),
        "publisher": "Transition adapter",
        "description": (
            "What a receiving service may read of the handovers addressed to it, and "
            "how it accepts or rejects one. A caller sees its own views only."
        ),
        "kind": "instance",
        "software": {"name": "transition-adapter", "version": __version__},
        "implementation": {
            "description": "Transition adapter",
            "url": f"{base_url}/fhir",
        },
        "fhirVersion": FHIR_VERSION,
        "format": [FHIR_JSON],
        "patchFormat": [JSON_PATCH],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": (
                        "A bearer token for everything but this statement. A token is "
                        "of one organisation and its recipient kinds."
                    ),
                },
                "resource": [
                    _resource(offer, profiles.get(offer.name, []))
                    for offer in TYPES.values()
                ],
            }
        ],
    }


def _resource(offer: TypeOffer, profiles: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"type": offer.name}
    if profiles:
        told["supportedProfile"] = profiles
    told["interaction"] = [{"code": code} for code in offer.interactions]
    told["versioning"] = "versioned-update" if offer.changes else "versioned"
    told["readHistory"] = offer.has_versions
    told["updateCreate"] = False
    if offer.includes:
        told["searchInclude"] = list(offer.includes)
    if offer.parameters:
        told["searchParam"] = [_parameter(name) for name in offer.parameters]
    return told


def _parameter(name: str) -> dict[str, str]:
    told = {"name": name, "type": PARAMETER_TYPES[name]}
    if name in _PARAMETER_NOTES:
        told["documentation"] = _PARAMETER_NOTES[name]
    return told
