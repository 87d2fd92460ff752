from __future__ import annotations

import pytest

from adapter.sources.forms import BadForm, Unreadable, date_form, read_number, yes_no

LOCAL = date_form("DD/MM/YYYY hh:mm", has_time=True)


@pytest.mark.parametrize(
    ("form", "text", "read"),
    [
        ("DD/MM/YYYY", "05/11/2026", "2026-11-05"),
        ("DD-MMM-YYYY", "05-Nov-2026", "2026-11-05"),
        ("YYYYMMDD", "20261105", "2026-11-05"),
        ("MM.DD.YYYY", "11.05.2026", "2026-11-05"),
    ],
)
def test_a_date_is_read_in_its_form(form: str, text: str, read: str) -> None:
    assert date_form(form, has_time=False).read(text).value == read


@pytest.mark.parametrize(
    "text",
    ["5/11/2026", "05/13/2026", "31/02/2026", "05/11/26", "05/11/2026 ", "٠٥/١١/٢٠٢٦"],
)
def test_what_is_not_in_its_form_is_unreadable_and_not_repeated(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        date_form("DD/MM/YYYY", has_time=False).read(text)
    assert text not in str(refused.value)
    assert "DD/MM/YYYY" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20/10/2026 09:30", "2026-10-20T09:30:00+01:00"),
        ("10/11/2026 12:00", "2026-11-10T12:00:00+00:00"),
    ],
)
def test_a_local_time_is_a_time_in_london(text: str, read: str) -> None:
    assert LOCAL.read(text).value == read


def test_a_time_that_a_night_has_twice_is_the_earlier_and_says_so() -> None:
    read = LOCAL.read("25/10/2026 01:30")
    assert read.value == "2026-10-25T01:30:00+01:00"
    assert read.is_twice
    assert not LOCAL.read("25/10/2026 02:00").is_twice


def test_a_time_that_a_night_leaves_out_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="leave out"):
        LOCAL.read("29/03/2026 01:30")


@pytest.mark.parametrize(
    ("form", "has_time"),
    [
        ("", False),
        ("MM/YYYY", False),
        ("DD/MM/YYYY hh:mm", False),
        ("DD/MM/YYYY", True),
        ("DD/MM/MMM/YYYY", False),
    ],
)
def test_a_form_that_names_no_day_or_time_does_not_load(
    form: str, has_time: bool
) -> None:
    with pytest.raises(BadForm):
        date_form(form, has_time=has_time)


def test_yes_and_no_are_the_two_texts_and_no_other() -> None:
    form = yes_no("Y/N")
    assert form.read("Y") is True
    assert form.read("N") is False
    with pytest.raises(Unreadable):
        form.read("yes")
    with pytest.raises(BadForm):
        yes_no("Y")


@pytest.mark.parametrize("text", ["", "1.0", "1e9", " 1", "²", "9" * 40])
def test_only_digits_are_a_number(text: str) -> None:
    with pytest.raises(Unreadable):
        read_number(text)
    assert read_number("-3") == -3
