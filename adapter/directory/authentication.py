"""How an endpoint is told who is sending: the whole shape is read, part of it works.

Source: DESIGN.md section 8, endpoints authenticate as the directory says.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from adapter.directory.model import Auth
from adapter.directory.nodes import INVALID, MISSING, SECRET_MISSING, Block
from adapter.directory.secrets import SECRET_NAME, SecretLookup
from adapter.directory.values import SENDABLE, is_loopback

WORKING = ("none", "bearer", "header")
PLANNED = ("basic", "client_credentials", "mtls")

KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), ()),
    "bearer": (("token_secret",), ()),
    "header": (("name", "value_secret"), ()),
    "basic": (("username", "password_secret"), ()),
    "client_credentials": (
        ("token_url", "client_id", "private_key_secret", "key_id", "algorithm"),
        ("scope",),
    ),
    "mtls": (("certificate_secret", "private_key_secret"), ()),
}
"""What each type must name, and what it may; a secret is given by its name."""

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_SET_BY_THE_TRANSPORT = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-correlation-id",
        "x-request-id",
    }
)


def may_be_set(name: str) -> bool:
    """Whether a credential may be in that header: one that nothing else sets."""
    is_name = _HEADER_NAME.fullmatch(name) is not None
    return is_name and name.lower() not in _SET_BY_THE_TRANSPORT


def read_auth(endpoint: Block, address: str, secrets: SecretLookup) -> Auth:
    """The endpoint's ``auth``; each fault is noted with its line."""
    block = endpoint.block("auth")
    if block is None:
        endpoint.fault("auth", MISSING, "is required; on the loopback: {type: none}")
        return Auth("none")
    auth_type = block.choice("type", WORKING, PLANNED, required=True)
    if auth_type == "none" and address and not is_loopback(address):
        block.fault("type", INVALID, "none is for loopback addresses only")
    if not auth_type:
        return Auth("none")
    given = _given(block, auth_type, secrets)
    block.close()
    if auth_type == "bearer":
        value = f"Bearer {given.get('token_secret', '')}"
        return Auth("bearer", MappingProxyType({"Authorization": value}))
    if auth_type == "header":
        name = given.get("name", "")
        if name and not may_be_set(name):
            block.fault("name", INVALID, "must be a header that nothing else sets")
        value = given.get("value_secret", "")
        return Auth("header", MappingProxyType({name: value}))
    return Auth(auth_type)


def _given(block: Block, auth_type: str, secrets: SecretLookup) -> dict[str, str]:
    required, optional = KEYS[auth_type]
    given = {}
    for key in (*required, *optional):
        text = block.text(key, required=key in required)
        if text is not None and key.endswith("_secret"):
            sent_in_header = auth_type in {"bearer", "header"}
            text = _secret(block, key, text, secrets, sent_in_header)
        if text is not None:
            given[key] = text
    return given


def _secret(
    block: Block, key: str, name: str, secrets: SecretLookup, sent_in_header: bool
) -> str | None:
    if not SECRET_NAME.fullmatch(name):
        block.fault(key, INVALID, "must be a NAME: capital letters, digits and _")
        return None
    secret = secrets(name)
    if secret is None:
        block.fault(key, SECRET_MISSING, "names a secret that is not there")
    elif sent_in_header and not SENDABLE.fullmatch(secret):
        block.fault(key, INVALID, "names a secret that no header can carry")
    return secret
