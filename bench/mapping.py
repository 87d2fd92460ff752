"""The mapping alone, against the same resources written by hand.

Budget: at most 1.5 times. The templates below and the functions beneath them make the
same resources from the same record, which is checked before anything is timed. Then the
shipped mapping is timed on each fixture, where there is no hand-written twin.
"""

import json
import sys
import time
from pathlib import Path
from statistics import median

from machine import describe

from adapter.canonical import RESOURCE_ID_SYSTEM
from adapter.mapping.codes import load_code_maps
from adapter.mapping.compile import Mapping, load_mapping
from adapter.record.declarations import DECLARATIONS

ROOT = Path(__file__).parents[1]
BUDGET = 1.5
ROUNDS = 400
DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)

TEMPLATES = """
- resource:
    resourceType: CarePlan
    id: "{id('CarePlan')}"
    identifier: ["{identifier('CarePlan')}"]
    status: "{status}"
    intent: plan
    subject: "{ref('Patient')}"
    description: "{step_down_plan.purpose}"
    note:
    - text: "{transition.needs_based_rationale}"
    - text: "{safeguarding.reporting_route_after_transition}"
    goal:
    - for: goal in step_down_plan.recovery_goals
      reference: "{id('Goal', goal.id)}"
    activity:
    - for: mitigation in safety.mitigations
      outcomeCodeableConcept:
      - coding: "{code('effectiveness', mitigation.effectiveness)}"
      progress:
      - text: "{mitigation.effectiveness_notes}"
      - text: "{mitigation.change_explained}"
      detail:
        status: in-progress
        reasonCode: [{text: "{mitigation.rationale}"}]
        performer: ["{person(mitigation.owner_ref)}"]
        description: "{mitigation.measure}"
    - for: phase in step_down_plan.phases
      progress:
      - text: "{phase.persons_confidence}"
      detail:
        status: scheduled
        reasonCode:
        - text: "{phase.intensity_basis}"
        - text: "Move on when: {phase.move_on_when}"
        scheduledPeriod: {start: "{phase.starts_on}", end: "{phase.ends_on}"}
        description: "{phase.contacts.count} in a {phase.contacts.period}"
- for: goal in step_down_plan.recovery_goals
  resource:
    resourceType: Goal
    id: "{id('Goal', goal.id)}"
    identifier: ["{identifier('Goal', goal.id)}"]
    lifecycleStatus: active
    category: [{coding: "{code('goal-area', goal.area)}"}]
    description: {text: "{goal.goal}"}
    subject: "{ref('Patient')}"
    target: [{dueDate: "{goal.target_on}"}]
- for: risk in safety.risks
  resource:
    resourceType: RiskAssessment
    id: "{id('RiskAssessment', risk.id)}"
    identifier: ["{identifier('RiskAssessment', risk.id)}"]
    status: final
    code: {coding: "{code('risk-domain', risk.domain)}"}
    subject: "{ref('Patient')}"
    occurrenceDateTime: "{risk.reviewed_on}"
    prediction:
    - outcome: {text: "{risk.behaviours}"}
      rationale: "{risk.context}"
    note:
    - for: trigger in risk.triggers
      text: "Trigger: {trigger}"
    - for: sign in risk.early_warning_signs
      text: "Early warning sign: {sign}"
    - text: "{risk.history}"
    - text: "{risk.may_change_with_move}"
- for: risk in safety.risks
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
    extension:
    - url: http://hl7.org/fhir/StructureDefinition/flag-detail
      valueReference: "{ref('RiskAssessment', risk.id)}"
    identifier: ["{identifier('Flag', risk.id)}"]
    status: active
    code: {coding: "{code('risk-domain', risk.domain)}", text: "{risk.behaviours}"}
    subject: "{ref('Patient')}"
- for: member in care_team.members
  resource:
    resourceType: PractitionerRole
    id: "{id('PractitionerRole', member.id)}"
    identifier: ["{identifier('PractitionerRole', member.id)}"]
    practitioner: "{ref('Practitioner', member.id)}"
    code: [{coding: "{code('member-role', member.role)}"}]
    period: {start: "{member.from_on}", end: "{member.until_on}"}
    telecom: [{system: phone, value: "{member.phone}"}]
- for: said in communications
  resource:
    resourceType: Communication
    id: "{id('Communication', said.id)}"
    identifier: ["{identifier('Communication', said.id)}"]
    status: completed
    medium: [{coding: "{code('medium', said.medium)}"}]
    subject: "{ref('Patient')}"
    sent: "{said.sent_at}"
    payload: [{contentString: "{said.summary}"}]
"""

PATIENT = {"reference": "Patient"}


