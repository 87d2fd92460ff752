"""What a sender does with its records: post one, preview one, look one up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response

from adapter.api.answers import json_answer
from adapter.api.auth import Role, current_caller, open_to
from adapter.api.deliveries import delivery_as_json
from adapter.api.links import record_url
from adapter.api.parameters import check_parameters, flag, instant, whole_number
from adapter.api.sent import as_record, read_sent, source_of
from adapter.api.turns import Turns
from adapter.clock import format_instant
from adapter.disclosure.decide import decide
from adapter.errors import UnknownRecord
from adapter.intake import accept, preview
from adapter.logs import RECORD_ACCEPTED, RECORD_REPEATED, get_logger
from adapter.store.brakes import list_brakes
from adapter.store.deliveries import deliveries_of_record
from adapter.store.records import (
    RecordVersion,
    StoredRecord,
    load_decisions,
    load_record,
    record_history,
)

if TYPE_CHECKING:
    from adapter.wiring import Parts


def record_routes(parts: Parts) -> Blueprint:
    """/records, for senders; a record of another organisation is not found."""
    routes = Blueprint("records", __name__)
    base_url = parts.settings.public_base_url
    # One thread stays free for those who read and those who answer.
    turns = Turns(max(1, parts.settings.blocking_threads - 1))

    @routes.post("/records")
    @open_to(Role.SENDER)
    def post_record() -> Response:
        check_parameters("dry_run")
        dry_run = flag("dry_run")
        caller, at = current_caller(), parts.clock()
        source = source_of(parts.sources, caller)
        sent = read_sent(source, parts.settings.max_body_bytes)
        ods_code = caller.ods_code
        with turns.taken():
            body, tell = as_record(source, sent)
            if dry_run:
                previewed = preview(
                    body, caller_ods=ods_code, parts=parts, at=at, tell=tell
                )
                return json_answer(previewed)
            accepted = accept(body, caller_ods=ods_code, parts=parts, at=at, tell=tell)
        is_new = accepted.status == "accepted"
        get_logger().info(RECORD_ACCEPTED if is_new else RECORD_REPEATED)
        answer = json_answer(accepted.receipt_bytes, 202 if is_new else 200)
        receipt = orjson.loads(accepted.receipt_bytes)
        answer.headers["Location"] = record_url(
            base_url, receipt["ods_code"], receipt["record_id"]
        )
        return answer

    @routes.get("/records/<ods_code>/<record_id>")
    @open_to(Role.SENDER)
    def get_record(ods_code: str, record_id: str) -> Response:
        check_parameters()
        versions = _own_versions(ods_code, record_id)
        found = deliveries_of_record(parts.store, ods_code, record_id)
        on = list_brakes(parts.store)
        url = record_url(base_url, ods_code, record_id)
        return json_answer(
            {
                "ods_code": ods_code,
                "record_id": record_id,
                "versions": [_version_as_json(each) for each in versions],
                "deliveries": [delivery_as_json(each, base_url, on) for each in found],
                "links": {"self": url, "decisions": f"{url}/decisions"},
            }
        )

    @routes.get("/records/<ods_code>/<record_id>/decisions")
    @open_to(Role.SENDER)
    def get_decisions(ods_code: str, record_id: str) -> Response:
        check_parameters("at", "version")
        at, version = instant("at"), whole_number("version")
        _own_versions(ods_code, record_id)
        stored = load_record(parts.store, ods_code, record_id, version)
        if stored is None:
            raise UnknownRecord
        return json_answer(
            {
                "ods_code": ods_code,
                "record_id": record_id,
                "record_version": stored.version,
                "decisions": _as_made(stored) if at is None else _anew(stored, at),
            }
        )

    def _own_versions(ods_code: str, record_id: str) -> list[RecordVersion]:
        versions = record_history(parts.store, ods_code, record_id)
        if not versions or ods_code != current_caller().ods_code:
            raise UnknownRecord
        return versions

    def _as_made(stored: StoredRecord) -> dict[str, Any]:
        made = load_decisions(
            parts.store, stored.ods_code, stored.record_id, stored.version
        )
        return {each.recipient_id: each.as_json() for each in made}

    def _anew(stored: StoredRecord, at: datetime) -> dict[str, Any]:
        """What would be decided at another instant, by the policy now in force."""
        record = stored.record()
        return {
            each["id"]: decide(record, each["id"], at=at, policy=parts.policy).as_json()
            for each in record.recipients
        }

    return routes


def _version_as_json(version: RecordVersion) -> dict[str, Any]:
    return {
        "record_version": version.version,
        "status": version.status,
        "accepted_at": format_instant(version.accepted_at),
        "correlation_id": version.correlation_id,
    }
