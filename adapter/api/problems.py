"""Errors as HTTP answers: the one table of statuses, and the two renderings.

Under ``/fhir`` an error is an OperationOutcome, elsewhere a problem of RFC 9457 with
``issues``. An answer names places and codes, never a value that was sent or is held;
what nobody foresaw is a 500 that says nothing of its cause.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from traceback import walk_tb
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

import adapter
from adapter.canonical import CANONICAL
from adapter.errors import (
    AdapterError,
    BundleInvalid,
    Conflict,
    InvalidRecord,
    Issue,
    NotAuthenticated,
    NotPermitted,
    NotReady,
    RecipientUnknown,
    StartRefused,
    UnknownRecord,
    UnmappedCode,
    UnreadableRequest,
)
from adapter.logs import REQUEST_FAILED, get_logger
from adapter.record.grouping import group

PACKAGE = PurePath(adapter.__file__).parent
PROBLEM_JSON = "application/problem+json"
FHIR_JSON = "application/fhir+json"
FHIR_PATH = "/fhir"
RETRY_AFTER_SECONDS = 5


class MediaTypeRefused(UnreadableRequest):
    """The body is of a media type, or coded in a way, that is not taken here."""

    title = "Unsupported media type"
    issue_type = "not-supported"


class BodyTooLarge(UnreadableRequest):
    """The body is larger than this address takes; it was not read to its end."""

    title = "The body is too large"
    issue_type = "too-long"


class NotAcceptable(UnreadableRequest):
    """The caller takes none of the media types in which this can be answered."""

    title = "Not acceptable"
    issue_type = "not-supported"


class VersionMissing(UnreadableRequest):
    """A change must say with If-Match which version it changes."""

    title = "If-Match is required"
    issue_type = "required"


class VersionMismatch(Conflict):
    """If-Match names another version than the present one."""

    title = "This is not the present version"


class ChangeRefused(AdapterError):
    """The change is readable, and is not one that may be made here."""

    title = "This change is not allowed"
    issue_type = "business-rule"


class TooManyRequests(NotReady):
    """More is being asked than can be answered just now."""

    title = "Too many requests"
    issue_type = "throttled"


class MethodRefused(UnreadableRequest):
    """This address does not take this method."""

    title = "Method not allowed"
    issue_type = "not-supported"


class Unforeseen(AdapterError):
    """Something went wrong here; the log has the id and the kind of it."""

    title = "Something went wrong in the adapter"


"""The status of each class; a class that is not listed has that of its parent."""
STATUSES: Mapping[type[AdapterError], int] = {
    InvalidRecord: 422,
    UnreadableRequest: 400,
    MediaTypeRefused: 415,
    BodyTooLarge: 413,
    NotAcceptable: 406,
    MethodRefused: 405,
    VersionMissing: 428,
    VersionMismatch: 412,
    ChangeRefused: 422,
    UnmappedCode: 500,
    BundleInvalid: 500,
    UnknownRecord: 404,
    RecipientUnknown: 404,
    Conflict: 409,
    NotAuthenticated: 401,
    NotPermitted: 403,
    TooManyRequests: 429,
    NotReady: 503,
    StartRefused: 500,
    AdapterError: 500,
}

"""What Flask and Werkzeug raise, as errors of ours; anything else is Unforeseen."""
HTTP_ERRORS: Mapping[int, type[AdapterError]] = {
    400: UnreadableRequest,
    404: UnknownRecord,
    405: MethodRefused,
    406: NotAcceptable,
    413: BodyTooLarge,
    415: MediaTypeRefused,
    429: TooManyRequests,
    503: NotReady,
}


def status_of(error: AdapterError) -> int:
    """The HTTP status of an error.

    A record that is not JSON at all is the request's fault (400), not the record's.
    """
    if isinstance(error, InvalidRecord):
        codes = {issue.code for issue in error.issues}
        return 400 if codes == {"E_JSON"} else 422
    return next(STATUSES[cls] for cls in type(error).__mro__ if cls in STATUSES)


def is_fhir(path: str) -> bool:
    """Whether an address belongs to the FHIR interface."""
    return path == FHIR_PATH or path.startswith(f"{FHIR_PATH}/")


def problem_type(error: AdapterError) -> str:
    """The address that names a class of errors: ``…/problem/invalid-record``."""
    name = type(error).__name__
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
    return f"{CANONICAL}/problem/{words.lstrip('-')}"


def as_problem(error: AdapterError, status: int) -> dict[str, Any]:
    """An error as a problem of RFC 9457, with its issues as extension.

    The faults of a record are told by section too, with how each is mended.
    """
    problem = {
        "type": problem_type(error),
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "issues": [issue.as_json() for issue in error.issues],
    }
    sections = group(error.issues)
    return {**problem, "sections": sections} if sections else problem


def as_operation_outcome(error: AdapterError) -> dict[str, Any]:
    """An error as an OperationOutcome; an issue for each fault, or one in all."""
    issues = [_outcome_issue(error.issue_type, issue) for issue in error.issues]
    whole = {
        "severity": "error",
        "code": error.issue_type,
        "diagnostics": error.detail,
    }
    return {"resourceType": "OperationOutcome", "issue": issues or [whole]}


def _outcome_issue(issue_type: str, issue: Issue) -> dict[str, Any]:
    told: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue_type,
        "details": {"text": issue.code},
        "diagnostics": issue.message,
    }
    if issue.path:
        # An expression is FHIRPath; a parameter or a place in a patch is a location.
        is_element = issue.path[0].isupper()
        told["expression" if is_element else "location"] = [issue.path]
    return told


def render(error: AdapterError) -> Response:
    """The answer that tells an error, in the words of the interface that was asked."""
    status = status_of(error)
    fhir = is_fhir(request.path)
    body = as_operation_outcome(error) if fhir else as_problem(error, status)
    answer = Response(
        orjson.dumps(body),
        status=status,
        content_type=FHIR_JSON if fhir else PROBLEM_JSON,
    )
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="transition-adapter"'
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _place_of(error: BaseException) -> str:
    """The innermost line of ours that an exception came through: a place, no values."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        path = PurePath(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            place = f"{path.relative_to(PACKAGE)}:{line}"
    return place


def report(error: BaseException) -> Unforeseen:
    """What to answer for an exception that nobody foresaw, after logging its id.

    Neither log nor answer holds its message: that may hold what was sent.
    """
    error_id = str(uuid.uuid4())
    get_logger().error(
        REQUEST_FAILED,
        error_id=error_id,
        error=type(error).__name__,
        place=_place_of(error),
    )
    return Unforeseen(f"the log has it under {error_id}")


def handle_errors(app: Flask) -> None:
    """Make every error of this application an answer of this module."""

    @app.errorhandler(AdapterError)
    def tell(error: AdapterError) -> Response:
        if isinstance(error, UnknownRecord):
            # In the same words whatever it was that is not there for this caller.
            return render(UnknownRecord())
        if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            unforeseen = report(error)
            # A sender may learn which code or element is wrong; a receiver may not.
            return render(unforeseen if is_fhir(request.path) else error)
        return render(error)

    @app.errorhandler(HTTPException)
    def tell_http(error: HTTPException) -> Response:
        known = HTTP_ERRORS.get(error.code or 500)
        cause = getattr(error, "original_exception", None) or error
        answer = render(known() if known else report(cause))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(Exception)
    def tell_nothing(error: Exception) -> Response:
        return render(report(error))
