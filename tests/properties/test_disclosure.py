"""Laws of disclosure over records of many shapes, recipients and instants.

Source: disclosure rules, section 13 (T1 to T12, as far as they speak of decisions and
of the redacted record; what is a bundle's stands in ``test_bundles``).
"""

import copy
import random
import string
from dataclasses import replace
from datetime import date, timedelta

import pytest
from disclosure_chance import (
    START,
    any_trees,
    as_text,
    bytes_of,
    disclosed,
    ids_of,
    instants,
    make_decision,
    ranks_of,
    rngs,
    seeds,
    trees,
)
from disclosure_oracle import categories_of, items_in, refs_in
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import examples

from adapter.clock import LONDON
from adapter.disclosure.ages import birth_date_of, standing, turning_instants
from adapter.disclosure.model import (
    HEALTH_KINDS,
    SILENT_KINDS,
    CategoryDecision,
    Decision,
    Outcome,
)
from adapter.disclosure.reading import Reading
from adapter.disclosure.reasons import OBLIGATIONS, REASONS, RULES, explain
from adapter.disclosure.redact import disclose_from, redact
from adapter.disclosure.walk import Known
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS
from adapter.record.model import Record
from adapter.record.vocabulary import CATEGORIES

LAWS = examples(40)


def same_but_for_the_instant(one, other):
    return replace(one, at=START) == replace(other, at=START)


def assert_never_above(after, before):
    for name, rank in ranks_of(after).items():
        assert rank <= ranks_of(before)[name]


@LAWS
@given(trees(), instants, st.data())
def test_t1_lowering_a_cell_never_raises_an_outcome(tree, at, data):
    name = data.draw(st.sampled_from(["m1", "m2", "m3"]))
    table = getattr(DEFAULT_POLICY, name)
    row = data.draw(st.sampled_from(sorted(table)))
    category = data.draw(st.sampled_from(CATEGORIES))
    lower = data.draw(st.sampled_from([Outcome.WITHHOLD, Outcome.SHARE_MINIMUM]))
    cells = table[row]
    assume(lower.rank < cells[category].rank)
    lowered = replace(
        DEFAULT_POLICY,
        **{name: {**table, row: {**cells, category: lower}}},
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
            assert before.valid_until == birthday


def without_age(tree):
    """Leaves out what only rules that name age read."""
    sharing = tree["consent_and_sharing"]
    sharing["competence"] = {"gillick": "competent", "capacity": "has_capacity"}
    sharing["decisions"] = [
        decision
        for decision in sharing["decisions"]
        if decision["decided_by"] in ("young_person", "court")
    ]
    for override in sharing["overrides"]:
        override["reason_code"] = "serious_harm_to_others"
    for concern in tree["safeguarding"].get("concerns", []):
        concern["statutory_threshold"] = "none"
    tree["safeguarding"]["local_authority"]["social_care_basis"] = "s117_aftercare"


@LAWS
@given(trees(), st.sampled_from([0, 1, 2]))
def test_t2_only_rules_that_name_age_turn_out_differently(tree, which):
    without_age(tree)
    birthday = turning_instants(birth_date_of(tree))[which]
    just_before = birthday - timedelta(microseconds=1)
    day = birthday.astimezone(LONDON).date()
    for decision in tree["consent_and_sharing"]["decisions"]:
        last = date.fromisoformat(decision.get("effective_to", "2001-01-01"))
        assume(last + timedelta(days=1) != day)
        assume(date.fromisoformat(decision["effective_from"]) != day)
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, just_before)
        after, _ = disclosed(tree, recipient_id, birthday)
        assert after.categories == before.categories
        assert {d.code for d in after.obligations} - {"RECONFIRM_AT_18"} == {
            d.code for d in before.obligations
        }


@LAWS
@given(trees(), instants, st.data())
def test_t3_a_deny_or_a_withdrawal_never_raises_an_outcome(tree, at, data):
    recipients = tree["consent_and_sharing"]["recipients"]
    denied = copy.deepcopy(tree)
    deny = make_decision(data.draw(rngs), 99, recipients) | {"decision": "deny"}
    denied["consent_and_sharing"]["decisions"].append(deny)
    one_gone = copy.deepcopy(tree)
    permits = [
        decision
        for decision in one_gone["consent_and_sharing"]["decisions"]
        if decision["decision"] == "permit" and "withdrawn_at" not in decision
    ]
    if permits:
        chosen = data.draw(st.integers(0, len(permits) - 1))
        permits[chosen]["withdrawn_at"] = as_text(at)
    all_gone = copy.deepcopy(tree)
    for decision in all_gone["consent_and_sharing"]["decisions"]:
        if decision["decision"] == "permit":
            decision["withdrawn_at"] = as_text(at)
    passed = copy.deepcopy(all_gone)
    for decision in passed["consent_and_sharing"]["decisions"]:
        if decision["decision"] == "permit":
            decision["effective_to"] = decision["effective_from"]
    for recipient_id in ids_of(tree):
        before, _ = disclosed(tree, recipient_id, at)
        assert_never_above(disclosed(denied, recipient_id, at)[0], before)
        assert_never_above(disclosed(one_gone, recipient_id, at)[0], before)
        gone, _ = disclosed(all_gone, recipient_id, at)
        assert_never_above(gone, before)
        late, _ = disclosed(passed, recipient_id, at)
        assert late.categories == gone.categories
        assert late.obligations == gone.obligations


