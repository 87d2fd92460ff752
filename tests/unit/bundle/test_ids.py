"""The names of resources, views, tasks, lanes and NHS numbers."""

import uuid
from types import SimpleNamespace

import pytest

from adapter.bundle.ids import Ids, keyed_digest, lane_key, nhs_number_hash, uuid8

KEY = b"a key for tests"


def make_ids(ods="ZZ9A1", record="tr-1", recipient="r-1", key=KEY):
    return Ids(key, ods, record, recipient)


def test_an_id_is_a_uuid_of_version_eight():
    name = uuid.UUID(make_ids().of("Flag", "risk-1"))
    assert name.version == 8
    assert name.variant == uuid.RFC_4122


def test_an_id_is_the_same_for_ever():
    assert make_ids().of("Flag", "risk-1") == make_ids().of("Flag", "risk-1")
    assert make_ids().of("Flag", "risk-1") == "5cc288d3-02e2-883b-9432-46111d6564c0"


@pytest.mark.parametrize(
    "other",
    [
        make_ids(key=b"another"),
        make_ids(ods="ZZ9A2"),
        make_ids(record="tr-2"),
        make_ids(recipient="r-2"),
    ],
)
def test_key_sender_record_and_recipient_are_all_in_an_id(other):
    assert other.of("Flag", "risk-1") != make_ids().of("Flag", "risk-1")
    assert other.view_id() != make_ids().view_id()
    assert other.task_id(1) != make_ids().task_id(1)


def test_kind_item_view_and_task_do_not_meet():
    ids = make_ids()
    names = [
        ids.of("Flag"),
        ids.of("Flag", "x"),
        ids.of("Flag.x"),
        ids.of("Goal", "x"),
        ids.view_id(),
        ids.of("view"),
        ids.task_id(1),
        ids.task_id(2),
        ids.of("acceptance", "1"),
    ]
    assert len(set(names)) == len(names)


def test_parts_are_not_confused_where_they_join():
    assert keyed_digest(KEY, "p", "ab", "c") != keyed_digest(KEY, "p", "a", "bc")
    assert keyed_digest(KEY, "p", "a", "") != keyed_digest(KEY, "p", "a")
    assert keyed_digest(KEY, "p", "a\x00b") != keyed_digest(KEY, "p", "a", "b")


def test_an_empty_key_is_refused():
    with pytest.raises(ValueError, match="key"):
        Ids(b"", "ZZ9A1", "tr-1", "r-1")


def test_an_nhs_number_hash_does_not_depend_on_spacing():
    assert nhs_number_hash(KEY, "999 700-0374") == nhs_number_hash(KEY, "9997000374")
    assert "9997000374" not in nhs_number_hash(KEY, "9997000374")


def make_lane(
    number="9997000374",
    ods="ZZ9A1",
    local="L1",
    recipient=None,
    endpoint="",
    record="tr-1",
):
    person = {"local_patient_id": local} | ({"nhs_number": number} if number else {})
    held = SimpleNamespace(key=(ods, record), tree={"young_person": person})
    to = recipient or {"id": "r-1", "kind": "adult_mh_service", "ods_code": "ZZ9B2"}
    return lane_key(KEY, held, to, endpoint)


def test_records_of_two_senders_about_one_person_share_a_lane():
    assert make_lane(ods="ZZ9A1", local="L1") == make_lane(ods="ZZ9C3", local="L2")


def test_without_an_nhs_number_the_sender_and_local_id_make_the_lane():
    assert make_lane(number=None) != make_lane()
    assert make_lane(number=None) == make_lane(number=None, record="tr-2")
    assert make_lane(number=None, ods="ZZ9C3") != make_lane(number=None)
    assert make_lane(number=None, local="L2") != make_lane(number=None)


def test_recipient_kind_and_endpoint_make_the_lane():
    family = {"id": "r-2", "kind": "family"}
    gp = {"id": "r-1", "kind": "gp", "ods_code": "ZZ9B2"}
    renamed = {"id": "r-9", "kind": "adult_mh_service", "ods_code": "ZZ9B2"}
    assert make_lane(recipient=gp) != make_lane()
    assert make_lane(recipient=renamed) == make_lane()
    assert make_lane(endpoint="other") != make_lane()
    assert make_lane(recipient=family) != make_lane(recipient=family, record="tr-2")


@pytest.mark.parametrize("key", [b"short", b"k" * 64, b"longer than a block" * 9])
def test_an_id_is_an_hmac_whatever_the_length_of_the_key(key):
    parts = ("ZZ9A1", "tr-1", "r-1", "Flag", "risk-1")
    name = make_ids(key=key).of("Flag", "risk-1")
    assert name == uuid8(keyed_digest(key, "resource", *parts))
