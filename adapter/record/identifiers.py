"""NHS numbers: their spelling, their check digit and their test range."""

from __future__ import annotations

import re
from typing import Literal

from adapter.record.faults import Fault

_TEN_DIGITS = re.compile(r"[0-9]{10}")

_FORMAT = Fault("E_NHS_NUMBER_FORMAT", "10 digits, not all the same")
_CHECK_DIGIT = Fault("E_NHS_NUMBER_CHECK_DIGIT", "the check digit does not fit")
_TEST_RANGE = Fault(
    "E_NHS_NUMBER_TEST_RANGE", "on the wrong side of the range kept for testing"
)


def normalise_nhs_number(text: str) -> str:
    """The number without spaces and hyphens. Source: record model, 0.1."""
    return text.replace(" ", "").replace("-", "")


def check_digit(first_nine: str) -> int | None:
    """The digit that completes nine digits; None where no number can begin so.

    Modulus 11. Source: record model, 0.1.
    """
    total = sum(
        int(digit) * weight
        for digit, weight in zip(first_nine, range(10, 1, -1), strict=True)
    )
    digit = 11 - total % 11
    if digit == 10:
        return None
    return 0 if digit == 11 else digit


def nhs_number_problem(text: str) -> Fault | None:
    """What is wrong with the form of a normalised number; None when nothing is.

    It says nothing about whose number it is. Source: record model, 0.1.
    """
    if not _TEN_DIGITS.fullmatch(text) or len(set(text)) == 1:
        return _FORMAT
    if check_digit(text[:9]) != int(text[9]):
        return _CHECK_DIGIT
    return None


def nhs_number_range_problem(
    text: str, accepted: Literal["test", "live"]
) -> Fault | None:
    """What is wrong with the range of a well-formed number; None when nothing is.

    The never-issued numbers that begin with 999 are for testing alone. Source: record
    model, 0.1.
    """
    is_test = text.startswith("999")
    return None if is_test == (accepted == "test") else _TEST_RANGE
