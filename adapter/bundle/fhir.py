"""What fhir.resources knows; nothing else in the adapter imports it.

R4 (4.0.1) is on the wire; the R4B (4.3.0) classes take the same shapes for every
resource used here, but for what ``check/r4.py`` corrects. The models judge and
describe. Nothing is ever dumped from one, since they rewrite instants; and their
messages print what they were given, so only place and kind of a fault pass through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from fhir_core.utils import get_fhir_type_name, is_list_type, is_primitive_type
from pydantic import ValidationError

from adapter.errors import Issue

STRUCTURE = "BUNDLE_STRUCTURE"

# The classes are asked what they declare; few of them ever judge what comes in. Making
# the validators of all of them took half of a start and a tenth of a process's memory:
# each is made when it first judges.
FHIRAbstractModel.model_config["defer_build"] = True


@dataclass(frozen=True)
class Element:
    """One element of a type, as the model declares it.

    ``type`` is a primitive's name, or the name of a type that ``shape`` takes.
    ``choice`` is the "value" of value[x]. ``codes`` are those of a required binding,
    None where the model has none; ``targets`` the types that a Reference may name,
    None where it is no Reference.
    """

    name: str
    type: str
    is_primitive: bool
    is_list: bool
    is_required: bool
    choice: str | None
    is_choice_required: bool
    codes: tuple[str, ...] | None
    targets: tuple[str, ...] | None


@dataclass(frozen=True)
class Shape:
    """A resource, data type or part of one: its elements in the order of the model."""

    name: str
    is_resource: bool
    elements: tuple[Element, ...]


@cache
def model_class(name: str) -> type[FHIRAbstractModel]:
    """The R4B class of that resource, type or part; KeyError when there is none."""
    try:
        model: type[FHIRAbstractModel] = get_fhir_model_class(name)
    except ValueError:
        raise KeyError("not a FHIR type") from None
    return model


@cache
def is_resource_type(name: str) -> bool:
    """Whether R4B knows a resource of that name that one can make."""
    try:
        model = model_class(name)
    except KeyError:
        return False
    return model.has_resource_base() and name not in ("Resource", "DomainResource")


@cache
def shape(name: str) -> Shape:
    """The elements of that type; KeyError when there is none of that name."""
    model = model_class(name)
    elements = []
    for key, field in model.model_fields.items():
        extra: Any = field.json_schema_extra or {}
        if not extra.get("element_property"):
            continue
        is_primitive = is_primitive_type(field)
        kind = get_fhir_type_name(field, "R4B.") if is_primitive else _part(field)
        codes, targets = extra.get("enum_values"), extra.get("enum_reference_types")
        choice = extra.get("one_of_many")
        elements.append(
            Element(
                name=field.alias or key,
                type=kind,
                is_primitive=is_primitive,
                is_list=is_list_type(field),
                is_required=field.is_required() or bool(extra.get("element_required")),
                choice=choice,
                is_choice_required=bool(extra.get("one_of_many_required")),
                codes=tuple(codes) if codes else None,
                targets=tuple(targets or ()) if kind == "Reference" else None,
            )
        )
    return Shape(name, model.has_resource_base(), tuple(elements))


@cache
def identifier_is_list(resource_type: str) -> bool | None:
    """Whether the type has many identifiers, one (False), or no such element (None)."""
    field: Any = model_class(resource_type).model_fields.get("identifier")
    return None if field is None else is_list_type(field)


def read_resource(body: Mapping[str, Any]) -> list[Issue]:
    """What the model has against a resource that came in from outside; empty: nothing.

    The dict itself goes on being the truth. For its own check see ``bundle.check``.
    """
    return model_issues(body)


def model_issues(resource: Mapping[str, Any]) -> list[Issue]:
    """Every fault of structure that ``model_validate`` finds, values left out.

    The path is the model's, in FHIR spelling: ``Flag.code.coding[0].system``.
    """
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(kind, str) or not is_resource_type(kind):
        return [Issue("error", STRUCTURE, "resourceType", "not a resource type of R4")]
    try:
        model_class(kind).model_validate(dict(resource))
    except ValidationError as error:
        faults = error.errors(
            include_url=False, include_context=False, include_input=False
        )
        return [
            Issue("error", STRUCTURE, _path(kind, fault["loc"]), fault["type"])
            for fault in faults
        ]
    except Exception as error:
        # Damaged input makes the model's own validators fall over (a list where it
        # wants a dict): refused all the same, by the kind of the failure alone.
        return [Issue("error", STRUCTURE, kind, type(error).__name__)]
    return []


def _part(field: Any) -> str:
    for part in (field.annotation, *_leaves(field.annotation)):
        if hasattr(part, "get_model_klass"):
            name: str = part.get_model_klass().get_resource_type()
            return name
    raise TypeError("a field without a FHIR type")


def _leaves(annotation: Any) -> list[Any]:
    parts = [annotation] if get_origin(annotation) is None else []
    for part in get_args(annotation):
        parts += _leaves(part)
    return parts


def _path(kind: str, place: tuple[int | str, ...]) -> str:
    path = kind
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{as_place(step)}"
    return path


_ELEMENT_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}").fullmatch


def as_place(name: str) -> str:
    """The name if it could be an element's; else "?", since it may hold a value."""
    return name if _ELEMENT_NAME(name) else "?"
