"""The addresses that the JSON interface gives out, all under PUBLIC_BASE_URL."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def record_url(base_url: str, ods_code: str, record_id: str) -> str:
    return f"{base_url}/records/{quote(ods_code, safe='')}/{quote(record_id, safe='')}"


def delivery_url(base_url: str, delivery_id: str) -> str:
    return f"{base_url}/deliveries/{quote(delivery_id, safe='')}"


def list_url(base_url: str, path: str, **parameters: str | None) -> str:
    """The address of a list; parameters that are None are left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{base_url}{path}" + (f"?{urlencode(given)}" if given else "")
