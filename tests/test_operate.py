"""The verbs for those who run the adapter, over a SQLite store of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from adapter.cli import cli
from adapter.intake import accept
from adapter.settings import Settings
from adapter.store import Store, deliveries, migrate, open_store
from adapter.store.audit import Entry, record_audit
from adapter.store.schema import audit
from adapter.store.tester_clock import move_clock
from adapter.store.worklist import Duty, add_duties
from adapter.wiring import build_parts

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/store.db"
    migrate(address)
    return address


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url, lambda: NOON)


def run(url: str, *words: str, code: int = 0, **env: str) -> Any:
    done = CliRunner().invoke(cli, words, env={"DATABASE_URL": url, **env})
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if done.stdout else None


def test_audit_verify_says_that_the_trail_is_whole(url: str, store: Store) -> None:
    record_audit(store, Entry("view-read", NOON, "gp"), Entry("view-read", NOON, "gp"))
    told = run(url, "audit", "verify")
    assert (told["whole"], told["rows"], told["breaks"]) == (True, 2, [])
    assert run(url, "audit", "verify", "--noted", told["head"]["hash"])["noted"]


def test_audit_verify_says_no_where_the_trail_breaks(url: str, store: Store) -> None:
    record_audit(store, Entry("view-read", NOON, "gp"), Entry("view-read", NOON, "gp"))
    with store.writing() as connection:
        connection.execute(update(audit).where(audit.c.number == 2).values(actor="x"))
    told = run(url, "audit", "verify", code=1)
    assert told["breaks"] == [{"number": 2, "fault": "changed"}]
    assert not run(url, "audit", "verify", "--noted", "0" * 64, code=1)["noted"]


def test_a_moved_clock_is_told_on_standard_error_alone(url: str, store: Store) -> None:
    ahead = datetime(2031, 1, 1, tzinfo=UTC) - datetime.now(UTC)
    move_clock(store, ahead, actor="ward")
    done = CliRunner().invoke(
        cli,
        ["brake", "on", "--all", "--reason", "trying"],
        env={"DATABASE_URL": url},
    )
    assert done.exit_code == 0
    assert json.loads(done.stdout)["since"].startswith("2031-01-01T00:0")
    assert "clock-shifted" in done.stderr


def test_production_heeds_no_clock_that_a_test_left_behind(
    url: str, store: Store
) -> None:
    move_clock(store, timedelta(days=400), actor="ward")
    parts = build_parts(Settings(database_url=url, production=True), {})
    with parts.store.reading() as connection:
        for now in (parts.clock(), parts.store.now(connection)):
            assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    parts.store.close()


def test_a_person_works_through_the_list_on_the_command_line(
    url: str, store: Store
) -> None:
    duty = Duty("DELIVERY_FAILED", "a" * 64, "ZZ9A1", "tr-1", 1, "r-gp", "no_endpoint")
    with store.writing() as connection:
        add_duties(connection, [duty], NOON)
    (item,) = run(url, "worklist", "list")["items"]
    assert item["about"][0]["why"] == "The directory has no address for this recipient."
    person = ("--name", "Sam Sender", "--role", "Duty lead")
    taken = run(url, "worklist", "take", item["id"], *person)
    assert taken["taken_by"] == {"name": "Sam Sender", "role": "Duty lead"}
    run(url, "worklist", "close", item["id"], *person, "--reason", "Sent by hand")
    assert run(url, "worklist", "list", "--ods-code", "ZZ9A1")["items"] == []
    run(url, "worklist", "take", item["id"], *person, code=1)
    run(url, "worklist", "take", "nothing", *person, code=1)
    assert run(url, "audit", "verify")["rows"] == 2


POLICY = """
version: "1"
author: A. Guardian
date: 2026-10-01
reason: two people look at what a team is sent
release: {adult_mh_service: two_person}
"""
RECORD = Path(__file__).parents[1] / "fixtures" / "planned-handover" / "record.json"


def test_check_config_shows_what_waits_for_whom(url: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    told = run(url, "check-config", POLICY_FILE=str(policy))
    assert told["policy"] == []
    assert told["release"]["adult_mh_service"] == "two_person"
    assert told["release"]["gp"] == "automatic"
    policy.write_text(POLICY.replace("two_person", "three_person"))
    told = run(url, "check-config", code=3, POLICY_FILE=str(policy))
    assert [each["path"] for each in told["policy"]] == ["release"]
    assert told["release"] is None


def test_two_people_release_and_one_refuses_on_the_command_line(
    url: str, store: Store, tmp_path: Path
) -> None:
    policy, lines = tmp_path / "policy.yaml", tmp_path / "records.ndjson"
    policy.write_text(POLICY)
    record = json.loads(RECORD.read_text())
    env = {"POLICY_FILE": str(policy), "CLOCK": "2026-11-05T09:00:00Z"}

    def listed() -> Any:
        return run(url, "worklist", "list", "--purpose", "RELEASE_VIEW", **env)["items"]

    def act(verb: str, name: str, *more: str, code: int = 0) -> Any:
        (item,) = listed()
        held = item["about"][0]["delivery_id"]
        words = ("--delivery", held, "--name", name, "--role", "Ward manager", *more)
        return run(url, "worklist", verb, item["id"], *words, code=code, **env)

    for version in (1, 2):
        record["record_version"] = version
        record["safety"]["risks"][0]["behaviours"] += " Again."
        lines.write_text(json.dumps(record) + "\n")
        run(url, "import", str(lines), "--report", f"{lines}.{version}", **env)
        if version == 1:
            assert act("release", "Sam Sender")["state"] == "open"
            act("release", "sam sender", code=1)
            act("release", "  ", code=2)
            assert act("release", "Alex Other")["state"] == "closed"
        else:
            told = act("refuse", "Sam Sender", "--reason", "Not his words")
            assert told["state"] == "closed"
        assert listed() == []
    verbs = [
        (each.event, each.detail.get("verb"))
        for each in audit_events(store)
        if each.event in {"view-held", "worklist-handled"}
    ]
    assert verbs == [
        ("view-held", None),
        ("worklist-handled", "release"),
        ("worklist-handled", "release"),
        ("view-held", None),
        ("worklist-handled", "refuse"),
    ]


def test_a_brake_is_set_listed_and_released(url: str, store: Store) -> None:
    told = run(url, "brake", "on", "--kind", "gp", "--reason", "Wrong practice list")
    assert (told["scope"], told["name"]) == ("kind", "gp")
    run(url, "brake", "on", "--kind", "gp", "--reason", "Again", code=1)
    (listed,) = run(url, "brake", "list")["brakes"]
    assert (listed["reason"], listed["released_at"]) == ("Wrong practice list", None)
    run(url, "brake", "off", "--kind", "gp", "--by", "Sam Sender")
    assert run(url, "brake", "list")["brakes"] == []
    assert len(run(url, "brake", "list", "--ever")["brakes"]) == 1
    run(url, "brake", "off", "--kind", "gp", code=1)
    run(url, "brake", "on", "--all", "--reason", "Stop everything")
    events = [each.event for each in audit_events(store)]
    assert events == ["brake-on", "brake-off", "brake-on"]


@pytest.mark.parametrize(
    "words",
    [(), ("--all", "--kind", "gp"), ("--endpoint", "nowhere"), ("--kind", "friend")],
)
def test_a_brake_that_would_hold_nothing_is_refused(
    url: str, words: tuple[str, ...]
) -> None:
    run(url, "brake", "on", "--reason", "Stop", *words, code=2)
    assert run(url, "brake", "list")["brakes"] == []


def audit_events(store: Store) -> list[Any]:
    with store.reading() as connection:
        return list(connection.execute(select(audit).order_by(audit.c.number)))


RECORD = Path(__file__).resolve().parents[1] / "fixtures/planned-handover/record.json"


def test_a_redrive_is_previewed_and_then_made(
    url: str, store: Store, tmp_path: Path
) -> None:
    at = datetime(2026, 11, 5, 9, tzinfo=UTC)
    with store.writing() as connection:
        store.put_clock_offset(connection, at - datetime.now(UTC))
    parts = build_parts(Settings(database_url=url))
    accept(RECORD.read_bytes(), caller_ods="ZZ9A1", parts=parts, at=at)
    found = deliveries.list_deliveries(store, "ZZ9A1", limit=50).items
    (delivery,) = [each for each in found if each.recipient_ods == "ZZ9B2"]
    told = run(url, "redrive", delivery.id, "--preview", code=1)
    assert (told["would"], told["bundle"]) == ("no_endpoint", None)
    directory = tmp_path / "directory.yaml"
    directory.write_text(DIRECTORY, encoding="utf-8")
    there = {"DIRECTORY_FILE": str(directory)}
    told = run(url, "redrive", delivery.id, "--preview", **there)
    assert (told["delivery"], told["would"]) == (delivery.id, "send_again")
    assert told["bundle"]["type"] == "transaction"
    assert deliveries.find_delivery(store, delivery.id) == delivery
    run(url, "redrive", delivery.id, **there)
    queued = deliveries.find_delivery(store, delivery.id)
    assert queued is not None
    assert queued.state == "queued"


DIRECTORY = """
endpoints:
  fenwick:
    ods_code: ZZ9B2
    kinds: [adult_mh_service]
    transport: rest
    address: http://127.0.0.1:9/fhir
    auth: {type: none}
"""
