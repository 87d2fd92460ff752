"""Read: one resource, or one view as a Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from adapter.api.auth import current_caller
from adapter.api.fhir.answers import resource_answer
from adapter.api.fhir.media import check_answer_form
from adapter.api.fhir.parameters import refuse
from adapter.api.fhir.reading import Reading
from adapter.api.fhir.types import BUNDLE, FORMAT, TypeOffer

if TYPE_CHECKING:
    from adapter.wiring import Parts


def check_read_parameters() -> None:
    """Refuse what a read does not take. Raises UnreadableRequest and NotAcceptable."""
    if set(request.args) - {FORMAT}:
        raise refuse("", f"a read takes {FORMAT} only")
    check_answer_form(request.args.get(FORMAT))


def read_type(parts: Parts, offer: TypeOffer, resource_id: str) -> Response:
    """The caller's own resource of that id, with its version as ETag."""
    check_read_parameters()
    reading = Reading(parts, current_caller(), parts.clock())
    if offer.name == BUNDLE:
        bundle = reading.bundle(resource_id)
        return resource_answer(bundle.body, bundle.version, bundle.last_updated)
    found = reading.resource(offer.name, resource_id)
    return resource_answer(found.body, found.version, found.last_updated)
