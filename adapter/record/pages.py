"""The reference pages that are made from the declarations and the table of codes.

Source of what they say: the record model; here is only how it is laid out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from adapter.record.codes import ISSUE_CODES
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.record.fields import LONGEST_LIST

DICTIONARY = "docs/reference/record.md"
CHECKLIST = "docs/field-checklist.csv"
CODES = "docs/reference/codes.md"

MADE = "<!-- Made by `transition-adapter docs`: change the code, not this page. -->"
_ENVELOPE = "Envelope"

_DICTIONARY_HEAD = f"""# The record: data dictionary

{MADE}

Every field of the record model, in its order. For the same as a JSON Schema:
`transition-adapter schema`; for a record to start from: `transition-adapter template`;
as a table for an analyst: [field-checklist.csv](../field-checklist.csv).

- **Card.** is the cardinality inside the parent. A `1` or `1..*` that is missing is
  told as the [code](codes.md) that the rule names, else as `E_SCHEMA`. A list holds at
  most {LONGEST_LIST} items.
- **Category** is the category of the rules of disclosure; `-` is control data. *min*
  marks a field of the declared minimum set of that category.
- **SC** = safety-critical: losing, garbling or misdirecting it could lead to harm.
- **Why** is the source that asks for it, **FHIR R4** where it goes.
"""

_CODES_HEAD = f"""# Codes of a record's issues

{MADE}

Every fault of a record is told at once, in document order: severity, code, path and
message. `E_` refuses (HTTP 422, nothing is kept or sent), `W_` accepts and flags to a
person. An answer also groups them by section under `sections`, with the sentence that
says how the code is mended.

**Mark.** I = integrity: what is there is wrong, and refuses in every status. C =
completeness: something is not there yet. C refuses only an `active` or `completed`
record, and not where a declared gap covers it (then `W_DECLARED_GAP`); in any other
status it is a warning. `E_SCHEMA` is C when something required is missing, except of
identity, envelope and consent.
"""


def pages() -> Mapping[str, str]:
    """The text of each page by its path in the project."""
    return {
        DICTIONARY: _dictionary(),
        CHECKLIST: _checklist(),
        CODES: _codes(),
    }


def cardinality(found: Declaration) -> str:
    """``1``, ``0..1``, ``1..*`` or ``0..*``."""
    if found.many or found.type == "list":
        return "1..*" if found.required else "0..*"
    return "1" if found.required else "0..1"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") or " " for cell in cells) + " |"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    heads = list(heads)
    lines = [_row(heads), _row("---" for _ in heads), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _section_of(found: Declaration) -> str:
    """The heading under which a field stands: its top-level container, or none."""
    first = found.path.partition(".")[0]
    top = DECLARATIONS[first]
    return f"`{first}`" if top.is_container else _ENVELOPE


def _allowed(found: Declaration) -> str:
    parts = []
    if found.codes:
        parts.append("one of: " + ", ".join(found.codes))
    if found.refs_to:
        parts.append("to: " + ", ".join(found.refs_to))
    if found.text:
        parts.append(found.text)
    return "; ".join(parts)


def _category(found: Declaration) -> str:
    minimum = ["min" if found.category in found.minimum else ""]
    minimum += [f"min of {name}" for name in found.minimum if name != found.category]
    return "; ".join(part for part in [found.category or "-", *minimum] if part)


def _dictionary() -> str:
    sections: dict[str, list[Declaration]] = {}
    for found in DECLARATIONS.values():
        sections.setdefault(_section_of(found), []).append(found)
    parts = [_DICTIONARY_HEAD]
    heads = ("Field", "Type", "Card.", "Allowed, and rules", "Category", "SC", "Why")
    for heading, fields in sections.items():
        rows = (
            (
                f"`{found.path}`",
                found.type,
                cardinality(found),
                _allowed(found),
                "" if found.is_container else _category(found),
                "" if found.is_container else "Y" if found.safety_critical else "N",
                found.why,
                found.fhir,
            )
            for found in fields
        )
        parts.append(f"## {heading}\n\n{table((*heads, 'FHIR R4'), rows)}")
    return "\n".join(parts)


def _checklist() -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            "field",
            "type",
            "cardinality",
            "allowed",
            "category",
            "safety_critical",
            "why",
            "fhir_r4",
            "held_in_your_system",
            "your_field",
            "your_codes",
            "notes",
        )
    )
    for found in DECLARATIONS.values():
        if not found.is_container:
            writer.writerow(
                (
                    found.path,
                    found.type,
                    cardinality(found),
                    _allowed(found),
                    found.category or "-",
                    "Y" if found.safety_critical else "N",
                    found.why,
                    found.fhir,
                    *("",) * 4,
                )
            )
    return text.getvalue()


def _codes() -> str:
    heads = ("Code", "Mark", "Raised when", "How it is mended", "Source")
    parts = [_CODES_HEAD]
    for heading, severity in (("Errors", "error"), ("Warnings", "warning")):
        rows = (
            (f"`{each.code}`", each.mark, each.meaning, each.mend, each.source)
            for each in ISSUE_CODES.values()
            if each.severity == severity
        )
        parts.append(f"## {heading}\n\n{table(heads, rows)}")
    return "\n".join(parts)
