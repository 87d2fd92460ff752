"""``send``: a fixture sent to a tester's own endpoint, and what the answer means.

By the transport that the worker uses, so with its time-outs, its bounds and its checks.
A credential is named, never given, on the command line, and is printed nowhere.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click
import orjson

from adapter.cli.bundles import FORMS, prepared_bundle
from adapter.cli.fixtures import ANCHOR, named_case
from adapter.cli.root import (
    ANSWER_IS_NO,
    Instant,
    answer,
    check_recipient,
    cli,
    raise_issues,
    read_record,
    verb,
)
from adapter.clock import format_instant, system_clock
from adapter.settings import Settings

if TYPE_CHECKING:
    import requests

    from adapter.directory import Endpoint
    from adapter.record.model import Record

HIDDEN = "(secret)"
LONGEST_TEXT = 20_000
TOLD_HEADERS = ("Content-Type", "Retry-After", "Location", "ETag", "Allow")


@cli.command()
@click.argument("case")
@click.option("--to", "url", required=True, help="The address that takes the Bundle.")
@click.option("--as", "form", type=click.Choice(FORMS), required=True)
@click.option("--recipient", help="A recipient's id; the first who gets something.")
@ANCHOR
@click.option("--at", type=Instant(), help="Default: 09:00 in London on that day.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with a bearer token.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="HEADER=NAME",
    help="A header whose value is the secret NAME (SECRETS_DIR, or a variable).",
)
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM certificates that alone are trusted.",
)
@verb
def send(
    settings: Settings,
    case: str,
    url: str,
    form: str,
    recipient: str | None,
    anchor: date,
    at: datetime | None,
    token_file: Path | None,
    headers: tuple[str, ...],
    ca: Path | None,
) -> None:
    """Send what a recipient of a CASE would get, and say what the answer means.

    Exit code 0 when a delivery would be delivered by this answer, 1 when not.
    """
    chosen = named_case(settings, case, anchor)
    secrets = _secrets(settings, token_file, headers)
    endpoint = _endpoint(url, form, secrets, ca)
    at = at or chosen.at
    record = read_record(settings, chosen.text().encode(), at)
    if recipient is not None:
        check_recipient(record, recipient)
    wanted = [recipient] if recipient else [each["id"] for each in record.recipients]
    to, bundle = _first_bundle(settings, record, wanted, at, form)
    told = {"case": case, "recipient": to, "at": format_instant(at), "as": form}
    if bundle is None:
        answer({**told, "request": None, "answer": None, "means": NOTHING_LEAVES})
        sys.exit(ANSWER_IS_NO)
    exchange, means = _exchange(endpoint, bundle, secrets)
    answer({**told, **exchange, "means": means})
    if means["state"] != "delivered":
        sys.exit(ANSWER_IS_NO)


NOTHING_LEAVES = {
    "outcome": None,
    "reason": "nothing_leaves",
    "state": None,
    "why": "Nothing of this case may be told to this recipient.",
    "then": "There is no delivery. `decide` says why.",
}


def _first_bundle(
    settings: Settings, record: Record, wanted: list[str], at: datetime, form: str
) -> tuple[str | None, dict[str, Any] | None]:
    """The first recipient who gets something, with the Bundle; else the last, None."""
    from adapter.wiring import build_tools

    tools = build_tools(settings)
    recipient, bundle = None, None
    for recipient in wanted:
        prepared, bundle = prepared_bundle(
            record, recipient, at, tools, settings.public_base_url, form
        )
        if prepared.issues:
            raise_issues(prepared.issues)
        if bundle is not None:
            break
    return recipient, bundle


def _exchange(
    endpoint: Endpoint, bundle: dict[str, Any], secrets: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The request and its answer as they are told, and what the answer means."""
    from adapter.bundle.build import to_bytes
    from adapter.delivery.meaning import meaning
    from adapter.delivery.transports.rest import RestTransport

    heard: list[dict[str, Any]] = []

    def hear(response: requests.Response, content: bytes) -> None:
        heard.append(_heard(response, content, secrets))

    body = to_bytes(bundle)
    ids = {"request_id": str(uuid.uuid4()), "correlation_id": str(uuid.uuid4())}
    came = RestTransport(system_clock, hear=hear).send(endpoint, body, **ids)
    found = meaning(came)
    exchange = {
        "request": _request(endpoint, bundle, body, **ids),
        "answer": heard[0] if heard else None,
        "duration_ms": came.duration // timedelta(milliseconds=1),
    }
    means = {
        "outcome": came.outcome.value,
        "reason": came.reason,
        "state": found.state.value,
        "why": found.why,
        "then": found.then,
    }
    return exchange, means