@LAWS
@given(trees(), instants, st.data())
def test_t4_nobody_without_authority_changes_anything(tree, at, data):
    recipients = tree["consent_and_sharing"]["recipients"]
    more = copy.deepcopy(tree)
    decider = data.draw(st.sampled_from(["nearest_relative", "nominated_person"]))
    more["consent_and_sharing"]["decisions"].append(
        make_decision(data.draw(rngs), 99, recipients) | {"decided_by": decider}
    )
    without_pr = copy.deepcopy(tree)
    for person in without_pr["family_and_carers"]["people"]:
        person["parental_responsibility"] = "no"
    by_relative = copy.deepcopy(without_pr)
    by_relative["consent_and_sharing"]["decisions"].append(
        make_decision(data.draw(rngs), 99, recipients)
        | {"decided_by": "person_with_pr"}
    )
    for recipient_id in ids_of(tree):
        before, seen = disclosed(tree, recipient_id, at)
        after, seen_after = disclosed(more, recipient_id, at)
        assert after.categories == before.categories
        assert after.obligations == before.obligations
        assert seen_after == seen
        before, seen = disclosed(without_pr, recipient_id, at)
        after, seen_after = disclosed(by_relative, recipient_id, at)
        assert ranks_of(after) == ranks_of(before)
        assert seen_after == seen


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
            elif (
                outcome is Outcome.SHARE
                and decision.kind in HEALTH_KINDS
                and is_plain(path)
            ):
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
    # but of these: the number to ring is that of the first that is always there
    contacts = tree["safety"]["safety_plan"]["crisis_contacts"]
    shuffled["safety"]["safety_plan"]["crisis_contacts"] = copy.deepcopy(contacts)

    for recipient_id in ids_of(tree):
        one, seen = disclosed(tree, recipient_id, at)
        other, seen_otherwise = disclosed(shuffled, recipient_id, at)
        assert one.categories == other.categories
        assert one.valid_until == other.valid_until
        assert [d.code for d in one.obligations] == [d.code for d in other.obligations]
        assert bytes_of(seen) == bytes_of(seen_otherwise)


@LAWS
@given(any_trees(), instants)
def test_t8_every_outcome_has_one_reason_with_its_words(tree, at):
    for recipient_id in ids_of(tree):
        decision, _ = disclosed(tree, recipient_id, at)
        assert tuple(decision.categories) == CATEGORIES
        for decided in decision.categories.values():
            assert decided.why == explain(decided.reason)
            assert decided.rule in REASONS[decided.reason].rules
            assert decided.outcome in Outcome
        for item in decision.items:
            assert item.reason in REASONS
            assert item.rule in RULES
        assert {duty.code for duty in decision.obligations} <= set(OBLIGATIONS)


@LAWS
@given(trees(), instants)
def test_t9_unknown_words_of_decisions_and_overrides_withhold(tree, at):
    sharing = tree["consent_and_sharing"]
    for override in sharing["overrides"]:
        override["reason_code"] = "a new word"
    for decision in sharing["decisions"]:
        decision["decided_by"] = "a new word"
    bare = copy.deepcopy(tree)
    bare["consent_and_sharing"].update(overrides=[], decisions=[])
    for recipient_id in ids_of(tree):
        before, _ = disclosed(bare, recipient_id, at)
        after, _ = disclosed(tree, recipient_id, at)
        assert ranks_of(after) == ranks_of(before)
        assert "OVERRIDE_APPLIED" not in {
            each.reason for each in after.categories.values()
        }
    sharing["competence"].update(gillick="a new word", capacity="a new word")
    for recipient in sharing["recipients"]:
        decision, _ = disclosed(tree, recipient["id"], at)
        if recipient["kind"] in ("family_member", "advocate", "housing") and (
            standing(tree, at, DEFAULT_POLICY).age >= 13
        ):
            assert decision.withholds_all


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
        tree["consent_and_sharing"].update(decisions=[], overrides=[])
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
def test_t11_what_leaves_does_not_depend_on_when_it_ends(tree, at):
    later = copy.deepcopy(tree)
    for recipient in tree["consent_and_sharing"]["recipients"]:
        later["consent_and_sharing"].setdefault("decisions", []).append(
            {
                "id": f"d-later-{recipient['id']}",
                "recipient_ref": recipient["id"],
                "categories": list(CATEGORIES),
                "decision": "deny",
                "decided_by": "court",
                "decided_at": as_text(at),
                "effective_from": (at + timedelta(days=2)).date().isoformat(),
                "review_on": "2027-01-10",
            }
        )
    for recipient_id in ids_of(tree):
        before, seen = disclosed(tree, recipient_id, at)
        after, seen_after = disclosed(later, recipient_id, at)
        assert after.categories == before.categories
        assert bytes_of(seen_after) == bytes_of(seen)
        if before.gate in (None, "G4b"):
            assert after.valid_until is not None


