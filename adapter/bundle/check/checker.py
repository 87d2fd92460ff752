"""The check as others use it: of one resource, of a view's content, of a bundle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from adapter.bundle.check import r4
from adapter.bundle.check.faults import Extra, Faults, Scope, join
from adapter.bundle.check.invariants import INVARIANTS
from adapter.bundle.check.profiles import read_profiles
from adapter.bundle.check.references import (
    bundle_members,
    on_behalf_check,
    reference_check,
)
from adapter.bundle.check.structure import Compiler
from adapter.errors import Issue


class Checker:
    """Holds resources to R4 and to our own profiles; safe to share between threads.

    Every method gives all issues at once, none when there is nothing. A path is
    FHIRPath from the resource's type down; no message or path holds a value.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler

    def resource(self, resource: Mapping[str, Any], path: str = "") -> list[Issue]:
        """What is wrong with a resource on its own; its references are not followed.

        ``path`` stands in front of each issue's own, in place of the type's name.
        """
        return self._issues(resource, Scope(), path)

    def resources(self, resources: Iterable[Mapping[str, Any]]) -> list[Issue]:
        """What is wrong with a view's content: resources that refer to each other."""
        held = list(resources)
        members = {
            f"{one.get('resourceType')}/{one.get('id')}": str(one.get("resourceType"))
            for one in held
        }
        issues: list[Issue] = []
        for one in held:
            issues += self._issues(one, Scope(members), "")
        return issues

    def bundle(self, bundle: Mapping[str, Any]) -> list[Issue]:
        """What is wrong with a bundle, its entries, and where their references lead."""
        return self._issues(bundle, Scope(bundle_members(bundle)), "")

    def _issues(
        self, resource: Mapping[str, Any], scope: Scope, path: str
    ) -> list[Issue]:
        faults: Faults = self._compiler.whole(resource, scope)
        if not faults:
            return []
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        head = path or (kind if isinstance(kind, str) and kind.isalnum() else "")
        return [
            Issue("error", code, join(head, place) if head else place, message)
            for place, code, message in faults
        ]


def compile_checker(profiles: Mapping[str, str]) -> Checker:
    """The check, made ready for every type that is emitted.

    ``profiles`` are the texts of the files in profiles/, by name; ProfileInvalid names
    every fault in them.
    """
    known = read_profiles(profiles)
    extras: dict[str, list[Extra]] = defaultdict(list)
    for invariant in INVARIANTS:
        extras[invariant.on].append(invariant.as_extra())
    extras["Coding"].append(("system", known.coding_check()))
    extras["DomainResource"].append(("meta", known.claims_check()))
    extras["CareTeamParticipant"].append(("onBehalfOf", on_behalf_check))
    compiler = Compiler(extras, reference_check, known.extension_check)
    for kind in r4.EMITTED:
        compiler.prepare(kind)
    return Checker(compiler)
