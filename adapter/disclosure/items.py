"""The categories that one item falls in, for one recipient kind.

An item can fall in several; the most restrictive outcome then wins. Its minimum covers
it only where every category that applies lists the field, and covers this item.
Source: disclosure rules, section 2; record model, section 0 (item-level controls).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.disclosure.model import is_silent_kind
from adapter.record.vocabulary import FAM, LOG, RSK, SGD, SUB, SXG, TPI

_BY_DOMAIN = {"substances": SUB, "sexual_safety": SXG}
_BY_SOURCE = {
    "family": frozenset({FAM}),
    "third_party": frozenset({TPI}),
    "professional": frozenset({TPI}),
}
_CONFIDED = frozenset({FAM, TPI})


class ItemCategories(NamedTuple):
    """Every category that applies to an item.

    ``bare`` are those among them whose declared minimum does not reach this item: the
    minimum of substance_use speaks of risks with domain substances only.
    """

    all: frozenset[str]
    bare: frozenset[str] = frozenset()

    @property
    def is_confided(self) -> bool:
        return bool(self.all & _CONFIDED)


def agrees_to(agreed: Any, kind: str) -> bool:
    """True when an informant agreed that this kind may be told.

    Never for the young person and the silent kinds, for whom what was confided stays
    confided. Source: disclosure rules, section 2, confided items.
    """
    return not is_silent_kind(kind) and kind in (agreed or ())


def _controls(item: Mapping[str, Any], kind: str) -> frozenset[str]:
    """What the item's own controls add to its categories."""
    extra = frozenset(item.get("extra_categories", ()))
    if not item.get("given_in_confidence", False):
        return extra
    agreed = agrees_to(item.get("informant_agrees_to_share_with"), kind)
    if agreed and not extra & _CONFIDED:
        return extra
    return extra | _BY_SOURCE.get(item.get("information_source", ""), _CONFIDED)


def risk_categories(risk: Mapping[str, Any], kind: str) -> ItemCategories:
    """Risk and mitigation, with what its domain and its controls add."""
    added = _controls(risk, kind)
    by_domain = _BY_DOMAIN.get(risk.get("domain", ""))
    own = {RSK, by_domain} if by_domain else {RSK}
    return ItemCategories(added | own, (added & {SUB, SXG}) - own)


def mitigation_categories(
    mitigation: Mapping[str, Any], risks: Mapping[str, ItemCategories], kind: str
) -> ItemCategories:
    """Its own categories and those of every risk that it names.

    ``risks`` are the categories of each risk, by id.
    """
    named = [risks[ref] for ref in mitigation.get("risk_refs", ()) if ref in risks]
    added = _controls(mitigation, kind)
    inherited = frozenset[str]().union(*(each.all for each in named))
    bare = frozenset[str]().union(*(each.bare for each in named))
    reached = inherited - bare
    return ItemCategories(
        added | inherited | {RSK}, bare | ((added & {SUB, SXG}) - reached)
    )


def concern_categories(concern: Mapping[str, Any], kind: str) -> ItemCategories:
    """Safeguarding, with what its controls add."""
    added = _controls(concern, kind)
    return ItemCategories(added | {SGD}, added & {SUB, SXG})


def communication_categories(
    communication: Mapping[str, Any], kind: str
) -> ItemCategories:
    """Transition logistics, with what its controls add."""
    added = _controls(communication, kind)
    return ItemCategories(added | {LOG}, added & {SUB, SXG})


def view_category(person: Mapping[str, Any], kind: str) -> str:
    """The category of a person's views and conversations: confided unless said so.

    Source: disclosure rules, section 2, confided items; record model, section 7.
    """
    if person.get("views_given_in_confidence") is False:
        return RSK
    agreed = agrees_to(person.get("views_informant_agrees_to_share_with"), kind)
    return RSK if agreed else FAM


def wishes_category(place_preference: Mapping[str, Any]) -> str:
    """The category of the family's wishes: confided unless said otherwise."""
    if place_preference.get("family_wishes_given_in_confidence") is False:
        return LOG
    return FAM
