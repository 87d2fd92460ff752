"""What fhir.resources knows, and nothing else in the adapter imports it.

R4 (4.0.1) is on the wire; the R4B (4.3.0) classes take the same shapes for every
resource used here. The models judge and describe; nothing is ever dumped from one,
since they rewrite instants. Their messages print what they were given, so only the
place and the kind of a fault pass through here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel


@cache
def model_class(resource_type: str) -> type[FHIRAbstractModel]:
    """The R4B class of that resource or data type; KeyError when there is none."""
    try:
        model: type[FHIRAbstractModel] = get_fhir_model_class(resource_type)
    except ValueError:
        raise KeyError("not a FHIR type") from None
    return model


@cache
def identifier_is_list(resource_type: str) -> bool | None:
    """Whether the type has many identifiers, one (False), or no such element (None)."""
    field: Any = model_class(resource_type).model_fields.get("identifier")
    if field is None:
        return None
    parts = (field.annotation, *get_args(field.annotation))
    return any(get_origin(part) is list for part in parts)
