"""Words planted in every text of a record, each with what has to let it leave.

A word is the same for the same place, so that two records planted alike can be
compared, and it is made of letters, so that it is found in any bytes.
"""

from __future__ import annotations

import copy
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from disclosure_oracle import categories_of

from adapter.clock import format_instant, parse_instant
from adapter.disclosure.items import view_category, wishes_category
from adapter.disclosure.model import HEALTH_KINDS, Decision, Outcome
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.record.vocabulary import CATEGORIES, DEM, LOG

Tree = dict[str, Any]

WORD = re.compile(rb"canary[a-z]{14}")
TEXTS = ("string", "text", "long_text")
_NAMES = ("id", "ref")

_ITEMS = {
    "safety.risks[].": "risk_and_mitigation",
    "safety.mitigations[].": "risk_and_mitigation",
    "safeguarding.concerns[].": "safeguarding",
    "communications[].": "transition_logistics",
    "clinical_essentials.conditions[].": "clinical_detail",
    "outcomes_monitoring.mitigation_reviews[].": "risk_and_mitigation",
}
_VIEWS = (
    "family_and_carers.people[].views",
    "family_and_carers.people[].conversations[].",
)
_WISHES = "transition.place_preference.family_wishes"
_CORE = ("young_person.names[].given", "young_person.names[].family")
_TO_HEALTH_KINDS = "consent_and_sharing."

DECIDING = (
    "young_person.birth_date",
    "young_person.names[].use",
    "young_person.address_is_sensitive",
    "young_person.pronouns_use_with[]",
    "transition.advocacy.",
    "safeguarding.local_authority.social_care_basis",
    "safety.risks[].domain",
    "safeguarding.concerns[].kind",
    "safeguarding.concerns[].status",
    "safeguarding.concerns[].response_level",
    "safeguarding.concerns[].statutory_threshold",
    "safeguarding.concerns[].alleged_source_",
    "family_and_carers.people[].contact_restriction",
    "family_and_carers.people[].parental_responsibility",
)
"""What rules read to decide, whatever becomes of the value itself."""


@dataclass(frozen=True)
class Place:
    """One value of a record: where it stands, and in which item.

    ``holder`` has it under ``name``; ``item`` is the nearest item with categories of
    its own, None for a value that has only its field's.
    """

    path: str
    declared: Declaration
    holder: Any
    name: str | int
    item: Tree | None
    base: str | None
    tree: Tree

    def categories(self, kind: str) -> frozenset[str] | None:
        """Every category that has to let it leave; None for control data."""
        if self.path == _WISHES:
            return frozenset({wishes_category(self.holder)})
        if self.path.startswith(_VIEWS) and self.item is not None:
            return frozenset({view_category(self.item, kind), DEM})
        if self.path.startswith("local_extensions[]."):
            return frozenset({self.holder["category"]})
        if self.base is not None and self.item is not None:
            found = categories_of(self.item, self.base, kind, self._inherited(kind))
            own = self.declared.category
            return frozenset(found | ({own} if own else set()))
        if self.path in _CORE:
            return self._of_name()
        own = self.declared.category
        return frozenset({own}) if own else None

    def _of_name(self) -> frozenset[str]:
        if self.holder["use"] == "former":
            return frozenset({DEM, "sexual_health_and_gender"})
        return frozenset()  # N5: it goes with any bundle

    def _is_exempt(self) -> bool:
        assert self.item is not None
        return bool(self.item.get("withhold_from_young_person"))

    def _inherited(self, kind: str) -> frozenset[str]:
        assert self.item is not None
        safety = self.tree["safety"]
        risks = {each["id"]: each for each in safety.get("risks", ())}
        ref = self.item.get("mitigation_ref")
        refs = set(self.item.get("risk_refs", ()))
        found: set[str] = set()
        for mitigation in safety.get("mitigations", ()):
            if mitigation["id"] == ref and self.path.startswith("outcomes_"):
                refs |= set(mitigation["risk_refs"])
                found |= categories_of(mitigation, "risk_and_mitigation", kind)
        if self.path.startswith(("safety.mitigations", "outcomes_")):
            for each in refs & risks.keys():
                found |= categories_of(risks[each], "risk_and_mitigation", kind)
        return frozenset(found)

    def must_stay(self, decision: Decision) -> bool:
        """True when nothing of it may leave under that decision."""
        categories = self.categories(decision.kind)
        if categories is None:
            return not (
                self.path.startswith(_TO_HEALTH_KINDS)
                and decision.kind in HEALTH_KINDS
                and decision.outcome(LOG) is Outcome.SHARE
            )
        is_of_item = self.item is not None and self.base is not None
        if is_of_item and decision.is_silent and self._is_exempt():
            return True
        return any(
            decision.outcome(each) is Outcome.WITHHOLD
            for each in categories & set(CATEGORIES)
        )


