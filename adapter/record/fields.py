"""The field types of the record model: strict checks that return the raw value.

Each field carries its declaration (category, minimum, safety-critical, why, FHIR home,
words), so that parsing, redaction, coverage and the data dictionary read one place.
Marshmallow's own fields are not used: its Boolean takes "yes" and 1, its Date takes
week dates. Source: record model, section 0 (Types) and 0.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.constants import missing

from adapter.clock import london_day, parse_instant
from adapter.record.faults import (
    ABSENT,
    EMPTY_TEXT,
    LIST_TOO_LONG,
    NOT_A_LIST,
    NOT_A_TEXT,
    NULL,
    STRATIFICATION,
    Fault,
)
from adapter.record.identifiers import nhs_number_problem
from adapter.record.vocabulary import BANNED_VALUES

LONGEST_LIST = 500


class Section(Schema):
    """An object of the record model; its fields are declared in model order."""

    class Meta:
        # the walk tells of unknown names; marshmallow takes the square of their number
        unknown = EXCLUDE


class Declared(fields.Field[Any]):
    """One declared place of the model, checked and returned as it was sent.

    ``many`` makes it a list of plain values. ``minimum`` names the categories in whose
    declared minimum set the field stands (disclosure rules, section 2).
    """

    kind: ClassVar[str]

    def __init__(
        self,
        *,
        required: bool = False,
        many: bool = False,
        category: str | None = None,
        minimum: tuple[str, ...] = (),
        safety_critical: bool = False,
        why: str = "",
        fhir: str = "",
        text: str = "",
        data_key: str | None = None,
    ) -> None:
        super().__init__(required=required, data_key=data_key)
        self.many = many
        self.category = category
        self.minimum = minimum
        self.safety_critical = safety_critical
        self.why = why
        self.fhir = fhir
        self.text = text
        self.codes: tuple[str, ...] = ()
        self.refs_to: tuple[str, ...] = ()

    @cached_property
    def is_list(self) -> bool:
        """Whether a list stands here, of plain values or of objects."""
        return self.many

    @cached_property
    def is_asked(self) -> bool:
        """Whether the field itself tells of its absence, and no rule between fields."""
        return self.required

    def faults(self, value: Any) -> list[Fault]:
        """What is wrong with one plain value; empty when nothing is."""
        return []

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,
        data: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """The value as it was sent; ValidationError with its faults.

        In the place of marshmallow's own, whose hooks and validators no field here
        has, at half the cost.
        """
        if value is missing:
            if self.required:
                raise ValidationError([ABSENT])
        elif value is None:
            raise ValidationError([NULL])
        else:
            self.check(value)
        return value

    def check(self, value: Any) -> None:
        """Raise ValidationError with what is wrong with what stands there."""
        if self.many:
            self._check_list(value)
        elif found := self.faults(value):
            raise ValidationError(found)

    def _check_list(self, value: Any) -> None:
        check_list(value)
        if not value and self.required:
            raise ValidationError([ABSENT])
        found = {}
        for position, item in enumerate(value):
            if faults := [NULL] if item is None else self.faults(item):
                found[position] = faults
        if found:
            raise ValidationError(found)


def check_list(value: Any) -> None:
    """Raise ValidationError unless this is a list of at most 500 items."""
    if type(value) is not list:
        raise ValidationError([NOT_A_LIST])
    if len(value) > LONGEST_LIST:
        raise ValidationError([LIST_TOO_LONG])


class _Patterned(Declared):
    """A text of one fixed form."""

    pattern: ClassVar[re.Pattern[str]]
    fault: ClassVar[Fault]

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        return [] if self.pattern.fullmatch(value) else [self.fault]


_KEY_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_FAULT = Fault("E_SCHEMA", "1 to 64 letters, digits, dots, underscores or hyphens")


class Id(_Patterned):
    """The name of an item, used once in the whole record."""

    kind = "id"
    pattern = _KEY_FORM
    fault = _KEY_FAULT


class RecordKey(_Patterned):
    """The name of a record; it lies outside the ids of items."""

    kind = "record_key"
    pattern = _KEY_FORM
    fault = _KEY_FAULT


class Ref(_Patterned):
    """The id of another item, of one of the kinds named."""

    kind = "ref"
    pattern = _KEY_FORM
    fault = _KEY_FAULT

    def __init__(self, *refs_to: str, **declaration: Any) -> None:
        super().__init__(**declaration)
        self.refs_to = refs_to


class OdsCode(_Patterned):
    """An organisation's code, upper case."""

    kind = "ods_code"
    pattern = re.compile(r"[A-Z0-9]{3,10}")
    fault = Fault("E_SCHEMA", "3 to 10 capital letters or digits")


