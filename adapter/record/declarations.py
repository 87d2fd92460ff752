"""Every field and container of the record model, read off the schemas.

Nothing is declared here: the one declaration of a field stands in ``sections``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from adapter.record.containers import One, Several
from adapter.record.fields import Declared, Section
from adapter.record.sections.item_controls import ItemControls
from adapter.record.sections.whole import WholeRecord
from adapter.record.vocabulary import CATEGORIES, HEALTH_KINDS, RECIPIENT_KINDS

__all__ = [
    "CATEGORIES",
    "DECLARATIONS",
    "HEALTH_KINDS",
    "RECIPIENT_KINDS",
    "Declaration",
    "declared",
    "fields_of",
    "is_declared",
]


@dataclass(frozen=True)
class Declaration:
    """What the record model says of one path.

    ``path`` is spelt as the model does (``safety.risks[].domain``); a list of plain
    values ends in ``[]`` and has ``many``. ``type`` is one of the model's, or
    ``object`` or ``list`` for a container. ``category`` is a long name, None for
    control data and containers. ``minimum`` names the categories in whose declared
    minimum set the field stands.
    """

    path: str
    type: str
    many: bool
    required: bool
    codes: tuple[str, ...]
    refs_to: tuple[str, ...]
    category: str | None
    minimum: tuple[str, ...]
    safety_critical: bool
    why: str
    fhir: str
    text: str

    @property
    def is_container(self) -> bool:
        return self.type in ("object", "list")


def fields_of(section: Section) -> dict[str, Declared]:
    """The fields of one section by their JSON names, in the model's order.

    An item's own fields come before the controls that it shares with other items.
    """
    shared = () if type(section) is ItemControls else ItemControls._declared_fields
    named = sorted(section.fields.items(), key=lambda entry: entry[0] in shared)
    return {
        field.data_key or name: field
        for name, field in named
        if isinstance(field, Declared)
    }


def _what_it_holds(field: Declared) -> str:
    """The first line of what the section of a container says of itself."""
    if not isinstance(field, One | Several):
        return ""
    return (type(field.section).__doc__ or "").partition("\n")[0]


def _walk(section: Section, prefix: str) -> Iterator[Declaration]:
    for name, field in fields_of(section).items():
        is_list = field.many or isinstance(field, Several)
        path = f"{prefix}{name}{'[]' if is_list else ''}"
        yield Declaration(
            path=path,
            type=field.kind,
            many=field.many,
            required=field.required,
            codes=field.codes,
            refs_to=field.refs_to,
            category=field.category,
            minimum=field.minimum,
            safety_critical=field.safety_critical,
            why=field.why,
            fhir=field.fhir,
            text=field.text or _what_it_holds(field),
        )
        if isinstance(field, One | Several):
            yield from _walk(field.section, path + ".")


DECLARATIONS: Mapping[str, Declaration] = MappingProxyType(
    {declaration.path: declaration for declaration in _walk(WholeRecord(), "")}
)

_POSITION = re.compile(r"\[\d+\]")


def declared(path: str) -> Declaration:
    """The declaration of a path, written as the model or as an issue writes it.

    ``safety.risks[].domain``, ``safety.risks[0].domain`` and ``safety.risks`` (the
    list) are all found. KeyError where the model has no such place.
    """
    spelt = _POSITION.sub("[]", path)
    found = DECLARATIONS.get(spelt) or DECLARATIONS.get(spelt + "[]")
    if found is None:
        raise KeyError("the record model has no such place")
    return found


def is_declared(path: str) -> bool:
    """Whether a path, however it is written, is a place of the record model."""
    try:
        declared(path)
    except KeyError:
        return False
    return True
