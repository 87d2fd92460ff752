"""Content, its hash, and the two forms of a bundle."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from adapter.bundle.build import (
    Content,
    Stamp,
    acceptance_task,
    cancelled_task,
    collection,
    content_hash,
    make_content,
    to_bytes,
    transaction,
    transaction_bytes,
)
from adapter.bundle.forms import Forms
from adapter.bundle.ids import Ids
from adapter.bundle.stamps import stamped
from adapter.canonical import (
    CODE_SYSTEM,
    NHS_NUMBER_SYSTEM,
    RESOURCE_ID_SYSTEM,
    VIEW_ID_SYSTEM,
)
from adapter.errors import BundleInvalid

IDS = Ids(b"a key for tests", "ZZ9A1", "tr-1", "r-1")
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
BASE = "https://adapter.test"
STAMP = Stamp(IDS.view_id(), 3, NOON)
PATIENT = f"Patient/{IDS.of('Patient')}"


def make_mapped():
    ours = {"system": RESOURCE_ID_SYSTEM}
    return [
        {
            "resourceType": "Patient",
            "id": "Patient",
            "identifier": [
                {"system": NHS_NUMBER_SYSTEM, "value": "9997000374"},
                ours | {"value": "Patient"},
            ],
        },
        {
            "resourceType": "Flag",
            "id": "Flag/risk-1",
            "meta": {"profile": ["https://example.test/flag"]},
            "status": "active",
            "subject": {"reference": "Patient"},
            "code": {"text": "words"},
        },
        {
            "resourceType": "Flag",
            "id": "Flag.communication-needs",
            "status": "active",
            "subject": {"reference": "Patient", "display": "A Person"},
            "code": {"text": "words"},
        },
        {
            "resourceType": "CarePlan",
            "id": "CarePlan",
            "status": "active",
            "intent": "plan",
            "subject": {"reference": "Patient"},
        },
        {
            "resourceType": "Provenance",
            "id": "Provenance",
            "target": [{"reference": "Flag/risk-1"}],
            "agent": [{"who": {"reference": "Patient"}}],
        },
        {
            "resourceType": "Task",
            "id": "Task.accept-handover",
            "status": "requested",
            "intent": "order",
            "focus": {"reference": "CarePlan"},
            "for": {"reference": "Patient"},
        },
    ]


def make_bundle(form=transaction, mapped=None, stamp=STAMP, **more):
    content = make_content(mapped or make_mapped(), IDS)
    task = acceptance_task(content, IDS, stamp, BASE)
    return form(content, stamp, BASE, task=task, **more)


def entry_of(bundle, kind):
    return next(e for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


def texts_in(value):
    if isinstance(value, dict):
        return [t for part in value.values() for t in texts_in(part)]
    if isinstance(value, list):
        return [t for part in value for t in texts_in(part)]
    return [value]


def test_content_has_real_ids_and_refers_by_them():
    content = make_content(make_mapped(), IDS)
    flag = next(r for r in content.resources if r["id"] == IDS.of("Flag", "risk-1"))
    assert flag["subject"] == {"reference": PATIENT}
    assert flag["identifier"] == [
        {"system": RESOURCE_ID_SYSTEM, "value": IDS.of("Flag", "risk-1")}
    ]


def test_our_identifier_comes_first_and_is_never_the_senders_id():
    patient = make_content(make_mapped(), IDS).resources[3]
    assert patient["resourceType"] == "Patient"
    assert patient["identifier"][0] == {
        "system": RESOURCE_ID_SYSTEM,
        "value": IDS.of("Patient"),
    }
    assert len(patient["identifier"]) == 2


def test_a_type_without_identifier_gets_none():
    bundle = make_bundle(collection)
    assert "identifier" not in entry_of(bundle, "Provenance")["resource"]


def test_an_identifier_of_something_else_is_made_opaque_too():
    mapped = make_mapped()
    mapped[1]["author"] = {
        "identifier": {"system": RESOURCE_ID_SYSTEM, "value": "Organization/o-77"}
    }
    content = make_content(mapped, IDS)
    assert "o-77" not in to_bytes({"all": list(content.resources)}).decode()


def test_the_order_of_what_was_mapped_does_not_matter():
    turned = make_content(make_mapped()[::-1], IDS)
    assert turned == make_content(make_mapped(), IDS)


def test_the_hash_is_of_content_only():
    content = make_content(make_mapped(), IDS)
    other_task = make_mapped()
    other_task[-1]["description"] = "other words"
    assert make_content(other_task, IDS).hash == content.hash
    turned = [dict(reversed(resource.items())) for resource in make_mapped()]
    assert make_content(turned, IDS).hash == content.hash
    other_words = make_mapped()
    other_words[1]["code"]["text"] = "other words"
    assert make_content(other_words, IDS).hash != content.hash


def test_a_reference_to_what_is_not_there_stays_as_it_was():
    mapped = make_mapped()
    mapped[1]["author"] = {"reference": "Practitioner/gone"}
    flag = [r for r in make_content(mapped, IDS).resources if "author" in r]
    assert flag[0]["author"] == {"reference": "Practitioner/gone"}


def test_what_was_handed_in_is_not_changed():
    mapped = make_mapped()
    make_bundle(transaction, mapped)
    assert mapped == make_mapped()


def test_a_resource_without_a_symbolic_id_is_refused_without_its_values():
    with pytest.raises(BundleInvalid) as refused:
        make_content([{"resourceType": "Flag", "id": "Goal/secret"}], IDS)
    assert refused.value.issues[0].path == "Flag.id"
    assert "secret" not in str(refused.value.issues)


@pytest.mark.parametrize("form", [collection, transaction])
def test_building_twice_gives_the_same_bytes(form):
    assert to_bytes(make_bundle(form)) == to_bytes(make_bundle(form))


@pytest.mark.parametrize("form", [collection, transaction])
def test_a_bundle_names_its_view_version_and_instant(form):
    bundle = make_bundle(form)
    assert bundle["type"] == form.__name__
    assert bundle["identifier"] == {"system": VIEW_ID_SYSTEM, "value": IDS.view_id()}
    assert bundle["meta"]["versionId"] == "3"
    assert bundle["timestamp"] == "2026-11-05T12:00:00.000Z"


def test_a_collection_has_addresses_here_and_stamps():
    bundle = make_bundle(collection)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind, name = resource["resourceType"], resource["id"]
        assert entry["fullUrl"] == f"{BASE}/fhir/{kind}/{name}"
        assert resource["meta"]["lastUpdated"] == "2026-11-05T12:00:00.000Z"
        assert "request" not in entry
    kinds = [(e["resource"]["resourceType"], e["fullUrl"]) for e in bundle["entry"]]
    assert kinds == sorted(kinds)


def test_a_resource_that_did_not_change_keeps_its_own_stamp():
    before = NOON - timedelta(days=2)
    stamp = Stamp(IDS.view_id(), 3, NOON, {PATIENT: (1, before)})
    bundle = make_bundle(collection, stamp=stamp)
    patient = entry_of(bundle, "Patient")["resource"]
    assert patient["meta"] == {
        "versionId": "1",
        "lastUpdated": "2026-11-03T12:00:00.000Z",
    }
    plan = entry_of(bundle, "CarePlan")["resource"]
    assert plan["meta"]["versionId"] == "3"


def test_a_transaction_puts_by_our_identifier():
    entry = entry_of(make_bundle(), "Patient")
    name = IDS.of("Patient")
    assert entry["fullUrl"] == f"urn:uuid:{name}"
    assert "id" not in entry["resource"]
    assert "meta" not in entry["resource"]
    system = "https%3A%2F%2Ffhir.transition-adapter.example%2FId%2Fresource"
    assert entry["request"] == {
        "method": "PUT",
        "url": f"Patient?identifier={system}%7C{name}",
    }


def test_a_transaction_keeps_claims_but_no_stamps():
    metas = [e["resource"].get("meta", {}) for e in make_bundle()["entry"]]
    assert {"profile": ["https://example.test/flag"]} in metas
    assert not any({"versionId", "lastUpdated"} & set(meta) for meta in metas)


def test_what_has_no_identifier_search_is_put_by_its_tag():
    entry = entry_of(make_bundle(), "Provenance")
    name = IDS.of("Provenance")
    assert entry["request"]["url"].startswith("Provenance?_tag=https%3A")
    assert entry["request"]["url"].endswith(f"%7C{name}")
    assert entry["resource"]["meta"]["tag"] == [
        {"system": RESOURCE_ID_SYSTEM, "code": name}
    ]


def test_an_adverse_event_has_one_identifier_and_is_put_by_its_tag():
    mapped = make_mapped()
    mapped.append({"resourceType": "AdverseEvent", "id": "AdverseEvent/i-1"})
    entry = entry_of(make_bundle(mapped=mapped), "AdverseEvent")
    name = IDS.of("AdverseEvent", "i-1")
    assert entry["resource"]["identifier"] == {
        "system": RESOURCE_ID_SYSTEM,
        "value": name,
    }
    assert entry["request"]["url"].startswith("AdverseEvent?_tag=")


def test_references_inside_a_transaction_are_urns_of_its_entries():
    bundle = make_bundle()
    names = {entry["fullUrl"] for entry in bundle["entry"]}
    flag = entry_of(bundle, "Flag")["resource"]
    assert flag["subject"]["reference"] in names
    assert entry_of(bundle, "Task")["resource"]["focus"]["reference"] in names


def test_the_acceptance_task_is_posted_unless_it_is_there():
    entry = entry_of(make_bundle(), "Task")
    name = IDS.task_id(3)
    assert entry["request"]["method"] == "POST"
    assert entry["request"]["url"] == "Task"
    assert entry["request"]["ifNoneExist"].startswith("identifier=https%3A%2F%2F")
    assert entry["request"]["ifNoneExist"].endswith(f"%7C{name}")


def test_the_acceptance_task_says_where_to_answer():
    content = make_content(make_mapped(), IDS)
    task = acceptance_task(content, IDS, STAMP, BASE + "/")
    assert task["id"] == IDS.task_id(3)
    assert task["meta"] == {
        "versionId": "1",
        "lastUpdated": "2026-11-05T12:00:00.000Z",
    }
    assert task["authoredOn"] == task["lastModified"] == "2026-11-05T12:00:00.000Z"
    assert task["input"] == [
        {
            "type": {"coding": [{"system": CODE_SYSTEM, "code": "reply-to"}]},
            "valueUrl": f"{BASE}/fhir/Task/{task['id']}",
        }
    ]
    assert task["identifier"] == [{"system": RESOURCE_ID_SYSTEM, "value": task["id"]}]


def test_without_an_acceptance_there_is_no_task():
    content = make_content(make_mapped()[:-1], IDS)
    assert acceptance_task(content, IDS, STAMP, BASE) is None
    bundle = transaction(content, STAMP, BASE, task=None)
    assert all(e["request"]["method"] == "PUT" for e in bundle["entry"])


def test_an_undecided_task_of_an_earlier_version_is_cancelled():
    before = Stamp(IDS.view_id(), 2, NOON - timedelta(days=1))
    content = make_content(make_mapped(), IDS)
    past = acceptance_task(content, IDS, before, BASE)
    bundle = make_bundle(undecided=[past])
    entry = next(e for e in bundle["entry"] if e["fullUrl"] == f"urn:uuid:{past['id']}")
    assert entry["request"]["method"] == "PUT"
    assert entry["resource"]["status"] == "cancelled"
    assert cancelled_task(past, NOON)["meta"]["versionId"] == "2"


def test_no_nhs_number_is_in_any_address():
    for entry in make_bundle()["entry"]:
        assert "9997000374" not in json.dumps([entry["request"], entry["fullUrl"]])


def test_no_id_of_the_sender_leaves():
    text = to_bytes(make_bundle()).decode()
    for own in ("tr-1", "risk-1", '"Patient"}', "ZZ9A1"):
        assert own not in text


def test_text_that_looks_like_a_reference_is_left_as_it_is():
    mapped = make_mapped()
    text = '"reference":"Patient" \\"reference\\":\\"Patient\\" \\'
    mapped[1]["code"] = {"text": text}
    bundle = make_bundle(mapped=mapped)
    codes = [e["resource"].get("code") for e in bundle["entry"]]
    assert {"text": text} in codes


def test_an_identifier_written_the_other_way_round_is_made_opaque_too():
    mapped = make_mapped()
    backwards = {"value": "Organization/o-77", "system": RESOURCE_ID_SYSTEM}
    mapped[1]["author"] = {"identifier": backwards}
    content = make_content(mapped, IDS)
    author = next(r["author"] for r in content.resources if "author" in r)
    assert author["identifier"]["value"] == IDS.of("Organization", "o-77")


def test_a_reference_to_something_contained_stays():
    mapped = make_mapped()
    mapped[1]["author"] = {"reference": "#in"}
    content = make_content(mapped, IDS)
    assert all(content.forms)
    assert any(r.get("author") == {"reference": "#in"} for r in content.resources)


def test_a_form_is_shared_by_recipients_unless_a_reference_leads_nowhere():
    other = Ids(b"a key for tests", "ZZ9A1", "tr-1", "r-2")
    ours, theirs = make_content(make_mapped(), IDS), make_content(make_mapped(), other)
    assert set(ours.forms) == set(theirs.forms)
    assert ours.hash != theirs.hash
    mapped = make_mapped()
    mapped[1]["author"] = {"reference": "Practitioner/gone"}
    assert make_content(mapped, IDS).forms.count(None) == 1


def test_forms_that_recipients_share_change_nothing():
    forms = Forms()
    for recipient in ("r-1", "r-2"):
        ids = Ids(b"a key for tests", "ZZ9A1", "tr-1", recipient)
        shared = make_content(make_mapped(), ids, forms)
        alone = make_content(make_mapped(), ids)
        assert list(shared.resources) == list(alone.resources)
        assert shared == alone


def test_what_leads_somewhere_for_one_recipient_only_is_told_apart():
    forms = Forms()
    assert all(make_content(make_mapped(), IDS, forms).forms)
    without_plan = [r for r in make_mapped() if r["resourceType"] != "CarePlan"]
    content = make_content(without_plan, IDS, forms)
    assert content.acceptance["focus"] == {"reference": "CarePlan"}
    assert content.acceptance["for"] == {"reference": PATIENT}


def test_the_hash_is_that_of_the_resources_as_they_are_read():
    content = make_content(make_mapped(), IDS)
    assert content.hash == content_hash(content.resources)


def test_each_resource_is_written_as_it_is_read_here():
    content = make_content(make_mapped(), IDS)
    before = NOON - timedelta(days=2)
    stamp = Stamp(IDS.view_id(), 3, NOON, {PATIENT: (1, before)})
    stamps = {PATIENT: (1, "2026-11-03T12:00:00.000Z")}
    assert list(content.members.stamped(stamp)) == [
        to_bytes(stamped(one, *stamps.get(name, (3, "2026-11-05T12:00:00.000Z"))))
        for name, one in zip(content.members.references, content.resources, strict=True)
    ]


def test_what_a_resource_is_found_by_is_told_without_reading_it():
    content = make_content(make_mapped(), IDS)
    each = list(content.resources)
    members = content.members
    assert members.references == [f"{one['resourceType']}/{one['id']}" for one in each]
    assert list(members.hashes().values()) == [content_hash([one]) for one in each]
    assert [form.status for form in members.forms] == [
        one.get("status") for one in each
    ]


def test_what_has_its_ids_already_is_sent_as_it_is():
    made = make_content(make_mapped(), IDS)
    read = Content(tuple(made.resources), made.acceptance, made.hash)
    assert transaction_bytes(read, STAMP, BASE, task=None) == transaction_bytes(
        made, STAMP, BASE, task=None
    )
    assert list(made.resources[1:3]) == list(read.resources[1:3])


def test_an_identifier_of_ours_that_is_settled_stays_as_it_is():
    who = {"identifier": {"system": RESOURCE_ID_SYSTEM, "value": 'a"b'}}
    notice = {"resourceType": "Communication", "id": "1", "subject": who}
    bundle = transaction(Content((notice,), None, ""), STAMP, BASE, task=None)
    assert bundle["entry"][0]["resource"]["subject"] == who
