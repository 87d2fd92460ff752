"""What a text may hold without being refused, but that a person should look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapter.record.faults import Fault, Finding
from adapter.record.walk import Leaf

_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"<[A-Za-z/!]")
_RANKING = (
    re.compile(r"\b(high|medium|moderate|low)( |-)risk\b", re.IGNORECASE),
    re.compile(
        r"\brisk( level| rating| score)? ?[:=] ?"
        r"(high|medium|moderate|low|red|amber|green|\d+)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\bRAG\b"),
)
_OUT_OF_TEN = re.compile(r"\b\d+ ?/ ?10\b")
_NEAR = 40 + len("risk")

_TURNED = Fault("W_TEXT_BIDI", "holds characters that turn the direction of the text")
_MARKED_UP = Fault("W_TEXT_MARKUP", "looks like markup; it is kept as it is")
_RANKED = Fault(
    "W_RISK_STRATIFICATION_TEXT", "seems to rank risk; say what happens, and when"
)


def check_texts(texts: Iterable[Leaf]) -> Iterator[Finding]:
    """Texts with turned direction, markup, or words that rank risk.

    Source: record model, W_TEXT_BIDI, W_TEXT_MARKUP, W_RISK_STRATIFICATION_TEXT.
    """
    for leaf in texts:
        text = leaf.value
        if not text.isascii() and _BIDI.search(text):
            yield Finding(leaf.place, _TURNED)
        if "<" in text and _MARKUP.search(text):
            yield Finding(leaf.place, _MARKED_UP)
        if ranks_risk(text):
            yield Finding(leaf.place, _RANKED)


def ranks_risk(text: str) -> bool:
    """Whether a narrative seems to rank overall risk. Source: record model, 0.2."""
    lowered = text.lower()
    if "risk" not in lowered and "RAG" not in text:
        return False
    if any(pattern.search(text) for pattern in _RANKING):
        return True
    return any(
        "risk" in lowered[max(0, score.start() - _NEAR) : score.end() + _NEAR]
        for score in _OUT_OF_TEN.finditer(lowered)
    )
