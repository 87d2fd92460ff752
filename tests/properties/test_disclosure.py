"""Laws of disclosure over records of many shapes, recipients and instants.

Source: disclosure rules, section 13 (T1 to T12, as far as they speak of decisions and
of the redacted record; what is a bundle's stands elsewhere).
"""

import copy
import itertools
import json
import random
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from disclosure_builders import CASES, load_tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adapter.disclosure.ages import birth_date_of, turning_instants
from adapter.disclosure.model import (
    HEALTH_KINDS,
    SILENT_KINDS,
    CategoryDecision,
    Decision,
    Outcome,
)
from adapter.disclosure.reasons import NOT_DECIDED_YET, REASONS, explain
from adapter.disclosure.redact import disclose, redact
from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS
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
LAWS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

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
        "decider_ref": "p-mum",
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
        "reason_code": "serious_harm_to_others",
        "reason_text": "A reason of twenty characters and more",
        "decided_by_ref": "m-tw",
        "decided_at": as_text(decided_at),
        "expires_at": as_text(decided_at + timedelta(days=rng.randint(0, 40))),
        "young_person_told": "told_before",
    }


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
    recipients = sharing["recipients"]
    for recipient in recipients:
        if recipient["kind"] in HEALTH_KINDS:
            recipient["kind"] = rng.choice(HEALTH_KINDS)
            recipient["care_relationship"] = rng.choice(
                ["current_care", "planned_care_accepted", "oversight"] * 2
                + ["planned_care_pending", "none"]
            )
    sharing["competence"].update(
        gillick=rng.choice(["competent", "not_competent", "not_assessed"]),
        capacity=rng.choice(["has_capacity", "lacks_capacity", "in_doubt"]),
        assessed_on="2026-10-14",
    )
    sharing["decisions"] = [
        make_decision(rng, number, recipients) for number in range(rng.randint(0, 3))
    ]
    sharing["overrides"] = [
        make_override(rng, number, recipients) for number in range(rng.randint(0, 2))
    ]
    safety = tree["safety"]
    safety["risks"].append({**safety["risks"][0], "id": "rk-law"})
    safety["mitigations"].append(
        {
            **safety["mitigations"][0],
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


def outcomes(decision):
    return {name: each.outcome.rank for name, each in decision.categories.items()}


def bytes_of(redacted):
    return json.dumps(redacted.context()) if redacted is not None else ""


def same_but_for_the_instant(one, other):
    return replace(one, at=START) == replace(other, at=START)


def assert_never_above(after, before):
    for name, rank in outcomes(after).items():
        assert rank <= outcomes(before)[name]


@LAWS
@given(trees(), instants, st.data())
def test_t1_lowering_a_cell_never_raises_an_outcome(tree, at, data):
    row = data.draw(st.sampled_from([(kind, "") for kind in HEALTH_KINDS]))
    category = data.draw(st.sampled_from(CATEGORIES))
    lower = data.draw(st.sampled_from([Outcome.WITHHOLD, Outcome.SHARE_MINIMUM]))
    cells = DEFAULT_POLICY.m1[row]
    assume(lower.rank < cells[category].rank)
    lowered = replace(
        DEFAULT_POLICY,
        m1={**DEFAULT_POLICY.m1, row: {**cells, category: lower}},
        version="lowered",
    )
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, at)
        after, _ = disclosed(tree, recipient_id, at, lowered)
        assert_never_above(after, before)


@LAWS
@given(trees(), st.sampled_from([0, 1, 2]))
def test_t2_a_birthday_is_where_the_decision_before_it_ends(tree, which):
    birthday = turning_instants(birth_date_of(tree))[which]
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, birthday - timedelta(seconds=1))
        if before.gate is None or before.gate == "G4b":
            assert before.valid_until == birthday or (
                before.valid_until is not None and before.valid_until < birthday
            )
        after, _ = disclosed(tree, recipient_id, birthday)
        if before.valid_until == birthday:
            # no rule of the direct-care row names age
            withdrawn = {
                d.get("withdrawn_at") for d in tree["consent_and_sharing"]["decisions"]
            } - {None}
            if as_text(birthday) not in withdrawn:
                assert outcomes(after) == outcomes(before)


