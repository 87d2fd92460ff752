"""/openapi.json and /docs: open to all, for they tell of shapes and hold nobody's data.

The page needs nothing from anywhere else: no scripts, no fonts, no other address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, render_template

from adapter.api.answers import json_answer
from adapter.api.auth import open_to_anyone
from adapter.api.openapi.document import make_document

if TYPE_CHECKING:
    from adapter.wiring import Parts

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def openapi_routes(parts: Parts) -> Blueprint:
    """The document and its page; made at the first call, as routes stand by then."""
    routes = Blueprint("openapi", __name__, template_folder="templates")
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            base_url = parts.settings.public_base_url
            made.update(make_document(current_app, base_url))
        return made

    @routes.get("/openapi.json")
    @open_to_anyone
    def get_openapi() -> Response:
        return json_answer(document())

    @routes.get("/docs")
    @open_to_anyone
    def get_docs() -> Response:
        page = Response(
            render_template("docs.html", document=document()),
            content_type="text/html; charset=utf-8",
        )
        page.headers["Content-Security-Policy"] = _POLICY
        return page

    return routes
