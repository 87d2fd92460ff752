"""NFC as the library makes it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from adapter.record.normal import to_nfc

marks = st.sampled_from("\u0300\u0315\u0323\u0f73\u0f81\u0344\u00e9\uac00a")


@given(st.text(marks, max_size=120))
def test_it_is_what_the_library_makes(text):
    assert to_nfc(text) == unicodedata.normalize("NFC", text)


def test_many_marks_are_put_in_order():
    text = "q" + "\u0315\u0300" * 40_000
    assert to_nfc(text) == "q" + "\u0300" * 40_000 + "\u0315" * 40_000


def test_a_lone_surrogate_is_left_where_it_is():
    assert to_nfc("e\u0301\ud800") == "\u00e9\ud800"
