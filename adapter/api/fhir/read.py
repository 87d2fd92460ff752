"""Read: one resource, one of its versions, all of them, or one view as a Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from adapter.api.auth import current_caller
from adapter.api.fhir.answers import fhir_answer, history, resource_answer
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
        version: int | str = bundle.version
        if bundle.task_version > 1:
            # The Task in it has changed since, so a kept copy is not this one.
            version = f"{bundle.version}-{bundle.task_version}"
        return resource_answer(bundle.body, version, bundle.last_updated)
    found = reading.resource(offer.name, resource_id)
    return resource_answer(found.body, found.version, found.last_updated)


def read_version(
    parts: Parts, offer: TypeOffer, resource_id: str, version: str
) -> Response:
    """That version of the caller's own resource, if it is still served."""
    check_read_parameters()
    reading = Reading(parts, current_caller(), parts.clock())
    found = reading.versions(offer.name, resource_id, version)[0]
    return resource_answer(found.body, found.version, found.last_updated)


def read_history(parts: Parts, offer: TypeOffer, resource_id: str) -> Response:
    """Every version of the caller's own resource that is served, newest first."""
    check_read_parameters()
    reading = Reading(parts, current_caller(), parts.clock())
    found = reading.versions(offer.name, resource_id)
    base_url = parts.settings.public_base_url
    link = f"{base_url}/fhir/{offer.name}/{resource_id}/_history"
    return fhir_answer(history(base_url, found, self_link=link))
