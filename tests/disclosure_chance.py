"""Records made at random, and instants, for laws of disclosure.

``make_tree`` changes one of the stories in what decides; ``generate`` makes valid
records of every shape.
"""

import copy
import itertools
import json
import random
from datetime import UTC, datetime, timedelta

from disclosure_builders import CASES, load_tree
from hypothesis import strategies as st

from adapter.disclosure.model import HEALTH_KINDS, SILENT_KINDS
from adapter.disclosure.redact import disclose
from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES, RECIPIENT_KINDS

TREES = [load_tree(case) for case in CASES]
START = datetime(2026, 11, 5, 12, tzinfo=UTC)
DECIDERS = (
    "young_person",
    "person_with_pr",
    "best_interests",
    "attorney_or_deputy",
    "court",
)
OVERRIDE_REASONS = (
    "safeguarding_child",
    "safeguarding_adult_at_risk",
    "serious_harm_to_others",
    "serious_harm_to_self",
    "vital_interests",
    "court_order",
    "statutory_duty",
)
CAPACITIES = (
    "has_capacity",
    "lacks_capacity",
    "in_doubt",
    "competent_child",
    "not_competent_child",
)
PERSONS = {
    "family_member": ["p-mum", "p-law"],
    "community_placement_carer": ["p-mum", "p-law"],
    "advocate": ["m-cc", "m-tw"],
}
rngs = st.integers(0, 2**48).map(random.Random)
instants = st.integers(-400, 1500).map(lambda days: START + timedelta(days=days)) | (
    st.integers(-(10**6), 10**6).map(lambda s: START + timedelta(seconds=s))
)


def as_text(instant):
    return instant.isoformat()


def instant_of(rng):
    return START + timedelta(seconds=rng.randint(-4, 12) * 86_400 * rng.randint(1, 90))


def some_of(rng, values, most, least=0):
    return rng.sample(values, rng.randint(least, most))


def is_so(rng):
    return rng.random() < 0.5


def make_controls(rng):
    found = {}
    if is_so(rng):
        found["extra_categories"] = some_of(rng, CATEGORIES, 3)
    if is_so(rng):
        found["given_in_confidence"] = True
        found["information_source"] = rng.choice(
            ["family", "third_party", "professional"]
        )
        found["informant_ref"] = "p-mum"
        found["informant_agrees_to_share_with"] = some_of(rng, RECIPIENT_KINDS, 6)
    if is_so(rng):
        found["withhold_from_young_person"] = True
        found["withhold_reason"] = "A serious-harm judgement"
    return found


def make_decision(rng, number, recipients):
    decided_at = instant_of(rng)
    found = {
        "id": f"d-law-{number}",
        "categories": some_of(rng, CATEGORIES, 5, 1),
        "decision": rng.choice(["permit", "deny"]),
        "decided_by": rng.choice(DECIDERS),
        "decider_ref": rng.choice(["p-mum", "p-law"]),
        "decided_at": as_text(decided_at),
        "effective_from": decided_at.date().isoformat(),
        "review_on": "2027-01-10",
    }
    if is_so(rng):
        found["recipient_ref"] = rng.choice(recipients)["id"]
    else:
        found["recipient_kind"] = rng.choice(recipients)["kind"]
    if is_so(rng):
        last = decided_at + timedelta(days=rng.randint(0, 400))
        found["effective_to"] = last.date().isoformat()
    if rng.random() < 0.25:
        found["withdrawn_at"] = as_text(
            decided_at + timedelta(hours=rng.randint(0, 9000))
        )
    return found


def make_override(rng, number, recipients):
    decided_at = instant_of(rng)
    return {
        "id": f"o-law-{number}",
        "recipient_ref": rng.choice(recipients)["id"],
        "categories": some_of(rng, CATEGORIES, 3, 1),
        "reason_code": rng.choice(OVERRIDE_REASONS),
        "capacity_at_override": rng.choice(CAPACITIES),
        "legal_reference": "Act 1",
        "reason_text": "A reason of twenty characters and more",
        "decided_by_ref": "m-tw",
        "decided_at": as_text(decided_at),
        "expires_at": as_text(decided_at + timedelta(days=rng.randint(0, 40))),
        "young_person_told": rng.choice(["told_before", "not_told_unsafe"]),
    }


def make_recipients(rng, tree):
    """Some of the story's recipients, and some of every other kind."""
    recipients = tree["consent_and_sharing"]["recipients"]
    for kind in some_of(rng, RECIPIENT_KINDS, 7):
        recipient = {
            "id": f"r-law-{kind}",
            "kind": kind,
            "name": "Somebody",
            "care_relationship": "none",
        }
        if kind in PERSONS:
            recipient["person_ref"] = rng.choice(PERSONS[kind])
        elif is_so(rng):
            recipient["ods_code"] = rng.choice(["ZZ9B2", "ZZ9L1"])
        recipients.append(recipient)
    for recipient in recipients:
        if recipient["kind"] in HEALTH_KINDS:
            recipient["kind"] = rng.choice(HEALTH_KINDS)
            recipient["care_relationship"] = rng.choice(
                ["current_care", "planned_care_accepted", "oversight"] * 2
                + ["planned_care_pending", "none"]
            )
    return recipients


