"""Which field may leave, under given outcomes: compiled from the field declarations.

A plan says of each name in an object: keep, cut, point, or go on inside. It is made
once for each set of outcomes that occurs, so walking a record is looking names up. What
no plan names stays behind without a trace: that is how control data (C1) and the
narrowed fields (N3, N6, N8) are kept back. Source: disclosure rules, sections 2 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from adapter.disclosure.items import ItemCategories
from adapter.disclosure.model import Outcome, is_silent_kind
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.record.vocabulary import CATEGORIES, FAM, HEALTH_KINDS, TPI

_HEALTH = frozenset(HEALTH_KINDS)
_YOUNG_PERSON = frozenset({"young_person"})
_TOLD = _HEALTH | {"la_safeguarding", "social_care"}
_ALLEGED_SOURCE = frozenset({"la_safeguarding", "adult_mh_service", "cyp_mh_service"})

NARROWED: Mapping[str, frozenset[str]] = {
    "young_person.nhs_number": _TOLD | _YOUNG_PERSON,  # N6; an IMCA too
    "young_person.nhs_number_status": _TOLD | _YOUNG_PERSON,
    "young_person.address_is_sensitive": _HEALTH | {"la_safeguarding"},  # N3
    # Where every risk is withheld, its absence would tell that there is one (T6).
    "safety.risks_none_identified": _TOLD,
    "co_production.what_was_not_possible_and_why": _HEALTH,  # N8d
    "local_extensions[]": _HEALTH,
    "communications[].categories_sent[]": frozenset(),  # N8a
    "outcomes_monitoring": _HEALTH,  # N8b
    "outcomes_monitoring.feedback[]": frozenset(),
    "outcomes_monitoring.death": frozenset(),
    "consent_and_sharing.change_at_18": _HEALTH | _YOUNG_PERSON,  # N8c
    "consent_and_sharing.decisions[]": frozenset(),  # C1: see control.py
    "safeguarding.concerns[].alleged_source_refs[]": _ALLEGED_SOURCE,
    "safeguarding.concerns[].alleged_source_ods[]": _ALLEGED_SOURCE,
    "safeguarding.concerns[].alleged_source_kind": _ALLEGED_SOURCE,
    "safeguarding.concerns[].alleged_source_text": _ALLEGED_SOURCE,
}
"""Paths that go to some kinds only, whatever the outcome of their category."""

HANDLED = frozenset(
    {
        "young_person",
        "young_person.names[]",
        "transition.place_preference",
        "safety.risks[]",
        "safety.mitigations[]",
        "safeguarding.concerns[]",
        "family_and_carers.people[]",
        "care_team.members[]",
        "clinical_essentials.medications[]",
        "clinical_essentials.conditions[]",
        "communications[]",
        "outcomes_monitoring.mitigation_reviews[]",
        "local_extensions[]",
    }
)
"""Containers that ``walk.py`` takes item by item, each in its own way."""


def _is_whole(path: str) -> bool:
    parent = path.rpartition(".")[0]
    if path in HANDLED or _holds_handled(path):
        return False
    return not parent or _holds_handled(parent)


def _holds_handled(path: str) -> bool:
    return any(each.startswith(f"{path}.") for each in HANDLED)


class Leaf(Enum):
    """What becomes of one value."""

    KEEP = "keep"
    CUT = "cut"  # its category's outcome is less than share
    POINT = "point"  # the same, and the pointer says that something is held


@dataclass(frozen=True)
class Inside:
    """An object or a list of objects, to be gone into.

    ``is_whole``: nothing in it is handled, though something beside it is.
    """

    path: str
    plan: Plan
    is_list: bool
    is_handled: bool
    is_whole: bool


@dataclass(frozen=True, eq=False)
class Plan:
    """What becomes of each name in one object; ``has_id`` where it is an item.

    Plans that say the same are one object, whoever they were made for.
    """

    names: Mapping[str, Leaf | Inside]
    has_id: bool


@lru_cache(maxsize=4096)
def _plan(names: tuple[tuple[str, Leaf | Inside], ...], has_id: bool) -> Plan:
    return Plan(dict(names), has_id)


@dataclass
class _Place:
    """One object of the model: its fields, and the objects in it."""

    path: str
    fields: dict[str, Declaration] = field(default_factory=dict)
    inside: dict[str, _Place] = field(default_factory=dict)


def _places() -> dict[str, _Place]:
    places = {"": _Place("")}
    for path, declaration in DECLARATIONS.items():
        parent, _, name = path.rpartition(".")
        if declaration.is_container:
            places[path] = _Place(path)
            places[parent].inside[name.removesuffix("[]")] = places[path]
        else:
            places[parent].fields[name.removesuffix("[]")] = declaration
    return places


_PLACES = _places()
_ALWAYS = frozenset({"young_person.birth_date"})  # N5
_ITEM_OWN = ItemCategories(frozenset())


class Terms:
    """One recipient kind with its outcomes: what may leave under them.

    ``even_so``: paths that leave whatever the outcome of their category (P-15).
    """

    def __init__(
        self,
        kind: str,
        outcomes: tuple[Outcome, ...],
        is_imca: bool = False,
        even_so: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self._always = _ALWAYS | even_so
        self.is_silent = is_silent_kind(kind)
        self.outcomes = dict(zip(CATEGORIES, outcomes, strict=True))
        self._narrowed = {
            path
            for path, kinds in NARROWED.items()
            if kind not in kinds
            and not (is_imca and path.startswith("young_person.nhs_number"))
        }
        self._plans: dict[tuple[str, ItemCategories], Plan] = {}

    def least(self, categories: frozenset[str]) -> Outcome:
        """The most restrictive outcome; withhold for a category that is none."""
        return min(
            (self.outcomes.get(each, Outcome.WITHHOLD) for each in categories),
            key=lambda outcome: outcome.rank,
        )

    def leaf(self, path: str, category: str) -> Leaf:
        """What becomes of a field whose category depends on the record."""
        return self._leaf(DECLARATIONS[path], category, _ITEM_OWN)

    def plan(self, path: str = "", categories: ItemCategories = _ITEM_OWN) -> Plan:
        """The plan of the object at a path, for an item in those categories."""
        found = self._plans.get((path, categories))
        if found is None:
            found = self._compile(_PLACES[path], categories)
            if len(self._plans) < _MOST_PLANS:
                self._plans[path, categories] = found
        return found

    def may_leave(self, path: str) -> bool:
        """True when a value at that path, or under it, would leave.

        ``path`` is spelt as the model does. Items are taken to be in their plain
        categories.
        """
        names = path.replace("[]", "").split(".")
        plan: Plan = self.plan()
        for position, name in enumerate(names):
            rule = plan.names.get(name)
            if rule is Leaf.KEEP:
                return position == len(names) - 1
            if not isinstance(rule, Inside):
                return False
            plan = rule.plan
        return _keeps_something(plan)

    def _compile(self, place: _Place, categories: ItemCategories) -> Plan:
        names: dict[str, Leaf | Inside] = {}
        for name, declaration in place.fields.items():
            if declaration.category is None or declaration.path in self._narrowed:
                continue
            if declaration.type != "id":
                names[name] = self._leaf(declaration, declaration.category, categories)
        for name, inner in place.inside.items():
            if inner.path not in self._narrowed:
                plan = self._compile(inner, categories)
                handled = inner.path in HANDLED
                if plan.names or handled:
                    is_list = inner.path.endswith("[]")
                    names[name] = Inside(
                        inner.path, plan, is_list, handled, _is_whole(inner.path)
                    )
        return _plan(tuple(names.items()), "id" in place.fields)

    def _leaf(
        self, declaration: Declaration, category: str, categories: ItemCategories
    ) -> Leaf:
        if declaration.path in self._always:
            return Leaf.KEEP
        applies = categories.all | {category}
        for each in applies:
            outcome = self.outcomes.get(each, Outcome.WITHHOLD)
            covered = each in declaration.minimum and each not in categories.bare
            if outcome is Outcome.WITHHOLD or (
                outcome is Outcome.SHARE_MINIMUM and not covered
            ):
                held = self.least(applies) is not Outcome.WITHHOLD
                return Leaf.POINT if held and applies & {FAM, TPI} else Leaf.CUT
        return Leaf.KEEP


_MOST_PLANS = 512  # a record can name any set of categories, so there is a bound


def _keeps_something(plan: Plan) -> bool:
    return any(
        rule is Leaf.KEEP or (isinstance(rule, Inside) and _keeps_something(rule.plan))
        for rule in plan.names.values()
    )


@lru_cache(maxsize=256)
def terms(
    kind: str,
    outcomes: tuple[Outcome, ...],
    is_imca: bool = False,
    even_so: frozenset[str] = frozenset(),
) -> Terms:
    """The terms for a kind and its outcomes, in the order of ``CATEGORIES``."""
    return Terms(kind, outcomes, is_imca, even_so)
