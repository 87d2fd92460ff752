"""What a sender adds of its own.

Source: record model, section 13.
"""

from __future__ import annotations

from adapter.record.fields import Code, Id, Section, String, Text
from adapter.record.vocabulary import CATEGORIES


class LocalExtension(Section):
    """One addition of the sender, in a namespace of its own."""

    id = Id(required=True, why="design", fhir="Extension")
    namespace = String(
        required=True, why="design", fhir="Extension.url", text="reverse domain"
    )
    name = String(
        required=True, why="design", fhir="Extension.url", text="bans of 0.2 hold"
    )
    value = Text(
        required=True,
        why="design",
        fhir="Extension.valueString",
        text="bans of 0.2 hold",
    )
    category = Code(
        CATEGORIES,
        required=True,
        safety_critical=True,
        why="fail closed",
        fhir="meta.security",
        text="a category code; no category, no disclosure",
    )