def _secrets(
    settings: Settings, token_file: Path | None, headers: tuple[str, ...]
) -> dict[str, str]:
    """The headers that carry a credential. BadParameter, which tells none of it."""
    from adapter.directory.authentication import may_be_set
    from adapter.directory.secrets import secrets_from
    from adapter.directory.values import SENDABLE

    find = secrets_from(settings.secrets_dir, os.environ)
    found: dict[str, str] = {}
    if token_file is not None:
        token = token_file.read_text(encoding="utf-8", errors="replace").strip()
        if not SENDABLE.fullmatch(token):
            raise click.BadParameter(
                "the file must hold a token and nothing else", param_hint="--token-file"
            )
        found["Authorization"] = f"Bearer {token}"
    for given in headers:
        name, _, secret_name = given.partition("=")
        secret = find(secret_name)
        if not may_be_set(name) or name.title() in map(str.title, found):
            raise click.BadParameter(
                "HEADER must be one that nothing else sets", param_hint="--header"
            )
        if secret is None or not SENDABLE.fullmatch(secret):
            raise click.BadParameter(
                "NAME must be a file of SECRETS_DIR or a variable, such as "
                "TESTER_KEY, whose text a header can carry",
                param_hint="--header",
            )
        found[name] = secret
    return found


def _endpoint(
    url: str, form: str, secrets: Mapping[str, str], ca: Path | None
) -> Endpoint:
    from adapter.directory.model import Auth, Endpoint
    from adapter.directory.values import is_loopback, read_address

    try:
        address = read_address(url)
        if not is_loopback(address) and not address.startswith("https:"):
            raise ValueError
    except ValueError:
        raise click.BadParameter(
            "an https URL (http on the loopback) without user, query or fragment",
            param_hint="--to",
        ) from None
    auth = Auth("header", MappingProxyType(dict(secrets)))
    return Endpoint("tester", "", (), address, form=form, auth=auth, ca=ca)


def _request(
    endpoint: Endpoint,
    bundle: Mapping[str, Any],
    body: bytes,
    request_id: str,
    correlation_id: str,
) -> dict[str, Any]:
    from adapter.delivery.transports.rest import HEADERS

    return {
        "method": "POST",
        "url": endpoint.address,
        "headers": {
            **HEADERS,
            "X-Request-Id": request_id,
            "X-Correlation-Id": correlation_id,
            **dict.fromkeys(endpoint.auth.headers, HIDDEN),
        },
        "bundle": {
            "type": bundle["type"],
            "identifier": bundle["identifier"]["value"],
            "version": bundle["meta"]["versionId"],
            "entries": len(bundle["entry"]),
            "bytes": len(body),
        },
    }


def _heard(
    response: requests.Response, content: bytes, secrets: Mapping[str, str]
) -> dict[str, Any]:
    """The answer as it came; a credential that it repeats is taken out."""
    text = content.decode("utf-8", "replace")[:LONGEST_TEXT]
    headers = {
        name: response.headers[name]
        for name in TOLD_HEADERS
        if name in response.headers
    }
    told = orjson.dumps({"headers": headers, "text": text}).decode()
    for secret in secrets.values():
        for part in (secret, secret.removeprefix("Bearer ")):
            told = told.replace(orjson.dumps(part).decode()[1:-1], HIDDEN)
    found = orjson.loads(told)
    try:
        shown = orjson.loads(found["text"])
    except orjson.JSONDecodeError:
        shown = found["text"]
    return {
        "status": response.status_code,
        "headers": found["headers"],
        "body": shown,
    }
