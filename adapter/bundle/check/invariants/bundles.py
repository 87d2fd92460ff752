"""The invariants of bundles, and what the design adds to them ("ta-" rules).

Source: FHIR R4 (4.0.1), Bundle; design, section 6.
"""

from __future__ import annotations

from collections.abc import Callable

from adapter.bundle.check.invariants.rule import Invariant, Node


def _entries(bundle: Node) -> list[Node]:
    found: list[Node] = bundle.get("entry", [])
    return found


def _each_has(name: str, *types: str) -> Callable[[Node], bool]:
    def holds(bundle: Node) -> bool:
        expected = bundle["type"] in types
        return all((name in entry) == expected for entry in _entries(bundle))

    return holds


def _is_distinct(bundle: Node) -> bool:
    if bundle["type"] == "history":
        return True
    seen = [
        (entry["fullUrl"], entry.get("resource", {}).get("meta", {}).get("versionId"))
        for entry in _entries(bundle)
        if "fullUrl" in entry
    ]
    return len(set(seen)) == len(seen)


def _first_is(kind: str, form: str) -> Callable[[Node], bool]:
    def holds(bundle: Node) -> bool:
        if bundle["type"] != form:
            return True
        entries = _entries(bundle)
        first = entries[0].get("resource", {}) if entries else {}
        return bool(first.get("resourceType") == kind)

    return holds


def _agrees(entry: Node) -> bool:
    """ta-2: an address in fullUrl ends in the resource's own type and id."""
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    if full_url is None or resource is None or full_url.startswith("urn:"):
        return True
    own = f"/{resource['resourceType']}/{resource.get('id', '')}"
    return bool(full_url.endswith(own))


def _is_named_once(bundle: Node) -> bool:
    names = [entry["fullUrl"] for entry in _entries(bundle) if "fullUrl" in entry]
    return bundle["type"] == "history" or len(set(names)) == len(names)


def _is_whole(bundle: Node) -> bool:
    # What is deleted has no resource here, and so no address.
    held = [each for each in _entries(bundle) if "resource" in each]
    return all("fullUrl" in e for e in held) or bundle["type"] not in (
        "collection",
        "transaction",
        "document",
        "message",
    )


def _has_no_personal_address(bundle: Node) -> bool:
    requests = [entry.get("request", {}) for entry in _entries(bundle)]
    texts = [
        str(part)
        for request in requests
        for name, part in request.items()
        # The one case: a Patient that the receiver may have already is matched by it.
        if (name, request.get("method"), request.get("url"))
        != ("ifNoneExist", "POST", "Patient")
    ]
    texts += [entry.get("fullUrl", "") for entry in _entries(bundle)]
    return not any("nhs-number" in text for text in texts)


BUNDLES = (
    Invariant(
        "bdl-1",
        "Bundle",
        "a total only where one searched",
        lambda b: "total" not in b or b["type"] in ("searchset", "history"),
    ),
    Invariant(
        "bdl-2",
        "Bundle",
        "search details only where one searched",
        lambda b: (
            b["type"] == "searchset"
            or not any("search" in entry for entry in _entries(b))
        ),
    ),
    Invariant(
        "bdl-3",
        "Bundle",
        "each entry has a request in a batch, transaction or history, and only there",
        _each_has("request", "batch", "transaction", "history"),
    ),
    Invariant(
        "bdl-4",
        "Bundle",
        "each entry has a response in an answer or history, and only there",
        _each_has("response", "batch-response", "transaction-response", "history"),
    ),
    Invariant(
        "bdl-5",
        "BundleEntry",
        "a resource, a request or a response",
        lambda e: "resource" in e or "request" in e or "response" in e,
    ),
    Invariant("bdl-7", "Bundle", "no fullUrl and version twice", _is_distinct),
    Invariant(
        "bdl-8",
        "BundleEntry",
        "no version in a fullUrl",
        lambda e: "/_history/" not in e.get("fullUrl", ""),
    ),
    Invariant(
        "bdl-9",
        "Bundle",
        "a document has an identifier with system and value",
        lambda b: (
            b["type"] != "document"
            or {"system", "value"} <= b.get("identifier", {}).keys()
        ),
    ),
    Invariant(
        "bdl-10",
        "Bundle",
        "a document has an instant",
        lambda b: b["type"] != "document" or "timestamp" in b,
    ),
    Invariant(
        "bdl-11",
        "Bundle",
        "a document begins with its Composition",
        _first_is("Composition", "document"),
    ),
    Invariant(
        "bdl-12",
        "Bundle",
        "a message begins with its MessageHeader",
        _first_is("MessageHeader", "message"),
    ),
    Invariant(
        "ta-2", "BundleEntry", "a fullUrl ends in the resource's type and id", _agrees
    ),
    Invariant("ta-3", "Bundle", "every entry has a fullUrl", _is_whole),
    Invariant("ta-4", "Bundle", "every fullUrl is there once", _is_named_once),
    Invariant(
        "ta-5",
        "Bundle",
        "no address is made with an NHS number",
        _has_no_personal_address,
    ),
)
