"""What is asked of a parsed record often."""

from builders import make_record


def test_a_record_knows_its_key_version_and_status():
    record = make_record(record_version=3)
    assert record.key == ("ZZ9A1", "tr-0001")
    assert record.version == 3
    assert record.status == "active"
    assert record.is_active
    assert not make_record(status="draft").is_active


def test_a_recipient_is_found_by_id_and_only_among_recipients():
    record = make_record()
    assert record.recipient("r-gp")["kind"] == "gp"
    assert record.recipient("m-1") is None


def test_any_item_is_found_by_id():
    record = make_record()
    assert record.find("rk-1")["domain"] == "self_harm"
    assert record.find("cc-1")["available"] == "always"
    assert record.find("nobody") is None
