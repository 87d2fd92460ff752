"""What an active record may not lack: table 0.4 and the completeness codes.

Lists whose absence always means one thing are told of by their own declaration
(``absent_code`` in the sections); here is what depends on something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, require, required, wrong


def check_risks(safety: Part, _: Facts) -> Iterator[Finding]:
    """At least one risk, or why there is none, and never both.

    Source: record model, ``safety.risks_none_identified``; E_SAFETY_MINIMUM.
    """
    if safety.lacks("risks") and safety.lacks("risks_none_identified"):
        yield required(
            safety.at("risks"),
            "unless risks_none_identified says why there is none",
            code="E_SAFETY_MINIMUM",
        )
    if safety.has("risks") and safety.has("risks_none_identified"):
        names = list(safety.names())
        later = max("risks", "risks_none_identified", key=names.index)
        yield wrong(
            "E_SCHEMA", safety.at(later), "risks, or why there is none: not both"
        )


def check_crisis_contact(plan: Part, _: Facts) -> Iterator[Finding]:
    """One crisis contact answers at any hour. Source: E_NO_24H_CONTACT."""
    contacts = plan.items("crisis_contacts")
    if any(contact.shows("available", "always") for contact in contacts):
        return
    if contacts and all(contact.known("available") for contact in contacts):
        yield required(
            plan.at("crisis_contacts"),
            "to hold one contact that is always available",
            code="E_NO_24H_CONTACT",
        )


def check_owners(mitigation: Part, _: Facts) -> Iterator[Finding]:
    """Whoever owns a safety-critical mitigation, now and after the move.

    Source: E_MITIGATION_OWNER_MISSING, E_MITIGATION_OWNER_AFTER_MISSING.
    """
    if mitigation.value("safety_critical") is True:
        why = "of a safety-critical mitigation"
        yield from require(
            mitigation, ["owner_ref"], why, code="E_MITIGATION_OWNER_MISSING"
        )
        yield from require(
            mitigation,
            ["owner_after_transition_ref"],
            why,
            code="E_MITIGATION_OWNER_AFTER_MISSING",
        )


def check_safeguarding_lead(safeguarding: Part, _: Facts) -> Iterator[Finding]:
    """Who leads on safeguarding after the move. Source: E_SAFEGUARDING_LEAD_MISSING."""
    return require(
        safeguarding,
        ["named_lead_after_transition_ref"],
        "on every active record",
        code="E_SAFEGUARDING_LEAD_MISSING",
    )


def check_review_points(safeguarding: Part, facts: Facts) -> Iterator[Finding]:
    """A safeguarding review that comes after the move.

    Source: E_SAFEGUARDING_REVIEW_INCOMPLETE; the move, record model, section 0.
    """
    points = safeguarding.items("review_points")
    move = facts.move
    if not points or move is None:
        return
    days = [point.date("on") for point in points if point.is_readable("on")]
    if any(day > move for day in days if day):
        return
    if all(point.known("on") for point in points):
        yield required(
            safeguarding.at("review_points"),
            "to hold one review later than the move",
            code="E_SAFEGUARDING_REVIEW_INCOMPLETE",
        )


def check_review_reason(safeguarding: Part, _: Facts) -> Iterator[Finding]:
    """Why the safeguarding review was not completed.

    Source: E_SAFEGUARDING_REVIEW_INCOMPLETE.
    """
    if safeguarding.value("review_outcome") == "not_completed":
        yield from require(
            safeguarding,
            ["review_not_completed_reason"],
            "when the review was not completed",
            code="E_SAFEGUARDING_REVIEW_INCOMPLETE",
        )


def check_host(household: Part, _: Facts) -> Iterator[Finding]:
    """A host knows what they take on. Source: E_HOST_NOT_BRIEFED."""
    if household.value("host_briefed") == "not_briefed":
        yield required(
            household.at("host_briefed"),
            "to be a briefing that took place",
            code="E_HOST_NOT_BRIEFED",
        )


def check_recipients(sharing: Part, facts: Facts) -> Iterator[Finding]:
    """An active record names whom it is for.

    Source: record model, 0.4; in every other status nothing leaves, so none is needed.
    """
    if facts.is_active:
        yield from require(sharing, ["recipients"], "on an active record")


def check_receiving_service(whole: Part, facts: Facts) -> Iterator[Finding]:
    """The receiving service is one. Source: E_RECEIVING_SERVICE_NOT_RECIPIENT."""
    receiving = whole.part("transition", "to_service").value("ods_code")
    if receiving is None:
        return
    recipients = facts.recipients
    if any(recipient.shows("ods_code", receiving) for recipient in recipients):
        return
    if all(recipient.is_readable("ods_code") for recipient in recipients):
        yield required(
            whole.at("consent_and_sharing", "recipients"),
            "to name the receiving service by its ods_code",
            code="E_RECEIVING_SERVICE_NOT_RECIPIENT",
        )


def check_allergies(clinical: Part, _: Facts) -> Iterator[Finding]:
    """Allergies that are recorded are listed. Source: record model, 0.4."""
    if clinical.value("allergy_status") == "recorded":
        yield from require(clinical, ["allergies"], "when allergies are recorded")


RULES: tuple[Rule, ...] = (
    ("safety", check_risks),
    ("safety.safety_plan", check_crisis_contact),
    ("safety.mitigations[]", check_owners),
    ("safeguarding", check_safeguarding_lead),
    ("safeguarding", check_review_points),
    ("safeguarding", check_review_reason),
    ("family_and_carers.household", check_host),
    ("consent_and_sharing", check_recipients),
    ("", check_receiving_service),
    ("clinical_essentials", check_allergies),
)
