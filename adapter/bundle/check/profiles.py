"""The project's own definitions, read once: profiles, extensions, systems, value sets.

A StructureDefinition is understood as far as these go: cardinality, fixed and pattern
values, types of a choice, required bindings, extensions by url, and where an extension
may stand. One that asks for more (another slicing) is refused at the start, since a
promise that is not kept is worse than none. Source: design, section 7.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.bundle.check.elements import ElementRule, Terms, read_elements
from adapter.bundle.check.faults import (
    BINDING,
    PROFILE,
    Check,
    Fault,
    Faults,
    Scope,
)
from adapter.bundle.fhir import STRUCTURE
from adapter.canonical import CANONICAL
from adapter.errors import Issue, ProfileInvalid

Json = Mapping[str, Any]

_FOREIGN = (
    "http://hl7.org/fhir/StructureDefinition/",
    "https://fhir.hl7.org.uk/StructureDefinition/",
)


@dataclass(frozen=True)
class Definition:
    """One StructureDefinition: what it holds, and for an extension where it may stand.

    ``contexts`` are element paths and type names.
    """

    url: str
    type: str
    contexts: frozenset[str]
    rules: tuple[ElementRule, ...]

    def check(self, value: Any, scope: Scope) -> Faults:
        faults: list[Fault] = []
        for rule in self.rules:
            faults += rule.check(value, scope)
        return faults or None


@dataclass(frozen=True)
class Profiles:
    """All definitions, by their canonical address; systems give display by code."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)
    systems: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    def coding_check(self) -> Check:
        """The check that a code of a system of ours is one, and is displayed so."""
        systems = self.systems

        def check(value: Any, scope: Scope) -> Faults:
            codes = systems.get(value.get("system"))
            if codes is None:
                return None
            code = value.get("code")
            if code not in codes:
                return [("code", BINDING, "is no code of its code system")]
            if "display" in value and value["display"] != codes[code]:
                return [("display", BINDING, "is not how its code system displays it")]
            return None

        return check

    def claims_check(self) -> Check:
        """The check that a resource is what it says of itself in meta.profile."""
        definitions = self.definitions

        def check(value: Any, scope: Scope) -> Faults:
            meta = value.get("meta")
            faults: list[Fault] = []
            for claim in meta.get("profile", ()) if meta else ():
                definition = definitions.get(str(claim).partition("|")[0])
                if definition is None:
                    if _is_ours(claim):
                        faults.append(
                            ("meta.profile", PROFILE, "is no profile of ours")
                        )
                elif definition.type != value["resourceType"]:
                    faults.append(
                        ("meta.profile", PROFILE, "is a profile of another type")
                    )
                else:
                    faults += definition.check(value, scope) or ()
            return faults or None

        return check

    def extension_check(
        self, inner: Check, owners: frozenset[str], is_exact: bool
    ) -> Check:
        """The check of an extension that stands on what goes by those names.

        One of HL7 or of HL7 UK is let through as the judge's business; a part of
        another extension has a name of its own; any other must be defined by us.
        ``is_exact`` says that the names are all there are: a data type stands in many
        places, of which the path is not known here.
        """
        definitions = self.definitions
        is_nested = "Extension" in owners

        def check(value: Any, scope: Scope) -> Faults:
            faults = inner(value, scope)
            if faults and any(code == STRUCTURE for _, code, _ in faults):
                return faults
            more = defined(value, scope)
            return [*faults, *(more or ())] if faults else more

        def defined(value: Any, scope: Scope) -> Faults:
            url = value.get("url", "")
            definition = definitions.get(url)
            if definition is None:
                if url.startswith(_FOREIGN) or (is_nested and ":" not in url):
                    return None
                return [("url", PROFILE, "is no extension that is known here")]
            contexts = definition.contexts
            if contexts.isdisjoint(owners) and (
                is_exact or not any("." in context for context in contexts)
            ):
                return [("url", PROFILE, "is not defined for this element")]
            return definition.check(value, scope)

        return check


def _is_ours(url: Any) -> bool:
    return str(url).startswith(CANONICAL + "/")


def read_profiles(files: Mapping[str, str]) -> Profiles:
    """What the files define, by file name; ProfileInvalid with every fault in them.

    Only StructureDefinition-, CodeSystem- and ValueSet- files are read.
    """
    faults: list[Issue] = []
    found: dict[str, list[tuple[str, Json]]] = {
        "CodeSystem": [],
        "ValueSet": [],
        "StructureDefinition": [],
    }
    for name, text in sorted(files.items()):
        base = name.rpartition("/")[2]
        kind = base.partition("-")[0]
        if kind not in found or not base.endswith(".json"):
            continue
        try:
            body = json.loads(text)
        except json.JSONDecodeError as error:
            faults.append(_fault(name, f"not JSON at line {error.lineno}"))
            continue
        if not isinstance(body, dict) or body.get("resourceType") != kind:
            faults.append(_fault(name, f"not a {kind}"))
        elif not isinstance(body.get("url"), str):
            faults.append(_fault(name, "has no url"))
        else:
            found[kind].append((name, body))

    def gather(kind: str, read: Callable[[Json], Any]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for name, body in found[kind]:
            try:
                if body["url"] in known:
                    raise ValueError("defines what another file defines")
                known[body["url"]] = read(body)
            except (KeyError, TypeError, AttributeError) as error:
                faults.append(_fault(name, f"is incomplete: {error}"))
            except ValueError as error:
                faults.append(_fault(name, str(error)))
        return known

    systems = gather("CodeSystem", _read_system)
    terms = Terms(systems, gather("ValueSet", lambda body: body))
    definitions = gather("StructureDefinition", lambda body: _definition(body, terms))
    if faults:
        raise ProfileInvalid("A file in profiles/ is not valid", issues=faults)
    return Profiles(definitions, systems)


def _fault(name: str, message: str) -> Issue:
    return Issue("error", "PROFILE_INVALID", name, message)


def _read_system(body: Json) -> dict[str, str | None]:
    codes: dict[str, str | None] = {}

    def walk(concepts: list[Json]) -> None:
        for concept in concepts:
            codes[concept["code"]] = concept.get("display")
            walk(concept.get("concept", []))

    walk(body.get("concept", []))
    return codes


def _definition(body: Json, terms: Terms) -> Definition:
    view = body.get("differential") or body.get("snapshot") or {}
    contexts = frozenset(
        context["expression"]
        for context in body.get("context", ())
        if context.get("type") == "element"
    )
    return Definition(
        url=body["url"],
        type=body["type"],
        contexts=contexts or frozenset({"Element"}),
        rules=read_elements(body["type"], view.get("element", []), terms),
    )
