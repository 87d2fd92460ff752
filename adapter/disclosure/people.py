"""What leaves of the young person, and of the people around them.

Names by recipient, a sensitive address, the family's views and wishes. Source:
disclosure rules, section 2 (people, confided items) and section 9 (N1 to N5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.disclosure.items import ItemCategories, view_category, wishes_category
from adapter.disclosure.model import HEALTH_KINDS, Outcome
from adapter.disclosure.plan import Leaf
from adapter.record.vocabulary import DEM, SXG

if TYPE_CHECKING:
    from adapter.disclosure.walk import Walk

Item = Mapping[str, Any]
_MEMBER = ("id", "name", "role", "organisation_ods", "organisation_name", "phone")
_CORE_NAME = ("id", "use", "given", "family")
_USES = ("official", "preferred", "former")
_OWN_USES = ("preferred", "official", "former")
_ADDRESS = ("address_text", "postcode")


def take_young_person(walk: Walk, value: Item) -> dict[str, Any]:
    kept = walk.take_new(walk.terms.plan("young_person"), value)
    kind = walk.terms.kind
    if value.get("address_is_sensitive") is True and not (
        kind in HEALTH_KINDS or kind == "la_safeguarding"
    ):  # N3
        for name in _ADDRESS:
            kept.pop(name, None)
    may_use = _may_use(walk, value.get("pronouns_use_with"))  # N1
    if not may_use:
        kept.pop("pronouns", None)
    if not may_use or (walk.terms.is_silent and kind != "young_person"):
        kept.pop("pronouns_use_with", None)
    return kept


def _may_use(walk: Walk, use_with: Sequence[str] | None) -> bool:
    """True when a preferred name or pronouns may be used with this kind (N1)."""
    kind = walk.terms.kind
    if kind == "young_person":
        return True
    return kind in use_with if use_with else kind in HEALTH_KINDS


def take_names(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    """The names allowed here, always the official one and first (N1, N2, N5).

    The young person's own copy begins with the preferred one (N1).
    """
    path = "young_person.names[]"
    withheld = walk.terms.outcomes[DEM] is Outcome.WITHHOLD
    kept: list[dict[str, Any]] = []
    for position, name in enumerate(values):
        use = name.get("use")
        if use == "former":
            categories = ItemCategories(frozenset({DEM, SXG}))
            place = f"young_person.names[{position}]"
            former = walk.take_item(place, path, name, categories)
            if former:
                kept.append(former)
            continue
        if use != "official" and not _may_use(walk, name.get("use_with")):
            continue
        if withheld:
            allowed = {each: name[each] for each in _CORE_NAME if each in name}
            walk.take(walk.terms.plan(path), name)
        else:
            allowed = walk.take(walk.terms.plan(path), name)
        if walk.terms.is_silent and walk.terms.kind != "young_person":
            allowed = {n: each for n, each in allowed.items() if n != "use_with"}
        kept.append(allowed)
    uses = _OWN_USES if walk.terms.kind == "young_person" else _USES
    return sorted(kept, key=lambda name: (uses.index(name["use"]), name["id"]))


def take_place_preference(walk: Walk, value: Item) -> dict[str, Any]:
    rest = {name: each for name, each in value.items() if name != "family_wishes"}
    kept = walk.take_new(walk.terms.plan("transition.place_preference"), rest)
    if "family_wishes" in value:
        path = "transition.place_preference.family_wishes"
        leaf = walk.terms.leaf(path, wishes_category(value))
        if leaf is Leaf.KEEP:
            kept["family_wishes"] = value["family_wishes"]
        else:
            walk.note(leaf)
    return kept


def take_people(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    """Relatives and friends, as far as their name may be sent.

    Of another family member a silent recipient learns name and relation only.
    """
    path = "family_and_carers.people[]"
    plan = walk.terms.plan(path)
    kept = []
    for person in values:
        own = person.get("id") == walk.recipient.get("person_ref")
        if walk.terms.is_silent and not own:
            names = ("id", "name", "relation")
            taken = walk.take_new(plan, {n: person[n] for n in names if n in person})
        else:
            taken = walk.take_new(plan, _views_apart(person))
            _take_views(walk, person, taken)
        if "name" in taken:
            kept.append(taken)
    return kept


def _views_apart(person: Item) -> dict[str, Any]:
    apart = ("views", "conversations")
    return {name: each for name, each in person.items() if name not in apart}


def _take_views(walk: Walk, person: Item, taken: dict[str, Any]) -> None:
    """Views and conversations: confided, unless it is said that they are not."""
    category = view_category(person, walk.terms.kind)
    for name, first in (
        ("views", "views"),
        ("conversations", "conversations[].on"),
    ):
        value = person.get(name)
        if not value:
            continue
        leaf = walk.terms.leaf(f"family_and_carers.people[].{first}", category)
        if leaf is Leaf.KEEP:
            taken[name] = value
        else:
            walk.note(leaf)


def take_members(walk: Walk, values: Sequence[Item]) -> list[dict[str, Any]]:
    plan = walk.terms.plan("care_team.members[]")
    kept = []
    for member in values:
        if walk.terms.is_silent:
            own = {n: member[n] for n in _MEMBER if n in member}
            taken = walk.take_new(plan, own)
        else:
            taken = walk.take(plan, member)
        if "name" in taken:
            kept.append(taken)
    return kept
