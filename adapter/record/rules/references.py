"""Ids are used once, and refs point to something of the right kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from adapter.record.faults import Fault, Finding, Place
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, wrong
from adapter.record.vocabulary import REF_TARGETS, YOUNG_PERSON
from adapter.record.walk import Leaf

_TWICE = Fault("E_DUPLICATE_ID", "this id stands elsewhere in the record too")
_RESERVED = Fault("E_DUPLICATE_ID", "this id is reserved for the young person")
_DANGLING = Fault("E_DANGLING_REF", "names no item of a kind that may stand here")


def index_ids(ids: Iterable[Leaf]) -> dict[str, set[str]]:
    """For each id, the declared paths of the items that bear it."""
    found: dict[str, set[str]] = {}
    for leaf in ids:
        found.setdefault(leaf.value, set()).add(leaf.container)
    return found


def check_ids(ids: Iterable[Leaf]) -> Iterator[Finding]:
    """Each use of an id after its first, and the reserved id as an item's own.

    Source: record model, section 0 (``id``) and E_DUPLICATE_ID.
    """
    seen = set()
    for leaf in ids:
        if leaf.value == YOUNG_PERSON:
            yield Finding(leaf.place, _RESERVED)
        elif leaf.value in seen:
            yield Finding(leaf.place, _TWICE)
        seen.add(leaf.value)


def check_refs(
    refs: Iterable[Leaf], items: dict[str, set[str]], faulted: Set[Place]
) -> Iterator[Finding]:
    """Refs to no item, or to one of a kind that their row does not allow.

    Where a list that a ref may point into cannot be read at all, nobody can tell.
    Source: record model, section 0 (``ref``) and E_DANGLING_REF.
    """
    unreadable = {
        name for name, path in REF_TARGETS.items() if _is_unreadable(path, faulted)
    }
    for leaf in refs:
        targets = leaf.field.refs_to
        if leaf.value == YOUNG_PERSON and YOUNG_PERSON in targets:
            continue
        allowed = {REF_TARGETS[name] for name in targets if name in REF_TARGETS}
        if not allowed & items.get(leaf.value, set()) and not (
            unreadable.intersection(targets)
        ):
            yield Finding(leaf.place, _DANGLING)


def _is_unreadable(path: str, faulted: Set[Place]) -> bool:
    steps = tuple(path.removesuffix("[]").split("."))
    return any(steps[:length] in faulted for length in range(1, len(steps) + 1))


_PERSON_NEEDED = ("family_member", "community_placement_carer")


def check_recipient_person(recipient: Part, facts: Facts) -> Iterator[Finding]:
    """A relative or host is one of the people, an advocate one of the members.

    Source: record model, ``consent_and_sharing.recipients[].person_ref``.
    """
    kind = recipient.value("kind")
    person = recipient.value("person_ref")
    if person is None:
        return
    if kind in _PERSON_NEEDED:
        wanted = REF_TARGETS["people"]
    elif kind == "advocate":
        wanted = REF_TARGETS["members"]
    else:
        return
    bearers = facts.items.get(person, set())
    if bearers and wanted not in bearers and not _is_nobody(bearers):
        yield wrong(
            "E_DANGLING_REF",
            recipient.at("person_ref"),
            "names an item of a kind that this kind of recipient does not allow",
        )


def _is_nobody(bearers: Set[str]) -> bool:
    """Whether check_refs has told of it already: neither person nor member."""
    return not bearers & {REF_TARGETS["people"], REF_TARGETS["members"]}


RULES: tuple[Rule, ...] = (
    ("consent_and_sharing.recipients[]", check_recipient_person),
)