def make_bases(rng, tree):
    """What opens routes: alerts, a council's duty, PR, an advocate's instruction."""
    for concern in tree["safeguarding"].get("concerns", []):
        concern["statutory_threshold"] = rng.choice(
            ["none", "s17_child_in_need", "s47_significant_harm"]
            + ["s42_care_act_enquiry", "not_decided"]
        )
        concern["response_level"] = rng.choice(["provider_led_response", "la_enquiry"])
        concern["explained_to_person"] = rng.choice(
            ["explained_agrees", "unsafe_to_explain"]
        )
    tree["safeguarding"]["local_authority"]["social_care_basis"] = rng.choice(
        ["none", "s117_aftercare", "looked_after", "care_act_assessment_or_plan"]
    )
    tree["transition"]["advocacy"] = {
        "type": rng.choice(["imca", "imca", "imha"]),
        "offered": rng.choice(["accepted", "accepted", "not_offered"]),
        "advocate_ref": "m-cc",
    }
    people = tree["family_and_carers"]["people"]
    people.append(
        {
            **copy.deepcopy(people[0]),
            "id": "p-law",
            "name": "Uncle Law",
            "relation": "other_relative",
        }
    )
    for person in people:
        person["contact_restriction"] = rng.choice(["none", "none", "court_order"])
        person["parental_responsibility"] = rng.choice(
            ["yes_evidence_seen", "yes_stated", "no"]
        )


def make_tree(seed):
    """One of the stories, with what decides about it made at random."""
    rng = random.Random(seed)
    tree = copy.deepcopy(rng.choice(TREES))
    person = tree["young_person"]
    person["birth_date"] = rng.choice(
        ["2008-02-29", "2009-07-21", "2011-03-30", "2013-12-31"]
    )
    person["address_is_sensitive"] = is_so(rng)
    person["names"] += [
        {
            "id": "n-law-1",
            "use": "preferred",
            "given": "Mo",
            "use_with": some_of(rng, RECIPIENT_KINDS, 4),
        },
        {"id": "n-law-2", "use": "former", "given": "Earlier"},
    ]
    sharing = tree["consent_and_sharing"]
    recipients = make_recipients(rng, tree)
    make_bases(rng, tree)
    sharing["competence"].update(
        gillick=rng.choice(["competent", "not_competent", "not_assessed"]),
        capacity=rng.choice(["has_capacity", "lacks_capacity", "in_doubt"]),
        assessed_on="2026-10-14",
    )
    sharing["decisions"] = [
        make_decision(rng, number, recipients) for number in range(rng.randint(0, 8))
    ]
    sharing["overrides"] = [
        make_override(rng, number, recipients) for number in range(rng.randint(0, 3))
    ]
    safety = tree["safety"]
    safety["risks"].append({**copy.deepcopy(safety["risks"][0]), "id": "rk-law"})
    safety["mitigations"].append(
        {
            **copy.deepcopy(safety["mitigations"][0]),
            "id": "mt-law",
            "risk_refs": rng.choice([["rk-law"], ["rk-1", "rk-law"], ["rk-1"]]),
            "safety_critical": is_so(rng),
        }
    )
    tree["outcomes_monitoring"] = {
        "mitigation_reviews": [
            {
                "id": "mr-law",
                "mitigation_ref": "mt-law",
                "on": "2026-11-01",
                "finding": "working",
            }
        ]
    }
    for risk in safety["risks"]:
        risk["domain"] = rng.choice(["self_harm", "substances", "sexual_safety"])
    concerns = tree["safeguarding"].get("concerns", [])
    for item in itertools.chain(
        safety["risks"], safety["mitigations"], concerns, tree["communications"]
    ):
        item.update(make_controls(rng))
    for concern in concerns:
        concern["status"] = rng.choice(["open", "monitoring", "closed"])
        if is_so(rng):
            concern["alleged_source_refs"] = [rng.choice(["p-mum", "m-cc"])]
        if is_so(rng):
            concern["alleged_source_ods"] = ["ZZ9B2"]
    relative = tree["family_and_carers"]["people"][0]
    relative["views_given_in_confidence"] = is_so(rng)
    relative["views_informant_agrees_to_share_with"] = some_of(rng, RECIPIENT_KINDS, 6)
    tree["local_extensions"] = [
        {
            "id": f"le-{category}",
            "namespace": "uk.example",
            "name": "note",
            "value": f"about {category}",
            "category": category,
        }
        for category in some_of(rng, CATEGORIES, 3)
    ]
    return tree


seeds = st.integers(0, 2**48)


def trees():
    return seeds.map(make_tree)


def any_trees():
    """The same, and valid records of every shape."""
    return trees() | seeds.map(lambda seed: generate(random.Random(seed), now=START))


def ids_of(tree):
    return [each["id"] for each in tree["consent_and_sharing"]["recipients"]]


def disclosed(tree, recipient_id, at, policy=DEFAULT_POLICY):
    return disclose(Record(tree), recipient_id, at=at, policy=policy)


def ranks_of(decision):
    return {name: each.outcome.rank for name, each in decision.categories.items()}


def bytes_of(redacted):
    return json.dumps(redacted.context()) if redacted is not None else ""


def opened(tree):
    """The same, where a court has let each silent recipient have some categories."""
    rng = random.Random(tree["record_version"] + len(json.dumps(tree)))
    sharing = tree["consent_and_sharing"]
    for recipient in sharing["recipients"]:
        if recipient["kind"] in SILENT_KINDS:
            permit = make_decision(rng, recipient["id"], [recipient])
            permit |= {"decision": "permit", "decided_by": "court"}
            permit |= {"categories": some_of(rng, CATEGORIES, 11, 1)}
            permit |= {"recipient_ref": recipient["id"]}
            permit |= {"effective_from": "2026-01-01"}
            for name in (
                "recipient_kind",
                "effective_to",
                "withdrawn_at",
                "decider_ref",
            ):
                permit.pop(name, None)
            sharing.setdefault("decisions", []).append(permit)
    return tree
