"""Measures against risks: never for age alone, and none forgotten.

Source: record model, 0.2, second ban, and section 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, wrong

_ONLY_AGE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"((it|this) is )?(only |just |purely )?"
        r"(because of|due to|owing to|on account of|based on) "
        r"(his |her |their |the |your )?(age|birthday|18th birthday|turning 18)",
        r"(only |just |used |a measure )?(for )?(the )?"
        r"(under|over)[- ]?(16|18)s?( only)?",
        r"((he|she|they) (is|are|has|have) )?(now |just |nearly )?"
        r"(turned |turning |reached |reaching |over |aged )?(16|18)( years old)?",
        r"(too old|no longer a child|now an adult|age limit( reached)?)",
    )
)


def says_only_age(text: str) -> bool:
    """Whether an explanation, as a whole, says no more than an age."""
    said = text.strip().removesuffix(".").strip()
    return any(pattern.fullmatch(said) for pattern in _ONLY_AGE)


def check_age_only(mitigation: Part, _: Facts) -> Iterator[Finding]:
    """No measure rests on age alone. Source: E_MITIGATION_AGE_ONLY."""
    for name in ("rationale_kind", "change_rationale_kind"):
        if mitigation.shows(name, "age_only"):
            yield wrong(
                "E_MITIGATION_AGE_ONLY",
                mitigation.at(name),
                "age alone is no reason; name behaviour, need or environment",
            )


def check_age_led_text(mitigation: Part, _: Facts) -> Iterator[Finding]:
    """A change explained by age alone. Source: W_AGE_LED_TEXT."""
    if mitigation.has("change_explained") and says_only_age(
        mitigation.value("change_explained")
    ):
        yield wrong(
            "W_AGE_LED_TEXT", mitigation.at("change_explained"), "speaks of age alone"
        )


def check_unmitigated(safety: Part, _: Facts) -> Iterator[Finding]:
    """A risk that no mitigation names. Source: W_RISK_UNMITIGATED."""
    named = {
        risk
        for item in safety.items("mitigations")
        for risk in item.values("risk_refs")
    }
    for risk in safety.items("risks"):
        if risk.is_readable("id") and risk.has("id") and risk.value("id") not in named:
            yield wrong(
                "W_RISK_UNMITIGATED", risk.place, "no mitigation names this risk"
            )


def check_ligature_environment(safety: Part, _: Facts) -> Iterator[Finding]:
    """A ligature risk without its considerations at the next place.

    Source: W_LIGATURE_ENVIRONMENT_MISSING.
    """
    environment = safety.part("environment")
    for domain in ("anchored_ligature", "non_anchored_ligature"):
        name = f"{domain}_considerations"
        recorded = any(risk.shows("domain", domain) for risk in safety.items("risks"))
        if recorded and environment.lacks(name):
            yield wrong(
                "W_LIGATURE_ENVIRONMENT_MISSING",
                environment.at(name),
                "a ligature risk is recorded, and nothing about it here",
            )


RULES: tuple[Rule, ...] = (
    ("safety.mitigations[]", check_age_only),
    ("safety.mitigations[]", check_age_led_text),
    ("safety", check_unmitigated),
    ("safety", check_ligature_environment),
)
