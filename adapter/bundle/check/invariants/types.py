"""The invariants of R4's data types, and those that every resource has.

Source: FHIR R4 (4.0.1), the constraints of severity error on the types that emitted
resources are made of, by their own keys.
"""

from __future__ import annotations

import re

from adapter.bundle.check.invariants.rule import (
    Invariant,
    Node,
    implies,
    is_not_after,
)
from adapter.bundle.check.xhtml import has_content, is_plain_xhtml

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+").fullmatch
UCUM = "http://unitsofmeasure.org"


def _contained(node: Node) -> list[Node]:
    found: list[Node] = node.get("contained", [])
    return found


def _period_runs_forward(node: Node) -> bool:
    start, end = node.get("start"), node.get("end")
    if start is None or end is None:
        return True
    return is_not_after(start, end)


def _number(node: Node, name: str) -> float | None:
    part = node.get(name)
    return part.get("value") if isinstance(part, dict) else None


def _is_low_first(node: Node) -> bool:
    low, high = _number(node, "low"), _number(node, "high")
    return low is None or high is None or low <= high


def _is_measured(node: Node) -> bool:
    return ("code" in node or "value" not in node) and node.get("system", UCUM) == UCUM


_BASE = (
    Invariant(
        "dom-2",
        "DomainResource",
        "what is contained contains nothing",
        lambda r: not any("contained" in part for part in _contained(r)),
        given="contained",
    ),
    Invariant(
        "dom-4",
        "DomainResource",
        "what is contained has neither version nor instant",
        lambda r: (
            not any(
                {"versionId", "lastUpdated"} & part.get("meta", {}).keys()
                for part in _contained(r)
            )
        ),
        given="contained",
    ),
    Invariant(
        "dom-5",
        "DomainResource",
        "what is contained has no security label",
        lambda r: not any("security" in part.get("meta", {}) for part in _contained(r)),
        given="contained",
    ),
    Invariant(
        "ta-8",
        "DomainResource",
        "what is contained has an id",
        lambda r: all("id" in part for part in _contained(r)),
        given="contained",
    ),
    Invariant(
        "ext-1",
        "Extension",
        "an extension has a value or extensions, not both",
        lambda e: (
            ("extension" in e)
            != any(name.startswith(("value", "_value")) for name in e)
        ),
    ),
    Invariant(
        "txt-1",
        "Narrative",
        "the div holds only the elements and attributes that R4 allows",
        lambda n: "div" not in n or is_plain_xhtml(n["div"]),
    ),
    Invariant(
        "txt-2",
        "Narrative",
        "the div has some content",
        lambda n: "div" not in n or has_content(n["div"]),
    ),
    Invariant(
        "per-1", "Period", "the start is not after the end", _period_runs_forward
    ),
    Invariant(
        "qty-3",
        "Quantity",
        "a code for the unit has its system",
        lambda q: implies(q, "code", "system"),
    ),
    Invariant(
        "age-1",
        "Age",
        "an age has a UCUM code and is above nought",
        lambda q: _is_measured(q) and q.get("value", 1) > 0,
    ),
    Invariant("dis-1", "Distance", "a distance has a UCUM code", _is_measured),
    Invariant(
        "drt-1",
        "Duration",
        "a duration's code is UCUM's and has a value",
        lambda q: "code" not in q or (q.get("system") == UCUM and "value" in q),
    ),
    Invariant(
        "cnt-3",
        "Count",
        "a count is whole, its code 1",
        lambda q: (
            _is_measured(q)
            and q.get("code", "1") == "1"
            and not isinstance(q.get("value"), float)
        ),
    ),
    Invariant("rng-2", "Range", "the low end is not above the high", _is_low_first),
    Invariant(
        "rat-1",
        "Ratio",
        "numerator and denominator stand together, or an extension does",
        lambda r: (
            ("numerator" in r) == ("denominator" in r)
            and ("numerator" in r or "extension" in r)
        ),
    ),
    Invariant(
        "att-1",
        "Attachment",
        "data has its content type",
        lambda a: implies(a, "data", "contentType"),
    ),
    Invariant(
        "cpt-2",
        "ContactPoint",
        "a value has its system",
        lambda c: implies(c, "value", "system"),
    ),
    Invariant(
        "exp-1",
        "Expression",
        "an expression or a reference",
        lambda e: "expression" in e or "reference" in e,
    ),
)

_TIMING = (
    Invariant(
        "tim-1",
        "TimingRepeat",
        "a duration has its unit",
        lambda t: implies(t, "duration", "durationUnit"),
    ),
    Invariant(
        "tim-2",
        "TimingRepeat",
        "a period has its unit",
        lambda t: implies(t, "period", "periodUnit"),
    ),
    Invariant(
        "tim-4",
        "TimingRepeat",
        "a duration is not negative",
        lambda t: t.get("duration", 0) >= 0,
    ),
    Invariant(
        "tim-5",
        "TimingRepeat",
        "a period is not negative",
        lambda t: t.get("period", 0) >= 0,
    ),
    Invariant(
        "tim-6",
        "TimingRepeat",
        "a longest period needs a period",
        lambda t: implies(t, "periodMax", "period"),
    ),
    Invariant(
        "tim-7",
        "TimingRepeat",
        "a longest duration needs a duration",
        lambda t: implies(t, "durationMax", "duration"),
    ),
    Invariant(
        "tim-8",
        "TimingRepeat",
        "a highest count needs a count",
        lambda t: implies(t, "countMax", "count"),
    ),
    Invariant(
        "tim-9",
        "TimingRepeat",
        "an offset needs a when, and not at a meal itself",
        lambda t: (
            "offset" not in t
            or ("when" in t and not {"C", "CM", "CD", "CV"} & set(t["when"]))
        ),
    ),
    Invariant(
        "tim-10",
        "TimingRepeat",
        "a time of day or a when, not both",
        lambda t: not ("timeOfDay" in t and "when" in t),
    ),
)

_SYSTEMS = (
    Invariant(
        "ta-6",
        "Identifier",
        "the system is an absolute URI",
        lambda i: "system" not in i or bool(_ABSOLUTE(i["system"])),
        given="system",
    ),
    Invariant(
        "ta-7",
        "Coding",
        "the system is an absolute URI, and has a code in it",
        lambda c: "system" not in c or ("code" in c and bool(_ABSOLUTE(c["system"]))),
        given="system",
    ),
)

TYPES = (*_SYSTEMS, *_BASE, *_TIMING)
