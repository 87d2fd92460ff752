"""Makes the document from the routes, their operations and the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask

from adapter import __version__
from adapter.api.auth import ANYONE, Role, access_of
from adapter.api.openapi.operations import OPERATIONS, Answer, Operation
from adapter.api.openapi.schemas import SHAPES, TEXT, record_schemas
from adapter.api.problems import is_fhir

_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
_AUTOMATIC = {"HEAD", "OPTIONS"}
_COMMON_HEADERS = {
    "X-Correlation-Id": "of the transition that this call belongs to",
    "X-Request-Id": "of this call",
}


def make_document(app: Flask, base_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route of ``app`` outside ``/fhir``."""
    paths: dict[str, dict[str, Any]] = {}
    for method, rule, endpoint in json_routes(app):
        operation = OPERATIONS.get((method, rule))
        if operation is not None:
            told = _told(operation, rule, access_of(app, endpoint))
            paths.setdefault(template_of(rule), {})[method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Transition adapter, JSON interface",
            "version": __version__,
            "summary": "For those who send transition records",
            "description": (
                "Receivers use FHIR R4 under /fhir, which tells of itself at "
                "/fhir/metadata."
            ),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": {**SHAPES, **record_schemas()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def json_routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Each method, rule and endpoint of the JSON interface, in their order."""
    for rule in app.url_map.iter_rules():
        if not is_fhir(rule.rule):
            for method in sorted((rule.methods or set()) - _AUTOMATIC):
                yield method, rule.rule, rule.endpoint


def template_of(rule: str) -> str:
    """A route as OpenAPI writes it: ``/deliveries/{delivery_id}``."""
    return _VARIABLE.sub(r"{\1}", rule)


def _told(
    operation: Operation, rule: str, access: frozenset[Role] | None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [] if access == ANYONE else [{"bearer": []}],
        "responses": {
            str(status): _response(answer)
            for status, answer in sorted(operation.answers.items())
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": TEXT}
        for name in _VARIABLE.findall(rule)
    ] + [
        {"name": name, "in": where, "description": words, "schema": schema}
        for where, given in (
            ("query", operation.parameters),
            ("header", operation.headers),
        )
        for name, (words, schema) in given.items()
    ]
    if parameters:
        told["parameters"] = parameters
    if operation.takes:
        content = {kind: {"schema": dict(s)} for kind, s in operation.takes.items()}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _response(answer: Answer) -> dict[str, Any]:
    headers = {**_COMMON_HEADERS, **answer.headers}
    return {
        "description": answer.when,
        "headers": {
            name: {"description": words, "schema": TEXT}
            for name, words in headers.items()
        },
        "content": {answer.media_type: {"schema": dict(answer.shape)}},
    }