@LAWS
@given(trees(), instants, st.data())
def test_t3_a_deny_or_a_withdrawal_never_raises_an_outcome(tree, at, data):
    recipients = tree["consent_and_sharing"]["recipients"]
    denied = copy.deepcopy(tree)
    deny = make_decision(data.draw(rngs), 9, recipients) | {"decision": "deny"}
    denied["consent_and_sharing"]["decisions"].append(deny)
    withdrawn = copy.deepcopy(tree)
    for decision in withdrawn["consent_and_sharing"]["decisions"]:
        if decision["decision"] == "permit":
            decision["withdrawn_at"] = as_text(at)
    passed = copy.deepcopy(withdrawn)
    for decision in passed["consent_and_sharing"]["decisions"]:
        if decision["decision"] == "permit":
            decision["effective_to"] = decision["effective_from"]
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, at)
        assert_never_above(disclosed(denied, recipient_id, at)[0], before)
        gone, _ = disclosed(withdrawn, recipient_id, at)
        assert_never_above(gone, before)
        assert outcomes(disclosed(passed, recipient_id, at)[0]) == outcomes(gone)


@LAWS
@given(trees(), instants, st.data())
def test_t4_nobody_without_authority_raises_an_outcome(tree, at, data):
    recipients = tree["consent_and_sharing"]["recipients"]
    more = copy.deepcopy(tree)
    more["consent_and_sharing"]["decisions"].append(
        make_decision(data.draw(rngs), 9, recipients)
        | {"decided_by": "nearest_relative", "decision": "permit"}
    )
    more["consent_and_sharing"]["decisions"][-1].pop("withdrawn_at", None)
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, at)
        assert outcomes(disclosed(more, recipient_id, at)[0]) == outcomes(before)


ALWAYS = {"young_person.names[].given", "young_person.names[].family"}


# confided unless said otherwise: their category depends on the person's own words
OPENED = {
    "transition.place_preference.family_wishes",
    "family_and_carers.people[].views",
    "family_and_carers.people[].conversations[].they_told_us",
    "family_and_carers.people[].conversations[].we_answered",
    "family_and_carers.people[].conversations[].what_changed",
}


def plant(node, declared_path="", only=None):
    """Plant a canary in every text of a tree; yields each with its category.

    A text that is control data of an item takes the category of the item's own fields.
    """
    if isinstance(node, dict):
        own = next(
            (
                DECLARATIONS[f"{declared_path}{name}"].category
                for name in node
                if f"{declared_path}{name}" in DECLARATIONS
                and DECLARATIONS[f"{declared_path}{name}"].category
            ),
            None,
        )
        for name, value in node.items():
            path = f"{declared_path}{name}"
            if isinstance(value, dict):
                yield from plant(value, f"{path}.", only)
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for each in value:
                    yield from plant(each, f"{path}[].", only)
            else:
                spelt = path if path in DECLARATIONS else f"{path}[]"
                found = DECLARATIONS.get(spelt)
                if (
                    found is not None
                    and found.type in ("string", "text", "long_text")
                    and only in (None, found.category)
                    and spelt not in ALWAYS
                    and (only is None or spelt not in OPENED)
                ):
                    word = "canary" + "".join(
                        random.Random(path).choices(string.ascii_lowercase, k=24)
                    )
                    node[name] = [word] if isinstance(value, list) else word
                    yield spelt, found.category or own, word


NOT_PLAIN = (
    "young_person.pronouns",
    "young_person.names[]",
    "safety.risks[]",
    "safety.mitigations[]",
    "safeguarding.concerns[]",
    "family_and_carers.people[]",
    "care_team.members[]",
    "clinical_essentials.conditions[]",
    "communications[]",
    "outcomes_monitoring.feedback[]",
    "outcomes_monitoring.death",
    "consent_and_sharing.decisions[]",
)


def is_plain(path):
    """True where nothing but the outcome of its one category decides about a field."""
    return not path.startswith(NOT_PLAIN)


@LAWS
@given(any_trees(), instants)
def test_t5_no_text_of_a_withheld_category_leaves(tree, at):
    gaps = tree.pop("declared_gaps", None)
    planted = list(plant(tree))
    assert len(planted) > 60
    assert gaps is None or gaps
    for recipient_id in ids_of(tree):
        decision, redacted = disclosed(tree, recipient_id, at)
        written = bytes_of(redacted)
        for path, category, word in planted:
            if path in ALWAYS or path in OPENED:
                continue
            outcome = decision.outcome(category) if category else None
            if outcome is Outcome.WITHHOLD:
                assert word not in written, path
            elif outcome is Outcome.SHARE_MINIMUM:
                declared = DECLARATIONS[path]
                opened = {"family_confidential"} & {category}
                assert word not in written or category in declared.minimum or opened, (
                    path
                )
            elif outcome is Outcome.SHARE and is_plain(path):
                assert word in written, path


def by_hand(record, recipient_id, outcomes):
    """What leaves under a decision of those outcomes, whatever the rules would say."""
    recipient = record.recipient(recipient_id)
    decision = Decision(
        recipient_id=recipient_id,
        kind=recipient["kind"],
        record_version=record.version,
        at=START,
        policy_version=DEFAULT_POLICY.version,
        categories={
            name: CategoryDecision(outcome, "CONSENT_PERMIT", "", "D3")
            for name, outcome in outcomes.items()
        },
        items=(),
        obligations=(),
        valid_until=None,
    )
    return redact(record, decision, policy=DEFAULT_POLICY)


