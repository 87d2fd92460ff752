"""The outcome of each category for one recipient at one instant, in order of rules.

Gates, then the route's default outcomes, then decisions in force, then overrides.
Source: disclosure rules, sections 3 to 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.disclosure import consent, gates, overrides
from adapter.disclosure.consent import Acting
from adapter.disclosure.grounds import Grounds
from adapter.disclosure.model import CategoryDecision, ItemDecision, Outcome
from adapter.disclosure.overrides import State
from adapter.disclosure.reading import Reading
from adapter.disclosure.routes import Route, category_decision, route_for
from adapter.policy import Policy
from adapter.record.vocabulary import CATEGORIES, LOG, SGD, SPL

Item = Mapping[str, Any]

NOT_LISTED = "unknown"
"""The kind of a recipient that the record does not list."""

CONTACTS_RULE = "P-15"
_CONTACTS = {
    SPL: (
        "safety.safety_plan.crisis_contacts[].name",
        "safety.safety_plan.crisis_contacts[].phone",
        "safety.safety_plan.crisis_contacts[].available",
    ),
    LOG: ("transition.clinical_responsibility_moves_at",),
}
_RECEIVING = frozenset({"adult_mh_service", "cyp_mh_service"})


@dataclass(frozen=True)
class Outcomes:
    """What the categories came to, before any item was looked at.

    ``gate`` may be G4b, which ends nothing; ``grounds`` is empty where another gate
    withheld everything. ``items`` are what leaves although its category was refused.
    """

    recipient: Item | None
    kind: str
    gate: str | None
    categories: dict[str, CategoryDecision]
    valid_until: datetime | None
    grounds: Grounds
    items: tuple[ItemDecision, ...] = ()


def decide_outcomes(reading: Reading, recipient_id: str) -> Outcomes:
    """The outcome of every category for a recipient that the record lists, or not."""
    record, policy = reading.record, reading.policy
    recipient = record.recipient(recipient_id)
    kind = str(recipient.get("kind", NOT_LISTED)) if recipient else NOT_LISTED
    matched = gates.first_gate(record.tree, recipient)
    if recipient is None or matched is not None:
        gate, reason = matched or ("G2", "RECIPIENT_UNKNOWN")
        withheld = category_decision(Outcome.WITHHOLD, reason, gate)
        everything = dict.fromkeys(CATEGORIES, withheld)
        return Outcomes(recipient, kind, gate, everything, None, Grounds())
    route = route_for(record, recipient, reading.standing, policy)
    grounds = _grounds(reading, route)
    categories = dict(route.outcomes)
    is_implicated = gates.is_implicated_organisation(record.tree, recipient)
    if is_implicated:  # G4b
        categories[SGD] = category_decision(
            Outcome.WITHHOLD, "RECIPIENT_IMPLICATED", "G4b"
        )
    if not route.is_own:  # B6: decisions and overrides do not apply
        raising = _Raising(reading, recipient, route, grounds)
        for category in CATEGORIES:
            if not (is_implicated and category == SGD):
                categories[category] = raising.decide(category)
    return Outcomes(
        recipient,
        kind,
        "G4b" if is_implicated else None,
        categories,
        reading.valid_until(recipient),
        grounds,
        _contacts_on_refusal(recipient, route, categories, grounds, policy),
    )


def _contacts_on_refusal(
    recipient: Item,
    route: Route,
    categories: Mapping[str, CategoryDecision],
    grounds: Grounds,
    policy: Policy,
) -> tuple[ItemDecision, ...]:
    """What a refused receiving service still gets, where a trust has set P-15.

    The crisis contacts and the instant at which responsibility moves; nothing against a
    court's deny. Source: disclosure rules, section 11, P-15.
    """
    if (
        not policy.refusal_sends_contacts
        or not route.is_direct_care
        or recipient["kind"] not in _RECEIVING
        or recipient.get("care_relationship") == "oversight"
    ):
        return ()
    return tuple(
        ItemDecision(path, Outcome.SHARE_MINIMUM, "DIRECT_CARE_MINIMUM", CONTACTS_RULE)
        for category, paths in _CONTACTS.items()
        if categories[category].rule in ("D4", "D5")
        and category not in grounds.denied_by_court
        for path in paths
    )


def _grounds(reading: Reading, route: Route) -> Grounds:
    safeguarding = reading.tree.get("safeguarding", {})
    return Grounds(
        concerns=route.concerns,
        review_points=safeguarding.get("review_points", ()) if route.concerns else (),
        adult_since=reading.adult_since,
        is_direct_care=route.is_direct_care,
    )


class _Raising:
    """What decisions in force and overrides make of a recipient's default outcomes."""

    def __init__(
        self, reading: Reading, recipient: Item, route: Route, grounds: Grounds
    ) -> None:
        sharing = reading.tree.get("consent_and_sharing", {})
        seen = reading.seen
        named = [
            decision
            for decision in sharing.get("decisions", ())
            if consent.names_recipient(decision, recipient)
        ]
        kind = recipient["kind"]
        self.route = route
        self.grounds = grounds
        self.acting: dict[str, Acting] = {}
        for acting in consent.acting_decisions(named, seen, recipient):
            for category in acting.decision.get("categories", ()):
                self.acting.setdefault(category, acting)
        self.unused = (
            consent.why_not_in_force(named, seen) if route.withholds_all else {}
        )
        self.m2 = seen.policy.m2[kind, ""]
        self.m3 = seen.policy.m3[kind, ""]
        age = seen.standing.age
        self.overrides = [
            (each, overrides.state_of(each, kind, age, seen.at, seen.policy))
            for each in sharing.get("overrides", ())
            if each.get("recipient_ref") == recipient["id"]
        ]

    def decide(self, category: str) -> CategoryDecision:
        """What one category comes to. Source: disclosure rules, section 3."""
        acting = self.acting.get(category)
        stood = self._under_decision(category, acting)
        if acting is not None and acting.is_courts_deny:  # O2
            self.grounds.denied_by_court.add(category)
            return stood
        return self._under_override(category, stood)

    def _under_decision(self, category: str, acting: Acting | None) -> CategoryDecision:
        """D3 to D6: what the decision that stands makes of the default outcome."""
        default = self.route.outcomes[category]
        if acting is None:
            reason = self.unused.get(category)
            if reason is None:
                return default
            return category_decision(
                Outcome.WITHHOLD, reason, "D6", consent.settings_used(reason)
            )
        if acting.refuses:
            if self.route.passes_refusal and not acting.is_courts_deny:
                return default
            self.grounds.follow(acting)
            if acting.is_withdrawn:
                return category_decision(Outcome.WITHHOLD, "CONSENT_WITHDRAWN", "D5")
            return category_decision(Outcome.WITHHOLD, "CONSENT_REFUSED", "D4")
        ceiling = self.m2[category]
        if ceiling.rank < default.outcome.rank:
            return default
        if ceiling is Outcome.WITHHOLD:
            return category_decision(ceiling, "CEILING_EXCEEDED", "D3", ("P-02",))
        self.grounds.follow(acting)
        reason = (
            "CONSENT_PERMIT" if ceiling is Outcome.SHARE else "CONSENT_PERMIT_MINIMUM"
        )
        settings = ("P-02", *consent.settings_of_decider(acting.decision))
        return category_decision(ceiling, reason, "D3", settings)

    def _under_override(
        self, category: str, stood: CategoryDecision
    ) -> CategoryDecision:
        """O4: the greater of what stood and M3; a reason where the outcome stays."""
        if not self.overrides:
            return stood
        listed = [
            (each, state)
            for each, state in self.overrides
            if category in each.get("categories", ())
        ]
        valid = [each for each, state in listed if state is State.VALID]
        ceiling = self.m3[category]
        if valid and ceiling.rank > stood.outcome.rank:
            self.grounds.rely_on(valid)
            settings = overrides.settings_used(valid)
            return category_decision(ceiling, "OVERRIDE_APPLIED", "O4", settings)
        if stood.outcome is not Outcome.WITHHOLD:
            return stood
        if valid:
            return category_decision(stood.outcome, "OVERRIDE_CEILING", "O4", ("P-02",))
        states = {state for _, state in listed}
        if State.NOT_AVAILABLE in states:
            return category_decision(
                stood.outcome, "OVERRIDE_NOT_AVAILABLE", "O3", ("P-10",)
            )
        if State.EXPIRED in states:
            return category_decision(stood.outcome, "OVERRIDE_EXPIRED", "O1", ("P-07",))
        return stood
