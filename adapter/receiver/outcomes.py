"""A refusal by the receiver, as an OperationOutcome."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The receiver does not do what was asked: HTTP status, FHIR issue type, why."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text

    def as_outcome(self) -> dict[str, Any]:
        return operation_outcome(self.code, self.text)


def operation_outcome(code: str, text: str) -> dict[str, Any]:
    """An OperationOutcome with one error."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
