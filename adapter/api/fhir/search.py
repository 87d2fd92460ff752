"""Search: conditions from parameters, pages by opaque cursor, and what is included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from flask import Response, request

from adapter.api.auth import current_caller
from adapter.api.bodies import check_media_type, read_body
from adapter.api.fhir.answers import fhir_answer, searchset
from adapter.api.fhir.cursors import seal, unseal
from adapter.api.fhir.media import check_answer_form
from adapter.api.fhir.parameters import Search, read_search
from adapter.api.fhir.reading import Conditions, Reading
from adapter.api.fhir.types import CURSOR, TASK_FOCUS, TypeOffer
from adapter.bundle.ids import nhs_number_hash
from adapter.errors import UnreadableRequest
from adapter.store.views import StoredResource

if TYPE_CHECKING:
    from adapter.wiring import Parts

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 65_536
MOST_PARAMETERS = 50


def search_type(parts: Parts, offer: TypeOffer) -> Response:
    """A page of the caller's own resources of that type, as a searchset Bundle."""
    base_url = parts.settings.public_base_url
    key = parts.tools.key
    caller = current_caller()
    asked = _asked(offer, base_url)
    check_answer_form(asked.form)
    purpose = f"{offer.name} of {caller.ods_code}"
    if asked.cursor is None:
        conditions, includes, after = _conditions(asked, key), asked.includes, None
        count = asked.count
    else:
        kept = unseal(key, purpose, asked.cursor)
        conditions, includes, count, after = _reopen(kept)
    reading = Reading(parts, caller, parts.clock())
    found = reading.page(offer.name, conditions, after=after, limit=count)
    included = _included(reading, found.items, includes)
    next_link = None
    if found.next is not None:
        cursor = seal(key, purpose, _closed(conditions, includes, count, found.next))
        next_link = f"{base_url}/fhir/{offer.name}?{urlencode({CURSOR: cursor})}"
    body = searchset(
        base_url,
        found.items,
        included,
        self_link=_self_link(base_url, offer),
        next_link=next_link,
    )
    reading.keep([*found.items, *included])
    return fhir_answer(body)


def _asked(offer: TypeOffer, base_url: str) -> Search:
    """The search of this request: from its address, and from its body if it has one."""
    in_address = list(request.args.items(multi=True))
    pairs = [(name, value, False) for name, value in in_address]
    if request.method == "POST":
        check_media_type(FORM)
        pairs += [(name, value, True) for name, value in _form()]
    if len(pairs) > MOST_PARAMETERS:
        raise UnreadableRequest(f"at most {MOST_PARAMETERS} parameters are taken")
    return read_search(offer, pairs, base_url=base_url)


def _form() -> list[tuple[str, str]]:
    body = read_body(LARGEST_FORM)
    if not body:
        return []
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise UnreadableRequest("the body is not a form in UTF-8") from None


def _conditions(asked: Search, key: bytes) -> Conditions:
    number = asked.nhs_number
    bounds = [("ge", asked.updated_from), ("lt", asked.updated_before)]
    return Conditions(
        ids=_sorted(asked.ids),
        patient=_sorted(asked.patients),
        nhs_hash=None if number is None else nhs_number_hash(key, number),
        status=_sorted(asked.statuses),
        last_updated=tuple((how, at) for how, at in bounds if at is not None),
    )


def _sorted(members: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if members is None else tuple(sorted(members))


def _closed(
    conditions: Conditions, includes: Sequence[str], count: int, after: str
) -> dict[str, Any]:
    """What a cursor keeps: the whole search, and where the page ended."""
    return {
        "ids": conditions.ids,
        "patient": conditions.patient,
        "nhs_hash": conditions.nhs_hash,
        "status": conditions.status,
        "last_updated": [[how, at.isoformat()] for how, at in conditions.last_updated],
        "includes": list(includes),
        "count": count,
        "after": after,
    }


def _reopen(kept: dict[str, Any]) -> tuple[Conditions, tuple[str, ...], int, str]:
    conditions = Conditions(
        ids=_tuple(kept["ids"]),
        patient=_tuple(kept["patient"]),
        nhs_hash=kept["nhs_hash"],
        status=_tuple(kept["status"]),
        last_updated=tuple(
            (how, datetime.fromisoformat(at)) for how, at in kept["last_updated"]
        ),
    )
    return conditions, tuple(kept["includes"]), kept["count"], kept["after"]


def _tuple(members: list[str] | None) -> tuple[str, ...] | None:
    return None if members is None else tuple(members)


def _included(
    reading: Reading, matches: Sequence[StoredResource], includes: Sequence[str]
) -> list[StoredResource]:
    """What the matches' ``focus`` refers to, each once, in the caller's own views."""
    if TASK_FOCUS not in includes:
        return []
    wanted: dict[str, set[str]] = {}
    for match in matches:
        focus = orjson.loads(match.body).get("focus", {})
        kind, _, name = focus.get("reference", "").rpartition("/")
        wanted.setdefault(kind.rpartition("/")[2], set()).add(name)
    shown = {(match.type, match.id) for match in matches}
    return [
        resource
        for kind in sorted(wanted)
        for resource in reading.named(kind, sorted(wanted[kind]))
        if (resource.type, resource.id) not in shown
    ]


def _self_link(base_url: str, offer: TypeOffer) -> str:
    """The search as an address; a body is not told, for it may name a person."""
    address = f"{base_url}/fhir/{offer.name}"
    if request.method == "POST":
        return f"{address}/_search"
    given = urlencode(list(request.args.items(multi=True)))
    return f"{address}?{given}" if given else address
