"""The routes of the FHIR interface, made from the table of types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from adapter.api.auth import Role, open_to, open_to_anyone
from adapter.api.fhir.answers import fhir_answer
from adapter.api.fhir.metadata import capability_statement, supported_profiles
from adapter.api.fhir.read import (
    check_read_parameters,
    read_history,
    read_type,
    read_version,
)
from adapter.api.fhir.search import search_type
from adapter.api.fhir.task import patch_task, put_task
from adapter.api.fhir.types import TYPES, TypeOffer

if TYPE_CHECKING:
    from adapter.wiring import Parts

CHANGES: dict[str, tuple[str, Callable[[Parts, str], Response]]] = {
    "update": ("PUT", put_task),
    "patch": ("PATCH", patch_task),
}


def fhir_routes(parts: Parts) -> Blueprint:
    """/fhir: metadata for anyone, everything else for receivers."""
    routes = Blueprint("fhir", __name__)
    settings = parts.settings
    statement = capability_statement(
        settings.public_base_url,
        parts.clock(),
        supported_profiles(settings.profiles_dir),
    )

    @routes.get("/metadata")
    @open_to_anyone
    def metadata() -> Response:
        check_read_parameters()
        return fhir_answer(statement)

    for offer in TYPES.values():
        _offer_type(routes, parts, offer)
    return routes


def _offer_type(routes: Blueprint, parts: Parts, offer: TypeOffer) -> None:
    @open_to(Role.RECEIVER)
    def read(resource_id: str) -> Response:
        return read_type(parts, offer, resource_id)

    @open_to(Role.RECEIVER)
    def search() -> Response:
        return search_type(parts, offer)

    @open_to(Role.RECEIVER)
    def versions(resource_id: str) -> Response:
        return read_history(parts, offer, resource_id)

    @open_to(Role.RECEIVER)
    def version(resource_id: str, version: str) -> Response:
        return read_version(parts, offer, resource_id, version)

    one = f"/{offer.name}/<resource_id>"
    name = offer.name.lower()
    routes.add_url_rule(one, f"{name}-read", read, methods=["GET"])
    if offer.has_versions:
        routes.add_url_rule(f"{one}/_history", f"{name}-history", versions)
        routes.add_url_rule(f"{one}/_history/<version>", f"{name}-vread", version)
    if offer.is_searched:
        address = f"/{offer.name}"
        routes.add_url_rule(address, f"{name}-search", search, methods=["GET"])
        routes.add_url_rule(
            f"{address}/_search", f"{name}-search-form", search, methods=["POST"]
        )
    for change in offer.changes:
        method, make = CHANGES[change]
        routes.add_url_rule(
            one, f"{name}-{change}", _changing(parts, make), methods=[method]
        )


def _changing(
    parts: Parts, make: Callable[[Parts, str], Response]
) -> Callable[[str], Response]:
    @open_to(Role.RECEIVER)
    def change(resource_id: str) -> Response:
        return make(parts, resource_id)

    return change
