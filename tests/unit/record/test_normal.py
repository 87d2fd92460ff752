"""NFC as the library makes it, and not in the square of the time."""

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from adapter.record.normal import to_nfc

marks = st.sampled_from("\u0300\u0315\u0323\u0f73\u0f81\u0344\u00e9\uac00a")


@given(st.text(marks, max_size=120))
def test_it_is_what_the_library_makes(text):
    assert to_nfc(text) == unicodedata.normalize("NFC", text)


def test_many_marks_in_a_bad_order_take_no_time():
    text = "a" + "\u0315\u0300" * 40_000
    started = time.perf_counter()
    to_nfc(text)
    assert time.perf_counter() - started < 5  # the library alone: above ten seconds


def test_a_lone_surrogate_is_left_where_it_is():
    assert to_nfc("e\u0301\ud800") == "\u00e9\ud800"
