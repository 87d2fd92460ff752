"""The one order of what leaves, whatever order the sender listed it in."""

import copy

from disclosure_builders import NOON, make_disclosed

from adapter.disclosure.order import in_order
from adapter.disclosure.redact import disclose
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS


def items(*ids):
    return [{"id": each} for each in ids]


def test_items_stand_by_their_ids_and_numbers_count_as_numbers():
    tree = {"safety": {"risks": items("rk-10", "rk-2", "mt-1", "rk-02", "rk-1")}}
    risks = in_order(tree)["safety"]["risks"]
    assert [each["id"] for each in risks] == ["mt-1", "rk-1", "rk-02", "rk-2", "rk-10"]


def test_plain_values_and_items_without_ids_stand_by_what_they_hold():
    tree = {"told": [{"b": "2"}, {"a": "3"}], "words": ["2. Walk", "10. Ring", "Sit"]}
    assert in_order(tree) == {
        "told": [{"a": "3"}, {"b": "2"}],
        "words": ["2. Walk", "10. Ring", "Sit"],
    }


def test_a_number_of_any_length_is_put_in_order():
    long, longer = "9" * 5000, "1" * 5001
    assert in_order({"words": [longer, long]}) == {"words": [long, longer]}


def test_nothing_of_the_old_is_changed():
    tree = {"safety": {"risks": [{"id": "b", "triggers": ["2", "1"]}, {"id": "a"}]}}
    before = copy.deepcopy(tree)
    in_order(tree)
    assert tree == before


def test_the_order_of_crisis_contacts_is_the_senders():
    tree = {"safety_plan": {"crisis_contacts": items("cc-2", "cc-1")}}
    assert in_order(tree) == tree


def test_no_other_list_goes_by_the_name_of_one_that_keeps_its_order():
    kept = [path for path in DECLARATIONS if path.endswith(("contacts[]", "names[]"))]
    assert kept == [
        "young_person.names[]",
        "transition.out_of_area.oversight_contacts[]",
        "safety.safety_plan.crisis_contacts[]",
    ]


def names_for(kind):
    def change(tree):
        tree["young_person"]["names"] = [
            {"id": "n-1", "use": "former", "given": "Earlier", "family": "Testley"},
            {"id": "n-2", "use": "preferred", "given": "Mo"},
            {"id": "n-3", "use": "official", "given": "Robin", "family": "Testley"},
        ]

    record = make_disclosed(change)
    recipient = next(each for each in record.recipients if each["kind"] == kind)
    _, seen = disclose(record, recipient["id"], at=NOON, policy=DEFAULT_POLICY)
    return [name["use"] for name in seen.tree["young_person"]["names"]]


def test_the_official_name_comes_first_and_for_the_young_person_the_preferred_one():
    assert names_for("adult_mh_service")[:2] == ["official", "preferred"]
    assert names_for("young_person")[:2] == ["preferred", "official"]
