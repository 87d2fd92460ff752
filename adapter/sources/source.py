"""A supplier's source mapping as it serves: an export in, a record's bytes out.

With the bytes comes the way to tell issues: what the record's own parser finds is
worked back to the sender's places, and joined with what was found on the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.errors import InvalidRecord, Issue
from adapter.mapping.codes import CodeMaps, Unmapped
from adapter.mapping.explain import Trace, rebuild
from adapter.mapping.nodes import Template
from adapter.record.faults import DUPLICATE_KEY, Fault, Finding, Place, write_path
from adapter.record.reading import NotJson, read_json
from adapter.sources.back import Back
from adapter.sources.fields import Branch, SourceField
from adapter.sources.tables import read_tables
from adapter.sources.typed import read_typed
from adapter.sources.unread import unread_findings

Given = bytes | Mapping[str, str]
Tell = Callable[[Sequence[Issue]], list[Issue]]

UNMAPPED = Fault("E_UNMAPPED_CODE", "this local code has no row in its code map")


@dataclass(frozen=True)
class Converted:
    """A record's bytes made from an export, not parsed yet; and how issues are told.

    ``tell`` takes what the parser finds in the bytes and gives every issue, errors and
    warnings, at its place in what was sent. ``trace`` says for each value of the record
    where it came from.
    """

    body: bytes
    tell: Tell
    trace: tuple[Trace, ...]


@dataclass(frozen=True)
class Source:
    """One supplier's mapping, with what it declares of the supplier's export.

    ``form`` is json or csv: bytes of one JSON document, or the texts of a set of files
    by name. ``homes`` are the record's paths with the source paths that fill them,
    ``reads`` every source path that is read.
    """

    name: str
    form: str
    fields: Mapping[str, SourceField]
    declared: Branch
    homes: Mapping[str, tuple[str, ...]]
    reads: frozenset[str]
    templates: tuple[Template, ...]
    code_maps: CodeMaps
    version: str

    @property
    def in_tables(self) -> bool:
        return self.form == "csv"

    def paths_read(self) -> frozenset[str]:
        return self.reads

    def convert(self, given: Given) -> Converted:
        """The record that an export makes, and how its issues are told.

        InvalidRecord with E_JSON alone when it is not JSON, as the parser has it.
        """
        raw, findings = self._read(given)
        typed = read_typed(raw, self.declared, in_texts=self.in_tables)
        findings = [*findings, *typed.findings]
        context = typed.tree if isinstance(typed.tree, dict) else {}
        made = rebuild(self, context)
        record, traces = made[0] if made else ({}, [])
        back = Back(raw, traces, self.homes, in_tables=self.in_tables)
        unmapped = dict.fromkeys(_unmapped(record, ()))
        findings += [Finding(back.locate(place), UNMAPPED) for place in unmapped]
        findings += unread_findings(self, context, typed.unread, traces)
        silent = frozenset(write_path(place) for place in unmapped)

        def tell(issues: Sequence[Issue]) -> list[Issue]:
            parsed = [issue for issue in issues if issue.path not in silent]
            return back.tell(findings, parsed)

        return Converted(json.dumps(record).encode(), tell, tuple(traces))

    def _read(self, given: Given) -> tuple[Any, list[Finding]]:
        if not isinstance(given, bytes):
            return read_tables(given, self.declared)
        try:
            text = read_json(given)
        except NotJson:
            reason = "not JSON in UTF-8, or nested over 32 deep"
            raise InvalidRecord([Issue("error", "E_JSON", "", reason)]) from None
        return text.tree, [Finding(place, DUPLICATE_KEY) for place in text.repeated]


def _unmapped(node: Any, place: Place) -> list[Place]:
    if isinstance(node, Unmapped):
        return [place]
    found: list[Place] = []
    if isinstance(node, dict):
        for name, below in node.items():
            found.extend(_unmapped(below, (*place, name)))
    elif isinstance(node, list):
        for position, below in enumerate(node):
            found.extend(_unmapped(below, (*place, position)))
    return found
