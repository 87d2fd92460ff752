"""The receiver's Flask application: FHIR on one side, a tester's controls on the other.

Every answer says that it is simulated: a header, the page, and the metadata.
"""

from __future__ import annotations

import hmac
import random
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import requests
from flask import Flask, Response, render_template_string, request
from werkzeug.exceptions import HTTPException

from adapter.clock import Clock, format_instant, system_clock
from adapter.receiver.faults import BadOrder, Orders, read_order
from adapter.receiver.holdings import SEARCHED, Holdings
from adapter.receiver.identity import SIMULATED_HEADER, SIMULATED_WORDS, Identity
from adapter.receiver.inbox import Inbox, Person
from adapter.receiver.journal import Journal
from adapter.receiver.misbehave import FHIR_JSON, VIEW_KEY, Misbehaving
from adapter.receiver.outcomes import Refused, operation_outcome
from adapter.receiver.transaction import apply_transaction

LARGEST_BODY = 20_000_000

_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ label }}</title>
<body style="font-family: sans-serif; max-width: 50em; margin: 2em auto">
<p style="border: .3em solid #d5281b; padding: 1em"><strong>Simulated receiver.</strong>
This is no real service. Everything here is synthetic.</p>
<h1>{{ label }}</h1>
<p>ODS code {{ ods_code }}{% if kinds %}, plays: {{ kinds }}{% endif %}</p>
<h2>Handovers</h2>
<ul>{% for each in handovers %}
<li><code>{{ each.id }}</code>: {{ each.status }}{% if each.answered_by %}
by {{ each.answered_by.name }}, {{ each.answered_by.role }}{% endif %}</li>
{% else %}<li>none yet</li>{% endfor %}</ul>
<p>Answer one: POST {"name", "role", "reason"} to /inbox/ID/accept or
/inbox/ID/reject.</p>
<h2>Held</h2>
<ul>{% for kind, count in types.items() %}
<li><a href="/fhir/{{ kind }}">{{ kind }}</a>: {{ count }}</li>
{% else %}<li>nothing yet</li>{% endfor %}</ul>
<p><a href="/requests">What it saw</a>, <a href="/faults">what it was told to do
wrong</a>, <a href="/fhir/metadata">what it can do</a></p>
"""


def create_receiver(
    identity: Identity,
    *,
    holdings: Holdings | None = None,
    orders: Orders | None = None,
    journal: Journal | None = None,
    clock: Clock = system_clock,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    sessions: Callable[[], requests.Session] = requests.Session,
) -> Flask:
    """A simulated receiving provider, as a Flask application.

    ``sessions`` gives the session in which it calls the adapter; a test hands in one
    that reaches an adapter in the same process.
    """
    holdings = holdings or Holdings()
    orders = orders or Orders(random.Random())
    journal = journal or Journal()
    inbox = Inbox(holdings, identity, clock, sessions)
    app = Flask("adapter.receiver", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    misbehaving = Misbehaving(app.wsgi_app, orders, journal, clock)
    app.wsgi_app = misbehaving  # type: ignore[method-assign]
    app.extensions["receiver"] = misbehaving

    @app.before_request
    def check_token() -> Response | None:
        if identity.token is None or not request.path.startswith("/fhir"):
            return None
        shown = request.headers.get("Authorization", "")
        if hmac.compare_digest(shown.encode(), f"Bearer {identity.token}".encode()):
            return None
        refused = operation_outcome("login", "a bearer token is needed")
        return _fhir(refused, 401, {"WWW-Authenticate": "Bearer"})

    @app.after_request
    def label(response: Response) -> Response:
        response.headers[SIMULATED_HEADER] = SIMULATED_WORDS
        return response

    @app.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        if request.path.startswith("/fhir"):
            return _fhir(refused.as_outcome(), refused.status)
        return _json({"error": refused.text}, refused.status)

    @app.errorhandler(HTTPException)
    def fail(error: HTTPException) -> Response:
        status = error.code or 500
        if request.path.startswith("/fhir"):
            return _fhir(operation_outcome("processing", error.name), status)
        return _json({"error": error.name}, status)

    @app.post("/fhir")
    @app.post("/fhir/")
    def take_bundle() -> Response:
        if "json" not in request.mimetype:
            raise Refused(415, "not-supported", "JSON is needed")
        bundle = _read_json()
        request.environ.get(VIEW_KEY, {}).update(_view_of(bundle))
        answer = apply_transaction(bundle, holdings, at=clock(), new_id=new_id)
        return _fhir(answer)

    @app.get("/fhir/metadata")
    def metadata() -> Response:
        return _fhir(_capabilities(identity, holdings, clock))

    @app.get("/fhir/<kind>")
    def search(kind: str) -> Response:
        names: set[str] | None = None
        for parameter, token in request.args.items(multi=True):
            if parameter not in SEARCHED:
                raise Refused(400, "not-supported", "search by _id, _tag, identifier")
            found = set(holdings.find(kind, parameter, token))
            names = found if names is None else names & found
        matches = [
            each
            for each in holdings.all_of(kind)
            if names is None or each["id"] in names
        ]
        return _fhir(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(matches),
                "entry": [
                    {"fullUrl": f"{request.url_root}fhir/{kind}/{each['id']}",
                     "resource": each, "search": {"mode": "match"}}
                    for each in matches
                ],
            }
        )  # fmt: skip

    @app.get("/fhir/<kind>/<name>")
    def read(kind: str, name: str) -> Response:
        resource = holdings.read(kind, name)
        if resource is None:
            raise Refused(404, "not-found", "no such resource")
        version = resource["meta"]["versionId"]
        return _fhir(resource, headers={"ETag": f'W/"{version}"'})

    @app.put("/fhir/<kind>/<name>")
    def keep_own(kind: str, name: str) -> Response:
        resource = _read_json()
        if not isinstance(resource, dict) or resource.get("resourceType") != kind:
            raise Refused(400, "invalid", "the resource is not of the URL's type")
        with holdings.transaction():
            written = holdings.write(kind, name, resource, clock())
        return _fhir(holdings.read(kind, name) or {}, 201 if written.created else 200)

    @app.get("/inbox")
    def list_handovers() -> Response:
        return _json({"simulated": True, "handovers": inbox.listed()})

    @app.post("/inbox/<task_id>/accept")
    def accept(task_id: str) -> Response:
        person, reason = _read_answer(reason_required=False)
        return _json(inbox.answer(task_id, "accepted", person, reason))

    @app.post("/inbox/<task_id>/reject")
    def reject(task_id: str) -> Response:
        person, reason = _read_answer(reason_required=True)
        return _json(inbox.answer(task_id, "rejected", person, reason))

    @app.post("/faults")
    def order_fault() -> Response:
        try:
            order = read_order(_read_json())
        except BadOrder as bad:
            raise Refused(422, "invalid", f"the order {bad}") from None
        orders.add(order)
        return _json(order.as_json(), 201)

    @app.get("/faults")
    def list_faults() -> Response:
        return _json({"faults": [order.as_json() for order in orders.listed()]})

    @app.delete("/faults")
    def clear_faults() -> Response:
        orders.clear()
        return Response(status=204)

    @app.get("/requests")
    def list_requests() -> Response:
        return _json({"requests": [seen.as_json() for seen in journal.listed()]})

    @app.get("/")
    def page() -> str:
        return render_template_string(
            _PAGE,
            label=identity.label,
            ods_code=identity.ods_code,
            kinds=", ".join(identity.kinds),
            handovers=inbox.listed(),
            types=holdings.types(),
        )

    return app


def _read_json() -> Any:
    body = request.get_data(cache=False)
    if request.headers.get("Content-Encoding", "identity").lower() == "gzip":
        body = _unzip(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "structure", "the body is not JSON") from None


def _unzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, LARGEST_BODY)
    except zlib.error:
        raise Refused(400, "structure", "the body is not gzip") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise Refused(413, "too-long", "the body is too large, or not whole")
    return content


def _read_answer(*, reason_required: bool) -> tuple[Person, str | None]:
    body = _read_json()
    given = body if isinstance(body, dict) else {}
    texts = {
        key: text.strip()
        for key in ("name", "role", "reason")
        if isinstance(text := given.get(key), str) and text.strip()
    }
    wanted = {"name", "role"} | ({"reason"} if reason_required else set())
    if missing := sorted(wanted - set(texts)):
        raise Refused(422, "required", f"needed: {', '.join(missing)}")
    return Person(texts["name"], texts["role"]), texts.get("reason")


def _view_of(bundle: Any) -> dict[str, str]:
    try:
        return {
            "id": str(bundle["identifier"]["value"]),
            "version": str(bundle["meta"]["versionId"]),
        }
    except (KeyError, TypeError):
        return {}


def _capabilities(
    identity: Identity, holdings: Holdings, clock: Clock
) -> dict[str, Any]:
    resources = [
        {
            "type": kind,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "conditionalCreate": True,
            "conditionalUpdate": True,
            "searchParam": [{"name": name, "type": "token"} for name in SEARCHED],
        }
        for kind in holdings.types()
    ]
    rest: dict[str, Any] = {"mode": "server", "interaction": [{"code": "transaction"}]}
    if resources:
        rest["resource"] = resources
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "experimental": True,
        "date": format_instant(clock()),
        "kind": "instance",
        "implementation": {"description": identity.label},
        "software": {"name": "Transition adapter: SIMULATED receiver"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [rest],
    }


def _fhir(
    resource: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(orjson.dumps(resource), status, headers, content_type=FHIR_JSON)


def _json(document: Any, status: int = 200) -> Response:
    return Response(
        orjson.dumps(document), status, content_type="application/json; charset=utf-8"
    )
