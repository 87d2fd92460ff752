"""The types of R4, compiled to plain functions over the dict that is to leave.

What each element may be is read from the models once (``bundle.fhir.shape``), with the
corrections of ``r4``. What a value may be besides (invariants, profiles, where a
reference leads) is handed in as extras by type, and asked only where the structure is
sound. Source: design, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any

from adapter.bundle.check import r4
from adapter.bundle.check.faults import (
    INVARIANT,
    Check,
    Extra,
    Fault,
    Faults,
    Field,
    Scope,
    under,
)
from adapter.bundle.check.objects import (
    coded,
    concept_check,
    list_check,
    object_check,
)
from adapter.bundle.check.primitives import PRIMITIVES
from adapter.bundle.check.references import contained_types
from adapter.bundle.fhir import (
    STRUCTURE,
    Element,
    Shape,
    is_resource_type,
    shape,
)

#: Makes the check of a Reference that may name only those types.
MakeReference = Callable[[Check, tuple[str, ...]], Check]
#: Makes the check of the extensions that stand on what has those names.
MakeExtension = Callable[[Check, frozenset[str], bool], Check]

_DOM_3 = "dom-3: what is contained is referred to, or refers to what contains it"


class Compiler:
    """Makes and keeps the check of each type; any type is made at its first use."""

    def __init__(
        self,
        extras: Mapping[str, Sequence[Extra]],
        make_reference: MakeReference,
        make_extension: MakeExtension,
    ) -> None:
        self._extras = extras
        self._make_reference = make_reference
        self._make_extension = make_extension
        self._objects: dict[str, Check] = {}
        self._resources: dict[str, Check] = {}
        # Web threads share one checker, and a rare type is made at its first use.
        self._lock = RLock()
        self._under_way: set[str] = set()

    def object(self, name: str, place: str) -> Check:
        """The check of a data type, or of a part of a resource that stands there."""
        known = self._objects.get(name)
        if known is not None:
            return known
        with self._lock:
            if name in self._under_way:
                return self._later(name, place)
            self._under_way.add(name)
            known = self._compile(shape(name), place)
            self._objects[name] = known
            self._under_way.remove(name)
        return known

    def prepare(self, kind: str) -> None:
        """Make the check of that resource type now rather than at its first use."""
        self._resources[kind] = self._compile(shape(kind), kind)

    def whole(self, value: Any, scope: Scope) -> Faults:
        """What is wrong with a whole resource, whatever its type.

        The scope becomes this resource's: what it contains, and what of that it names.
        """
        if value.__class__ is not dict:
            return [("", STRUCTURE, "must be a resource")]
        kind = value.get("resourceType")
        check = self._of_type(kind)
        if check is None:
            return [("resourceType", STRUCTURE, "must be a resource type of R4")]
        if value.get("contained").__class__ is not list:
            return check(value, scope)
        scope.contained = contained_types(value)
        scope.named = set()
        faults = check(value, scope) or []
        for index, part in enumerate(value["contained"]):
            name = part.get("id") if isinstance(part, dict) else None
            if f"#{name}" not in scope.named:
                faults.append((f"contained[{index}]", INVARIANT, _DOM_3))
        return faults or None

    def _member(self, value: Any, scope: Scope) -> Faults:
        """A resource inside a bundle: what it contains is its own."""
        faults = self.whole(value, Scope(scope.members))
        return _typed(value, faults) if faults else None

    def _contained(self, value: Any, scope: Scope) -> Faults:
        """A resource inside another: "#" is that other, "#id" a sibling."""
        outer, scope.named = scope.named, set()
        kind = value.get("resourceType") if value.__class__ is dict else None
        check = self._of_type(kind)
        faults: Faults = [("resourceType", STRUCTURE, "must be a resource type of R4")]
        if check is not None:
            faults = check(value, scope)
        if "#" in scope.named:
            scope.named.add(f"#{value.get('id')}")
        scope.named |= outer
        return _typed(value, faults) if faults else None

    def _of_type(self, kind: Any) -> Check | None:
        """The check of a resource type; None for what is no type of R4."""
        if kind.__class__ is not str:
            return None
        check = self._resources.get(kind)
        if check is not None:
            return check
        if kind in r4.TYPES_NOT_IN_R4 or not is_resource_type(kind):
            return None
        self.prepare(kind)
        return self._resources[kind]

    def _later(self, name: str, place: str) -> Check:
        def check(value: Any, scope: Scope) -> Faults:
            return self.object(name, place)(value, scope)

        return check

    def _compile(self, form: Shape, place: str) -> Check:
        fields: dict[str, Field] = {}
        required: list[tuple[str, bool]] = []
        groups: dict[str, tuple[set[str], bool]] = {}
        siblings: list[str] = []
        owners = frozenset({form.name, place, "Element"})
        if form.is_resource:
            owners |= {"Resource", "DomainResource"}
            fields["resourceType"] = _nothing
        for element in form.elements:
            if (form.name, element.name) in r4.NOT_IN_R4:
                continue
            fields[element.name] = self._field(form, element, place, owners)
            if element.is_primitive:
                fields["_" + element.name] = self._sibling(form, element, place)
                if element.is_list:
                    siblings.append("_" + element.name)
            if element.choice is not None:
                names, needed = groups.setdefault(element.choice, (set(), False))
                names.update((element.name, "_" + element.name))
                groups[element.choice] = names, needed or element.is_choice_required
            elif element.is_required:
                required.append((element.name, element.is_primitive))
        return object_check(
            fields,
            tuple(required),
            tuple((prefix, frozenset(n), need) for prefix, (n, need) in groups.items()),
            frozenset(siblings),
            tuple(
                extra for name in _kinds(form) for extra in self._extras.get(name, ())
            ),
        )

    def _field(
        self, form: Shape, element: Element, place: str, owners: frozenset[str]
    ) -> Field:
        one = self._one(form, element, f"{place}.{element.name}", owners)
        return list_check(one) if element.is_list else one

    def _one(
        self, form: Shape, element: Element, place: str, owners: frozenset[str]
    ) -> Field:
        at = (form.name, element.name)
        if element.is_primitive:
            codes = r4.CODES.get(at, element.codes)
            test = PRIMITIVES[element.type]
            return coded(test, codes) if codes and at not in r4.OPEN else test
        if element.type == "Resource":
            return self._contained if element.name == "contained" else self._member
        if element.type == "Extension":
            is_whole = form.is_resource or "." in place.rpartition(".")[0]
            return self._make_extension(
                self.object("Extension", "Extension"), owners, is_whole
            )
        if element.type == "Reference":
            targets = r4.TARGETS.get(at, element.targets or ())
            return self._make_reference(self.object("Reference", "Reference"), targets)
        # The fifty types of Extension.value[x] are made when one of them is met.
        inner = self._later if form.name == "Extension" else self.object
        is_part = element.type.startswith(form.name) and element.type != form.name
        check = inner(element.type, place if is_part else element.type)
        concept = r4.CONCEPTS.get(at)
        return concept_check(check, *concept) if concept else check

    def _sibling(self, form: Shape, element: Element, place: str) -> Field:
        """The check of "_name": the id and extensions of the primitive "name"."""
        owners = frozenset({element.type, f"{place}.{element.name}", "Element"})
        extensions = self._make_extension(
            self._later("Extension", "Extension"), owners, form.is_resource
        )
        one = object_check(
            {
                "id": PRIMITIVES["string"],
                "extension": list_check(extensions),
            },
            (),
            (),
            frozenset(),
            (),
        )
        return list_check(one, may_skip=True) if element.is_list else one


def _kinds(form: Shape) -> tuple[str, ...]:
    """The names under which extras apply to a type: its own, and that of its kind."""
    if form.is_resource:
        return (form.name, "DomainResource")
    if form.name in ("Age", "Count", "Distance", "Duration"):
        return (form.name, "Quantity")
    return (form.name,)


def _typed(value: Any, faults: list[Fault]) -> list[Fault]:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    known = isinstance(kind, str) and is_resource_type(kind)
    return under(f"ofType({kind})", faults) if known else faults


def _nothing(value: Any, scope: Scope) -> Faults:
    return None
