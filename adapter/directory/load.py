"""The directory file, read and checked whole: every fault at once, with its line.

The shape covers every way of delivering and authenticating that is planned. What does
not work yet is read, checked, and then refused plainly, so that a file is never taken
for something it would not do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from adapter.directory.authentication import read_auth
from adapter.directory.model import Directory, Endpoint
from adapter.directory.nodes import DUPLICATE, INVALID, MISSING, Block, Faults, compose
from adapter.directory.secrets import SecretLookup
from adapter.directory.values import (
    is_loopback,
    read_absolute_path,
    read_address,
    read_boolean,
    read_ods_code,
    read_proxy,
    seconds_between,
    whole_between,
)
from adapter.errors import SettingsInvalid
from adapter.record.vocabulary import RECIPIENT_KINDS

TRANSPORTS = (("rest",), ("message", "mesh", "manual"))
FORMS = (("transaction",), ("collection", "document", "message"))
PATIENTS = (("own", "match", "reference"), ())
"""Of each choice, the words that work and those that are planned."""

LEAST_RESPONSE_BYTES, MOST_RESPONSE_BYTES = 1_000, 50_000_000

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def load_directory(
    text: str,
    *,
    secrets: SecretLookup,
    is_file: Callable[[Path], bool] = Path.is_file,
) -> Directory:
    """The directory that a YAML text describes.

    ``secrets`` gives a secret's text by its name, None where there is none. An empty
    text is a directory in which nobody has an endpoint. Raises SettingsInvalid with
    every fault: the path in the file, the line, and what must stand there; no value and
    no secret is repeated.
    """
    faults = Faults()
    root = compose(text, faults)
    endpoints: list[Endpoint] = []
    label = None
    if root is not None:
        top = Block(root, "", faults)
        label = top.text("version")
        listed = top.block("endpoints", required=True)
        if listed is not None:
            endpoints = _read_endpoints(listed, secrets, is_file)
        top.close()
    if faults.found:
        raise SettingsInvalid("the directory is not valid", issues=faults.in_order())
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Directory(tuple(endpoints), version, label)


def _read_endpoints(
    listed: Block, secrets: SecretLookup, is_file: Callable[[Path], bool]
) -> list[Endpoint]:
    endpoints = []
    taken: dict[tuple[str, str], str] = {}
    for name in listed.nodes:
        block = listed.block(name)
        if block is None:
            continue
        if not _NAME.fullmatch(name):
            listed.fault(name, INVALID, "must be small letters, digits and hyphens")
        endpoint = _read_endpoint(name, block, secrets, is_file)
        for kind in endpoint.kinds:
            first = taken.setdefault((endpoint.ods_code, kind), name)
            if endpoint.ods_code and first != name:
                message = f"{kind} of this ODS code stands at {first} already"
                block.fault("kinds", DUPLICATE, message)
        endpoints.append(endpoint)
    return endpoints


def _read_endpoint(
    name: str, block: Block, secrets: SecretLookup, is_file: Callable[[Path], bool]
) -> Endpoint:
    ods_code = block.read(
        "ods_code",
        read_ods_code,
        "3 to 10 capital letters and digits",
        "",
        required=True,
    )
    kinds = _read_kinds(block)
    transport = block.choice("transport", *TRANSPORTS, required=True)
    address = block.read(
        "address",
        read_address,
        "an http or https URL without user, query or fragment",
        "",
        required=transport not in {"mesh", "manual"},
    )
    if address and not is_loopback(address) and not address.startswith("https:"):
        block.fault("address", INVALID, "must be https, except on the loopback")
    form = block.choice("form", *FORMS) or "transaction"
    patient = block.choice("patient", *PATIENTS) or "own"
    zipped = block.read("gzip", read_boolean, "true or false", False)
    auth = read_auth(block, address, secrets)
    connect, read = _read_timeouts(block)
    concurrency, max_response_bytes = _read_limits(block)
    ca = _read_ca(block, is_file)
    proxy = block.read(
        "proxy", read_proxy, "an http or https URL of a host, without user or path", ""
    )
    block.close()
    return Endpoint(
        name=name,
        ods_code=ods_code,
        kinds=kinds,
        address=address,
        transport=transport,
        form=form,
        patient=patient,
        gzip=zipped,
        auth=auth,
        connect_timeout=connect,
        read_timeout=read,
        concurrency=concurrency,
        max_response_bytes=max_response_bytes,
        ca=ca,
        proxy=proxy or None,
    )


def _read_kinds(block: Block) -> tuple[str, ...]:
    kinds: list[str] = []
    for line, kind in block.texts("kinds"):
        place = block.place("kinds")
        if kind not in RECIPIENT_KINDS:
            block.faults.add(line, INVALID, place, "must be recipient kinds")
        elif kind in kinds:
            block.faults.add(line, DUPLICATE, place, f"{kind} stands here twice")
        else:
            kinds.append(kind)
    return tuple(kinds)


def _read_timeouts(endpoint: Block) -> tuple[float, float]:
    connect, read = Endpoint.connect_timeout, Endpoint.read_timeout
    block = endpoint.block("timeouts")
    if block is not None:
        connect = block.read(
            "connect", seconds_between(0.1, 10), "0.1 to 10 seconds", connect
        )
        read = block.read("read", seconds_between(0.1, 30), "0.1 to 30 seconds", read)
        block.close()
    return connect, read


def _read_limits(endpoint: Block) -> tuple[int, int]:
    concurrency, largest = Endpoint.concurrency, Endpoint.max_response_bytes
    block = endpoint.block("limits")
    if block is not None:
        concurrency = block.read(
            "concurrency",
            whole_between(1, 64),
            "a whole number from 1 to 64",
            concurrency,
        )
        largest = block.read(
            "max_response_bytes",
            whole_between(LEAST_RESPONSE_BYTES, MOST_RESPONSE_BYTES),
            f"a whole number from {LEAST_RESPONSE_BYTES} to {MOST_RESPONSE_BYTES}",
            largest,
        )
        block.close()
    return concurrency, largest


def _read_ca(endpoint: Block, is_file: Callable[[Path], bool]) -> Path | None:
    block = endpoint.block("tls")
    if block is None:
        return None
    absent: Path | None = None
    ca = block.read("ca", read_absolute_path, "the absolute path of a PEM file", absent)
    if ca is not None and not is_file(ca):
        block.fault("ca", MISSING, "names a file that is not there")
    block.close()
    return ca