def places(tree: Tree) -> Iterator[Place]:
    """Every plain value of a record, the values of plain lists one by one."""
    yield from _places(tree, "", tree, None, None)


def _places(
    node: Tree, prefix: str, tree: Tree, item: Tree | None, base: str | None
) -> Iterator[Place]:
    for name, value in node.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _places(value, f"{path}.", tree, item, base)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            inner = f"{path}[]."
            for each in value:
                within, own = item, base
                if inner in _ITEMS:
                    within, own = each, _ITEMS[inner]
                elif inner == "family_and_carers.people[].":
                    within = each
                yield from _places(each, inner, tree, within, own)
        elif isinstance(value, list):
            declared = DECLARATIONS[f"{path}[]"]
            for position in range(len(value)):
                yield Place(declared.path, declared, value, position, item, base, tree)
        else:
            yield Place(path, DECLARATIONS[path], node, name, item, base, tree)


def plant(tree: Tree) -> dict[bytes, Place]:
    """The tree, its texts replaced in place; each word with where it stands."""
    found: dict[bytes, Place] = {}
    for number, place in enumerate(places(tree)):
        if place.declared.type in TEXTS and not _is_bound(place):
            letters = random.Random(f"{place.path}/{number}").choices(
                string.ascii_lowercase, k=14
            )
            word = "canary" + "".join(letters)
            place.holder[place.name] = word
            found[word.encode()] = place
    return found


def _is_bound(place: Place) -> bool:
    """Whether the model lets nothing but something of its own stand there."""
    return place.path in ("declared_gaps[].path", "local_extensions[].namespace")


def changed_where(
    tree: Tree, decision: Decision, rng: random.Random
) -> tuple[Tree, int]:
    """A copy whose every value that must stay is another; how many those are.

    What rules read to decide is left as it is, and so are ids and refs.
    """
    other = copy.deepcopy(tree)
    to_change = [
        place
        for place in places(other)
        if not place.path.startswith(DECIDING)
        and not (place.declared.category is None and place.declared.type not in TEXTS)
        and place.categories(decision.kind) is not None
        and place.must_stay(decision)
    ]
    for place in to_change:
        place.holder[place.name] = _another(place, rng)
    return other, len(to_change)


def _another(place: Place, rng: random.Random) -> Any:
    value, declared = place.holder[place.name], place.declared
    if declared.type in TEXTS:
        return value if _is_bound(place) else f"{value} changed"
    if declared.type == "code" and len(declared.codes) > 1:
        return rng.choice([code for code in declared.codes if code != value])
    if declared.type == "boolean":
        return not value
    if declared.type == "integer":
        return value + 1
    if declared.type == "date":
        return (date.fromisoformat(value) + timedelta(days=9)).isoformat()
    if declared.type == "datetime":
        later = parse_instant(value) + timedelta(hours=31)
        return format_instant(later)
    return value


def without(tree: Tree, decision: Decision) -> Tree:
    """A copy of a record that never held what must stay under that decision.

    A record without risks says why it has none; that is told where all risks stay.
    """
    other = copy.deepcopy(tree)
    staying = [
        place
        for place in places(other)
        if place.categories(decision.kind) is not None and place.must_stay(decision)
    ]
    gone = {
        place.holder["id"]
        for place in staying
        if place.name == "id"
        and place.item is place.holder
        and not place.path.startswith("family_and_carers")
    }
    gone |= {
        place.holder["id"] for place in staying if place.path == "local_extensions[].id"
    }
    for place in staying:
        is_free = place.path not in NEEDED and place.declared.type not in _NAMES
        if is_free and isinstance(place.holder, dict):
            place.holder.pop(place.name, None)
    _drop_items(other, gone)
    safety = other["safety"]
    if tree["safety"].get("risks") and not safety.get("risks"):
        safety.pop("risks", None)
        safety["risks_none_identified"] = "None was found"
    other.pop("declared_gaps", None)
    return other


NEEDED = frozenset(
    {
        "young_person.birth_date",
        "young_person.names[].use",
        "young_person.names[].given",
        "young_person.names[].family",
        "consent_and_sharing.recipients[].name",
        "safety.mitigations[].safety_critical",
    }
)
"""What stays because the recipient's copy is told by it, or leaves with any copy."""


def _drop_items(node: Any, gone: set[str]) -> None:
    if isinstance(node, dict):
        for name, value in list(node.items()):
            if isinstance(value, list):
                node[name] = [
                    each
                    for each in value
                    if (each.get("id") if isinstance(each, dict) else each) not in gone
                ]
                if value and not node[name]:
                    del node[name]
            _drop_items(node.get(name), gone)
    elif isinstance(node, list):
        for each in node:
            _drop_items(each, gone)
