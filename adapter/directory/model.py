"""What the directory says of one endpoint, checked and frozen.

Nothing here prints a secret: what an endpoint authenticates with is left out of every
``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Auth:
    """How one endpoint is told who is sending.

    ``headers`` are the headers that carry the credential; empty for ``none``.
    """

    type: str
    headers: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}), repr=False, hash=False
    )


@dataclass(frozen=True)
class Endpoint:
    """Where and how one organisation takes what is meant for it.

    ``kinds`` are the recipient kinds it answers for; ``ca`` a file of PEM certificates
    that alone are trusted, None for the public ones; ``proxy`` the only proxy that is
    ever used. Time-outs are in seconds.
    """

    name: str
    ods_code: str
    kinds: tuple[str, ...]
    address: str
    transport: str = "rest"
    form: str = "transaction"
    patient: str = "own"
    gzip: bool = False
    auth: Auth = field(default_factory=lambda: Auth("none"))
    connect_timeout: float = 3.0
    read_timeout: float = 10.0
    concurrency: int = 4
    max_response_bytes: int = 1_000_000
    ca: Path | None = None
    proxy: str | None = None


@dataclass(frozen=True)
class Directory:
    """Every endpoint, found by organisation and recipient kind.

    ``version`` is a hash of the file's text: another text is another version. ``label``
    is what the file itself calls its version, None when it does not.
    """

    endpoints: tuple[Endpoint, ...]
    version: str
    label: str | None = None
    _found: Mapping[tuple[str, str], Endpoint] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        found = {
            (endpoint.ods_code, kind): endpoint
            for endpoint in self.endpoints
            for kind in endpoint.kinds
        }
        object.__setattr__(self, "_found", MappingProxyType(found))

    def endpoint_for(self, ods_code: str | None, kind: str) -> Endpoint | None:
        """The endpoint of that organisation for that recipient kind, or None."""
        return self._found.get((ods_code, kind)) if ods_code else None

    def endpoint_named(self, name: str) -> Endpoint | None:
        """The endpoint of that name, or None."""
        return next((each for each in self.endpoints if each.name == name), None)
