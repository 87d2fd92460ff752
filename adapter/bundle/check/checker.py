"""The check as others use it: of one resource, of a view's content, of a bundle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from adapter.bundle.check import r4
from adapter.bundle.check.faults import INVARIANT, Extra, Faults, Scope, join
from adapter.bundle.check.invariants import INVARIANTS
from adapter.bundle.check.profiles import read_profiles
from adapter.bundle.check.references import (
    bundle_members,
    on_behalf_check,
    reference_check,
)
from adapter.bundle.check.structure import Compiler
from adapter.bundle.content import Content
from adapter.bundle.fhir import STRUCTURE
from adapter.errors import Issue

#: How many sound forms are remembered before all are forgotten (16 bytes each).
MOST_FORMS = 50_000


class Checker:
    """Holds resources to R4 and to our own profiles; safe to share between threads.

    Every method gives all issues at once, none when there is nothing. A path is
    FHIRPath from the resource's type down; no message or path holds a value.
    """

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._sound: set[bytes] = set()

    def resource(self, resource: Mapping[str, Any], path: str = "") -> list[Issue]:
        """What is wrong with a resource on its own; its references are not followed.

        ``path`` stands in front of each issue's own, in place of the type's name.
        """
        return self._issues(resource, Scope(), path)

    def content(self, content: Content) -> list[Issue]:
        """What is wrong with a view's content, each form of a resource asked once.

        What two recipients or two versions share differs in nothing but ids, so a form
        that was found sound is not asked again while this checker lives; of what was
        sound only a digest is kept.
        """
        if len(content.forms) != len(content.resources):
            return self.resources(content.resources)
        members, issues = _members(content.members.references)
        for position, form in enumerate(content.forms):
            if form in self._sound:
                continue
            found = self._issues(content.resources[position], Scope(members), "")
            issues += found
            if not found and form is not None:
                if len(self._sound) >= MOST_FORMS:
                    self._sound.clear()
                self._sound.add(form)
        return issues

    def forget(self) -> None:
        """Ask everything anew, as at the start: for those who measure."""
        self._sound.clear()

    def resources(self, resources: Iterable[Mapping[str, Any]]) -> list[Issue]:
        """What is wrong with a view's content: resources that refer to each other."""
        held = list(resources)
        members, issues = _members(
            f"{one.get('resourceType')}/{one.get('id')}" for one in held
        )
        for one in held:
            issues += self._issues(one, Scope(members), "")
        return issues

    def bundle(self, bundle: Mapping[str, Any]) -> list[Issue]:
        """What is wrong with a bundle, its entries, and where their references lead."""
        return self._issues(bundle, Scope(bundle_members(bundle)), "")

    def _issues(
        self, resource: Mapping[str, Any], scope: Scope, path: str
    ) -> list[Issue]:
        try:
            faults: Faults = self._compiler.whole(resource, scope)
        except RecursionError:
            faults = [("", STRUCTURE, "is nested too deep")]
        if not faults:
            return []
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        head = path or (kind if isinstance(kind, str) and kind.isalnum() else "")
        return [
            Issue("error", code, join(head, place) if head else place, message)
            for place, code, message in faults
        ]


def _members(references: Iterable[str]) -> tuple[dict[str, str], list[Issue]]:
    members: dict[str, str] = {}
    issues: list[Issue] = []
    for reference in references:
        kind = reference.partition("/")[0]
        if reference in members:
            issues.append(
                Issue("error", INVARIANT, kind, "ta-4: every id is there once")
            )
        members[reference] = kind
    return members, issues


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
