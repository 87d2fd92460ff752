"""What the store promises, the same on every database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON
from handovers import (
    AMH,
    GP,
    SENDER,
    SmallParts,
    TestClock,
    ids_of,
    make_parts,
    post,
)
from sqlalchemy import event, insert, select, update
from stores import KEY, databases, fresh_store

from adapter.bundle.ids import nhs_number_hash
from adapter.delivery.renewal import present_of
from adapter.errors import UnreadableRequest
from adapter.store import Store, audit, views, worklist
from adapter.store.audit import Entry
from adapter.store.paging import cursor, marks_of
from adapter.store.payload import pack
from adapter.store.schema import meta
from adapter.store.schema import views as view_table
from adapter.store.tester_clock import following, move_clock
from adapter.store.worklist import Duty

RISK = "safety.risks[0].behaviours"


def test_a_transaction_is_whole_or_never_was(store: Store) -> None:
    def break_off() -> None:
        with store.writing() as connection:
            connection.execute(insert(meta).values(name="half", value="x"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    with store.reading() as connection:
        found = connection.execute(select(meta).where(meta.c.name == "half")).all()
    assert found == []


def test_writers_wait_for_each_other_and_lose_nothing(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(insert(meta).values(name="count", value="0"))

    def add() -> None:
        for _ in range(10):
            with store.writing() as connection:
                query = select(meta.c.value).where(meta.c.name == "count")
                value = connection.execute(query.with_for_update()).scalar_one()
                connection.execute(
                    meta.update()
                    .where(meta.c.name == "count")
                    .values(value=str(int(value) + 1))
                )

    crew = [threading.Thread(target=add) for _ in range(4)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    with store.reading() as connection:
        query = select(meta.c.value).where(meta.c.name == "count")
        assert connection.execute(query).scalar_one() == "40"


def test_the_key_is_kept(store: Store) -> None:
    assert store.key() == KEY


def test_a_tester_moves_the_clock_of_every_process(store: Store) -> None:
    assert store.clock_offset() == timedelta()
    move_clock(store, timedelta(days=3, microseconds=7), actor="ward")
    assert store.clock_offset() == timedelta(days=3, microseconds=7)
    move_clock(store, timedelta(days=-1), actor="ward")
    assert store.clock_offset() == timedelta(days=-1)


@pytest.mark.parametrize("database", databases())
def test_on_postgresql_the_database_tells_the_time(
    database: str, tmp_path: Path
) -> None:
    clock = TestClock(datetime(2001, 1, 1, tzinfo=UTC))
    with fresh_store(
        database, tmp_path, clock, uses_own_clock=database == "sqlite"
    ) as store:
        move_clock(store, timedelta(hours=5), actor="ward")
        with store.reading() as connection:
            now = following(store).now(connection)
    if database == "sqlite":
        assert now == clock() + timedelta(hours=5)
    else:
        ahead = now - datetime.now(UTC)
        assert abs(ahead - timedelta(hours=5)) < timedelta(minutes=1)


def test_instants_come_back_as_they_went(store: Store) -> None:
    exact = datetime(2026, 11, 5, 12, 0, 0, 123457, tzinfo=UTC)
    audit.record_audit(store, Entry("tried", exact, SENDER, ods_code=SENDER))
    (entry,) = audit.audit_trail(store, SENDER).items
    assert entry.at == exact


def test_the_audit_trail_is_in_order_a_page_at_a_time(store: Store) -> None:
    for number in range(5):
        audit.record_audit(
            store,
            Entry("tried", NOON, SENDER, ods_code=SENDER, detail={"n": number}),
        )
    first = audit.audit_trail(store, SENDER, limit=2)
    second = audit.audit_trail(store, SENDER, limit=2, after=first.next)
    third = audit.audit_trail(store, SENDER, limit=2, after=second.next)
    told = [each.detail["n"] for page in (first, second, third) for each in page.items]
    assert told == [0, 1, 2, 3, 4]
    assert third.next is None
    assert audit.audit_trail(store, "ZZ9X9").items == ()


def duty(**more: object) -> Duty:
    values = {
        "purpose": "SEEK_CONSENT",
        "person_key": "p1",
        "ods_code": SENDER,
        "record_id": "tr-1",
        "record_version": 1,
        "recipient_id": "r-1",
        "reason": "NO_CONSENT_RECORDED",
    } | more
    return Duty(**values)  # type: ignore[arg-type]


def test_duties_of_one_person_and_purpose_are_one_item(store: Store) -> None:
    with store.writing() as connection:
        worklist.add_duties(
            connection,
            [
                duty(due=NOON + timedelta(days=2)),
                duty(recipient_id="r-2", due=NOON + timedelta(days=1)),
                duty(person_key="p2"),
                duty(purpose="HUMAN_REVIEW", due=NOON),
            ],
            NOON,
        )
    with store.writing() as connection:
        worklist.add_duties(connection, [duty(), duty(record_version=2)], NOON)
    items = worklist.open_items(store, SENDER)
    assert [(each.purpose, each.person_key) for each in items] == [
        ("HUMAN_REVIEW", "p1"),
        ("SEEK_CONSENT", "p1"),
        ("SEEK_CONSENT", "p2"),
    ]
    assert items[1].due == NOON + timedelta(days=1)
    assert len(items[1].about) == 3


def test_a_cursor_that_is_not_ours_is_refused() -> None:
    assert marks_of(cursor(7, "x"), int, str) == (7, "x")
    for wrong in ("", "x", "!!!", cursor("7"), cursor(7, 8), cursor(True)):
        with pytest.raises(UnreadableRequest):
            marks_of(wrong, int)


def test_the_same_bytes_give_the_same_payload() -> None:
    packed = pack(b"the same" * 100)
    assert packed == pack(b"the same" * 100)
    assert packed.encoding == "gzip"
    assert packed.plain() == b"the same" * 100


def find(
    parts: SmallParts, resource_type: str, ods_code: str = AMH, **asked: object
) -> list[str]:
    found = views.search_resources(
        parts.store,
        ods_code,
        None,
        resource_type,
        present=present_of(parts, parts.clock()),
        **asked,  # type: ignore[arg-type]
    )
    return [each.id for each in found.items]


def test_a_caller_finds_its_own_and_no_other(parts: SmallParts) -> None:
    post(parts)
    mine, theirs = ids_of("r-amh"), ids_of("r-gp")
    assert find(parts, "Flag") == [mine.of("Flag", "rk-1")]
    assert find(parts, "Flag", GP) == [theirs.of("Flag", "rk-1")]
    assert find(parts, "Flag", "ZZ9X9") == []
    present = present_of(parts, parts.clock())
    for ods_code, kinds, seen in (
        (AMH, None, True),
        (AMH, {"adult_mh_service"}, True),
        (AMH, {"gp"}, False),
        (AMH, set(), False),
        (GP, None, False),
    ):
        flag = views.read_resource(
            parts.store,
            ods_code,
            kinds,
            "Flag",
            mine.of("Flag", "rk-1"),
            present=present,
        )
        bundle = views.read_bundle(
            parts.store, ods_code, kinds, mine.view_id(), present=present
        )
        assert (flag is not None, bundle is not None) == (seen, seen)


def test_resources_are_found_by_what_r4_gives(parts: SmallParts) -> None:
    post(parts)
    ids = ids_of("r-amh")
    patient, plan = ids.of("Patient"), ids.of("CarePlan")
    number = nhs_number_hash(KEY, "9990000018")
    assert find(parts, "CarePlan", ids=[plan]) == [plan]
    assert find(parts, "CarePlan", ids=["x"]) == []
    assert find(parts, "CarePlan", patient=[patient]) == [plan]
    assert find(parts, "CarePlan", patient=["x"]) == []
    assert find(parts, "CarePlan", nhs_hash=number) == [plan]
    assert find(parts, "CarePlan", nhs_hash="x") == []
    assert find(parts, "CarePlan", status=["active", "draft"]) == [plan]
    assert find(parts, "CarePlan", status=["revoked"]) == []
    second = timedelta(seconds=1)
    for how, instant, seen in (
        ("ge", NOON, True),
        ("gt", NOON, False),
        ("le", NOON, True),
        ("lt", NOON, False),
        ("eq", NOON, True),
        ("ne", NOON, False),
        ("gt", NOON - second, True),
        ("lt", NOON + second, True),
    ):
        found = find(parts, "CarePlan", last_updated=[(how, instant)])
        assert bool(found) is seen, how


def test_acceptance_tasks_are_found_as_tasks(parts: SmallParts) -> None:
    post(parts)
    ids = ids_of("r-amh")
    assert find(parts, "Task", status=["requested"]) == [ids.task_id(1)]
    assert find(parts, "Task", patient=[ids.of("Patient")]) == [ids.task_id(1)]
    parts.clock.advance(hours=1)
    post(parts, {RISK: "Newer"}, record_version=2)
    assert find(parts, "Task", status=["requested"]) == [ids.task_id(2)]
    assert find(parts, "Task", status=["cancelled"]) == [ids.task_id(1)]


def test_pages_hold_every_resource_once(parts: SmallParts) -> None:
    for number in range(7):
        post(parts, record_id=f"tr-{number}")
        if number % 3 == 0:
            parts.clock.advance(seconds=1)
    present = present_of(parts, parts.clock())
    seen, after = [], None
    while True:
        page = views.search_resources(
            parts.store, AMH, None, "Flag", present=present, after=after, limit=2
        )
        seen += page.items
        after = page.next
        if after is None:
            break
    assert len({each.id for each in seen}) == len(seen) == 7
    order = [(each.last_updated, each.id) for each in seen]
    assert order == sorted(order)


def test_a_number_that_may_not_leave_is_not_searched_by(
    store: Store, clock: TestClock
) -> None:
    class Numberless:
        version = "numberless-1"

        def __init__(self, inner: object) -> None:
            self.inner = inner

        def apply(self, context: object, shared: object = None) -> object:
            mapped = self.inner.apply(context)  # type: ignore[attr-defined]
            mapped[0].pop("identifier")
            return mapped

    parts = make_parts(store, clock)
    tools = replace(parts.tools, mapping=Numberless(parts.tools.mapping))  # type: ignore[arg-type]
    parts = replace(parts, tools=tools)
    post(parts)
    number = nhs_number_hash(KEY, "9990000018")
    assert find(parts, "CarePlan", nhs_hash=number) == []
    assert find(parts, "CarePlan")


def test_a_question_about_one_person_has_only_their_views_prepared_again(
    parts: SmallParts,
) -> None:
    post(parts)
    post(
        parts,
        {"young_person.nhs_number": "9990000026"},
        record_id="tr-2",
    )
    mine, other = ids_of("r-amh"), ids_of("r-amh", "tr-2")
    now = present_of(parts, parts.clock())
    later = replace(now, policy_version="another")

    def stale(present: views.Present, **about: object) -> set[str]:
        asked = views.About(**about)  # type: ignore[arg-type]
        return set(views.stale_views(parts.store, AMH, None, present, asked))

    number = nhs_number_hash(KEY, "9990000018")
    assert stale(now) == set()
    assert stale(later) == {mine.view_id(), other.view_id()}
    assert stale(later, patient=(mine.of("Patient"),)) == {mine.view_id()}
    assert stale(later, nhs_hash=number) == {mine.view_id()}
    assert stale(later, view_id=other.view_id()) == {other.view_id()}
    assert stale(later, view_id=ids_of("r-gp").view_id()) == set()
    assert stale(now, patient=(mine.of("Patient"),)) == set()
    assert stale(later, nhs_hash="x") == set()


@pytest.mark.parametrize(
    "asked", [{"ids": ["x"]}, {"patient": ["x"]}, {"nhs_hash": "x"}], ids=str
)
@pytest.mark.parametrize("resource_type", ["Flag", "Task"])
def test_what_is_named_is_looked_for_by_its_name(
    tmp_path: Path, clock: TestClock, resource_type: str, asked: dict[str, object]
) -> None:
    with fresh_store("sqlite", tmp_path, clock) as store:
        parts = make_parts(store, clock)
        post(parts)
        if "ids" not in asked:
            column = "nhs_hash" if "nhs_hash" in asked else "patient_id"
            with store.writing() as connection:
                connection.execute(update(view_table).values({column: "x"}))
        asked_of_it: list[tuple[str, Any]] = []

        def note(*told: Any) -> None:
            asked_of_it.append((told[2], told[3]))

        event.listen(store.engine, "before_cursor_execute", note)
        find(parts, resource_type, **asked)
        event.remove(store.engine, "before_cursor_execute", note)
        with store.reading() as connection:
            plans = [
                row[3]
                for statement, values in asked_of_it
                if statement.startswith("SELECT")
                for row in connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", values
                )
            ]
    assert plans
    for step in plans:
        assert "SCAN" not in step
        assert "by_instant" not in step
