"""What R4 allows in a narrative: a div of plain text elements, and something in it.

Source: FHIR R4 (4.0.1), Narrative, txt-1 and txt-2.
"""

from __future__ import annotations

from xml.etree import ElementTree

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = """
    a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt
    em h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup table
    tbody td tfoot th thead tr tt ul var
"""
_ATTRIBUTES = """
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing
    cellvalign char charoff charset cite class colspan compact coords dir frame headers
    height href hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope
    shape span src start style summary tabindex title type usemap valign value vlink
    vspace width
"""
_ALLOWED_ELEMENTS = frozenset(_ELEMENTS.split())
_ALLOWED_ATTRIBUTES = frozenset(_ATTRIBUTES.split())


def is_plain_xhtml(div: str) -> bool:
    """txt-1: whether it is well-formed, a div, and has nothing active in it."""
    root = _parsed(div)
    if root is None or root.tag != f"{_XHTML}div":
        return False
    for node in root.iter():
        name = node.tag.removeprefix(_XHTML) if isinstance(node.tag, str) else ""
        if name not in _ALLOWED_ELEMENTS:
            return False
        if not _ALLOWED_ATTRIBUTES.issuperset(node.attrib):
            return False
    return True


def has_content(div: str) -> bool:
    """txt-2: whether it has a word or an image."""
    root = _parsed(div)
    if root is None:
        return False
    has_words = any(text.strip() for text in root.itertext())
    return has_words or root.find(f".//{_XHTML}img") is not None


def _parsed(div: str) -> ElementTree.Element | None:
    # A document type or entity has no place here, and could be made to grow.
    if "<!" in div.replace("<!--", ""):
        return None
    try:
        return ElementTree.fromstring(div)
    except ElementTree.ParseError:
        return None
