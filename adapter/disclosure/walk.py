"""One pass over a record for one recipient: what may leave, and what was taken out.

Works from the plan of the outcomes, and item by item where an item has categories of
its own. References are mended afterwards, in ``references.py``; control data is added
in ``control.py``. Source: disclosure rules, sections 2 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapter.disclosure import lists, people
from adapter.disclosure.items import (
    ItemCategories,
    mitigation_categories,
    risk_categories,
)
from adapter.disclosure.model import (
    HEALTH_KINDS,
    CategoryDecision,
    ItemDecision,
    Outcome,
)
from adapter.disclosure.order import in_order
from adapter.disclosure.plan import Inside, Leaf, Plan, Terms
from adapter.record.vocabulary import CATEGORIES

Item = Mapping[str, Any]
_KEEP = Leaf.KEEP
_CONTROLS = (
    "extra_categories",
    "information_source",
    "informant_ref",
    "given_in_confidence",
    "withhold_from_young_person",
    "withhold_reason",
    "agreement",
    "young_persons_words",
    "co_produced_with",
)
"""What follows an item that goes whole (C1); not what the informant agreed to."""


class Taken(NamedTuple):
    """What a plan let of one value of the record, and what it took out.

    ``value`` is held so that no other comes to stand where it does in memory.
    """

    value: Any
    kept: Any
    removed: bool
    pointed: bool


@dataclass(frozen=True)
class Known:
    """What the walks of one record have taken so far: by what was allowed, not by whom.

    ``taken`` is by plan and by where the value stands in memory; each ``kept`` has its
    lists in order, and ``ordered`` tells where those stand.
    """

    taken: dict[tuple[Plan, int], Taken] = field(default_factory=dict)
    ordered: set[int] = field(default_factory=set)


@dataclass
class Walk:
    """What one recipient may get of one record, gathered in one pass.

    ``tree`` is what may leave, references not yet mended. ``removed``: a value was
    taken out because its category's outcome is less than share. ``pointed``: something
    is held of which only the pointer may tell. ``to_ring``: places of safety-critical
    items that became the pointer. ``kept_back``: places of items that do not leave.
    ``known`` goes from walk to walk of the same record.
    """

    record: Mapping[str, Any]
    recipient: Item
    terms: Terms
    decided: Mapping[str, CategoryDecision]
    known: Known | None
    is_instructed_advocate: bool = False
    tree: dict[str, Any] = field(default_factory=dict)
    removed: bool = False
    pointed: bool = False
    to_ring: list[str] = field(default_factory=list)
    items: list[ItemDecision] = field(default_factory=list)
    kept_back: list[str] = field(default_factory=list)

    def run(self) -> Walk:
        """This walk, done."""
        kind = self.terms.kind
        safety = self.record.get("safety", {})
        self.risks = {
            risk["id"]: risk_categories(risk, kind) for risk in safety.get("risks", ())
        }
        self.mitigations = {
            mitigation["id"]: mitigation_categories(mitigation, self.risks, kind)
            for mitigation in safety.get("mitigations", ())
        }
        self.tree = self.take_new(self.terms.plan(), self.record)
        return self

    def take(self, plan: Plan, item: Item) -> dict[str, Any]:
        """What the plan lets of an item of the record, not to be changed."""
        kept: dict[str, Any] = self._once(plan, item, self.take_new)
        return kept

    def _once(self, plan: Plan, value: Any, take: Callable[[Plan, Any], Any]) -> Any:
        """What ``take`` keeps of an object of the record, or of a list of them.

        The plan and the value alone must say it: nothing in them is handled.
        """
        if self.known is None:
            return take(plan, value)
        known = self.known.taken.get((plan, id(value)))
        if known is None:
            before = self.removed, self.pointed
            self.removed = self.pointed = False
            kept = in_order(take(plan, value))
            known = Taken(value, kept, self.removed, self.pointed)
            self.known.taken[plan, id(value)] = known
            self.known.ordered.add(id(kept))
            self.removed, self.pointed = before
        self.removed |= known.removed
        self.pointed |= known.pointed
        return known.kept

    def take_new(self, plan: Plan, node: Item) -> dict[str, Any]:
        """What the plan lets of an object, with its id where anything is left of it."""
        kept: dict[str, Any] = {}
        names = plan.names
        for name, value in node.items():
            rule = names.get(name)
            if rule is None or (not value and value == []):
                continue
            if rule is _KEEP:
                kept[name] = value
            elif isinstance(rule, Inside):
                inner = self._go_into(rule, value)
                if inner:
                    kept[name] = inner
            else:
                self.note(rule)
        if kept and plan.has_id and "id" in node:
            return {"id": node["id"], **kept}
        return kept

    def _go_into(self, rule: Inside, value: Any) -> Any:
        if rule.is_handled:
            return _HANDLERS[rule.path](self, value)
        take = self._take_each if rule.is_list else self.take_new
        if rule.is_whole:
            return self._once(rule.plan, value, take)
        return take(rule.plan, value)

    def _take_each(self, plan: Plan, values: Sequence[Item]) -> list[dict[str, Any]]:
        return [each for each in (self.take_new(plan, one) for one in values) if each]

    def note(self, leaf: Leaf) -> None:
        self.removed = True
        if leaf is Leaf.POINT:
            self.pointed = True

    def take_item(
        self,
        place: str,
        path: str,
        item: Item,
        categories: ItemCategories,
        *,
        is_safety_critical: bool = False,
    ) -> dict[str, Any]:
        """What leaves of an item in several categories: the most restrictive wins."""
        if self._is_exempt(place, item):
            return {}
        outcome = self.terms.least(categories.all)
        if outcome is Outcome.WITHHOLD:
            self.cut(place, outcome, categories)
            return {}
        if outcome is Outcome.SHARE:
            kept = self.take(self.terms.plan(path, categories), item)
            controls = {n: item[n] for n in _CONTROLS if item.get(n, []) != []}
            return {**kept, **controls}
        if categories.is_confided:
            self.pointed = True
            self.cut(place, outcome, categories)
            if is_safety_critical and self.terms.kind in HEALTH_KINDS:
                self.to_ring.append(place)
            return {}
        kept = self.take(self.terms.plan(path, categories), item)
        if kept and item.get("withhold_from_young_person") is True:
            kept = {**kept, "withhold_from_young_person": True}
        if len(categories.all) > 1:
            self._decide(place, outcome, categories)
        return kept

    def _is_exempt(self, place: str, item: Item) -> bool:
        """The serious-harm judgement: not to the young person, nor by way of others."""
        if not self.terms.is_silent or not item.get("withhold_from_young_person"):
            return False
        self.kept_back.append(place)
        self.items.append(
            ItemDecision(place, Outcome.WITHHOLD, "SERIOUS_HARM_EXEMPTION", "section 2")
        )
        return True

    def cut(self, place: str, outcome: Outcome, categories: ItemCategories) -> None:
        self.removed = True
        self.kept_back.append(place)
        if len(categories.all) > 1:
            self._decide(place, outcome, categories)

    def _decide(self, place: str, outcome: Outcome, categories: ItemCategories) -> None:
        """Note an item whose outcome is not simply that of its first category."""
        for category in CATEGORIES:
            if (
                category in categories.all
                and self.terms.least(frozenset({category})) is outcome
            ):
                reason = self.decided[category].reason
                self.items.append(ItemDecision(place, outcome, reason, "section 2"))
                return

    def keep_back(self, place: str, rule: str) -> None:
        """Note an item that a rule of section 9 keeps back whatever its outcome."""
        self.kept_back.append(place)
        self.items.append(
            ItemDecision(place, Outcome.WITHHOLD, "NOT_NEEDED_FOR_CARE", rule)
        )


_HANDLERS: Mapping[str, Callable[[Walk, Any], Any]] = {
    "young_person": people.take_young_person,
    "young_person.names[]": people.take_names,
    "transition.place_preference": people.take_place_preference,
    "safety.risks[]": lists.take_risks,
    "safety.mitigations[]": lists.take_mitigations,
    "safeguarding.concerns[]": lists.take_concerns,
    "family_and_carers.people[]": people.take_people,
    "care_team.members[]": people.take_members,
    "clinical_essentials.medications[]": lists.take_medications,
    "clinical_essentials.conditions[]": lists.take_conditions,
    "communications[]": lists.take_communications,
    "outcomes_monitoring.mitigation_reviews[]": lists.take_reviews,
    "local_extensions[]": lists.take_local,
}
