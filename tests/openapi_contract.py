"""Holds what an application answers to its OpenAPI document, whatever the test."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, request
from jsonschema import Draft202012Validator

from adapter.api.openapi.document import make_document, template_of
from adapter.api.problems import is_fhir

BASE_URL = "https://adapter.example"


class Contract:
    """Listens to the answers of one application; ``faults`` are what is not so."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.faults: list[str] = []
        app.after_request(self._hear)

    def _hear(self, answer: Response) -> Response:
        rule = request.url_rule
        if rule is not None and not is_fhir(rule.rule) and request.method != "OPTIONS":
            method = request.method.lower().replace("head", "get")
            told = _document(self.app)["paths"].get(template_of(rule.rule), {})
            if method in told:  # a test may add a route of its own
                self._judge(told[method], answer)
        return answer

    def _judge(self, told: dict[str, Any], answer: Response) -> None:
        place = f"{told['operationId']} {answer.status_code}"
        promised = told["responses"].get(str(answer.status_code))
        if promised is None:
            self.faults.append(f"{place} is not documented")
            return
        for name in promised["headers"]:
            if name not in answer.headers and not name.startswith("X-"):
                self.faults.append(f"{place} lacks {name}")
        if answer.mimetype not in promised["content"]:
            self.faults.append(f"{place} is of another media type")
        elif answer.mimetype.endswith("json") and request.method != "HEAD":
            judge = _judge_of(self.app, told["operationId"], answer.status_code)
            self.faults += [
                f"{place} {fault.json_path}: {fault.validator}"
                for fault in judge.iter_errors(orjson.loads(answer.get_data()))
            ]


_DOCUMENTS: list[dict[str, Any]] = []
_JUDGES: dict[tuple[str, int], Draft202012Validator] = {}


def _document(app: Flask) -> dict[str, Any]:
    """Made once: it is the same for every application of a test run."""
    if not _DOCUMENTS:
        _DOCUMENTS.append(make_document(app, BASE_URL))
    return _DOCUMENTS[0]


def _judge_of(app: Flask, name: str, status: int) -> Draft202012Validator:
    if (name, status) not in _JUDGES:
        document = _document(app)
        operations = (
            told for methods in document["paths"].values() for told in methods.values()
        )
        told = next(each for each in operations if each["operationId"] == name)
        (content,) = told["responses"][str(status)]["content"].values()
        whole = {**content["schema"], "components": document["components"]}
        _JUDGES[name, status] = Draft202012Validator(
            whole, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
    return _JUDGES[name, status]
