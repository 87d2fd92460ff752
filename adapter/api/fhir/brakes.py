"""What a brake leaves of a caller: the kinds whose views it may open just now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.api.auth import Caller
from adapter.store.brakes import holding, list_brakes

if TYPE_CHECKING:
    from adapter.wiring import Parts


def unbraked(parts: Parts, caller: Caller) -> Caller:
    """The caller without the kinds that a brake holds.

    To one without a kind its views are as if they did not exist, by the same code
    path: an answer of its own would tell a silent recipient that there is something.
    """
    on = list_brakes(parts.store)
    if not on:
        return caller
    return replace(
        caller,
        kinds=frozenset(
            kind
            for kind in caller.kinds
            if holding(on, _endpoint(parts, caller, kind), kind) is None
        ),
    )


def _endpoint(parts: Parts, caller: Caller, kind: str) -> str | None:
    found = parts.directory.endpoint_for(caller.ods_code, kind)
    return found.name if found else None