@LAWS
@given(any_trees(), st.sampled_from(CATEGORIES), seeds)
def test_t6_what_a_silent_recipient_gets_tells_nothing_of_the_rest(
    tree, withheld, seed
):
    rng = random.Random(seed)
    outcomes = {name: rng.choice(list(Outcome)) for name in CATEGORIES}
    outcomes[withheld] = Outcome.WITHHOLD
    for name in ("family_confidential", "third_party"):
        outcomes[name] = Outcome.WITHHOLD  # as in every row of a silent kind
    other = copy.deepcopy(tree)
    other["record_version"] = tree["record_version"] + 1
    other["updated_at"] = as_text(START)
    other["author_ref"] = "m-somebody-else"
    for _ in plant(other, only=withheld):
        pass
    people = other["family_and_carers"].get("people", [])
    if withheld == "demographics":
        for person, before in zip(
            people, tree["family_and_carers"].get("people", []), strict=True
        ):
            person["relation"] = "other" if before["relation"] != "other" else "friend"
    for recipient in tree["consent_and_sharing"]["recipients"]:
        if recipient["kind"] in SILENT_KINDS:
            one = by_hand(Record(tree), recipient["id"], outcomes)
            two = by_hand(Record(other), recipient["id"], outcomes)
            assert one == two
            assert bytes_of(one) == bytes_of(two)


@LAWS
@given(any_trees(), instants, st.randoms(use_true_random=False))
def test_t7_the_order_of_lists_does_not_matter(tree, at, order):
    shuffled = copy.deepcopy(tree)

    def shuffle(node):
        if isinstance(node, dict):
            for value in node.values():
                shuffle(value)
        elif isinstance(node, list):
            order.shuffle(node)
            for value in node:
                shuffle(value)

    shuffle(shuffled)
    contacts = shuffled["safety"]["safety_plan"]["crisis_contacts"]
    contacts.sort(key=lambda contact: contact["id"])  # the first that is always there

    def unordered(redacted):
        if redacted is None:
            return None
        return sorted(bytes_of(redacted))

    for recipient_id in ids_of(tree):
        one, seen = disclosed(tree, recipient_id, at)
        other, seen_otherwise = disclosed(shuffled, recipient_id, at)
        assert one.categories == other.categories
        assert one.valid_until == other.valid_until
        assert [d.code for d in one.obligations] == [d.code for d in other.obligations]
        assert unordered(seen) == unordered(seen_otherwise)


@LAWS
@given(any_trees(), instants)
def test_t8_every_outcome_has_one_reason_with_its_words(tree, at):
    for recipient_id in ids_of(tree):
        decision, _ = disclosed(tree, recipient_id, at)
        assert tuple(decision.categories) == CATEGORIES
        is_health = decision.kind in HEALTH_KINDS
        for decided in decision.categories.values():
            assert decided.why == explain(decided.reason)
            assert decided.reason in REASONS or (
                decided.reason == NOT_DECIDED_YET and not is_health
            )
        for item in decision.items:
            assert item.reason in REASONS


@pytest.mark.parametrize("place", ["kind", "category", "relationship", "domain source"])
@LAWS
@given(tree=trees(), at=instants)
def test_t9_what_is_not_known_withholds(place, tree, at):
    recipient = tree["consent_and_sharing"]["recipients"][0]
    if place == "kind":
        recipient["kind"] = "a new word"
        assert disclosed(tree, recipient["id"], at)[1] is None
    elif place == "relationship":
        recipient["care_relationship"] = "a new word"
        assert disclosed(tree, recipient["id"], at)[1] is None
    else:
        risk = tree["safety"]["risks"][0]
        if place == "category":
            risk["extra_categories"] = ["a new word"]
        else:
            risk.update(given_in_confidence=True, information_source="a new word")
            risk.pop("informant_agrees_to_share_with", None)
        for recipient_id in ids_of(tree):
            redacted = disclosed(tree, recipient_id, at)[1]
            risks = redacted.tree.get("safety", {}).get("risks", []) if redacted else []
            assert risk["id"] not in [each["id"] for each in risks]


@LAWS
@given(any_trees(), instants, st.floats(0, 0.999))
def test_t10_a_decision_holds_until_its_end(tree, at, share):
    for recipient_id in ids_of(tree):
        decision, redacted = disclosed(tree, recipient_id, at)
        if decision.valid_until is None:
            later = at + timedelta(days=4000 * share)
        else:
            assert decision.valid_until > at
            later = at + (decision.valid_until - at) * share
        again, redacted_again = disclosed(tree, recipient_id, later)
        assert same_but_for_the_instant(again, decision)
        assert redacted_again == redacted


