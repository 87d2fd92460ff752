"""One element of a profile as a rule over the dict that claims it.

Read from a differential: each element is asked at every object that could have it, so
that a minimum inside an optional part applies only where that part is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.bundle.check.faults import (
    BINDING,
    PROFILE,
    TARGET,
    Fault,
    Scope,
    join,
)

Json = Mapping[str, Any]
#: What a value must be; the fault if it is not.
Demand = Callable[[Any, Scope], tuple[str, str] | None]

_BASE = "http://hl7.org/fhir/StructureDefinition/"


class Terms:
    """Code systems and value sets: which (system, code) a value set holds."""

    def __init__(
        self,
        systems: Mapping[str, Mapping[str, str | None]],
        value_sets: Mapping[str, Json],
    ) -> None:
        self._systems = systems
        self._value_sets = value_sets

    def members(self, url: str) -> Callable[[Any, Any], bool]:
        """Whether a system and a code are in that value set; a bare code has no system.

        A whole system that is not ours counts for all its codes. ValueError when the
        value set is not known, or made by filters.
        """
        codes: set[tuple[Any, Any]] = set()
        whole: set[Any] = set()
        self._include(url.partition("|")[0], codes, whole, frozenset())

        bare = {code for _, code in codes}

        def holds(system: Any, code: Any) -> bool:
            if system is None:
                return code in bare or bool(whole)
            return (system, code) in codes or system in whole

        return holds

    def _include(
        self,
        url: str,
        codes: set[tuple[Any, Any]],
        whole: set[Any],
        seen: frozenset[str],
    ) -> None:
        if url in seen:
            raise ValueError("a value set includes itself")
        if url not in self._value_sets:
            raise ValueError("is bound to a value set that is not in profiles/")
        compose = self._value_sets[url]["compose"]
        if compose.get("exclude") or any("filter" in i for i in compose["include"]):
            raise ValueError("a value set with filters or exclusions cannot be held")
        for include in compose["include"]:
            system = include.get("system")
            for other in include.get("valueSet", ()):
                self._include(other, codes, whole, seen | {url})
            if "concept" in include:
                codes.update((system, c["code"]) for c in include["concept"])
            elif system in self._systems:
                codes.update((system, code) for code in self._systems[system])
            elif system is not None:
                whole.add(system)


@dataclass(frozen=True)
class ElementRule:
    """How often one element is there, and what each of it must be.

    ``parents`` is the way to the objects that may have it; ``url`` narrows an extension
    to one kind; ``inner`` are the rules of that extension's own elements.
    """

    parents: tuple[str, ...]
    name: str
    minimum: int
    maximum: int | None
    types: frozenset[str] | None
    demands: tuple[Demand, ...]
    url: str | None = None
    inner: tuple[ElementRule, ...] = ()
    known_urls: frozenset[str] | None = None

    def check(self, value: Any, scope: Scope) -> list[Fault]:
        faults: list[Fault] = []
        for path, parent in _walk(value, self.parents):
            found = list(self._values(parent))
            where = join(path, self.name)
            if len(found) < self.minimum:
                faults.append((where, PROFILE, f"must be there {self.minimum} times"))
            if self.maximum is not None and len(found) > self.maximum:
                faults.append((where, PROFILE, f"may be there {self.maximum} times"))
            for key, part in found:
                faults += self._each(join(path, key), key, part, scope)
        return faults

    def _values(self, parent: Json) -> Iterator[tuple[str, Any]]:
        if self.name.endswith("[x]"):
            prefix = self.name[:-3]
            for key, part in parent.items():
                if key.startswith(prefix) and key[len(prefix) :][:1].isupper():
                    yield key, part
            return
        part = parent.get(self.name)
        if isinstance(part, list):
            for index, one in enumerate(part):
                if self.url is None or one.get("url") == self.url:
                    yield f"{self.name}[{index}]", one
        elif part is not None:
            yield self.name, part

    def _each(self, where: str, key: str, part: Any, scope: Scope) -> list[Fault]:
        faults: list[Fault] = []
        if self.types is not None and key[len(self.name) - 3 :] not in self.types:
            faults.append((where, PROFILE, "is not of a type that its profile allows"))
        for demand in self.demands:
            problem = demand(part, scope)
            if problem:
                faults.append((where, *problem))
        if self.known_urls is not None and part.get("url") not in self.known_urls:
            faults.append((join(where, "url"), PROFILE, "is no part of its extension"))
        for rule in self.inner:
            faults += [
                (join(where, path), code, message)
                for path, code, message in rule.check(part, scope)
            ]
        return faults


def read_elements(
    root: str, elements: Sequence[Json], terms: Terms
) -> tuple[ElementRule, ...]:
    """The rules of a differential; ValueError when it asks for what is not held."""
    rules: list[ElementRule] = []
    slices = [e for e in elements if e["id"].rpartition(".")[2].count(":")]
    names = {e["id"] for e in slices}
    for element in elements:
        path = element["id"]
        if path == root or any(path.startswith(f"{name}.") for name in names):
            continue
        if ":" in path:
            if element["path"].rpartition(".")[2] not in _EXTENSIONS:
                raise ValueError("slicing other than of extensions is not held")
            rules.append(_slice(root, element, elements, terms))
        elif not element["path"].endswith("extension") or element.get("max") == "0":
            rules.append(_rule(root, element, terms))
    parts = frozenset(r.url for r in rules if r.url) if root == "Extension" else None
    if parts:
        rules.append(ElementRule((), "extension", 0, None, None, (), known_urls=parts))
    return tuple(rules)


_EXTENSIONS = frozenset({"extension", "modifierExtension"})


def _rule(root: str, element: Json, terms: Terms) -> ElementRule:
    steps = element["path"].removeprefix(root).strip(".").split(".")
    kinds = element.get("type", [])
    types = None
    if steps[-1].endswith("[x]") and kinds:
        types = frozenset(k["code"][:1].upper() + k["code"][1:] for k in kinds)
    highest = element.get("max", "*")
    return ElementRule(
        parents=tuple(steps[:-1]),
        name=steps[-1],
        minimum=int(element.get("min", 0)),
        maximum=None if highest == "*" else int(highest),
        types=types,
        demands=tuple(_demands(element, terms)),
    )


def _slice(
    root: str, element: Json, elements: Sequence[Json], terms: Terms
) -> ElementRule:
    own = element["id"]
    below = [e for e in elements if e["id"].startswith(f"{own}.")]
    profiles = [p for kind in element.get("type", ()) for p in kind.get("profile", ())]
    fixed = [e["fixedUri"] for e in below if e["id"] == f"{own}.url"]
    named = [*fixed, *profiles, element["sliceName"]]
    inner = [
        {**e, "id": "Extension" + e["id"].removeprefix(own),
         "path": "Extension" + e["path"].removeprefix(element["path"])}
        for e in below
    ]  # fmt: skip
    plain = _rule(root, element, terms)
    return ElementRule(
        parents=plain.parents,
        name=plain.name,
        minimum=plain.minimum,
        maximum=plain.maximum,
        types=None,
        demands=(),
        url=named[0],
        inner=read_elements("Extension", inner, terms),
    )


def _demands(element: Json, terms: Terms) -> Iterator[Demand]:
    for key, wanted in element.items():
        if key.startswith("fixed") and key[5:6].isupper():
            yield _is_equal(wanted)
        elif key.startswith("pattern") and key[7:8].isupper():
            yield _is_like(wanted)
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        yield _is_bound(terms.members(binding["valueSet"]))
    for kind in element.get("type", ()):
        targets = kind.get("targetProfile", ())
        is_base = all(target.startswith(_BASE) for target in targets)
        if kind["code"] == "Reference" and targets and is_base:
            names = frozenset(target.removeprefix(_BASE) for target in targets)
            yield _is_target(names)


def _is_equal(wanted: Any) -> Demand:
    def demand(value: Any, scope: Scope) -> tuple[str, str] | None:
        return None if value == wanted else (PROFILE, "is not the fixed value")

    return demand


def _is_like(wanted: Any) -> Demand:
    def demand(value: Any, scope: Scope) -> tuple[str, str] | None:
        return None if _fits(value, wanted) else (PROFILE, "does not fit its pattern")

    return demand


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            key in value and _fits(value[key], part) for key, part in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(
            any(_fits(one, part) for one in value) for part in wanted
        )
    return bool(value == wanted)


def _is_bound(holds: Callable[[Any, Any], bool]) -> Demand:
    fault = (BINDING, "has no code of the value set that its profile requires")

    def demand(value: Any, scope: Scope) -> tuple[str, str] | None:
        if isinstance(value, dict):
            codings = value.get("coding", ()) if "coding" in value else [value]
            is_held = any(
                "system" in c and holds(c["system"], c.get("code")) for c in codings
            )
        else:
            is_held = holds(None, value)
        return None if is_held else fault

    return demand


def _is_target(names: frozenset[str]) -> Demand:
    def demand(value: Any, scope: Scope) -> tuple[str, str] | None:
        reference = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(reference, str):
            return None
        known = scope.contained if reference[0] == "#" else scope.members or {}
        kind = known.get(reference)
        if kind is None or kind in names or "Resource" in names:
            return None
        return TARGET, "refers to a type that its profile does not allow"

    return demand


def _walk(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    if not steps:
        if isinstance(value, dict):
            yield "", value
        return
    part = value.get(steps[0]) if isinstance(value, dict) else None
    parts = enumerate(part) if isinstance(part, list) else [(None, part)]
    for index, one in parts:
        step = steps[0] if index is None else f"{steps[0]}[{index}]"
        for path, found in _walk(one, steps[1:]):
            yield join(step, path), found
