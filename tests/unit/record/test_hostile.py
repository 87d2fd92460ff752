"""Texts made to hurt: refused or kept exactly as the model says, in bounded room."""

import json
import tracemalloc

import pytest
from builders import NOON, POLICY, make_body

from adapter.record.parse import check

SUMMARY = "safety.formulation.summary"
SCRIPT = "<script>alert(1)</script>"
BIDI = "\u202e\u2066"
MEGABYTE = 1_000_000


def judged(text):
    return check(make_body({SUMMARY: text}), policy=POLICY, now=NOON)


@pytest.mark.parametrize(
    ("piece", "codes"),
    [
        (SCRIPT, {"E_TEXT_TOO_LONG"}),
        (f"{SCRIPT}\u0007", {"E_TEXT_TOO_LONG", "E_TEXT_CONTROL_CHARS"}),
        (f"{SCRIPT}\ud800", {"E_TEXT_TOO_LONG", "E_TEXT_CONTROL_CHARS"}),
        (f"{SCRIPT}{BIDI}", {"E_TEXT_TOO_LONG"}),
        ("risk: 7/10 RAG ", {"E_TEXT_TOO_LONG"}),
        ("a\u0301\u0316", {"E_TEXT_TOO_LONG"}),
    ],
)
def test_a_megabyte_of_it_is_refused_without_being_told_again(piece, codes):
    text = piece * (MEGABYTE // len(piece.encode("utf-8", "surrogatepass")))
    body = make_body({SUMMARY: text})
    tracemalloc.start()
    try:
        record, issues = check(body, policy=POLICY, now=NOON)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert record is None
    assert {(issue.code, issue.path) for issue in issues} == {
        (code, SUMMARY) for code in codes
    }
    assert most < 12 * len(body)
    told = json.dumps([issue.as_json() for issue in issues])
    assert len(told) < 1_000
    assert "script" not in told


def test_as_much_as_a_text_may_hold_is_kept_as_it_is_and_flagged():
    text = (SCRIPT + BIDI) * (20_000 // len(SCRIPT + BIDI))
    record, issues = judged(text)
    assert record is not None
    assert record.tree["safety"]["formulation"]["summary"] == text
    assert [(issue.code, issue.path) for issue in issues] == [
        ("W_TEXT_BIDI", SUMMARY),
        ("W_TEXT_MARKUP", SUMMARY),
    ]