@LAWS
@given(trees(), instants)
def test_gates_and_a_courts_deny_stand_against_everything(tree, at):
    for recipient in tree["consent_and_sharing"]["recipients"]:
        if recipient["kind"] == "young_person":
            continue
        denied = copy.deepcopy(tree)
        denied["consent_and_sharing"]["decisions"].append(
            {
                "id": "d-court",
                "recipient_ref": recipient["id"],
                "categories": list(CATEGORIES),
                "decision": "deny",
                "decided_by": "court",
                "decided_at": as_text(at + timedelta(days=4000)),
                "effective_from": "2020-01-01",
                "review_on": "2027-01-10",
            }
        )
        decision, redacted = disclosed(denied, recipient["id"], at)
        assert decision.withholds_all
        assert redacted is None


@LAWS
@given(trees(), instants)
def test_no_outcome_is_above_its_ceilings(tree, at):
    for recipient_id in ids_of(tree):
        decision, _ = disclosed(tree, recipient_id, at)
        for name, decided in decision.categories.items():
            if decided.reason.startswith("CONSENT_PERMIT"):
                assert decided.outcome is DEFAULT_POLICY.m2[decision.kind, ""][name]
            if decided.reason == "OVERRIDE_APPLIED":
                assert decided.outcome is DEFAULT_POLICY.m3[decision.kind, ""][name]
            if name in ("family_confidential", "third_party"):
                assert decided.outcome is not Outcome.SHARE


@LAWS
@given(any_trees(), instants)
def test_disclosing_leaves_the_record_as_it_was(tree, at):
    before = copy.deepcopy(tree)
    for recipient_id in ids_of(tree):
        disclosed(tree, recipient_id, at)
    assert tree == before


@LAWS
@given(any_trees(), instants)
def test_an_item_goes_only_where_all_its_categories_let_it(tree, at):
    texts = {
        "risk": ("behaviours", tree["safety"].get("risks", [])),
        "mitigation": ("measure", tree["safety"].get("mitigations", [])),
        "concern": ("description", tree["safeguarding"].get("concerns", [])),
        "entry": ("summary", tree.get("communications", [])),
    }
    exempt = {
        risk["id"] for risk in texts["risk"][1] if "withhold_from_young_person" in risk
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
            judge(decision, risk, own, f"canary-risk-{position}-", written)
        for position, mitigation in enumerate(texts["mitigation"][1]):
            own = categories_of(mitigation, "risk_and_mitigation", kind)
            for ref in mitigation["risk_refs"]:
                own |= of_risk[ref]
            if decision.is_silent and set(mitigation["risk_refs"]) & exempt:
                continue  # it goes by whether another of its risks does
            word = f"canary-mitigation-{position}-"
            judge(decision, mitigation, own, word, written)
        for position, concern in enumerate(texts["concern"][1]):
            word = f"canary-concern-{position}-"
            own = categories_of(concern, "safeguarding", kind)
            if concern["kind"] == "safeguarding_alert" or kind == "sending_provider":
                judge(decision, concern, own, word, written)
            elif kind not in ("young_person", "advocate"):
                assert word not in written
        for position, entry in enumerate(texts["entry"][1]):
            own = categories_of(entry, "transition_logistics", kind)
            word = f"canary-entry-{position}-"
            if kind in HEALTH_KINDS or entry["recipient_ref"] == recipient_id:
                judge(decision, entry, own, word, written)
            else:
                assert word not in written


def judge(decision, item, categories, word, written):
    found = {decision.outcome(category) for category in categories}
    if decision.is_silent and item.get("withhold_from_young_person"):
        assert word not in written
    elif found == {Outcome.SHARE}:
        assert word in written
    elif Outcome.WITHHOLD in found or categories & {
        "family_confidential",
        "third_party",
    }:
        assert word not in written


@LAWS
@given(any_trees(), instants)
def test_recipients_served_together_get_what_each_gets_alone(tree, at):
    before = copy.deepcopy(tree)
    together = Reading(Record(tree), at, DEFAULT_POLICY, Known())
    found = {each: disclose_from(together, each) for each in ids_of(tree)}
    assert tree == before
    for recipient_id, (decision, redacted) in found.items():
        alone, redacted_alone = disclosed(tree, recipient_id, at)
        assert decision.as_json() == alone.as_json()
        assert bytes_of(redacted) == bytes_of(redacted_alone)