def refs_in(node, path=""):
    for name, value in node.items():
        at = f"{path}{name}"
        if isinstance(value, dict):
            yield from refs_in(value, f"{at}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for each in value:
                yield from refs_in(each, f"{at}[].")
        else:
            found = DECLARATIONS.get(at) or DECLARATIONS.get(f"{at}[]")
            if found is not None and found.refs_to:
                for ref in value if isinstance(value, list) else [value]:
                    yield at, ref


def items_in(node):
    if isinstance(node, dict):
        if "id" in node:
            yield node
        for value in node.values():
            yield from items_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from items_in(value)


@LAWS
@given(any_trees(), instants)
def test_t12_no_ref_dangles_and_no_needed_ref_is_missing(tree, at):
    for recipient_id in ids_of(tree):
        _, redacted = disclosed(tree, recipient_id, at)
        if redacted is None:
            continue
        present = {item["id"] for item in items_in(redacted.tree)}
        for path, ref in refs_in(redacted.tree):
            assert ref in present | {"young_person", recipient_id}, path
        for mitigation in redacted.tree.get("safety", {}).get("mitigations", []):
            assert mitigation["risk_refs"]
        for item in items_in(redacted.tree):
            assert item.keys() != {"id"}


@LAWS
@given(any_trees(), instants)
def test_kinds_that_are_not_decided_yet_get_nothing(tree, at):
    for recipient in tree["consent_and_sharing"]["recipients"]:
        decision, redacted = disclosed(tree, recipient["id"], at)
        if recipient["kind"] not in HEALTH_KINDS:
            assert redacted is None
            assert decision.withholds_all


@LAWS
@given(any_trees(), instants)
def test_disclosing_leaves_the_record_as_it_was(tree, at):
    before = copy.deepcopy(tree)
    for recipient_id in ids_of(tree):
        disclosed(tree, recipient_id, at)
    assert tree == before


def categories_of(item, base, kind, inherited=frozenset()):
    """An item's categories, written down once more as the rules tell them."""
    found = {base, *inherited, *item.get("extra_categories", [])}
    found |= {
        "substances": {"substance_use"},
        "sexual_safety": {"sexual_health_and_gender"},
    }.get(item.get("domain"), set())
    agreed = item.get("informant_agrees_to_share_with", [])
    if item.get("given_in_confidence") and (
        kind not in agreed or found & {"family_confidential", "third_party"}
    ):
        by_family = item["information_source"] == "family"
        found.add("family_confidential" if by_family else "third_party")
    return found


@LAWS
@given(any_trees(), instants)
def test_an_item_goes_only_where_all_its_categories_let_it(tree, at):
    texts = {
        "risk": ("behaviours", tree["safety"].get("risks", [])),
        "mitigation": ("measure", tree["safety"].get("mitigations", [])),
        "concern": ("description", tree["safeguarding"].get("concerns", [])),
        "entry": ("summary", tree.get("communications", [])),
    }
    for kind_of_item, (name, items) in texts.items():
        for position, item in enumerate(items):
            item[name] = f"canary-{kind_of_item}-{position}-"
    for recipient_id in ids_of(tree):
        decision, redacted = disclosed(tree, recipient_id, at)
        if redacted is None:
            continue
        written = bytes_of(redacted)
        kind = decision.kind
        of_risk = {}
        for position, risk in enumerate(texts["risk"][1]):
            own = categories_of(risk, "risk_and_mitigation", kind)
            of_risk[risk["id"]] = own
            judge(decision, own, f"canary-risk-{position}-", written)
        for position, mitigation in enumerate(texts["mitigation"][1]):
            inherited = set().union(*(of_risk[r] for r in mitigation["risk_refs"]))
            own = categories_of(mitigation, "risk_and_mitigation", kind)
            judge(decision, own | inherited, f"canary-mitigation-{position}-", written)
        for position, concern in enumerate(texts["concern"][1]):
            word = f"canary-concern-{position}-"
            if concern["kind"] == "safeguarding_alert" or kind == "sending_provider":
                own = categories_of(concern, "safeguarding", kind)
                judge(decision, own, word, written)
            else:
                assert word not in written
        for position, entry in enumerate(texts["entry"][1]):
            own = categories_of(entry, "transition_logistics", kind)
            judge(decision, own, f"canary-entry-{position}-", written)


def judge(decision, categories, word, written):
    found = {decision.outcome(category) for category in categories}
    if found == {Outcome.SHARE}:
        assert word in written
    elif Outcome.WITHHOLD in found or categories & {
        "family_confidential",
        "third_party",
    }:
        assert word not in written
