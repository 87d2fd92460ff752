"""What one field calls for in another: every "required when" that E_SCHEMA answers.

Source of each: the row of the field that is required, in the record model.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, require, require_when, wrong

_DAGGERED = (
    "safety.risks[]",
    "safety.mitigations[]",
    "safeguarding.concerns[]",
    "communications[]",
)
_PENDING = ("assessment_in_progress", "assessment_indicated_not_started")
_CARE_AT_HOME = ("family_home", "community_placement")


def check_nhs_number(young_person: Part, _: Facts) -> Iterator[Finding]:
    """``young_person.nhs_number``: required unless it is recorded as not present."""
    if young_person.known("nhs_number_status") != "not_present":
        yield from require(
            young_person, ["nhs_number"], "unless nhs_number_status is not_present"
        )


def check_names(young_person: Part, _: Facts) -> Iterator[Finding]:
    """``young_person.names[].use``: exactly one official name."""
    names = young_person.items("names")
    official = [name.known("use") == "official" for name in names]
    if names and sum(official) != 1:
        yield wrong(
            "E_SCHEMA", young_person.at("names"), "exactly one name must be official"
        )


def check_use_with(name: Part, _: Facts) -> Iterator[Finding]:
    """``young_person.names[].use_with[]``: only on the preferred name."""
    if name.has("use_with") and name.known("use") != "preferred":
        yield wrong("E_SCHEMA", name.at("use_with"), "only on the preferred name")


def check_assessment_owner(neurodevelopmental: Part, _: Facts) -> Iterator[Finding]:
    """``who_owns_outstanding_assessment_ref``: when any assessment is outstanding."""
    outstanding = [
        neurodevelopmental.shows(name, *_PENDING)
        for name in ("autism", "adhd", "learning_disability")
    ]
    if any(outstanding):
        yield from require(
            neurodevelopmental,
            ["who_owns_outstanding_assessment_ref"],
            "while an assessment is outstanding",
        )


def check_service_code(service: Part, _: Facts) -> Iterator[Finding]:
    """``ods_code`` of a service: unless it is a home or a community placement."""
    if service.known("setting") not in _CARE_AT_HOME:
        yield from require(service, ["ods_code"], "of a service in this setting")


def check_host(whole: Part, _: Facts) -> Iterator[Finding]:
    """The host of a community placement, and how they are reached and supported."""
    setting = whole.part("transition", "to_service").value("setting")
    if setting == "community_placement":
        yield from require(
            whole.part("family_and_carers", "household"),
            ["host_person_ref", "host_crisis_phone", "host_debrief_arrangement"],
            "when the next place is a community placement",
        )


def check_household(household: Part, _: Facts) -> Iterator[Finding]:
    """What must be known of the home that someone moves into."""
    if household.value("applies") is True:
        yield from require(
            household,
            ["children_present_or_visiting", "host_briefed"],
            "when the destination is someone's home",
        )


def check_restriction(person: Part, _: Facts) -> Iterator[Finding]:
    """``restriction_notes``: unless there is no restriction, or none is known."""
    if person.known("contact_restriction") not in ("none", "not_known"):
        yield from require(person, ["restriction_notes"], "when contact is restricted")


def check_withheld(item: Part, _: Facts) -> Iterator[Finding]:
    """``withhold_reason``: when something is kept from the young person."""
    if item.value("withhold_from_young_person") is True:
        yield from require(item, ["withhold_reason"], "when kept from the young person")


def check_confidence(item: Part, _: Facts) -> Iterator[Finding]:
    """Who told something in confidence. Source: E_CONFIDENCE_SOURCE."""
    if item.value("given_in_confidence") is True and item.value(
        "information_source"
    ) not in ("family", "third_party", "professional"):
        yield wrong(
            "E_CONFIDENCE_SOURCE",
            item.at("given_in_confidence"),
            "only with information_source family, third_party or professional",
        )


def check_council(whole: Part, _: Facts) -> Iterator[Finding]:
    """``local_authority.contact``: when the council has a concern to look into."""
    concerns = whole.part("safeguarding").items("concerns")
    if any(
        concern.shows("response_level", "la_enquiry", "police_and_la")
        for concern in concerns
    ):
        yield from require(
            whole.part("safeguarding", "local_authority"),
            ["contact"],
            "when a concern goes to the council",
        )


_ALERT_ONLY = ("statutory_threshold", "response_level", "who_leads")


def check_concern_kind(concern: Part, _: Facts) -> Iterator[Finding]:
    """An alert has threshold, level and lead; a complaint never has.

    Source: those rows of the record model; E_COMPLAINT_TREATED_AS_ALERT.
    """
    if concern.known("kind") == "safeguarding_alert":
        yield from require(concern, _ALERT_ONLY, "of a safeguarding alert")
        return
    for name in _ALERT_ONLY:
        if not concern.lacks(name):
            yield wrong(
                "E_COMPLAINT_TREATED_AS_ALERT",
                concern.at(name),
                "only on a safeguarding alert",
            )


def check_sent_at(communication: Part, _: Facts) -> Iterator[Finding]:
    """``sent_at``: absent when the communication is only planned."""
    if communication.value("status") == "planned" and communication.has("sent_at"):
        yield wrong("E_SCHEMA", communication.at("sent_at"), "absent while planned")


def check_supersedes(whole: Part, _: Facts) -> Iterator[Finding]:
    """``supersedes.record_version``: earlier than this one, when of this record."""
    older = whole.part("supersedes")
    if (
        older.is_there
        and older.known("record_id") == whole.known("record_id")
        and older.known("record_version") >= whole.known("record_version")
    ):
        yield wrong(
            "E_SCHEMA",
            older.at("record_version"),
            "below record_version, when it names this record",
        )


RULES: tuple[Rule, ...] = (
    (
        "",
        require_when(
            "status_reason",
            "status",
            "withdrawn entered_in_error",
            "when withdrawn or entered in error",
        ),
    ),
    ("", check_supersedes),
    (
        "co_production",
        require_when(
            "what_was_not_possible_and_why",
            "level",
            "not_yet_involved",
            "when the young person is not yet involved",
        ),
    ),
    ("young_person", check_nhs_number),
    ("young_person", check_names),
    ("young_person.names[]", check_use_with),
    ("young_person.neurodevelopmental", check_assessment_owner),
    (
        "transition",
        require_when(
            "alternatives_to_age_led_move",
            "reason",
            "service_age_limit",
            "when the reason is an age limit",
        ),
    ),
    (
        "transition",
        require_when(
            "actual_date", "status", "transferred closed", "once the move has happened"
        ),
    ),
    ("transition.from_service", check_service_code),
    ("transition.to_service", check_service_code),
    (
        "transition.to_service",
        require_when(
            "gap_if_not_accepted",
            "accepted",
            "declined_criteria_not_met no_service_identified",
            "when no service has accepted",
        ),
    ),
    (
        "transition.place_preference",
        require_when(
            "why_not_met", "met", "partly_met not_met", "when wishes are not met"
        ),
    ),
    (
        "transition.out_of_area",
        require_when(
            "sending_ods_code oversight_lead_ref oversight_arrangement return_plan",
            "is_out_of_area",
            "yes",
            "when out of area",
        ),
    ),
    (
        "transition.advocacy",
        require_when(
            "next_offer_on", "offered", "declined_review_again", "to offer it again"
        ),
    ),
    (
        "safety.mitigations[]",
        require_when(
            "change_explained change_rationale_kind",
            "continues_after_transition",
            "changes stops",
            "when a mitigation changes or stops",
        ),
    ),
    *((item, check_withheld) for item in _DAGGERED),
    *((item, check_confidence) for item in _DAGGERED),
    ("safeguarding.concerns[]", check_concern_kind),
    (
        "safeguarding.concerns[]",
        require_when(
            "why_not_explained",
            "explained_to_person",
            "not_yet unsafe_to_explain",
            "when not explained to the person",
        ),
    ),
    (
        "safeguarding.concerns[]",
        require_when(
            "reasons_given_to_person",
            "explained_to_person",
            "explained_disagrees",
            "when the person disagrees",
        ),
    ),
    ("", check_council),
    ("family_and_carers.people[]", check_restriction),
    ("", check_host),
    ("family_and_carers.household", check_household),
    (
        "family_and_carers.household",
        require_when(
            "briefed_concerns_list",
            "host_briefed",
            "briefed_concerns",
            "when the host has concerns",
        ),
    ),
    ("communications[]", check_sent_at),
    (
        "communications[]",
        require_when(
            "acknowledged_by acknowledged_at",
            "status",
            "acknowledged",
            "when acknowledged",
        ),
    ),
    (
        "communications[]",
        require_when(
            "not_sent_reason", "status", "failed not_sent", "when it was not sent"
        ),
    ),
)
