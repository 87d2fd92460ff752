"""Every error that the adapter raises, and the one shape of a fault with its place.

AdapterError
├── InvalidRecord        the record breaks the content model; carries every issue
├── UnreadableRequest    the request itself cannot be read (its JSON, media type, form)
├── UnmappedCode         a local code has no row in its code map
├── BundleInvalid        what was about to leave fails our own check
├── UnknownRecord        nothing under that name for this caller
├── Conflict             what was sent contradicts what is already held
├── NotAuthenticated     no credential, or one that we do not know
├── NotPermitted         a known caller asks for what is another's
├── NotReady             a part that is needed cannot answer just now
├── RecipientUnknown     the record names no such recipient
└── StartRefused         what stops the start; carries every fault
    ├── MappingInvalid
    ├── ProfileInvalid
    └── SettingsInvalid

Titles and FHIR issue types stand here; HTTP statuses stand in ``api/problems.py`` and
exit codes in ``cli.py``. Messages name places and codes, never values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

Severity = Literal["error", "warning"]


class Issue(NamedTuple):
    """One fault: how grave, which code, where, and what is wrong there.

    ``path`` is written as the record model writes it (``safety.risks[0].domain``), and
    is empty where a fault has no place. ``message`` never holds a value of the record.
    Where ``path`` is one of a supplier's export, ``record_path`` is the place in the
    record made of it, as far as it is known; None elsewhere.
    """

    severity: Severity
    code: str
    path: str
    message: str
    record_path: str | None = None

    def as_json(self) -> dict[str, str]:
        told = {
            "severity": self.severity,
            "code": self.code,
            "path": self.path,
            "message": self.message,
        }
        if self.record_path is not None:
            told["record_path"] = self.record_path
        return told


class AdapterError(Exception):
    """Something that the adapter cannot answer, told without any value of a record."""

    title: ClassVar[str] = "The adapter could not do this"
    issue_type: ClassVar[str] = "exception"

    def __init__(self, detail: str = "", *, issues: Sequence[Issue] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.issues = tuple(issues)


class InvalidRecord(AdapterError):
    """The record breaks the content model; ``issues`` holds every fault, in order."""

    title = "The record is not valid"
    issue_type = "invalid"

    def __init__(self, issues: Sequence[Issue]) -> None:
        errors = sum(issue.severity == "error" for issue in issues)
        super().__init__(f"The record has {errors} error(s)", issues=issues)


class UnreadableRequest(AdapterError):
    """The request cannot be read as what this address takes."""

    title = "The request cannot be read"
    issue_type = "structure"


class UnmappedCode(AdapterError):
    """A local code has no row in its code map."""

    title = "A code has no mapping"
    issue_type = "code-invalid"


class BundleInvalid(AdapterError):
    """What was about to leave fails the adapter's own check, so it does not leave."""

    title = "The bundle is not valid"
    issue_type = "invariant"


class UnknownRecord(AdapterError):
    """Nothing is known under that name, as far as this caller may know."""

    title = "Not found"
    issue_type = "not-found"


class Conflict(AdapterError):
    """What was sent contradicts what is already held."""

    title = "This contradicts what is already held"
    issue_type = "conflict"


class NotAuthenticated(AdapterError):
    """No credential was sent, or one that is not known here."""

    title = "Who is asking is not known"
    issue_type = "login"


class NotPermitted(AdapterError):
    """The caller is known, and this is not theirs to do."""

    title = "This is not for this caller"
    issue_type = "forbidden"


class NotReady(AdapterError):
    """A part that is needed cannot answer just now; the same call may succeed later."""

    title = "A part of the adapter cannot answer just now"
    issue_type = "transient"


class RecipientUnknown(AdapterError):
    """The record names no such recipient."""

    title = "The record names no such recipient"
    issue_type = "not-found"


class StartRefused(AdapterError):
    """Something that the adapter needs is wrong, so it does not start."""

    title = "The adapter does not start"


class MappingInvalid(StartRefused):
    """A mapping or a code map is wrong; each issue names file, line and reason."""

    title = "A mapping is not valid"


class ProfileInvalid(StartRefused):
    """A file in profiles/ is wrong."""

    title = "A profile is not valid"


class SettingsInvalid(StartRefused):
    """Settings, policy, directory or callers are wrong; each issue names its place."""

    title = "The settings are not valid"
