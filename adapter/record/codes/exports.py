"""The codes that only a supplier's export raises, before it is a record.

The record model knows one such code (E_UNMAPPED_CODE); these say what else would be
lost in silence on the way. Their paths are those of what the sender sent.
"""

from __future__ import annotations

from adapter.record.codes.code import IssueCode

_SOURCE = "suppliers' exports"

EXPORTS = (
    IssueCode(
        "E_UNREAD_VALUE",
        "I",
        "a value of a supplier's export from which nothing of the record is made",
        "Correct the kind or the id that the value belongs to, or extend the mapping "
        "of the source.",
        _SOURCE,
    ),
    IssueCode(
        "W_UNREAD_FIELD",
        "",
        "a field of a supplier's export that the mapping neither reads nor lists as "
        "deliberately not carried",
        "Map the field, or list it with the reason why it is not carried.",
        _SOURCE,
    ),
    IssueCode(
        "W_TIME_TWICE",
        "",
        "a local time without offset in the hour that the clocks go back",
        "Send the time with its offset, or check that the earlier one is meant.",
        _SOURCE,
    ),
)
