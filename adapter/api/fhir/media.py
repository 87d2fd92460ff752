"""Which form a caller of the FHIR interface takes: JSON of R4, and nothing else yet."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from adapter.api.problems import NotAcceptable

JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json"})
JSON_RANGES = JSON_TYPES | {"*/*", "application/*"}
JSON_FORMATS = JSON_TYPES | {"json"}
R4 = frozenset({"4.0", "4.0.1"})


def check_answer_form(form: str | None = None) -> None:
    """Refuse a caller who cannot take JSON of R4. Raises NotAcceptable.

    ``form`` is the parameter _format, which stands above the Accept header.
    """
    if form is not None:
        # A plus sign that was not escaped in an address arrives as a space.
        name, _ = parse_options_header(form.replace(" ", "+"))
        if name not in JSON_FORMATS:
            raise _refused()
        return
    header = request.headers.get("Accept")
    if not header:
        return
    for accepted, quality in parse_accept_header(header, MIMEAccept):
        name, options = parse_options_header(accepted)
        wanted = options.get("fhirVersion", options.get("fhirversion", "4.0"))
        if quality > 0 and name in JSON_RANGES and wanted in R4:
            return
    raise _refused()


def _refused() -> NotAcceptable:
    return NotAcceptable("answers are application/fhir+json, FHIR 4.0.1")
