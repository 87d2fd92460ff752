"""Objects and lists of the record model: what may stand around its fields.

Source: record model, 0.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from marshmallow import ValidationError
from marshmallow.constants import missing

from adapter.record.faults import EMPTY_OBJECT, NOT_AN_OBJECT, NULL, Fault
from adapter.record.fields import Declared, Section, check_list


def object_faults(value: Any) -> list[Fault]:
    """What is wrong with the outside of an object; its inside is not looked at."""
    if value is None:
        return [NULL]
    if type(value) is not dict:
        return [NOT_AN_OBJECT]
    return [] if value else [EMPTY_OBJECT]


class One(Declared):
    """One object of the named section."""

    kind = "object"

    def __init__(self, section: type[Section], **declaration: Any) -> None:
        super().__init__(**declaration)
        self.section = section()

    def check(self, value: Any) -> None:
        if found := object_faults(value):
            raise ValidationError(found)
        self.section.load(value)


class Several(Declared):
    """A list of objects of the named section.

    ``absent_code`` is what a required list answers when it is missing or empty; None
    where that depends on something else, and so is a rule.
    """

    kind = "list"

    def __init__(
        self,
        section: type[Section],
        *,
        absent_code: str | None = "E_SCHEMA",
        **declaration: Any,
    ) -> None:
        super().__init__(**declaration)
        self.section = section()
        self.absent = (
            Fault(absent_code, "at least one is required", absent=True)
            if self.required and absent_code
            else None
        )

    @cached_property
    def is_list(self) -> bool:
        return True

    @cached_property
    def is_asked(self) -> bool:
        return self.absent is not None

    def deserialize(
        self,
        value: Any,
        attr: str | None = None,
        data: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        if value is missing:
            if self.absent:
                raise ValidationError([self.absent])
            return value
        return super().deserialize(value, attr, data, **kwargs)

    def check(self, value: Any) -> None:
        check_list(value)
        if not value and self.absent:
            raise ValidationError([self.absent])
        outside = {
            position: found
            for position, item in enumerate(value)
            if (found := object_faults(item))
        }
        if not outside:
            self.section.load(value, many=True)
        else:
            raise ValidationError({**outside, **self._inside(value, outside)})

    def _inside(
        self, items: Sequence[Any], skipped: Mapping[int, Any]
    ) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for position, item in enumerate(items):
            if position not in skipped:
                try:
                    self.section.load(item)
                except ValidationError as error:
                    found[position] = error.messages
        return found
