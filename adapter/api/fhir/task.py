"""The answer to an acceptance Task, by PUT or by JSON Patch, with If-Match.

Here the change is read and held to the version it names; which changes may be made is
decided in ``adapter.delivery.acknowledge``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jsonpatch
import orjson
from flask import Response, g, request
from werkzeug.http import http_date

from adapter.api.auth import current_caller
from adapter.api.bodies import check_media_type, read_json
from adapter.api.fhir.answers import etag_of, fhir_answer
from adapter.api.fhir.metadata import JSON_PATCH
from adapter.api.fhir.parameters import FHIR_ID
from adapter.api.fhir.read import check_read_parameters
from adapter.api.fhir.reading import Reading
from adapter.api.problems import (
    FHIR_JSON,
    ChangeRefused,
    VersionMismatch,
    VersionMissing,
)
from adapter.bundle.fhir import read_resource
from adapter.delivery.acknowledge import Refused, VersionMoved, apply_task_answer
from adapter.errors import Issue, UnknownRecord
from adapter.logs import TASK_ANSWERED, get_logger
from adapter.store.tasks import StoredTask, read_task
from adapter.store.views import EMPTY, find_head

if TYPE_CHECKING:
    from adapter.wiring import Parts

LARGEST_TASK = 262_144
MOST_OPERATIONS = 100
VERSION = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"')
JSON = "application/json"

OPERATIONS = frozenset({"add", "remove", "replace", "move", "test"})
"""Not copy: it doubles what it copies, again and again, and no answer needs one."""


def put_task(parts: Parts, task_id: str) -> Response:
    """The Task as it now stands, after the whole of it was sent."""
    held = _held(parts, task_id)
    check_media_type(FHIR_JSON, JSON)
    expected = _expected_version()
    return _change(parts, held, expected, read_json(LARGEST_TASK))


def patch_task(parts: Parts, task_id: str) -> Response:
    """The Task as it now stands, after a JSON Patch of it."""
    held = _held(parts, task_id)
    check_media_type(JSON_PATCH)
    expected = _expected_version()
    operations = _operations(read_json(LARGEST_TASK))
    if expected != held.version:
        raise VersionMismatch
    return _change(parts, held, expected, _patched(held, operations))


def _held(parts: Parts, task_id: str) -> StoredTask:
    """The caller's own acceptance Task of that id.

    UnknownRecord when there is none, as for a read; ChangeRefused for a Task that is
    part of the plan, which is for reading only.
    """
    check_read_parameters()
    name = task_id if FHIR_ID.fullmatch(task_id) else ""
    reading = Reading(parts, current_caller(), parts.clock())
    reading.renew()
    caller = reading.caller
    held = read_task(parts.store, name, caller.ods_code, caller.kinds)
    if held is None:
        reading.resource("Task", name)
        raise ChangeRefused("this Task is part of the plan and is for reading only")
    head = find_head(parts.store, held.view_id)
    if head is None or head.standing == EMPTY:
        raise UnknownRecord
    return held


def _expected_version() -> int:
    given = request.headers.get("If-Match")
    if given is None:
        raise VersionMissing('If-Match must name the version that changes: W/"1"')
    match = VERSION.fullmatch(given.strip())
    if match is None:
        raise VersionMismatch("If-Match must name one version")
    return int(match[1])


def _operations(patch: Any) -> list[dict[str, Any]]:
    """The operations of a JSON Patch. ChangeRefused for what is not taken."""
    if not isinstance(patch, list) or len(patch) > MOST_OPERATIONS:
        raise ChangeRefused(f"a JSON Patch is a list of up to {MOST_OPERATIONS}")
    for index, operation in enumerate(patch):
        name = operation.get("op") if isinstance(operation, dict) else None
        if not isinstance(name, str) or name not in OPERATIONS:
            raise _patch_fault(
                index, f"op must be one of {', '.join(sorted(OPERATIONS))}"
            )
    return patch


def _patched(held: StoredTask, operations: list[dict[str, Any]]) -> Any:
    task = orjson.loads(held.body.plain())
    for index, operation in enumerate(operations):
        try:
            task = jsonpatch.apply_patch(task, [operation], in_place=True)
        except (
            jsonpatch.JsonPatchException,
            jsonpatch.JsonPointerException,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
        ):
            # The library's words repeat what was sent and what is held.
            raise _patch_fault(index, "this operation cannot be applied") from None
    return task


def _patch_fault(index: int, message: str) -> ChangeRefused:
    return ChangeRefused(
        message, issues=[Issue("error", "PATCH_REFUSED", f"[{index}]", message)]
    )


def _change(parts: Parts, held: StoredTask, expected: int, wanted: Any) -> Response:
    if not isinstance(wanted, dict) or wanted.get("resourceType") != "Task":
        raise ChangeRefused("the body must be a Task")
    if wanted.get("id") != held.id:
        raise ChangeRefused("the id in the Task must be the one in the address")
    issues = read_resource(wanted)
    if issues:
        raise ChangeRefused(issues=issues)
    if expected != held.version:
        raise VersionMismatch
    caller = current_caller()
    outcome = apply_task_answer(
        parts.store,
        held.id,
        wanted,
        caller_ods=caller.ods_code,
        kinds=caller.kinds,
        expected_version=expected,
        actor=caller.name,
        at=parts.clock(),
        correlation_id=g.correlation_id,
    )
    if isinstance(outcome, VersionMoved):
        raise VersionMismatch
    if isinstance(outcome, Refused):
        raise ChangeRefused(issues=outcome.issues)
    if outcome.changed:
        get_logger().info(
            TASK_ANSWERED, task_id=outcome.task.id, status=outcome.task.status
        )
    return _as_it_stands(outcome.task)


def _as_it_stands(task: StoredTask) -> Response:
    answer = fhir_answer(task.body.plain())
    answer.headers["ETag"] = etag_of(task.version)
    answer.headers["Last-Modified"] = http_date(task.last_updated)
    return answer
