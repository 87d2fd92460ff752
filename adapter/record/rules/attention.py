"""What is accepted, and flagged so that a person looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Check, Facts, Rule, wrong

_STALE_AFTER_DAYS = 28
_INPATIENT = ("cyp_inpatient", "adult_inpatient", "psychiatric_intensive_care")


def _flag(name: str, value: str, code: str, message: str) -> Check:
    def check(part: Part, _: Facts) -> Iterator[Finding]:
        if part.value(name) == value:
            yield wrong(code, part.at(name), message)

    return check


def _not_known(where: str, name: str) -> Rule:
    """One of the answers that may be not_known. Source: W_NOT_KNOWN."""
    return where, _flag(name, "not_known", "W_NOT_KNOWN", "recorded as not known")


def check_differences(transition: Part, _: Facts) -> Iterator[Finding]:
    """What will be different in the next place. Source: W_DIFFERENCES_NOT_EXPLAINED."""
    if transition.lacks("differences_between_settings"):
        yield wrong(
            "W_DIFFERENCES_NOT_EXPLAINED",
            transition.at("differences_between_settings"),
            "nothing is recorded about what will be different",
        )


def check_move_after_complaint(whole: Part, _: Facts) -> Iterator[Finding]:
    """A placement that ended after a complaint. Source: W_MOVE_AFTER_COMPLAINT."""
    transition = whole.part("transition")
    concerns = whole.part("safeguarding").items("concerns")
    if transition.value("reason") == "placement_ended" and any(
        concern.shows("kind", "complaint", "quality_concern") for concern in concerns
    ):
        yield wrong(
            "W_MOVE_AFTER_COMPLAINT",
            transition.at("reason"),
            "a complaint or quality concern is recorded",
        )


def check_formulation(whole: Part, _: Facts) -> Iterator[Finding]:
    """A formulation as old as that at the move. Source: W_FORMULATION_STALE."""
    formulation = whole.part("safety", "formulation")
    assessed = formulation.date("assessed_on")
    planned = whole.part("transition").date("planned_date")
    if assessed and planned and (planned - assessed).days > _STALE_AFTER_DAYS:
        yield wrong(
            "W_FORMULATION_STALE",
            formulation.at("assessed_on"),
            "more than 28 days before the planned date",
        )


def check_formulation_event(whole: Part, _: Facts) -> Iterator[Finding]:
    """A formulation from before what happened since.

    Source: W_FORMULATION_BEFORE_EVENT.
    """
    formulation = whole.part("safety", "formulation")
    assessed = formulation.date("assessed_on")
    outcomes = whole.part("outcomes_monitoring")
    events = [
        *outcomes.items("re_presentations"),
        *(
            incident
            for incident in outcomes.items("incidents")
            if incident.shows("kind", "self_harm", "ligature")
        ),
    ]
    days = [event.date("on") for event in events if event.is_readable("on")]
    if assessed and any(day and assessed < day for day in days):
        yield wrong(
            "W_FORMULATION_BEFORE_EVENT",
            formulation.at("assessed_on"),
            "self-harm or a return in crisis is recorded since",
        )


def check_imca(whole: Part, _: Facts) -> Iterator[Finding]:
    """Nobody of their own, and lacking capacity. Source: W_IMCA_NEEDED."""
    family = whole.part("family_and_carers")
    if family.value("no_family_or_friends") != "yes":
        return
    competence = whole.part("consent_and_sharing", "competence")
    lacking = competence.shows("capacity", "lacks_capacity") or any(
        other.shows("outcome", "lacks_capacity") for other in competence.items("other")
    )
    advocacy = whole.part("transition", "advocacy")
    is_named = (
        advocacy.value("type") == "imca"
        and advocacy.value("offered") == "accepted"
        and advocacy.has("advocate_ref")
    )
    if lacking and not is_named:
        yield wrong(
            "W_IMCA_NEEDED",
            family.at("no_family_or_friends"),
            "lacks capacity, and no IMCA is named and accepted",
        )


def check_expected_recipients(whole: Part, facts: Facts) -> Iterator[Finding]:
    """Recipients that a handover nearly always has.

    A ward that someone moves to is its own crisis team. Source:
    W_EXPECTED_RECIPIENT_MISSING.
    """
    recipients = facts.recipients
    kinds = {recipient.value("kind") for recipient in recipients}
    codes = {recipient.value("ods_code") for recipient in recipients} - {None}
    receiving = whole.part("transition", "to_service")
    ward = (
        receiving.value("setting") in _INPATIENT
        and receiving.value("ods_code") in codes
    )
    expected = ["young_person", "gp"]
    if not ward:
        expected.append("crisis_team")
    if whole.part("transition", "out_of_area").value("is_out_of_area") == "yes":
        expected.append("sending_provider")
    for kind in expected:
        if kind not in kinds:
            yield wrong(
                "W_EXPECTED_RECIPIENT_MISSING",
                whole.at("consent_and_sharing", "recipients"),
                f"no recipient of kind {kind}",
            )


def check_best_interests(whole: Part, _: Facts) -> Iterator[Finding]:
    """Who was consulted for someone who lacks capacity about their safety.

    Source: W_BEST_INTERESTS_MISSING.
    """
    competence = whole.part("consent_and_sharing", "competence")
    if not any(
        other.shows("decision", "safety") and other.shows("outcome", "lacks_capacity")
        for other in competence.items("other")
    ):
        return
    for concern in whole.part("safeguarding").items("concerns"):
        if not concern.shows("status", "open", "monitoring"):
            continue
        if not concern.is_readable("best_interests"):
            continue
        interests = concern.part("best_interests")
        if interests.lacks("consulted_refs") and interests.lacks("imca_ref"):
            yield wrong(
                "W_BEST_INTERESTS_MISSING",
                interests.place,
                "lacks capacity about safety, and nobody is named as consulted",
            )


def check_provider_leads(concern: Part, facts: Facts) -> Iterator[Finding]:
    """A provider that looks into what it is itself alleged of.

    Source: W_PROVIDER_LEADS_OWN_ALLEGATION.
    """
    if concern.value("who_leads") != "provider":
        return
    whole = facts.whole
    own_codes = {
        whole.part("source_system").value("ods_code"),
        whole.part("transition", "from_service").value("ods_code"),
        whole.part("transition", "to_service").value("ods_code"),
    }
    is_own = (
        concern.value("alleged_source_kind") in ("staff", "organisation")
        or any(
            "care_team.members[]" in facts.items.get(ref, ())
            for ref in concern.values("alleged_source_refs")
        )
        or not own_codes.isdisjoint(concern.values("alleged_source_ods"))
    )
    if is_own:
        yield wrong(
            "W_PROVIDER_LEADS_OWN_ALLEGATION",
            concern.at("who_leads"),
            "the provider is itself alleged to be the source",
        )


def _owned_days(whole: Part) -> Iterator[tuple[str, date]]:
    """Who owns something until which day: mitigations, review points, reviews."""
    owned = (
        (whole.part("safety").items("mitigations"), "owner_after_transition_ref"),
        (whole.part("safeguarding").items("review_points"), "owner_ref"),
        (whole.part("step_down_plan").items("clinical_reviews"), "owner_ref"),
    )
    for items, owner in owned:
        for item in items:
            day = "review_on" if owner == "owner_after_transition_ref" else "on"
            if item.is_readable(owner) and item.is_readable(day):
                who, until = item.value(owner), item.date(day)
                if who and until:
                    yield who, until


def check_owner_leaves(whole: Part, _: Facts) -> Iterator[Finding]:
    """Someone who leaves before what they own. Source: W_OWNER_LEAVES."""
    last: dict[str, date] = {}
    for owner, day in _owned_days(whole):
        last[owner] = max(day, last.get(owner, day))
    for member in whole.part("care_team").items("members"):
        if not (member.is_readable("id") and member.is_readable("until_on")):
            continue
        until = member.date("until_on")
        owned_until = last.get(member.value("id") or "")
        if until and owned_until and until < owned_until:
            yield wrong(
                "W_OWNER_LEAVES",
                member.at("until_on"),
                "leaves before what they own is reviewed",
            )


RULES: tuple[Rule, ...] = (
    _not_known("transition.legal_status", "s117_entitled"),
    _not_known("transition.out_of_area", "is_out_of_area"),
    _not_known("family_and_carers", "no_family_or_friends"),
    _not_known("transition", "visit_or_introduction"),
    _not_known("family_and_carers.people[]", "contact_restriction"),
    _not_known("transition.advocacy", "type"),
    _not_known("transition.advocacy", "offered"),
    _not_known("safeguarding.local_authority", "social_care_basis"),
    (
        "transition.place_preference",
        _flag(
            "asked",
            "not_asked",
            "W_PLACE_WISHES_NOT_ASKED",
            "nobody has asked where the person wants to be",
        ),
    ),
    (
        "transition",
        _flag(
            "visit_or_introduction",
            "not_offered",
            "W_VISIT_NOT_OFFERED",
            "no visit or introduction was offered",
        ),
    ),
    ("transition", check_differences),
    ("", check_move_after_complaint),
    ("", check_formulation),
    ("", check_formulation_event),
    ("", check_imca),
    ("", check_expected_recipients),
    ("", check_best_interests),
    ("safeguarding.concerns[]", check_provider_leads),
    ("", check_owner_leaves),
)