class Code(Declared):
    """One of the values listed; given as one text, they are its words."""

    kind = "code"
    fault = Fault("E_SCHEMA", "not one of the values listed in the record model")

    def __init__(self, codes: str | tuple[str, ...] = (), **declaration: Any) -> None:
        super().__init__(**declaration)
        self.codes = tuple(codes.split()) if isinstance(codes, str) else codes
        self._allowed = frozenset(self.codes)

    def allows(self, value: str) -> bool:
        """Whether the value is one that this field takes."""
        return value in self._allowed

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        if self.allows(value):
            return []
        return [STRATIFICATION if value in BANNED_VALUES else self.fault]


class LanguageTag(Code):
    """A language by its well-formed tag (BCP 47): ``en-GB``."""

    fault = Fault("E_SCHEMA", "must be a language tag of BCP 47")
    _form = re.compile(
        r"(?:[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*|x(?:-[A-Za-z0-9]{1,8})+)"
    )

    def allows(self, value: str) -> bool:
        return value not in BANNED_VALUES and bool(self._form.fullmatch(value))


class String(Declared):
    """One line of at most 200 characters."""

    kind = "string"
    longest = 200
    controls = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        if not value:
            return [EMPTY_TEXT]
        found = []
        if len(value) > self.longest:
            found.append(Fault("E_TEXT_TOO_LONG", f"at most {self.longest} characters"))
        if self.controls.search(value):
            found.append(
                Fault("E_TEXT_CONTROL_CHARS", "holds a control character or surrogate")
            )
        return found


class Text(String):
    """At most 4,000 characters, in as many lines as it takes."""

    kind = "text"
    longest = 4_000
    controls = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class LongText(Text):
    """At most 20,000 characters, in as many lines as it takes."""

    kind = "long_text"
    longest = 20_000


class Date(Declared):
    """A civil date in Europe/London, ``YYYY-MM-DD``."""

    kind = "date"
    fault = Fault("E_SCHEMA", "must be a date, YYYY-MM-DD")
    _form = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        if not self._form.fullmatch(value):
            return [self.fault]
        try:
            date.fromisoformat(value)
        except ValueError:
            return [self.fault]
        return []


class DateTime(Declared):
    """An instant of RFC 3339 with its offset, in the spelling that FHIR takes too."""

    kind = "datetime"
    fault = Fault("E_SCHEMA", "must be an instant of RFC 3339 with its offset")
    _form = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
        r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
    )

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        if not self._form.fullmatch(value):
            return [self.fault]
        try:
            london_day(parse_instant(value))  # so that every later reading can too
        except (ValueError, OverflowError):
            return [self.fault]
        return []


class NhsNumber(Declared):
    """Ten digits that pass the modulus 11 check; which range, the policy says."""

    kind = "nhs_number"

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is not str:
            return [NOT_A_TEXT]
        if not value:
            return [EMPTY_TEXT]
        problem = nhs_number_problem(value)
        return [problem] if problem else []


class Boolean(Declared):
    """true or false, never a text or a number that means it."""

    kind = "boolean"
    fault = Fault("E_SCHEMA", "must be true or false")

    def faults(self, value: Any) -> list[Fault]:
        return [] if type(value) is bool else [self.fault]


class Integer(Declared):
    """A whole number within its bounds."""

    kind = "integer"

    def __init__(
        self, *, lowest: int, highest: int = 2_147_483_647, **declaration: Any
    ) -> None:
        super().__init__(**declaration)
        self.lowest = lowest
        self.highest = highest
        self.fault = Fault("E_SCHEMA", f"a whole number from {lowest} to {highest}")

    def faults(self, value: Any) -> list[Fault]:
        if type(value) is int and self.lowest <= value <= self.highest:
            return []
        return [self.fault]