def by_hand(record: dict, codes: dict) -> list[dict]:
    """The resources of TEMPLATES, as one would write them without a mapping."""
    kinds = {"young_person": "Patient"}
    for member in record.get("care_team", {}).get("members", ()):
        kinds[member["id"]] = f"PractitionerRole/{member['id']}"
    for person in record.get("family_and_carers", {}).get("people", ()):
        kinds[person["id"]] = f"RelatedPerson/{person['id']}"
    safety = record.get("safety", {})
    risks = safety.get("risks", ())
    plan = record.get("step_down_plan", {})
    return [
        care_plan(record, safety, plan, codes, kinds),
        *(goal_of(goal, codes) for goal in plan.get("recovery_goals", ())),
        *(risk_assessment(risk, codes) for risk in risks),
        *(flag(risk, codes) for risk in risks),
        *(
            role_of(member, codes)
            for member in record.get("care_team", {}).get("members", ())
        ),
        *(said_of(said, codes) for said in record.get("communications", ())),
    ]


def begin(kind: str, item: str) -> dict:
    name = f"{kind}/{item}"
    return {
        "resourceType": kind,
        "id": name,
        "identifier": [{"system": RESOURCE_ID_SYSTEM, "value": name}],
    }


def texts(*found: str | None) -> list[dict]:
    return [{"text": text} for text in found if text]


def care_plan(record: dict, safety: dict, plan: dict, codes: dict, kinds: dict) -> dict:
    made = {
        "resourceType": "CarePlan",
        "id": "CarePlan",
        "identifier": [{"system": RESOURCE_ID_SYSTEM, "value": "CarePlan"}],
    }
    if status := record.get("status"):
        made["status"] = status
    made["intent"] = "plan"
    made["subject"] = PATIENT
    if purpose := plan.get("purpose"):
        made["description"] = purpose
    if note := texts(
        record.get("transition", {}).get("needs_based_rationale"),
        record.get("safeguarding", {}).get("reporting_route_after_transition"),
    ):
        made["note"] = note
    goals = [
        {"reference": f"Goal/{goal['id']}"} for goal in plan.get("recovery_goals", ())
    ]
    if goals:
        made["goal"] = goals
    activity = [
        mitigation(each, codes, kinds) for each in safety.get("mitigations", ())
    ]
    activity.extend(phase_of(phase) for phase in plan.get("phases", ()))
    if activity:
        made["activity"] = activity
    return made


def mitigation(given: dict, codes: dict, kinds: dict) -> dict:
    made: dict = {}
    if effectiveness := given.get("effectiveness"):
        coding = codes["effectiveness"][effectiveness]
        made["outcomeCodeableConcept"] = [{"coding": coding}]
    progress = texts(given.get("effectiveness_notes"), given.get("change_explained"))
    if progress:
        made["progress"] = progress
    detail: dict = {"status": "in-progress"}
    if rationale := given.get("rationale"):
        detail["reasonCode"] = [{"text": rationale}]
    if (owner := given.get("owner_ref")) in kinds:
        detail["performer"] = [{"reference": kinds[owner]}]
    if measure := given.get("measure"):
        detail["description"] = measure
    if len(detail) > 1:
        made["detail"] = detail
    return made


def phase_of(phase: dict) -> dict:
    made: dict = {}
    if progress := texts(phase.get("persons_confidence")):
        made["progress"] = progress
    detail: dict = {"status": "scheduled"}
    reasons = texts(phase.get("intensity_basis"))
    if ready := phase.get("move_on_when"):
        reasons.append({"text": f"Move on when: {ready}"})
    if reasons:
        detail["reasonCode"] = reasons
    if period := period_of(phase.get("starts_on"), phase.get("ends_on")):
        detail["scheduledPeriod"] = period
    contacts = phase.get("contacts", {})
    count, each = contacts.get("count"), contacts.get("period")
    if count is not None and each:
        detail["description"] = f"{count} in a {each}"
    if len(detail) > 1:
        made["detail"] = detail
    return made


def period_of(start: str | None, end: str | None) -> dict:
    period = {}
    if start:
        period["start"] = start
    if end:
        period["end"] = end
    return period


def goal_of(goal: dict, codes: dict) -> dict:
    made = begin("Goal", goal["id"])
    made["lifecycleStatus"] = "active"
    if area := goal.get("area"):
        made["category"] = [{"coding": codes["goal-area"][area]}]
    if wanted := goal.get("goal"):
        made["description"] = {"text": wanted}
    made["subject"] = PATIENT
    if due := goal.get("target_on"):
        made["target"] = [{"dueDate": due}]
    return made


