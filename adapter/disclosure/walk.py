"""One pass over a record for one recipient: what may leave, and what was taken out.

Works from the plan of the outcomes, and item by item where an item has categories of
its own. References are mended afterwards, in ``references.py``; control data is added
in ``control.py``. Source: disclosure rules, sections 2 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapter.disclosure.items import (
    ItemCategories,
    communication_categories,
    concern_categories,
    mitigation_categories,
    risk_categories,
    view_category,
    wishes_category,
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
    CLN,
    DEM,
    MED,
    RSK,
    SUB,
    SXG,
)

Item = Mapping[str, Any]
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
        self._risks = {
            risk["id"]: risk_categories(risk, kind) for risk in safety.get("risks", ())
        }
        self._mitigations = {
            mitigation["id"]: mitigation_categories(mitigation, self._risks, kind)
            for mitigation in safety.get("mitigations", ())
        }
        self.tree = self._take(self.terms.plan(), self.record)
        return self

    def _take(self, plan: Plan, node: Item) -> dict[str, Any]:
        """What the plan lets of an object, with its id where anything is left of it."""
        kept: dict[str, Any] = {}
        names = plan.names
        for name, value in node.items():
            rule = names.get(name)
            if rule is Leaf.KEEP:
                if value != []:
                    kept[name] = value
            elif rule is None or value == []:
                continue
            elif isinstance(rule, Inside):
                inner = self._go_into(rule, value)
                if inner:
                    kept[name] = inner
            else:
                self._note(rule)
        if kept and plan.has_id and "id" in node:
            return {"id": node["id"], **kept}
        return kept

    def _go_into(self, rule: Inside, value: Any) -> Any:
        if rule.is_handled:
            return _HANDLERS[rule.path](self, value)
        if rule.is_list:
            taken = (self._take(rule.plan, each) for each in value)
            return [each for each in taken if each]
        return self._take(rule.plan, value)

    def _note(self, leaf: Leaf) -> None:
        self.removed = True
        if leaf is Leaf.POINT:
            self.pointed = True

    def _take_item(
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
            self._cut(place, outcome, categories)
            return {}
        if outcome is Outcome.SHARE:
            kept = self._take(self.terms.plan(path, categories), item)
            kept.update(
                (name, item[name]) for name in _CONTROLS if item.get(name, []) != []
            )
            return kept
        if categories.is_confided:
            self.pointed = True
            self._cut(place, outcome, categories)
            if is_safety_critical and self.terms.kind in HEALTH_KINDS:
                self.to_ring.append(place)
            return {}
        kept = self._take(self.terms.plan(path, categories), item)
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

    def _cut(self, place: str, outcome: Outcome, categories: ItemCategories) -> None:
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

    def _keep_back(self, place: str, rule: str) -> None:
        """Note an item that a rule of section 9 keeps back whatever its outcome."""
        self.kept_back.append(place)
        self.items.append(
            ItemDecision(place, Outcome.WITHHOLD, "NOT_NEEDED_FOR_CARE", rule)
        )

    def _young_person(self, value: Item) -> dict[str, Any]:
        kept = self._take(self.terms.plan("young_person"), value)
        kind = self.terms.kind
        if value.get("address_is_sensitive") is True and not (
            kind in HEALTH_KINDS or kind == "la_safeguarding"
        ):  # N3
            for name in _ADDRESS:
                kept.pop(name, None)
        if not self._may_use(value.get("pronouns_use_with")):  # N1
            kept.pop("pronouns", None)
        if self.terms.is_silent and kind != "young_person":
            kept.pop("pronouns_use_with", None)
        return kept

    def _may_use(self, use_with: Sequence[str] | None) -> bool:
        """True when a preferred name or pronouns may be used with this kind (N1)."""
        kind = self.terms.kind
        if kind == "young_person":
            return True
        return kind in use_with if use_with else kind in HEALTH_KINDS

    def _names(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        """The names allowed here, always the official one (N1, N2, N5)."""
        path = "young_person.names[]"
        withheld = self.terms.outcomes[DEM] is Outcome.WITHHOLD
        kept: list[dict[str, Any]] = []
        for position, name in enumerate(values):
            use = name.get("use")
            if use == "former":
                categories = ItemCategories(frozenset({DEM, SXG}))
                place = f"young_person.names[{position}]"
                former = self._take_item(place, path, name, categories)
                if former:
                    kept.append(former)
                continue
            if use != "official" and not self._may_use(name.get("use_with")):
                continue
            if withheld:
                allowed = {each: name[each] for each in _CORE_NAME if each in name}
                self._take(self.terms.plan(path), name)
            else:
                allowed = self._take(self.terms.plan(path), name)
            if self.terms.is_silent and self.terms.kind != "young_person":
                allowed.pop("use_with", None)
            if use == "preferred" and self.terms.kind == "young_person":
                kept.insert(0, allowed)
            else:
                kept.append(allowed)
        return kept

    def _place_preference(self, value: Item) -> dict[str, Any]:
        rest = {name: each for name, each in value.items() if name != "family_wishes"}
        kept = self._take(self.terms.plan("transition.place_preference"), rest)
        if "family_wishes" in value:
            path = "transition.place_preference.family_wishes"
            leaf = self.terms.leaf(path, wishes_category(value))
            if leaf is Leaf.KEEP:
                kept["family_wishes"] = value["family_wishes"]
            else:
                self._note(leaf)
        return kept

    def _take_risks(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        path = "safety.risks[]"
        kept = (
            self._take_item(
                f"safety.risks[{position}]",
                path,
                risk,
                self._risks[risk["id"]],
                is_safety_critical=True,
            )
            for position, risk in enumerate(values)
        )
        return [each for each in kept if each]

    def _take_mitigations(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        path = "safety.mitigations[]"
        kept = []
        for position, mitigation in enumerate(values):
            place = f"safety.mitigations[{position}]"
            categories = self._mitigations[mitigation["id"]]
            is_critical = mitigation.get("safety_critical") is True
            if not is_critical and self._is_reduced(categories):
                self._cut(place, Outcome.SHARE_MINIMUM, categories)
                continue
            kept.append(
                self._take_item(
                    place, path, mitigation, categories, is_safety_critical=is_critical
                )
            )
        return [each for each in kept if each]

    def _is_reduced(self, categories: ItemCategories) -> bool:
        """True where only the safety-critical mitigations are in the minimum."""
        return (
            self.terms.least(categories.all) is Outcome.SHARE_MINIMUM
            and self.terms.least(categories.all & {RSK, SUB, SXG})
            is Outcome.SHARE_MINIMUM
            and not categories.is_confided
        )

    def _take_concerns(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        path = "safeguarding.concerns[]"
        kept = []
        for position, concern in enumerate(values):
            place = f"safeguarding.concerns[{position}]"
            is_alert = concern.get("kind") == "safeguarding_alert"
            if not is_alert and not self._may_see_complaints():  # N9
                self._keep_back(place, "N9")
                continue
            kept.append(
                self._take_item(
                    place,
                    path,
                    concern,
                    concern_categories(concern, self.terms.kind),
                    is_safety_critical=is_alert and concern.get("status") != "closed",
                )
            )
        return [each for each in kept if each]

    def _may_see_complaints(self) -> bool:
        kind = self.terms.kind
        return kind in ("sending_provider", "young_person") or (
            kind == "advocate" and self.is_instructed_advocate
        )

    def _take_communications(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        path = "communications[]"
        kept = []
        for position, communication in enumerate(values):
            place = f"communications[{position}]"
            own = communication.get("recipient_ref") == self.recipient.get("id")
            if not own and self.terms.kind not in HEALTH_KINDS:  # N8a
                self._keep_back(place, "N8")
                continue
            categories = communication_categories(communication, self.terms.kind)
            kept.append(self._take_item(place, path, communication, categories))
        return [each for each in kept if each]

    def _take_conditions(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        path = "clinical_essentials.conditions[]"
        kept = []
        for position, condition in enumerate(values):
            place = f"clinical_essentials.conditions[{position}]"
            added = frozenset(condition.get("extra_categories", ()))
            categories = ItemCategories(added | {CLN}, added & {SUB, SXG})
            kept.append(self._take_item(place, path, condition, categories))
        return [each for each in kept if each]

    def _take_medications(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        plan = self.terms.plan("clinical_essentials.medications[]")
        reduced = self.terms.outcomes[MED] is Outcome.SHARE_MINIMUM
        kept = []
        for medication in values:
            if reduced and medication.get("change_since_admission") == "stopped":
                self.removed = True
            else:
                kept.append(self._take(plan, medication))
        return [each for each in kept if each]

    def _take_reviews(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        """Mitigation reviews: each has its mitigation's categories."""
        path = "outcomes_monitoring.mitigation_reviews[]"
        kept = []
        for position, review in enumerate(values):
            place = f"outcomes_monitoring.mitigation_reviews[{position}]"
            of = self._mitigations.get(review.get("mitigation_ref"))
            if of is None:
                self.kept_back.append(place)
                continue
            kept.append(self._take_item(place, path, review, of))
        return [each for each in kept if each]

    def _take_local(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        """Local extensions: whole under share of their category, else not at all."""
        kept = []
        for position, local in enumerate(values):
            place = f"local_extensions[{position}]"
            categories = ItemCategories(frozenset({local.get("category", "")}))
            outcome = self.terms.least(categories.all)
            if outcome is Outcome.SHARE:
                names = ("id", "namespace", "name", "value")
                kept.append({name: local[name] for name in names if name in local})
                continue
            self._cut(place, outcome, categories)
            if outcome is Outcome.SHARE_MINIMUM and categories.is_confided:
                self.pointed = True
        return kept

    def _take_people(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        """Relatives and friends, as far as their name may be sent.

        Of another family member a silent recipient learns name and relation only.
        """
        path = "family_and_carers.people[]"
        plan = self.terms.plan(path)
        kept = []
        for person in values:
            own = person.get("id") == self.recipient.get("person_ref")
            if self.terms.is_silent and not own:
                names = ("id", "name", "relation")
                taken = self._take(plan, {n: person[n] for n in names if n in person})
            else:
                taken = self._take(plan, self._views_apart(person))
                self._take_views(person, taken)
            if "name" in taken:
                kept.append(taken)
        return kept

    @staticmethod
    def _views_apart(person: Item) -> dict[str, Any]:
        apart = ("views", "conversations")
        return {name: each for name, each in person.items() if name not in apart}

    def _take_views(self, person: Item, taken: dict[str, Any]) -> None:
        """Views and conversations: confided, unless it is said that they are not."""
        category = view_category(person, self.terms.kind)
        for name, first in (
            ("views", "views"),
            ("conversations", "conversations[].on"),
        ):
            value = person.get(name)
            if not value:
                continue
            leaf = self.terms.leaf(f"family_and_carers.people[].{first}", category)
            if leaf is Leaf.KEEP:
                taken[name] = value
            else:
                self._note(leaf)

    def _take_members(self, values: Sequence[Item]) -> list[dict[str, Any]]:
        plan = self.terms.plan("care_team.members[]")
        kept = []
        for member in values:
            if self.terms.is_silent:
                member = {n: member[n] for n in _MEMBER if n in member}
            taken = self._take(plan, member)
            if "name" in taken:
                kept.append(taken)
        return kept


_HANDLERS: Mapping[str, Callable[[Walk, Any], Any]] = {
    "young_person": Walk._young_person,
    "young_person.names[]": Walk._names,
    "transition.place_preference": Walk._place_preference,
    "safety.risks[]": Walk._take_risks,
    "safety.mitigations[]": Walk._take_mitigations,
    "safeguarding.concerns[]": Walk._take_concerns,
    "family_and_carers.people[]": Walk._take_people,
    "care_team.members[]": Walk._take_members,
    "clinical_essentials.medications[]": Walk._take_medications,
    "clinical_essentials.conditions[]": Walk._take_conditions,
    "communications[]": Walk._take_communications,
    "outcomes_monitoring.mitigation_reviews[]": Walk._take_reviews,
    "local_extensions[]": Walk._take_local,
}
