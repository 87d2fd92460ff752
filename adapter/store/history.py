"""Earlier versions of what a receiver may read now, as far back as they are served.

Nothing older than the last narrowing of a view is served, and nothing of a resource
that is not in the present version: what was taken back is not to be had in this way
either. Source: design, section 6, Retirement.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import select

from adapter.clock import parse_instant
from adapter.store import payload
from adapter.store.engine import Store
from adapter.store.heads import CURRENT, Present
from adapter.store.schema import view_versions, views
from adapter.store.tasks import find_task
from adapter.store.views import StoredResource, read_resource


def resource_history(
    store: Store,
    caller_ods: str,
    kinds: Collection[str] | None,
    resource_type: str,
    resource_id: str,
    *,
    present: Present,
) -> list[StoredResource]:
    """Each version of that resource that is served, newest first; empty: none such.

    The first is the present one. Of an acceptance Task only that one is kept.
    """
    now = read_resource(
        store, caller_ods, kinds, resource_type, resource_id, present=present
    )
    if now is None:
        return []
    found = {now.version: now}
    with store.reading() as connection:
        if resource_type == "Task" and find_task(connection, resource_id) is not None:
            return [now]
        rows = connection.execute(
            select(view_versions)
            .join(views, views.c.view_id == view_versions.c.view_id)
            .where(
                view_versions.c.view_id == now.view_id,
                view_versions.c.version >= views.c.served_from,
                view_versions.c.standing == CURRENT,
            )
            .order_by(view_versions.c.version)
        ).all()
    for row in rows:
        if f"{resource_type}/{resource_id}" not in row.resources:
            continue
        bundle = orjson.loads(payload.read(row, "collection").plain())
        for entry in bundle["entry"]:
            resource = entry["resource"]
            key = (resource["resourceType"], resource["id"])
            if key == (resource_type, resource_id):
                version = int(resource["meta"]["versionId"])
                if version < now.version:
                    found[version] = _as_stored(now, version, resource)
    return [found[version] for version in sorted(found, reverse=True)]


def _as_stored(
    now: StoredResource, version: int, resource: dict[str, object]
) -> StoredResource:
    meta = resource["meta"]
    last_updated = str(meta["lastUpdated"]) if isinstance(meta, dict) else ""
    updated: datetime = parse_instant(last_updated)
    status = resource.get("status")
    return StoredResource(
        type=now.type,
        id=now.id,
        version=version,
        last_updated=updated,
        status=status if isinstance(status, str) else None,
        view_id=now.view_id,
        body=orjson.dumps(resource),
    )
