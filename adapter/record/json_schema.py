"""The JSON Schema (2020-12) of a record, made from the declarations.

It accepts what ``parse`` accepts, and refuses what JSON Schema can say is wrong: types,
forms, codes, bounds, unknown names, what is required, and what one field calls for in
another of the same object. It cannot follow refs, compare dates, know the instant or
read a declared gap: then it accepts, and ``parse`` is the judge.

What is marked C is asked only of records that may leave and declare no gap
(``complete``); the rest of every record. Patterns are plain, for validators without
look-ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.canonical import CANONICAL
from adapter.record.containers import One, Several
from adapter.record.declarations import DECLARATIONS, fields_of
from adapter.record.faults import ABSENT, Finding, Place
from adapter.record.fields import LONGEST_LIST, Declared, Integer, LanguageTag, Section
from adapter.record.fields import String as StringField
from adapter.record.marks import is_completeness
from adapter.record.rules import RULES
from adapter.record.rules.facts import RequiredWhen
from adapter.record.vocabulary import ACTIVE_STATUSES, BANNED_VALUES
from adapter.record.walk import WHOLE

Schema = dict[str, Any]

_KEY = "^[A-Za-z0-9._-]{1,64}$"
_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
_LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_INSTANT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))$"
)
_LANGUAGE = "^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*|x(-[A-Za-z0-9]{1,8})+)$"

_TYPES: dict[str, Schema] = {
    "id": {"type": "string", "pattern": _KEY, "not": {"const": "young_person"}},
    "record_key": {"type": "string", "pattern": _KEY},
    "ref": {"type": "string", "pattern": _KEY},
    "ods_code": {"type": "string", "pattern": "^[A-Z0-9]{3,10}$"},
    "date": {"type": "string", "format": "date", "pattern": _DATE},
    "datetime": {"type": "string", "format": "date-time", "pattern": _INSTANT},
    "nhs_number": {"type": "string", "pattern": "^[ -]*([0-9][ -]*){10}$"},
    "boolean": {"type": "boolean"},
}


_MAY_LEAVE: Schema = {
    "properties": {"status": {"enum": list(ACTIVE_STATUSES)}},
    "required": ["status"],
}
_NO_GAP: Schema = {"properties": {"declared_gaps": {"maxItems": 0}}}
_SOME: Schema = {"minItems": 1}

# what minimums.py says of lists whose absence means more than one thing
_ON_ACTIVE: Schema = {
    "properties": {
        "consent_and_sharing": {
            "properties": {"recipients": _SOME},
            "required": ["recipients"],
        }
    }
}
_ALWAYS: Schema = {"properties": {"available": {"const": "always"}}}
_ON_COMPLETE: Schema = {
    "properties": {
        "safety": {
            "anyOf": [
                {"properties": {"risks": _SOME}, "required": ["risks"]},
                {"required": ["risks_none_identified"]},
            ],
            "properties": {
                "safety_plan": {
                    "properties": {"crisis_contacts": {"contains": _ALWAYS}}
                }
            },
        }
    }
}


def json_schema() -> Schema:
    """The schema, as a JSON tree; ``$defs`` holds the types of the record model."""
    whole = _object(WHOLE, "")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{CANONICAL}/schema/record.json",
        "title": "Transition record",
        "description": (
            "What JSON Schema can say of the record model. Refs, the order of dates, "
            "ages and declared gaps are judged when a record is posted or validated."
        ),
        **whole,
        "allOf": [
            *whole.get("allOf", ()),
            {"if": _MAY_LEAVE, "then": _ON_ACTIVE},
            {"if": {"allOf": [_MAY_LEAVE, _NO_GAP]}, "then": _complete(WHOLE, "")},
            {"if": {"allOf": [_MAY_LEAVE, _NO_GAP]}, "then": _ON_COMPLETE},
        ],
        "$defs": _TYPES,
    }


def _object(section: Section, path: str) -> Schema:
    """What holds of an object in every status of the record."""
    properties, required = {}, []
    for name, field in fields_of(section).items():
        properties[name] = _field(field, _under(path, name, field))
        if _is_asked_always(field, _under(path, name, field)):
            required.append(name)
    made: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
    }
    if required:
        made["required"] = required
    if called := list(_calls(path, of_completeness=False)):
        made["allOf"] = called
    return made


def _under(path: str, name: str, field: Declared) -> str:
    inside = f"{path}.{name}" if path else name
    return f"{inside}[]" if field.is_list else inside


def _field(field: Declared, path: str) -> Schema:
    said = {"description": text} if (text := DECLARATIONS[path].text) else {}
    if isinstance(field, One):
        return {**said, **_object(field.section, path)}
    inner = (
        _object(field.section, path) if isinstance(field, Several) else _plain(field)
    )
    if not field.is_list:
        return {**said, **inner}
    listed: Schema = {**said, "type": "array", "items": inner, "maxItems": LONGEST_LIST}
    if _is_asked_always(field, path):
        listed["minItems"] = 1
    return listed


def _plain(field: Declared) -> Schema:
    if isinstance(field, StringField):
        pattern = _ONE_LINE if field.kind == "string" else _LINES
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": field.longest,
            "pattern": pattern,
        }
    if isinstance(field, Integer):
        return {"type": "integer", "minimum": field.lowest, "maximum": field.highest}
    if isinstance(field, LanguageTag):
        banned = {"enum": sorted(BANNED_VALUES)}
        return {"type": "string", "pattern": _LANGUAGE, "not": banned}
    if field.kind == "code":
        return {"enum": list(field.codes)}
    return {"$ref": f"#/$defs/{field.kind}"}


def _is_asked_always(field: Declared, path: str) -> bool:
    return field.is_asked and not _is_of_completeness(field, path)


def _is_of_completeness(field: Declared, path: str) -> bool:
    """Whether its absence is marked C, and so is none to a draft or under a gap."""
    fault = field.absent if isinstance(field, Several) else ABSENT
    return fault is not None and is_completeness(Finding(_place(path), fault))


def _place(path: str) -> Place:
    return tuple(step.removesuffix("[]") for step in path.split("."))


def _calls(path: str, *, of_completeness: bool) -> Iterator[Schema]:
    """What one field of the object calls for in others, of one of the two marks."""
    for rule in RULES.get(path, ()):
        if not isinstance(rule, RequiredWhen):
            continue
        place = (*_place(path), rule.wanted[0]) if path else (rule.wanted[0],)
        if is_completeness(Finding(place, ABSENT)) is of_completeness:
            yield {
                "if": {
                    "properties": {rule.name: {"enum": list(rule.calling)}},
                    "required": [rule.name],
                },
                "then": {"required": list(rule.wanted)},
            }


def _complete(section: Section, path: str) -> Schema:
    """What is asked besides of a record that may leave; {} where nothing is."""
    properties, required = {}, []
    for name, field in fields_of(section).items():
        inside = _under(path, name, field)
        inner: Schema = {}
        if isinstance(field, One | Several):
            inner = _complete(field.section, inside)
        if isinstance(field, Several) and inner:
            inner = {"items": inner}
        if field.is_asked and _is_of_completeness(field, inside):
            required.append(name)
            if field.is_list:
                inner = {**inner, "minItems": 1}
        if inner:
            properties[name] = inner
    made: Schema = {}
    if properties:
        made["properties"] = properties
    if required:
        made["required"] = required
    if called := list(_calls(path, of_completeness=True)):
        made["allOf"] = called
    return made
