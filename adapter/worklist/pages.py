"""The reference page on what needs a person: each obligation and each other purpose.

Source of what it says: the disclosure rules, section 8, and ``words``; here is only how
it is laid out.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapter.disclosure.reasons import OBLIGATIONS, ObligationKind
from adapter.record.pages import MADE, table
from adapter.store.worklist import SENDING_TEAM, WITHOUT_WORK
from adapter.worklist.words import PURPOSES

PAGE = "docs/reference/worklist.md"

_HEAD = f"""# The worklist

{MADE}

What needs a person stands in the worklist of the sending team: one item for each person
and purpose, merged across recipients and record versions. `GET /worklist` and `worklist
list` tell each with its reasons, its date and the number to ring; a named person takes
and closes it.

What the newest decision on a recipient asks for no longer leaves the worklist by
itself, audited, with the reason `no_longer_needed`; an item that somebody has taken
stays theirs and says so. Telling the young person and the Caldicott Guardian of what
was shared stays a duty although the sharing is over; telling that is put off takes
the place of telling.
"""

_OBLIGATIONS = """## Obligations of a decision

Where no date is named, the rules name none.
"""
_OTHERS = """## Other purposes

These come from deliveries, from time and from declared gaps.
"""


def pages() -> Mapping[str, str]:
    """The text of the page by its path in the project."""
    heads = ("Code", "When", "Owner", "Deadline", "How it is closed")
    obligations = table(heads, map(_obligation, OBLIGATIONS.values()))
    others = table(
        ("Purpose", "What it asks", "How it is closed"),
        (
            (f"`{code}`", each.what, each.how_to_close)
            for code, each in PURPOSES.items()
            if code not in OBLIGATIONS
        ),
    )
    return {PAGE: f"{_HEAD}\n{_OBLIGATIONS}\n{obligations}\n{_OTHERS}\n{others}"}


def _obligation(each: ObligationKind) -> tuple[str, ...]:
    code, due = f"`{each.code}`", each.due or "none"
    if each.code in WITHOUT_WORK:
        return code, each.when, "the adapter", due, "The adapter does it by itself"
    owner = SENDING_TEAM.replace("_", " ")
    return code, each.when, owner, due, PURPOSES[each.code].how_to_close
