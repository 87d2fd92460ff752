"""Opaque names: of resources, views, tasks, lanes and NHS numbers.

Every name is an HMAC under the store's key, so that it is the same for ever, tells
nobody what others got, and cannot be computed by others. Sender ids and NHS numbers go
in and never come out. Source: design, section 6.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

_BLOCK = 64  # bytes that SHA-256 takes at a time


def keyed_digest(key: bytes, purpose: str, *parts: str) -> bytes:
    """The 32 bytes of HMAC-SHA256 over a purpose and its parts.

    Each part is preceded by its length in bytes (four, big-endian), so that no two
    different lists of parts give the same message, whatever characters they hold.
    """
    return hmac.new(key, _joined(purpose, *parts), hashlib.sha256).digest()


def _joined(*parts: str) -> bytes:
    joined = b""
    for part in parts:
        encoded = part.encode()
        joined += len(encoded).to_bytes(4, "big") + encoded
    return joined


def uuid8(digest: bytes) -> str:
    """The UUIDv8 (RFC 9562, section 5.8) whose free 122 bits are the digest's first."""
    text = digest.hex()
    variant = "89ab"[digest[8] >> 4 & 3]
    return (
        f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
    )


class Ids:
    """The names that belong to one record as one recipient sees it."""

    def __init__(self, key: bytes, ods: str, record_id: str, recipient_id: str) -> None:
        if not key:
            raise ValueError("the key of ids must not be empty")
        scope = (ods, record_id, recipient_id)
        # HMAC as RFC 2104 has it, begun once a purpose: a view has a hundred resources
        # to name, and copying an hmac object costs ten times what copying a hash does.
        block = hashlib.sha256(key).digest() if len(key) > _BLOCK else key
        inner, outer = (
            bytes(byte ^ pad for byte in block.ljust(_BLOCK, b"\0"))
            for pad in (0x36, 0x5C)
        )
        self._outer = hashlib.sha256(outer)
        self._begun = {
            purpose: hashlib.sha256(inner + _joined(purpose, *scope))
            for purpose in ("resource", "view", "acceptance")
        }

    def of(self, kind: str, item_id: str = "") -> str:
        """The id of the resource of that kind about that item, as UUIDv8 text.

        ``kind`` is a FHIR type, or a type and a word after a dot where one item has
        two resources of a type ("Flag.communication-needs").
        """
        return self._name("resource", kind, item_id)

    def view_id(self) -> str:
        """The id of the view: the Bundle's identifier and its address here."""
        return self._name("view")

    def task_id(self, view_version: int) -> str:
        """The id of the acceptance Task of that version of the view."""
        return self._name("acceptance", str(view_version))

    def _name(self, purpose: str, *parts: str) -> str:
        inner, outer = self._begun[purpose].copy(), self._outer.copy()
        inner.update(_joined(*parts))
        outer.update(inner.digest())
        return uuid8(outer.digest())


def nhs_number_hash(key: bytes, number: str) -> str:
    """What an NHS number is looked up by in the store, as 64 hex digits.

    Spaces and hyphens do not count (record model, section 0.1).
    """
    digits = number.replace(" ", "").replace("-", "")
    return keyed_digest(key, "nhs-number", digits).hex()


def lane_key(
    key: bytes, record: Any, recipient: Mapping[str, Any], endpoint: str = ""
) -> str:
    """The lane of one patient and one recipient at one endpoint, as 64 hex digits.

    The patient is known by the NHS number, so that records of two senders share a lane;
    by sender and local id where there is none. A recipient with an ODS code is that
    code and its kind; any other is known only within its own record. ``record`` has
    ``tree`` and ``key``. Source: design, section 8.
    """
    ods, record_id = record.key
    person = record.tree["young_person"]
    number = person.get("nhs_number")
    if number:
        patient = ("nhs", number.replace(" ", "").replace("-", ""), "")
    else:
        patient = ("local", ods, person.get("local_patient_id", record_id))
    if recipient.get("ods_code"):
        receiver = ("ods", recipient["ods_code"], recipient["kind"], "")
    else:
        receiver = ("own", ods, record_id, recipient["id"])
    return keyed_digest(key, "lane", *patient, *receiver, endpoint).hex()
