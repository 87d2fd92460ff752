"""One recipient's share of a record at an instant: decide, redact, map, build, check.

The pure heart of the adapter: push, pull, preview and the command line all come through
here, so what is withheld has no other way out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from adapter.bundle.build import Content, make_content
from adapter.bundle.check import Checker
from adapter.bundle.forms import Forms
from adapter.bundle.ids import Ids
from adapter.disclosure.model import Decision
from adapter.disclosure.reading import Reading
from adapter.disclosure.redact import Redacted, disclose_from
from adapter.disclosure.walk import Known
from adapter.errors import Issue
from adapter.mapping.compile import Mapping, Shared
from adapter.policy import Policy
from adapter.record.model import Record


@dataclass(frozen=True)
class Tools:
    """What preparing works with, all of it handed in.

    ``key`` is the store's secret, from which every id is made.
    """

    policy: Policy
    mapping: Mapping
    checker: Checker
    key: bytes


@dataclass(frozen=True)
class Prepared:
    """What one recipient gets, and why.

    ``content`` and ``redacted`` are None when nothing leaves. ``issues`` are the faults
    that the check found in the content: with any of them it must not be sent.
    """

    recipient_id: str
    decision: Decision
    redacted: Redacted | None
    content: Content | None
    issues: tuple[Issue, ...]


def prepare(
    record: Record, recipient_id: str, *, at: datetime, tools: Tools
) -> Prepared:
    """What this recipient gets of this record at that instant, checked.

    Raises UnmappedCode when a code that leaves has no row in its code map.
    """
    return _prepare(_Common(Reading(record, at, tools.policy)), recipient_id, tools)


def prepare_all(record: Record, *, at: datetime, tools: Tools) -> dict[str, Prepared]:
    """What each recipient that the record names gets, by recipient id, in its order."""
    common = _Common(Reading(record, at, tools.policy, Known()))
    return {
        recipient["id"]: _prepare(common, recipient["id"], tools)
        for recipient in record.recipients
    }


@dataclass(frozen=True)
class _Common:
    """What the recipients of one record share, each part worked out once.

    The reading is about no recipient. The rest is keyed by what it was made of, so a
    recipient finds in it only what their own redacted record would have given.
    """

    reading: Reading
    mapped: Shared = field(default_factory=Shared)
    forms: Forms = field(default_factory=Forms)


def _prepare(common: _Common, recipient_id: str, tools: Tools) -> Prepared:
    record = common.reading.record
    decision, redacted = disclose_from(common.reading, recipient_id)
    if redacted is None:
        return Prepared(recipient_id, decision, None, None, ())
    ids = Ids(tools.key, record.ods_code, record.record_id, recipient_id)
    mapped = tools.mapping.apply(redacted.context(), common.mapped)
    content = make_content(mapped, ids, common.forms)
    issues = tools.checker.content(content)
    return Prepared(recipient_id, decision, redacted, content, tuple(issues))
