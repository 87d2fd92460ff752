"""Control data that may leave, and the sentences that go beside the redacted record.

Source: disclosure rules, section 9 (C1) and section 8 (MARK_INCOMPLETE, declared gaps).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapter.clock import LONDON, parse_instant
from adapter.disclosure.consent import is_in_force
from adapter.disclosure.model import Outcome
from adapter.disclosure.overrides import State, state_of
from adapter.disclosure.plan import Terms
from adapter.disclosure.reading import Reading
from adapter.record.model import Record
from adapter.record.vocabulary import LOG, SPL

OWN_COPY_NOTICE = "Ask your team to go through your record with you."
"""Always on the young person's page, so that it tells nothing.

Source: disclosure rules, section 8, SILENT_OMISSION.
"""

_POSITION = re.compile(r"\[\d+\]")
_NOT_SENT = {
    "competence": ("evidence",),
    "decision": ("reason_given", "best_interests_record"),
}


def shared_control(reading: Reading) -> dict[str, Any]:
    """Competence, decisions and overrides in force, and the recipients they name.

    For health kinds when transition_logistics is share, and for nobody else: the caller
    sees to that. A decision whose recipient cannot be shown is left out.
    """
    sharing = reading.tree["consent_and_sharing"]
    shared: dict[str, Any] = {
        "competence": _without(sharing["competence"], _NOT_SENT["competence"])
    }
    if "other" in shared["competence"]:
        other = [dict(each) for each in shared["competence"]["other"]]
        shared["competence"]["other"] = other
    seen = reading.seen
    recipients = {each["id"]: each for each in sharing.get("recipients", ())}
    named: list[str] = []

    def may_show(entry: Mapping[str, Any]) -> bool:
        ref = entry.get("recipient_ref")
        if ref is None:
            return True
        if ref not in recipients:
            return False
        named.append(ref)
        return True

    def is_of_force(override: Mapping[str, Any]) -> bool:
        kind = recipients.get(override.get("recipient_ref"), {}).get("kind", "")
        state = state_of(override, kind, seen.standing.age, seen.at, seen.policy)
        return state is State.VALID

    decisions = [
        _without(decision, _NOT_SENT["decision"])
        for decision in sharing.get("decisions", ())
        if is_in_force(decision, seen, recipients.get(decision.get("recipient_ref")))
        and may_show(decision)
    ]
    overrides = [
        dict(override)
        for override in sharing.get("overrides", ())
        if is_of_force(override) and may_show(override)
    ]
    shown = ("id", "kind", "name", "ods_code")
    entries = [
        {name: each[name] for name in shown if name in each}
        for ref, each in recipients.items()
        if ref in named
    ]
    if decisions:
        shared["decisions"] = decisions
    if overrides:
        shared["overrides"] = overrides
    if entries:
        shared["recipients"] = entries
    return shared


def author(record: Record) -> dict[str, str] | None:
    """The author's name and role; None when the record does not tell."""
    member = record.find(record.tree.get("author_ref", ""))
    if member is None:
        return None
    return {name: member[name] for name in ("name", "role") if name in member}


def number_to_ring(record: Record, terms: Terms) -> str | None:
    """The transition worker's phone, else that of the first contact always available.

    Each only where its own category lets it go to this recipient; None where neither
    does. Source: disclosure rules, section 8, MARK_INCOMPLETE.
    """
    if terms.outcomes[LOG] is not Outcome.WITHHOLD:
        worker = record.tree.get("transition", {}).get("named_transition_worker_ref")
        phone = (record.find(worker or "") or {}).get("phone")
        if phone:
            return str(phone)
    if terms.outcomes[SPL] is not Outcome.WITHHOLD:
        plan = record.tree.get("safety", {}).get("safety_plan", {})
        for contact in plan.get("crisis_contacts", ()):
            if contact.get("available") == "always" and contact.get("phone"):
                return str(contact["phone"])
    return None


def pointer(number: str | None) -> str:
    """The sentence of the pointer: something is held, without saying what."""
    ring = f"ring {number}" if number else "ring the sending team"
    return (
        f"The sending team holds further information: {ring} before relying on this "
        "record as complete."
    )


def incomplete_notice(number: str | None) -> str:
    """The sentence of MARK_INCOMPLETE, which does not say which category is short."""
    ring = f"Ring {number}" if number else "Ring the sending team"
    return f"This record is not complete. {ring} before relying on it."


def gaps(
    record: Record, terms: Terms, kept_back: Sequence[str]
) -> tuple[dict[str, str], ...]:
    """Each declared gap in a field that this health recipient would get.

    ``path`` is spelt without positions, ``by`` as the record has it; the gap's reason
    is not sent. Name and role of who fills it are left out where transition_logistics
    is withheld. A gap that covers nothing (W_GAP_NOT_NEEDED) is not shown.
    """
    unneeded = {
        issue.path for issue in record.warnings if issue.code == "W_GAP_NOT_NEEDED"
    }
    told = []
    for position, gap in enumerate(record.tree.get("declared_gaps", ())):
        if f"declared_gaps[{position}].path" in unneeded:
            continue
        if not _would_get(gap["path"], terms, kept_back):
            continue
        path = _POSITION.sub("[]", gap["path"])
        entry = {"path": path, "by": gap["by"]}
        who = "the sending team"
        filler = record.find(gap["who_fills_ref"])
        if filler is not None and terms.outcomes[LOG] is not Outcome.WITHHOLD:
            entry["name"] = filler["name"]
            entry["role"] = filler["role"]
            who = f"{filler['name']} ({filler['role'].replace('_', ' ')})"
        entry["text"] = (
            f"Not yet recorded: {_in_words(path)}. It will be added by {who}, by "
            f"{_london(gap['by'])}."
        )
        told.append(entry)
    return tuple(sorted(told, key=lambda gap: (gap["path"], gap["by"], gap["text"])))


def _would_get(path: str, terms: Terms, kept_back: Sequence[str]) -> bool:
    under: Callable[[str], bool] = lambda place: (  # noqa: E731
        path == place or path.startswith((f"{place}.", f"{place}["))
    )
    return not any(under(place) for place in kept_back) and terms.may_leave(
        _POSITION.sub("[]", path)
    )


def _in_words(path: str) -> str:
    segments = path.replace("[]", "").removesuffix("_ref").split(".")
    return ", ".join(segment.replace("_", " ") for segment in segments)


def _london(instant: str) -> str:
    moment = parse_instant(instant).astimezone(LONDON)
    return f"{moment.day} {moment:%B %Y at %H:%M}"


def _without(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: each for name, each in node.items() if name not in names}
