"""One pass over a record for one recipient: what may leave, and what was taken out.

Works from the plan of the outcomes, and item by item where an item has categories of
its own. References are mended afterwards, in ``references.py``; control data is added
in ``control.py``. Source: disclosure rules, sections 2 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
from adapter.disclosure.plan import Inside, Leaf, Plan, Terms
from adapter.record.vocabulary import (
    CATEGORIES,
)

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

_MEMBER = ("id", "name", "role", "organisation_ods", "organisation_name", "phone")
_CORE_NAME = ("id", "use", "given", "family")
_ADDRESS = ("address_text", "postcode")


@dataclass
class Walk:
    """What one recipient may get of one record, gathered in one pass.

    ``tree`` is what may leave, references not yet mended. ``removed``: a value was
    taken out because its category's outcome is less than share. ``pointed``: something
    is held of which only the pointer may tell. ``to_ring``: places of safety-critical
    items that became the pointer. ``kept_back``: places of items that do not leave.
    """

    record: Mapping[str, Any]
    recipient: Item
    terms: Terms
    decided: Mapping[str, CategoryDecision]
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
        self.tree = self.take(self.terms.plan(), self.record)
        return self

    def take(self, plan: Plan, node: Item) -> dict[str, Any]:
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
        if rule.is_list:
            taken = (self.take(rule.plan, each) for each in value)
            return [each for each in taken if each]
        return self.take(rule.plan, value)

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
            kept.update(
                (name, item[name]) for name in _CONTROLS if item.get(name, []) != []
            )
            return kept
        if categories.is_confided:
            self.pointed = True
            self.cut(place, outcome, categories)
            if is_safety_critical and self.terms.kind in HEALTH_KINDS:
                self.to_ring.append(place)
            return {}
        kept = self.take(self.terms.plan(path, categories), item)
        if kept and item.get("withhold_from_young_person") is True:
            kept["withhold_from_young_person"] = True
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
