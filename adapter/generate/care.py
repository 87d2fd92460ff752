"""Makes the fields about the person and their care agree with each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from adapter.generate.making import FAMILY, GIVEN, Making, Tree, nhs_number
from adapter.record.declarations import DECLARATIONS
from adapter.record.vocabulary import REF_TARGETS

_STATUSES = ("active",) * 12 + (
    "completed",
    "completed",
    "draft",
    "superseded",
    "withdrawn",
    "entered_in_error",
)

_GAP = "step_down_plan.clinical_reviews"
_REASONS = ("behaviour", "need", "environment", "legal_requirement")


def agree_on_envelope(tree: Tree, making: Making) -> None:
    tree["status"] = making.rng.choice(_STATUSES)
    tree["authored_at"] = making.instant(-900, -48)
    tree["updated_at"] = making.instant(-48, 0)
    tree.pop("declared_gaps", None)
    if tree["status"] in ("withdrawn", "entered_in_error"):
        tree["status_reason"] = making.phrase()
    if "supersedes" in tree:
        tree["record_version"] += 5
        tree["supersedes"]["record_id"] = tree["record_id"]
    if tree["co_production"]["level"] == "not_yet_involved":
        tree["co_production"]["what_was_not_possible_and_why"] = making.phrase()


def agree_on_person(tree: Tree, making: Making) -> None:
    person = tree["young_person"]
    age = making.rng.choice(
        (11, 12, 13, 14, 15, 15, 16, 16, 17, 17, 17, 18, 18, 20, 24)
    )
    # close to a birthday as often as not: ages are where the rules turn
    days = making.rng.choice((-1, 0, 1, making.rng.randint(0, 364)))
    born = making.today - timedelta(days=age * 365 + age // 4 + days)
    leap = born.year - born.year % 4
    born = date(leap, 2, 29) if making.chance(0.05) else born
    person["birth_date"] = born.isoformat()
    if making.chance(0.1):
        person["nhs_number_status"] = "not_present"
        person.pop("nhs_number", None)
    elif person["nhs_number_status"] == "not_present":
        person["nhs_number_status"] = "verified"
    if person["nhs_number_status"] != "not_present":
        person["nhs_number"] = nhs_number(making.rng)
    for position, name in enumerate(person["names"]):
        name["given"] = making.rng.choice(GIVEN)
        name["family"] = making.rng.choice(FAMILY)
        name["use"] = ("official", "preferred", "former")[position]
        if name["use"] != "preferred":
            name.pop("use_with", None)
    development = person["neurodevelopmental"]
    development["who_owns_outstanding_assessment_ref"] = making.ref("members")


def agree_on_transition(tree: Tree, making: Making) -> None:
    transition = tree["transition"]
    transition["planned_date"] = making.day(-30, 60)
    transition["admission_date"] = making.day(-300, -40)
    transition["clinical_responsibility_moves_at"] = (
        transition["planned_date"] + "T12:00:00Z"
    )
    transition["alternatives_to_age_led_move"] = making.phrase()
    if transition["status"] in ("transferred", "closed"):
        transition["actual_date"] = making.day(-30, 0)
    else:
        transition.pop("actual_date", None)
    for service in ("from_service", "to_service"):
        transition[service].setdefault("ods_code", f"ZZ9{service[0].upper()}1")
    transition["to_service"]["gap_if_not_accepted"] = making.phrase()
    transition["place_preference"]["why_not_met"] = making.phrase()
    if transition["advocacy"]["offered"] == "declined_review_again":
        transition["advocacy"]["next_offer_on"] = making.day(1, 90)
    away = transition["out_of_area"]
    if away["is_out_of_area"] == "yes":
        away["sending_ods_code"] = tree["source_system"]["ods_code"]
        away["oversight_lead_ref"] = making.ref("members")
        away["oversight_arrangement"] = making.phrase()
        away["return_plan"] = making.phrase()


def agree_on_safety(tree: Tree, making: Making) -> None:
    safety = tree["safety"]
    safety["safety_plan"]["crisis_contacts"][0]["available"] = "always"
    safety.pop("risks_none_identified", None)
    named = making.ids[REF_TARGETS["risks"]]
    if making.chance(0.05):
        for name in ("risks", "mitigations"):
            safety.pop(name, None)
        safety["risks_none_identified"] = making.phrase()
        tree.get("outcomes_monitoring", {}).pop("mitigation_reviews", None)
        for concern in tree["safeguarding"].get("concerns", ()):
            concern.pop("mitigation_refs", None)
        return
    for mitigation in safety["mitigations"]:
        mitigation["risk_refs"] = making.rng.sample(named, 1)
        for name in ("owner_ref", "owner_after_transition_ref"):
            mitigation.setdefault(name, making.ref("members"))
        mitigation["rationale_kind"] = making.rng.choice(_REASONS)
        mitigation["change_rationale_kind"] = making.rng.choice(_REASONS)
        mitigation["change_explained"] = making.phrase()


def agree_on_items(tree: Tree, making: Making) -> None:
    for item in (
        *tree["safety"].get("risks", ()),
        *tree["safety"].get("mitigations", ()),
        *tree["safeguarding"].get("concerns", ()),
        *tree.get("communications", ()),
    ):
        if item.get("given_in_confidence"):
            item["information_source"] = making.rng.choice(
                ("family", "third_party", "professional")
            )
        if item.get("withhold_from_young_person"):
            item["withhold_reason"] = making.phrase()


def agree_on_safeguarding(tree: Tree, making: Making) -> None:
    safeguarding = tree["safeguarding"]
    safeguarding["named_lead_after_transition_ref"] = making.ref("members")
    safeguarding["review_not_completed_reason"] = making.phrase()
    safeguarding["local_authority"]["contact"] = making.phone()
    for position, step in enumerate(safeguarding["escalation_pathway"]):
        step["step"] = position + 1
    point = safeguarding["review_points"][0]
    point["on"], point["next_on"] = making.day(70, 100), making.day(120, 150)
    for concern in safeguarding.get("concerns", ()):
        concern["why_not_explained"] = making.phrase()
        concern["reasons_given_to_person"] = making.phrase()
        for name in ("statutory_threshold", "response_level", "who_leads"):
            found = DECLARATIONS[f"safeguarding.concerns[].{name}"]
            if concern["kind"] == "safeguarding_alert":
                concern[name] = making.plain(found)
            else:
                concern.pop(name, None)


def agree_on_plan(tree: Tree, making: Making) -> None:
    plan = tree["step_down_plan"]
    transition = tree["transition"]
    move = transition.get("actual_date", transition["planned_date"])
    starts = date.fromisoformat(move)
    plan["first_contact_after_move"] = f"{starts + timedelta(days=1)}T09:30:00Z"
    for position, phase in enumerate(plan["phases"]):
        ends = starts + timedelta(days=making.rng.randint(6, 60))
        phase["order"] = position + 1
        phase["starts_on"], phase["ends_on"] = starts.isoformat(), ends.isoformat()
        phase["contacts"]["count"] = making.rng.randint(1, 7)
        starts = ends + timedelta(days=making.rng.choice((1, 1, 2)))
    if making.chance(0.1):
        del plan["clinical_reviews"]
        gap = {**making.object("declared_gaps[]"), "id": "gap-1", "path": _GAP}
        tree["declared_gaps"] = [gap]


AGREEMENTS: tuple[Callable[[Tree, Making], None], ...] = (
    agree_on_envelope,
    agree_on_person,
    agree_on_transition,
    agree_on_safety,
    agree_on_items,
    agree_on_safeguarding,
    agree_on_plan,
)
