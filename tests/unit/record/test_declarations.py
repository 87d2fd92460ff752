"""The declarations: one for each place, and each of them usable."""

import pytest

from adapter.record.declarations import (
    CATEGORIES,
    DECLARATIONS,
    HEALTH_KINDS,
    RECIPIENT_KINDS,
    declared,
)
from adapter.record.vocabulary import REF_TARGETS, YOUNG_PERSON


def test_every_declaration_stands_under_a_declared_container():
    for path in DECLARATIONS:
        if "." in path:
            assert DECLARATIONS[path.rpartition(".")[0]].is_container


def test_a_ref_speaks_only_of_lists_whose_items_have_an_id():
    targets = {name for found in DECLARATIONS.values() for name in found.refs_to}
    assert targets == {*REF_TARGETS, YOUNG_PERSON}
    for path in REF_TARGETS.values():
        assert DECLARATIONS[path + ".id"].type == "id"


def test_every_category_and_every_minimum_is_one_of_the_eleven():
    for found in DECLARATIONS.values():
        assert found.category in {None, *CATEGORIES}
        assert set(found.minimum) <= set(CATEGORIES)


def test_a_field_of_a_minimum_set_has_a_category():
    assert all(found.category for found in DECLARATIONS.values() if found.minimum)


def test_containers_have_no_category_of_their_own():
    assert not [
        found.path
        for found in DECLARATIONS.values()
        if found.is_container and found.category
    ]


def test_a_code_lists_its_values_unless_it_is_a_language():
    without = {
        found.path
        for found in DECLARATIONS.values()
        if found.type == "code" and not found.codes
    }
    assert without == {
        "young_person.preferred_language",
        "family_and_carers.people[].preferred_language",
    }


def test_no_code_and_no_name_ranks_risk():
    banned = {"high", "medium", "low", "red", "amber", "green"}
    for found in DECLARATIONS.values():
        assert not banned & set(found.codes)
        assert not found.path.split(".")[-1].startswith(("risk_level", "risk_score"))


def test_the_health_kinds_are_recipient_kinds():
    assert RECIPIENT_KINDS[:5] == HEALTH_KINDS


def test_the_items_that_may_be_confided_carry_the_same_controls():
    controls = {
        path.rpartition(".")[2]
        for path in DECLARATIONS
        if path.startswith("safety.risks[].")
    } & {
        path.rpartition(".")[2]
        for path in DECLARATIONS
        if path.startswith("communications[].")
    }
    assert "withhold_from_young_person" in controls
    for item in ("safety.mitigations[]", "safeguarding.concerns[]"):
        for name in controls - {"id", "status"}:
            spelt = name if name.endswith("[]") else name
            found = DECLARATIONS.get(f"{item}.{spelt}")
            assert found is not None
            assert found.category is None


@pytest.mark.parametrize(
    "path", ["safety.risks[].domain", "safety.risks[3].domain", "safety.risks"]
)
def test_a_path_is_found_however_it_is_spelt(path):
    assert declared(path).path.startswith("safety.risks[]")


def test_a_path_that_the_model_lacks_is_a_key_error():
    with pytest.raises(KeyError):
        declared("safety.risks[].score")
