"""Makes people, recipients, consent and the rest of a record agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from adapter.generate.making import CHILDREN, GIVEN, Making, Tree
from adapter.record.ages import birthday
from adapter.record.rules.dates import PAIRS
from adapter.record.vocabulary import (
    ACTIVE_STATUSES,
    CATEGORIES,
    HEALTH_KINDS,
    RECIPIENT_KINDS,
    REF_TARGETS,
)

_RELATIVE_KINDS = ("family_member", "community_placement_carer")
_BRIEFING = "family_and_carers.household.host_briefed"
_PARENTAL = ("yes_evidence_seen", "shared_with_local_authority")
_DECIDERS = (
    "young_person",
    "young_person",
    "person_with_pr",
    "best_interests",
    "attorney_or_deputy",
    "court",
)


def agree_on_family(tree: Tree, making: Making) -> None:
    family = tree["family_and_carers"]
    for person in family["people"]:
        if making.chance(0.6):
            person["contact_restriction"] = "none"
        person["restriction_notes"] = making.phrase()
    household = family["household"]
    household["host_person_ref"] = making.ref("people")
    household["host_crisis_phone"] = making.phone()
    household["host_debrief_arrangement"] = making.phrase()
    household.setdefault("children_present_or_visiting", "visit_rarely")
    household["host_briefed"] = making.rng.choice(
        ("briefed_and_agreed", "briefed_concerns")
    )
    household["briefed_concerns_list"] = [making.phrase()]
    if making.chance(0.05):
        household["host_briefed"] = "not_briefed"
        gap = {**making.object("declared_gaps[]"), "id": "gap-2", "path": _BRIEFING}
        tree.setdefault("declared_gaps", []).append(gap)


def agree_on_recipients(tree: Tree, making: Making) -> None:
    receiving = tree["transition"]["to_service"]["ods_code"]
    recipients = tree["consent_and_sharing"]["recipients"] = []
    others = making.rng.sample(RECIPIENT_KINDS, making.rng.randint(1, 12))
    kinds = ["adult_mh_service", "young_person", *others]
    for position, kind in enumerate(kinds):
        recipient: Tree = making.object("consent_and_sharing.recipients[]")
        recipient.update(id=f"rec-{position + 1}", kind=kind)
        recipient.pop("person_ref", None)
        if kind in _RELATIVE_KINDS:
            recipient["person_ref"] = making.ref("people")
        elif kind == "advocate":
            recipient["person_ref"] = making.ref("members")
        if kind in HEALTH_KINDS:
            recipient.setdefault("ods_code", f"ZZ9R{position}")
        recipients.append(recipient)
    recipients[0]["ods_code"] = receiving
    if making.chance(0.8):
        recipients[0]["care_relationship"] = "planned_care_accepted"
    making.ids[REF_TARGETS["recipients"]] = [found["id"] for found in recipients]
    making.rng.shuffle(recipients)


def agree_on_competence(tree: Tree, making: Making) -> None:
    competence = tree["consent_and_sharing"]["competence"]
    born = date.fromisoformat(tree["young_person"]["birth_date"])
    if making.today < birthday(born, 16):
        competence["capacity"] = "not_applicable_under_16"
        competence["gillick"] = making.rng.choice(
            ("competent", "not_competent", "not_assessed")
        )
    else:
        competence["gillick"] = "not_applicable_16_or_over"
        competence["capacity"] = making.rng.choice(
            ("has_capacity", "lacks_capacity", "in_doubt", "not_assessed_presumed")
        )
    competence["decision_in_question"] = making.phrase()
    competence["assessed_on"] = making.day(-60, -1)
    competence["assessor_ref"] = making.ref("members")
    competence["evidence"] = making.phrase()


def agree_on_advocacy(tree: Tree, making: Making) -> None:
    """Half of the advocates are the one whom the young person has accepted."""
    advocates = [
        recipient["person_ref"]
        for recipient in tree["consent_and_sharing"]["recipients"]
        if recipient["kind"] == "advocate"
    ]
    if advocates and making.chance(0.5):
        advocacy = tree["transition"]["advocacy"]
        advocacy["advocate_ref"] = advocates[0]
        advocacy["offered"] = "accepted"
        advocacy["type"] = making.rng.choice(("imca", "imca", advocacy["type"]))


def agree_on_decisions(tree: Tree, making: Making) -> None:
    """Who decided what about whom; most often about one who is listed."""
    sharing = tree["consent_and_sharing"]
    path = "consent_and_sharing.decisions[]"
    while making.chance(0.6):
        sharing.setdefault("decisions", []).extend(making.items(path))
    adult_on = birthday(date.fromisoformat(tree["young_person"]["birth_date"]), 18)
    parents = [
        person["id"]
        for person in tree["family_and_carers"]["people"]
        if person["parental_responsibility"] in _PARENTAL
    ]
    for decision in sharing.get("decisions", ()):
        _agree_on_decision(decision, sharing["recipients"], adult_on, parents, making)
    for override in sharing.get("overrides", ()):
        override["recipient_ref"] = making.ref("recipients")
        override["categories"] = making.rng.sample(CATEGORIES, making.rng.randint(1, 4))
        override["decided_at"] = making.instant(-400, -1)
        override["expires_at"] = making.instant(0, 400)
        for found in CHILDREN["consent_and_sharing.overrides[]"]:
            name = found.path.rpartition(".")[2]
            if name not in override and not found.many:
                override[name] = making.plain(found)


def _agree_on_decision(
    decision: Tree,
    recipients: Sequence[Tree],
    adult_on: date,
    parents: Sequence[str],
    making: Making,
) -> None:
    decision["effective_from"] = making.day(-90, 10)
    decider = making.rng.choice(_DECIDERS)
    starts_adult = date.fromisoformat(decision["effective_from"]) >= adult_on
    if decider == "person_with_pr" and (not parents or starts_adult):
        decider = "young_person"
    decision["decided_by"] = decider
    decision["decider_ref"] = making.ref("members")
    if decider == "person_with_pr":
        decision["decider_ref"] = making.rng.choice(parents)
    decision["best_interests_record"] = making.phrase()
    decision["categories"] = making.rng.sample(CATEGORIES, making.rng.randint(1, 6))
    listed = making.rng.choice(recipients)
    for name in ("recipient_ref", "recipient_kind"):
        decision.pop(name, None)
    if making.chance(0.5):
        decision["recipient_ref"] = listed["id"]
    else:
        kinds = (listed["kind"], listed["kind"], making.rng.choice(RECIPIENT_KINDS))
        decision["recipient_kind"] = making.rng.choice(kinds)
    decision["decided_at"] = making.instant(-2000, -48)
    if "withdrawn_at" in decision and making.chance(0.5):
        del decision["withdrawn_at"]


def agree_on_the_rest(tree: Tree, making: Making) -> None:
    clinical = tree["clinical_essentials"]
    if clinical["allergy_status"] == "recorded" and "allergies" not in clinical:
        clinical["allergies"] = list(making.items("clinical_essentials.allergies[]"))
    for message in tree.get("communications", ()):
        message["recipient_ref"] = making.ref("recipients")
        message["acknowledged_by"] = making.rng.choice(GIVEN)
        message["acknowledged_at"] = making.instant(0, 24)
        message["not_sent_reason"] = making.phrase()
        if message["status"] == "planned":
            message.pop("sent_at", None)
        else:
            message["sent_at"] = making.instant(-300, 0)
    outcomes = tree.get("outcomes_monitoring", {})
    if not making.chance(0.25):
        outcomes.pop("death", None)
    if "death" in outcomes:
        outcomes["death"]["date_of_discharge"] = making.day(-60, -20)
        outcomes["death"]["date_of_death"] = making.day(-20, 0)
    if not outcomes:
        tree.pop("outcomes_monitoring", None)
    if tree["status"] not in ACTIVE_STATUSES and making.chance(0.5):
        del tree["safeguarding"]["named_lead_after_transition_ref"]


def agree_on_dates(tree: Tree, _: Making) -> None:
    """Each pair of dates the right way round. Source: record model, 14.2."""
    for path, earlier, later in PAIRS:
        for part in _parts(tree, path):
            if earlier in part and later in part and part[earlier] > part[later]:
                part[earlier], part[later] = part[later], part[earlier]


def _parts(tree: Tree, path: str) -> list[Tree]:
    found = [tree]
    for step in path.split(".") if path else ():
        name = step.removesuffix("[]")
        inner = [part[name] for part in found if name in part]
        found = [i for items in inner for i in items] if step != name else inner
    return found


AGREEMENTS: tuple[Callable[[Tree, Making], None], ...] = (
    agree_on_family,
    agree_on_recipients,
    agree_on_advocacy,
    agree_on_competence,
    agree_on_decisions,
    agree_on_the_rest,
    agree_on_dates,
)
