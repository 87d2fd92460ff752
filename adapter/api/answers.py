"""Answers of the JSON interface."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

JSON = "application/json"


def json_answer(body: bytes | dict[str, Any], status: int = 200) -> Response:
    """An answer in JSON; bytes go out as they are."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(data, status=status, content_type=JSON)
