"""How a pushed Bundle speaks of the person, as the receiver's directory entry asks.

``own``: the Patient is ours, written by our identifier. ``match``: it is POSTed unless
the receiver has one with that NHS number, whose own then stays as it is. ``reference``:
there is no Patient; whoever refers to the person does so by number, with name and birth
date. Source: design, section 6, The person at the receiver; disclosure rules, N5, N6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapter.bundle.content import Content, Resource
from adapter.canonical import NHS_NUMBER_SYSTEM, RESOURCE_ID_SYSTEM

OWN = "own"
MATCH = "match"
REFERENCE = "reference"


def way_of_naming(wanted: str, content: Content, *, is_verified: bool) -> str:
    """How the Bundle may speak of the person: what is wanted, or ``own`` in its place.

    A match needs an NHS number that is verified and that this recipient may have.
    """
    if wanted == MATCH and not (is_verified and number_of(patient_of(content))):
        return OWN
    return wanted


def patient_of(content: Content) -> Resource | None:
    """The view's Patient, None where it has none."""
    for at, reference in enumerate(content.members.references):
        if reference.startswith("Patient/"):
            return content.members[at]
    return None


def number_of(patient: Mapping[str, Any] | None) -> str | None:
    """The NHS number in a Patient, None where it is not there or was not let go."""
    for identifier in (patient or {}).get("identifier", ()):
        if identifier.get("system") == NHS_NUMBER_SYSTEM and identifier.get("value"):
            return str(identifier["value"])
    return None


def with_person(
    transaction: Mapping[str, Any], patient: Resource | None, how: str
) -> Resource:
    """The transaction with its person named in that way; ``own`` is as it was."""
    if patient is None or how == OWN:
        return dict(transaction)
    address = f"urn:uuid:{patient['id']}"
    entries = transaction["entry"]
    if how == MATCH:
        changed = [
            {**entry, "request": _match(patient)}
            if entry["fullUrl"] == address
            else entry
            for entry in entries
        ]
    else:
        named = logical_reference(patient)
        changed = [
            _replaced(entry, address, named)
            for entry in entries
            if entry["fullUrl"] != address
        ]
    return {**transaction, "entry": changed}


def logical_reference(patient: Mapping[str, Any]) -> Resource:
    """A Reference to the person by NHS number, with name and birth date to check by.

    By our own identifier for one who may not have the number (N6).
    """
    number = number_of(patient)
    identifier = (
        {"system": NHS_NUMBER_SYSTEM, "value": number}
        if number
        else {"system": RESOURCE_ID_SYSTEM, "value": patient["id"]}
    )
    reference: Resource = {"type": "Patient", "identifier": identifier}
    if words := _words(patient):
        reference["display"] = words
    return reference


def _words(patient: Mapping[str, Any]) -> str:
    name: Mapping[str, Any] = next(iter(patient.get("name", ())), {})
    whole = " ".join([*name.get("given", ()), name.get("family", "")]).strip()
    born = patient.get("birthDate")
    return ", ".join(part for part in (whole, f"born {born}" if born else "") if part)


def _match(patient: Mapping[str, Any]) -> Resource:
    token = quote(f"{NHS_NUMBER_SYSTEM}|{number_of(patient)}", safe="")
    return {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": f"identifier={token}",
    }


def _replaced(value: Any, address: str, named: Resource) -> Any:
    if isinstance(value, list):
        return [_replaced(part, address, named) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("reference") == address:
        return dict(named)
    return {key: _replaced(part, address, named) for key, part in value.items()}
