"""The Task that asks a person at the receiver to accept one version of a view.

It belongs to that version and not to the content: it has an id, a version and instants
of its own, and an answer to it never changes the view. Source: design, section 6, Task.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapter.bundle.content import Content, Resource, identify
from adapter.bundle.ids import Ids
from adapter.bundle.stamps import Stamp, address, stamped
from adapter.canonical import CODE_SYSTEM
from adapter.clock import format_instant


def acceptance_task(
    content: Content, ids: Ids, stamp: Stamp, base_url: str
) -> Resource | None:
    """The Task that asks a person there to accept this version of the view.

    Its reply-to is its own address here. None when the mapping made none, as for a
    recipient that is no organisation.
    """
    if content.acceptance is None:
        return None
    name = ids.task_id(stamp.version)
    at = format_instant(stamp.stamped_at)
    reply_to = {
        "type": {"coding": [{"system": CODE_SYSTEM, "code": "reply-to"}]},
        "valueUrl": address(base_url, "Task", name),
    }
    task = identify({**content.acceptance, "id": name})
    task["authoredOn"] = at
    task["lastModified"] = at
    task["input"] = [*task.get("input", ()), reply_to]
    return stamped(task, 1, at)


def cancelled_task(task: Mapping[str, Any], at: datetime) -> Resource:
    """An undecided Task of an earlier version of the view, cancelled by a newer one."""
    instant = format_instant(at)
    version = int(task["meta"]["versionId"]) + 1
    cancelled = {**task, "status": "cancelled", "lastModified": instant}
    return stamped(cancelled, version, instant)
