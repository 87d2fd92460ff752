"""Who decides, whether a decision or an override is whole, and what an age changes."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.record.ages import birthday
from adapter.record.faults import Finding
from adapter.record.part import Part
from adapter.record.rules.facts import Facts, Rule, require, wrong
from adapter.record.vocabulary import HEALTH_KINDS

_ASSESSED_GILLICK = ("competent", "not_competent")
_ASSESSED_CAPACITY = ("has_capacity", "lacks_capacity", "in_doubt")
_SHORTEST_REASON = 20


def check_competence(competence: Part, _: Facts) -> Iterator[Finding]:
    """What goes with an assessment: which decision, when, by whom, on what evidence.

    Source: record model, ``consent_and_sharing.competence``.
    """
    if competence.shows("gillick", "not_competent") or competence.shows(
        "capacity", "lacks_capacity", "in_doubt"
    ):
        yield from require(
            competence,
            ["decision_in_question"],
            "because capacity is decision-specific",
        )
    if competence.shows("gillick", *_ASSESSED_GILLICK) or competence.shows(
        "capacity", *_ASSESSED_CAPACITY
    ):
        yield from require(
            competence, ["assessed_on", "assessor_ref", "evidence"], "of an assessment"
        )


def check_recipient(recipient: Part, _: Facts) -> Iterator[Finding]:
    """The code of an NHS body, and the person behind a relative or host.

    Source: record model, ``consent_and_sharing.recipients``.
    """
    kind = recipient.known("kind")
    if kind in HEALTH_KINDS:
        yield from require(recipient, ["ods_code"], "of an NHS body")
    if kind in ("family_member", "community_placement_carer"):
        yield from require(recipient, ["person_ref"], "of a relative or host")


def check_decision(decision: Part, _: Facts) -> Iterator[Finding]:
    """A decision names one recipient or kind, who decided, and on what record.

    Source: E_CONSENT_INCOMPLETE, E_CONSENT_DECIDER_INVALID.
    """
    code = "E_CONSENT_INCOMPLETE"
    one, kind = (
        not decision.lacks("recipient_ref"),
        not decision.lacks("recipient_kind"),
    )
    if not one and not kind:
        yield from require(decision, ["recipient_ref"], "or recipient_kind", code=code)
    if one and kind:
        names = list(decision.names())
        later = max("recipient_ref", "recipient_kind", key=names.index)
        yield wrong(
            code, decision.at(later), "recipient_ref or recipient_kind, not both"
        )
    decided_by = decision.known("decided_by")
    if decided_by not in ("young_person", "court"):
        yield from require(decision, ["decider_ref"], "of this decider", code=code)
    if decided_by == "best_interests":
        yield from require(
            decision,
            ["best_interests_record"],
            "of a best-interests decision",
            code=code,
        )
    if decided_by in ("nearest_relative", "nominated_person"):
        yield wrong(
            "E_CONSENT_DECIDER_INVALID",
            decision.at("decided_by"),
            "a role under the Mental Health Act gives no power to consent",
        )


def check_parental_decision(decision: Part, facts: Facts) -> Iterator[Finding]:
    """Parental responsibility is held, and ends on the 18th birthday.

    Source: E_CONSENT_PR_AT_18, E_CONSENT_DECIDER_NO_PR. PR that is only stated passes
    here and gives no authority (disclosure rules, section 2).
    """
    if decision.value("decided_by") != "person_with_pr":
        return
    starts, birth = decision.is_readable("effective_from"), facts.birth
    if starts and birth:
        day = decision.date("effective_from")
        if day and day >= birthday(birth, 18):
            yield wrong(
                "E_CONSENT_PR_AT_18",
                decision.at("effective_from"),
                "parental responsibility ends on the 18th birthday",
            )
    decider = decision.value("decider_ref")
    if decider is None or decider not in facts.items:
        return
    holding = facts.policy.pr_evidence | {"yes_stated", "yes_evidence_seen"}
    holding |= {"shared_with_local_authority"}
    people = facts.whole.part("family_and_carers").items("people")
    named = [person for person in people if person.shows("id", decider)]
    if not any(person.shows("parental_responsibility", *holding) for person in named):
        for person in named:
            person.known("parental_responsibility")
        yield wrong(
            "E_CONSENT_DECIDER_NO_PR",
            decision.at("decider_ref"),
            "names nobody who is recorded as holding parental responsibility",
        )


_OVERRIDE = "E_OVERRIDE_INCOMPLETE"
_ALWAYS_NEEDED = (
    "reason_text",
    "decided_by_ref",
    "decided_at",
    "expires_at",
    "young_person_told",
)


def check_override(override: Part, _: Facts) -> Iterator[Finding]:
    """An override is complete: reason, decider, end, and what the person was told.

    Source: record model, ``consent_and_sharing.overrides``; E_OVERRIDE_INCOMPLETE.
    """
    yield from require(override, _ALWAYS_NEEDED, "of every override", code=_OVERRIDE)
    reason = (
        override.value("reason_text") if override.is_readable("reason_text") else ""
    )
    if reason and len(reason.strip()) < _SHORTEST_REASON:
        yield wrong(
            _OVERRIDE, override.at("reason_text"), "at least 20 characters of reason"
        )
    if override.shows("reason_code", "court_order", "statutory_duty"):
        yield from require(
            override, ["legal_reference"], "for this reason", code=_OVERRIDE
        )
    if override.shows("reason_code", "serious_harm_to_self", "vital_interests"):
        yield from require(
            override, ["capacity_at_override"], "for this reason", code=_OVERRIDE
        )
    if override.shows("young_person_told", "not_told_unsafe", "not_told_yet"):
        yield from require(
            override, ["why_not_told"], "when the person was not told", code=_OVERRIDE
        )


RULES: tuple[Rule, ...] = (
    ("consent_and_sharing.competence", check_competence),
    ("consent_and_sharing.recipients[]", check_recipient),
    ("consent_and_sharing.decisions[]", check_decision),
    ("consent_and_sharing.decisions[]", check_parental_decision),
    ("consent_and_sharing.overrides[]", check_override),
)