def risk_assessment(risk: dict, codes: dict) -> dict:
    made = begin("RiskAssessment", risk["id"])
    made["status"] = "final"
    if domain := risk.get("domain"):
        made["code"] = {"coding": codes["risk-domain"][domain]}
    made["subject"] = PATIENT
    if reviewed := risk.get("reviewed_on"):
        made["occurrenceDateTime"] = reviewed
    prediction = {}
    if behaviours := risk.get("behaviours"):
        prediction["outcome"] = {"text": behaviours}
    if context := risk.get("context"):
        prediction["rationale"] = context
    if prediction:
        made["prediction"] = [prediction]
    note = [{"text": f"Trigger: {each}"} for each in risk.get("triggers", ())]
    note.extend(
        {"text": f"Early warning sign: {each}"}
        for each in risk.get("early_warning_signs", ())
    )
    note.extend(texts(risk.get("history"), risk.get("may_change_with_move")))
    if note:
        made["note"] = note
    return made


def flag(risk: dict, codes: dict) -> dict:
    name = f"Flag/{risk['id']}"
    detail = {"reference": f"RiskAssessment/{risk['id']}"}
    made = {
        "resourceType": "Flag",
        "id": name,
        "extension": [{"url": DETAIL, "valueReference": detail}],
        "identifier": [{"system": RESOURCE_ID_SYSTEM, "value": name}],
        "status": "active",
    }
    code = {}
    if domain := risk.get("domain"):
        code["coding"] = codes["risk-domain"][domain]
    if behaviours := risk.get("behaviours"):
        code["text"] = behaviours
    if code:
        made["code"] = code
    made["subject"] = PATIENT
    return made


def role_of(member: dict, codes: dict) -> dict:
    made = begin("PractitionerRole", member["id"])
    made["practitioner"] = {"reference": f"Practitioner/{member['id']}"}
    if role := member.get("role"):
        made["code"] = [{"coding": codes["member-role"][role]}]
    if period := period_of(member.get("from_on"), member.get("until_on")):
        made["period"] = period
    if phone := member.get("phone"):
        made["telecom"] = [{"system": "phone", "value": phone}]
    return made


def said_of(said: dict, codes: dict) -> dict:
    made = begin("Communication", said["id"])
    made["status"] = "completed"
    if medium := said.get("medium"):
        made["medium"] = [{"coding": codes["medium"][medium]}]
    made["subject"] = PATIENT
    if sent := said.get("sent_at"):
        made["sent"] = sent
    if summary := said.get("summary"):
        made["payload"] = [{"contentString": summary}]
    return made


def texts_of(pattern: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (ROOT / "mappings").glob(pattern)}


def context_of(case: str) -> dict:
    record = json.loads((ROOT / "fixtures" / case / "record.json").read_text())
    sections = {path.partition(".")[0].removesuffix("[]") for path in DECLARATIONS}
    context = {name: record[name] for name in sections & set(record)}
    context["author"] = {"name": "Asha Bright", "role": "transition_worker"}
    context["recipient"] = {"id": "r-1", "kind": "gp", "name": "Testham Surgery"}
    return {**context, "pointers": [], "notices": [], "gaps": []}


def paired(first, second) -> tuple[float, float]:
    """The median milliseconds of two calls, taken in turns so that both share noise."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for call, taken in zip((first, second), times, strict=True):
            start = time.perf_counter()
            call()
            taken.append((time.perf_counter() - start) * 1000)
    return median(times[0]), median(times[1])


def main() -> int:
    print(describe())
    code_maps = load_code_maps(texts_of("codes/*.csv"))
    twin = load_mapping(
        {"bench.yaml": TEMPLATES}, code_maps=code_maps, declarations=DECLARATIONS
    )
    codes = {name: code_map.codings for name, code_map in code_maps.items()}
    worst = 0.0
    print("\nThe same resources, by mapping and by hand (median of turns)")
    for case in CASES:
        worst = max(worst, compare(case, twin, codes))
    print(f"budget: {BUDGET} times; worst: {worst:.2f} times")
    shipped = load_mapping(
        texts_of("fhir/*.yaml"), code_maps=code_maps, declarations=DECLARATIONS
    )
    print("\nThe shipped mapping, nothing withheld")
    for case in CASES:
        context = context_of(case)
        taken, _ = paired(lambda given=context: shipped.apply(given), lambda: None)
        made = shipped.apply(context)
        size = len(json.dumps(made)) / 1000
        print(f"{case:28} {taken:6.3f} ms, {len(made)} resources, {size:.0f} kB")
    return 0 if worst <= BUDGET else 1


def compare(case: str, twin: Mapping, codes: dict) -> float:
    context = context_of(case)
    made = by_hand(context, codes)
    if twin.apply(context) != made:
        raise SystemExit(f"{case}: the mapping and the hand-written code disagree")
    mapped, written = paired(
        lambda: twin.apply(context), lambda: by_hand(context, codes)
    )
    ratio = mapped / written
    print(
        f"{case:28} {mapped:6.3f} ms, by hand {written:6.3f} ms: {ratio:.2f} times "
        f"({len(made)} resources)"
    )
    return ratio


if __name__ == "__main__":
    sys.exit(main())
