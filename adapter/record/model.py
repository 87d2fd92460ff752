"""A record that has been parsed: its tree, and the few questions asked of it often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.errors import Issue
from adapter.record.vocabulary import ACTIVE_STATUSES


@dataclass(frozen=True)
class Record:
    """A valid record and what was flagged while accepting it.

    ``tree`` is the sender's JSON with its texts in NFC and the NHS number without
    spaces: dicts, lists, str, int and bool, to be read and never changed. ``warnings``
    stand in document order.
    """

    tree: Mapping[str, Any]
    warnings: tuple[Issue, ...] = ()

    @property
    def ods_code(self) -> str:
        """The sending organisation's code."""
        return str(self.tree["source_system"]["ods_code"])

    @property
    def record_id(self) -> str:
        """The sender's name for the record, the same in every version."""
        return str(self.tree["record_id"])

    @property
    def key(self) -> tuple[str, str]:
        """What tells this record from every other: sender's code and record id."""
        return self.ods_code, self.record_id

    @property
    def version(self) -> int:
        return int(self.tree["record_version"])

    @property
    def status(self) -> str:
        return str(self.tree["status"])

    @property
    def is_active(self) -> bool:
        """Whether anything of it may leave (status active or completed, rule G1)."""
        return self.status in ACTIVE_STATUSES

    @property
    def recipients(self) -> list[dict[str, Any]]:
        """The recipients that the record names; none in a draft that lists none."""
        sharing = self.tree.get("consent_and_sharing", {})
        return list(sharing.get("recipients", []))

    def recipient(self, recipient_id: str) -> dict[str, Any] | None:
        """The recipient of that id; None when the record names no such one."""
        return next((r for r in self.recipients if r["id"] == recipient_id), None)

    def find(self, item_id: str) -> dict[str, Any] | None:
        """The item of that id, of whatever kind; None when there is none."""
        return self._items.get(item_id)

    @cached_property
    def _items(self) -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        waiting: list[Any] = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting.extend(node)
            elif isinstance(node, dict):
                if "id" in node:
                    items[node["id"]] = node
                waiting.extend(node.values())
        return items
