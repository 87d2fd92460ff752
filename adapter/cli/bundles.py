"""A record prepared for one recipient at one instant, without a store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.prepare import Prepared, Tools
    from adapter.record.model import Record

FORMS = ("collection", "transaction")


def prepared_bundle(
    record: Record, recipient: str, at: datetime, tools: Tools, base: str, form: str
) -> tuple[Prepared, dict[str, Any] | None]:
    """What is prepared, and the Bundle of that form; None when nothing leaves."""
    from adapter.bundle.build import Stamp, acceptance_task, collection, transaction
    from adapter.bundle.ids import Ids
    from adapter.prepare import prepare

    prepared = prepare(record, recipient, at=at, tools=tools)
    if prepared.content is None:
        return prepared, None
    ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
    stamp = Stamp(ids.view_id(), 1, at)
    task = acceptance_task(prepared.content, ids, stamp, base)
    make = collection if form == "collection" else transaction
    return prepared, make(prepared.content, stamp, base, task=task)
