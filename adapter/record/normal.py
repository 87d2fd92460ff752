"""Unicode NFC in a time that grows with the text and no faster.

The library's own sorting of combining marks takes the square of their number: a text
of 20,000 in a bad order would hold the service up for seconds.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

_LONGEST_RUN = 30  # as in Unicode's stream-safe format: no writing needs as many
_MARK_PAIRS = frozenset("\u0f73\u0f75\u0f81")  # no marks, but made of two each


def to_nfc(text: str) -> str:
    """The text in Unicode normal form C. Source: record model, section 0."""
    if text.isascii():
        return text
    if _has_long_run(text):
        text = _in_canonical_order(text)
    return unicodedata.normalize("NFC", text)


def _has_long_run(text: str) -> bool:
    run = 0
    for character in text:
        is_mark = unicodedata.combining(character) or character in _MARK_PAIRS
        run = run + 1 if is_mark else 0
        if run > _LONGEST_RUN:
            return True
    return False


def _in_canonical_order(text: str) -> str:
    """The text decomposed, each run of marks in the order that NFC wants."""
    apart = "".join(unicodedata.normalize("NFD", character) for character in text)
    return "".join(
        "".join(sorted(run, key=unicodedata.combining) if are_marks else run)
        for are_marks, run in groupby(apart, lambda c: unicodedata.combining(c) > 0)
    )
