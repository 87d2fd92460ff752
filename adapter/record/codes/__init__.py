"""Every code of the record model in one table: what it means and how it is mended.

The marks of ``adapter.record.marks``, the grouped answers of ``grouping`` and the page
``docs/reference/codes.md`` are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapter.record.codes.code import IssueCode
from adapter.record.codes.errors import ERRORS
from adapter.record.codes.exports import EXPORTS
from adapter.record.codes.warnings import WARNINGS

__all__ = ["ISSUE_CODES", "IssueCode"]

ISSUE_CODES: Mapping[str, IssueCode] = MappingProxyType(
    {each.code: each for each in (*ERRORS, *WARNINGS, *EXPORTS)}
)
"""In the order of section 14; then those of suppliers' exports."""
