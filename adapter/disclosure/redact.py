"""The redacted record: what may leave for one recipient, before any mapping.

``disclose`` decides and redacts in one pass; nothing of a category that is withheld
stands anywhere in what it hands back. Source: disclosure rules, sections 2, 8 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.disclosure import control
from adapter.disclosure.access_codes import without_access_codes
from adapter.disclosure.bases import is_imca, is_instructed_advocate
from adapter.disclosure.model import HEALTH_KINDS, Decision, Outcome, is_silent_kind
from adapter.disclosure.obligations import obligations
from adapter.disclosure.order import in_order
from adapter.disclosure.outcomes import CONTACTS_RULE, decide_outcomes
from adapter.disclosure.plan import Terms, terms
from adapter.disclosure.reading import Reading
from adapter.disclosure.references import mend_references
from adapter.disclosure.walk import Walk
from adapter.policy import Policy
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES, LOG

_CORE = {"young_person"}
_CORE_OF_PERSON = {"names", "birth_date"}


@dataclass(frozen=True)
class Redacted:
    """What may leave for one recipient.

    ``tree`` has the record's sections, each list in the one order of ``order``.
    ``author`` goes to health kinds when transition_logistics is share. ``pointers``,
    ``notices`` and the ``text`` of ``gaps`` are plain sentences. A gap has ``path``
    (without positions), ``by``, ``text`` and, where they may go, ``name`` and ``role``.
    """

    tree: dict[str, Any]
    status: str
    author: dict[str, str] | None
    recipient: dict[str, str]
    pointers: tuple[str, ...]
    notices: tuple[str, ...]
    gaps: tuple[dict[str, str], ...]

    def context(self) -> dict[str, Any]:
        """All that mapping sees: the sections, and what stands beside them."""
        return {
            **self.tree,
            "status": self.status,
            **({"author": self.author} if self.author else {}),
            "recipient": self.recipient,
            "pointers": list(self.pointers),
            "notices": list(self.notices),
            "gaps": list(self.gaps),
        }


def disclose(
    record: Record, recipient_id: str, *, at: datetime, policy: Policy
) -> tuple[Decision, Redacted | None]:
    """The decision for one recipient and what may leave; None when nothing does.

    Nothing but the identification core counts as nothing (N5). A recipient whom the
    record does not list is answered too, by gate G2.
    """
    return disclose_from(Reading(record, at, policy), recipient_id)


def disclose_from(
    reading: Reading, recipient_id: str
) -> tuple[Decision, Redacted | None]:
    """The same, of a reading that serves other recipients of the record too."""
    record, policy = reading.record, reading.policy
    found = decide_outcomes(reading, recipient_id)
    decision = Decision(
        recipient_id=recipient_id,
        kind=found.kind,
        record_version=record.version,
        at=reading.at,
        policy_version=policy.version,
        categories=found.categories,
        items=found.items,
        obligations=(),
        valid_until=found.valid_until,
        gate=found.gate,
    )
    walk, redacted = _take_out(reading, decision)
    duties = obligations(
        found.kind,
        found.categories,
        found.grounds,
        policy,
        is_incomplete=redacted is not None and walk is not None and walk.removed,
        to_ring=walk.to_ring if redacted is not None and walk is not None else (),
    )
    items = (*found.items, *(walk.items if walk is not None else ()))
    return _replaced(decision, items=items, obligations=duties), redacted


def redact(record: Record, decision: Decision, *, policy: Policy) -> Redacted | None:
    """What may leave under a decision already made; None when nothing does."""
    return _take_out(Reading(record, decision.at, policy), decision)[1]


def _replaced(decision: Decision, **changes: Any) -> Decision:
    return Decision(**{**decision.__dict__, **changes})


def _take_out(
    reading: Reading, decision: Decision
) -> tuple[Walk | None, Redacted | None]:
    record = reading.record
    recipient = record.recipient(decision.recipient_id)
    even_so = frozenset(
        item.path for item in decision.items if item.rule == CONTACTS_RULE
    )
    if recipient is None or (decision.withholds_all and not even_so):
        return None, None
    is_advocate = decision.kind == "advocate"
    under = terms(
        decision.kind,
        tuple(decision.outcome(category) for category in CATEGORIES),
        is_advocate and is_imca(record, recipient, reading.standing),
        even_so,
    )
    walk = Walk(
        record.tree,
        recipient,
        under,
        decision.categories,
        reading.known,
        is_advocate and is_instructed_advocate(record, recipient),
    ).run()
    tree = walk.tree
    if under.is_silent:  # N8f
        tree = without_access_codes(tree)
    is_health = decision.kind in HEALTH_KINDS
    shares_control = is_health and under.outcomes[LOG] is Outcome.SHARE
    if shares_control:
        shared = control.shared_control(reading)
        tree["consent_and_sharing"] = {**shared, **tree.get("consent_and_sharing", {})}
    tree = mend_references(tree, recipient["id"])
    if _is_core_alone(tree) and not walk.pointed:
        return walk, None
    return walk, Redacted(
        tree=in_order(tree, reading.known.ordered if reading.known else ()),
        status=record.status,
        author=control.author(record) if shares_control else None,
        recipient={
            name: recipient[name]
            for name in ("id", "kind", "name", "ods_code")
            if name in recipient
        },
        pointers=_pointers(record, walk, under),
        notices=_notices(record, walk, under),
        gaps=control.gaps(record, under, walk.kept_back) if is_health else (),
    )


def _is_core_alone(tree: dict[str, Any]) -> bool:
    return (
        tree.keys() <= _CORE and tree.get("young_person", {}).keys() <= _CORE_OF_PERSON
    )


def _pointers(record: Record, walk: Walk, under: Terms) -> tuple[str, ...]:
    if not walk.pointed:
        return ()
    return (control.pointer(control.number_to_ring(record, under)),)


def _notices(record: Record, walk: Walk, under: Terms) -> tuple[str, ...]:
    if under.kind == "young_person":
        return (control.OWN_COPY_NOTICE,)  # whatever is withheld
    if not walk.removed or is_silent_kind(under.kind):
        return ()
    return (control.incomplete_notice(control.number_to_ring(record, under)),)
