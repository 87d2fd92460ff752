"""How a FHIR search is read from its parameters."""

from datetime import UTC, datetime

import pytest

from adapter.api.fhir.cursors import seal, unseal
from adapter.api.fhir.parameters import LARGEST_COUNT, Search, read_search, span
from adapter.api.fhir.types import TYPES
from adapter.errors import UnreadableRequest

BASE = "https://adapter.example"
NUMBER = "https://fhir.nhs.uk/Id/nhs-number|9990000018"


def search(kind: str, *pairs: tuple[str, str], by_post: bool = False) -> Search:
    given = [(name, value, by_post) for name, value in pairs]
    return read_search(TYPES[kind], given, base_url=BASE)


def refused(kind: str, *pairs: tuple[str, str], by_post: bool = False) -> str:
    with pytest.raises(UnreadableRequest) as refusal:
        search(kind, *pairs, by_post=by_post)
    (issue,) = refusal.value.issues
    assert not any(len(value) > 3 and value in issue.message for _, value in pairs)
    return issue.path


def test_a_comma_widens_and_a_repeat_narrows() -> None:
    found = search("Task", ("status", "requested,accepted"), ("status", "accepted"))
    assert found.statuses == {"accepted"}


@pytest.mark.parametrize("value", ["p-1", "Patient/p-1", f"{BASE}/fhir/Patient/p-1"])
def test_a_patient_is_named_by_any_form_of_our_reference(value: str) -> None:
    assert search("Flag", ("patient", value)).patients == {"p-1"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Flag", "status"),
        ("Goal", "status"),
        ("Goal", "lifecycle-status"),
        ("Patient", "patient"),
        ("Patient", "patient.identifier"),
        ("Patient", "status"),
        ("Organization", "patient"),
        ("AdverseEvent", "patient"),
        ("CarePlan", "identifier"),
        ("CarePlan", "_include"),
        ("CarePlan", "_sort"),
        ("CarePlan", "_summary"),
        ("CarePlan", "status:not"),
        ("CarePlan", "patient:Patient"),
        ("CarePlan", "'; drop table views; --"),
    ],
)
def test_what_is_not_defined_for_the_type_is_refused(kind: str, name: str) -> None:
    assert refused(kind, (name, "active")) in {name, ""}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_id", "../../etc/passwd"),
        ("_id", ""),
        ("_id", "a" * 65),
        ("patient", "https://elsewhere.example/fhir/Patient/p-1"),
        ("patient", "Flag/p-1"),
        ("status", "http://hl7.org/fhir/task-status|requested"),
        ("_lastUpdated", "yesterday"),
        ("_lastUpdated", "ne2026-11-05"),
        ("_lastUpdated", "2026-11-05T09:00:00"),
        ("_lastUpdated", "2026-13"),
        ("_lastUpdated", "9999"),
        ("_count", "0"),
        ("_count", "-1"),
        ("_count", "many"),
        ("_include", "Task:owner"),
    ],
)
def test_a_value_of_another_form_is_refused_by_name(name: str, value: str) -> None:
    assert refused("Task", (name, value)) == name


def test_a_cursor_stands_alone() -> None:
    assert search("Task", ("_cursor", "abc"), ("_format", "json")).cursor == "abc"
    assert refused("Task", ("_cursor", "abc"), ("status", "requested")) == "_cursor"


def test_a_page_is_bounded() -> None:
    assert search("Task", ("_count", "99999")).count == LARGEST_COUNT


def test_an_nhs_number_stands_in_a_body_only() -> None:
    found = search("Flag", ("patient.identifier", NUMBER), by_post=True)
    assert found.nhs_number == "9990000018"
    with pytest.raises(UnreadableRequest) as refusal:
        search("Flag", ("patient.identifier", NUMBER))
    assert "POST Flag/_search" in refusal.value.detail
    assert "9990000018" not in refusal.value.detail


@pytest.mark.parametrize(
    "value", ["9990000018", "urn:other|9990000018", f"{NUMBER},{NUMBER}", "|"]
)
def test_another_kind_of_identifier_is_refused(value: str) -> None:
    assert refused("Flag", ("patient.identifier", value), by_post=True)


def test_instants_are_taken_as_precisely_as_they_are_written() -> None:
    begin, end = span("2026-11-05T09:00:00Z")
    assert (end - begin).total_seconds() == 1
    begin, end = span("2026-11-05T09:00:00.250+01:00")
    assert (end - begin).total_seconds() == 0.001
    begin, end = span("2026-11-05T09:00Z")
    assert (end - begin).total_seconds() == 60


def test_a_date_is_one_in_london() -> None:
    assert span("2026-07-01") == (
        datetime(2026, 6, 30, 23, tzinfo=UTC),
        datetime(2026, 7, 1, 23, tzinfo=UTC),
    )
    assert span("2026-12") == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert span("2026")[1] == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_prefixes_count_ends_as_r4_has_it() -> None:
    noon = datetime(2026, 11, 5, 12, tzinfo=UTC)
    after = noon.replace(second=1)
    text = "2026-11-05T12:00:00Z"
    cases = {
        "": (noon, after),
        "eq": (noon, after),
        "ge": (noon, None),
        "gt": (after, None),
        "le": (None, after),
        "lt": (None, noon),
    }
    for prefix, wanted in cases.items():
        found = search("Flag", ("_lastUpdated", prefix + text))
        assert (found.updated_from, found.updated_before) == wanted


def test_a_cursor_is_only_good_where_it_was_given_out() -> None:
    cursor = seal(b"key", "Flag of RX1", {"after": 3})
    assert unseal(b"key", "Flag of RX1", cursor) == {"after": 3}
    for key, purpose, forged in [
        (b"key", "Flag of RX2", cursor),
        (b"other", "Flag of RX1", cursor),
        (b"key", "Flag of RX1", cursor[:-2] + "AA"),
        (b"key", "Flag of RX1", ""),
        (b"key", "Flag of RX1", "' OR 1=1 --"),
        (b"key", "Flag of RX1", "é"),
        (b"key", "Flag of RX1", "A" * 4001),
    ]:
        with pytest.raises(UnreadableRequest):
            unseal(key, purpose, forged)
