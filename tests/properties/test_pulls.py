"""Laws of disclosure, held to every byte that a receiver can get over HTTP.

The real application, mapping and store: search, read, vread, history, views, headers,
errors, the log, metrics and the audit trail. Source: disclosure rules, section 13 (T5,
T6, T11) and section 8 (SILENT_OMISSION); design, section 2.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import structlog
from api_house import BASE_URL, NOW, House
from canaries import WORD, changed_where, plant, without
from disclosure_chance import opened
from prometheus_client import generate_latest
from pulled import OTHER_KINDS, SENDER, Street, addressed, answers
from sqlalchemy import text

from adapter.api.metrics import registry_of
from adapter.bundle.ids import Ids
from adapter.disclosure.decide import decide
from adapter.disclosure.model import Decision
from adapter.generate import generate
from adapter.logs import start_logging
from adapter.policy import DEFAULT_POLICY
from adapter.record.model import Record
from adapter.record.parse import check
from adapter.settings import Settings
from adapter.store.records import load_decisions
from adapter.wiring import build_tools

pytestmark = pytest.mark.slow

RECORDS = 3
RECIPIENTS = 2

Tree = dict[str, Any]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    folder = tmp_path_factory.mktemp("street")
    return Street(folder, build_tools(Settings(public_base_url=BASE_URL)))


def active_records(seed: str, wanted: int) -> Iterator[Tree]:
    """Valid, active records of which silent recipients are let have something."""
    for number in range(50 * wanted):
        tree = generate(random.Random(f"{seed}/{number}"), now=NOW)
        tree["status"] = "active"
        tree.get("outcomes_monitoring", {}).pop("death", None)
        for concern in tree["safeguarding"].get("concerns", ()):
            concern.pop("alleged_source_refs", None)
        tree = addressed(opened(tree))
        if not errors_of(tree):
            wanted -= 1
            yield tree
        if not wanted:
            return


def errors_of(tree: Tree) -> list[str]:
    _, issues = check(orjson.dumps(tree), policy=DEFAULT_POLICY, now=NOW)
    return [issue.path for issue in issues if issue.severity == "error"]


def decision_of(tree: Tree, recipient_id: str) -> Decision:
    return decide(Record(tree), recipient_id, at=NOW, policy=DEFAULT_POLICY)


def caller_of(recipient: Tree) -> str:
    return str(recipient["kind"]).replace("_", "-")


def view_of(house: House, tree: Tree, recipient: Tree) -> str:
    ids = Ids(house.parts.tools.key, SENDER, tree["record_id"], recipient["id"])
    return f"Bundle/{ids.view_id()}"


def test_no_canary_of_what_is_withheld_is_in_any_answer(
    street: Street,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    start_logging("DEBUG")
    request.addfinalizer(structlog.reset_defaults)
    leaked, found = [], 0
    for tree in active_records("canary", RECORDS):
        planted = plant(tree)
        assert errors_of(tree) == []
        with street.house() as house:
            house.post(tree)
            for recipient in chosen(tree):
                caller = caller_of(recipient)
                view = view_of(house, tree, recipient)
                decision = decision_of(tree, recipient["id"])
                told = b"\n".join(answers(house, caller, [view]).values())
                for word in set(WORD.findall(told)):
                    found += 1
                    place = planted[word]
                    is_own = place.path.endswith("recipients[].name")
                    if place.must_stay(decision) and not is_own:
                        leaked.append((recipient["kind"], place.path))
            assert WORD.findall(told_to_nobody(house, tree)) == []
    assert leaked == []
    assert found > 200
    assert WORD.findall("".join(capfd.readouterr()).encode()) == []


def chosen(tree: Tree) -> list[Tree]:
    """Some of a record's recipients, another some of each record."""
    recipients = tree["consent_and_sharing"]["recipients"]
    rng = random.Random(tree["record_id"])
    return rng.sample(recipients, min(RECIPIENTS, len(recipients)))


def told_to_nobody(house: House, tree: Tree) -> bytes:
    """Refusals and dry runs of faults, metrics, and all that the audit trail holds."""
    ward = house.client("ward")
    told = [generate_latest(registry_of(house.parts))]
    wrong = copy.deepcopy(tree)
    wrong["record_version"] += 1
    for section in wrong.values():
        if isinstance(section, dict):
            section["no such field"] = "x"
            for name, value in section.items():
                if isinstance(value, str):
                    section[name] = [value]
    for query in ("", "?dry_run=true"):
        answer = ward.post(f"/records{query}", json=wrong)
        assert answer.status_code == 422
        told.append(answer.get_data())
    conflict = {**tree, "step_down_plan": {**tree["step_down_plan"], "phases": []}}
    told.append(ward.post("/records", json=conflict).get_data())
    told.append(ward.get("/deliveries").get_data())
    with house.parts.store.reading() as connection:
        for table in ("audit", "worklist", "deliveries", "views"):
            columns = connection.execute(text(f"SELECT * FROM {table}")).all()
            told.append(repr([list(row) for row in columns]).encode())
    return b"\n".join(told)


@pytest.mark.parametrize("make", [without, changed_where])
def test_a_silent_recipient_cannot_tell_what_is_withheld(
    street: Street, make: Callable[..., Any]
) -> None:
    compared = 0
    for tree in active_records(make.__name__, 10 * RECORDS):
        twins = (
            (recipient, twin_of(tree, decision_of(tree, recipient["id"]), make))
            for recipient in silent_of(tree)
            if not decision_of(tree, recipient["id"]).withholds_all
        )
        found = next(((one, twin) for one, twin in twins if twin is not None), None)
        if found is None:
            continue
        recipient, other = found
        with street.house() as house, street.house() as next_door:
            house.post(tree)
            next_door.post(other)
            view = [view_of(house, tree, recipient)]
            one = answers(house, caller_of(recipient), view)
            two = answers(next_door, caller_of(recipient), view)
        assert one == two
        assert any(answer.startswith(b"200") for answer in one.values())
        compared += 1
        if compared == RECORDS:
            return
    raise AssertionError("too few records had a twin")


def silent_of(tree: Tree) -> list[Tree]:
    return [each for each in chosen(tree) if decision_of(tree, each["id"]).is_silent]


def twin_of(tree: Tree, decision: Decision, make: Callable[..., Any]) -> Tree | None:
    """A valid record that differs in what the recipient may not have, and in version.

    What a valid record cannot lack is put back. None where the twin would be decided
    about otherwise, or is not valid all the same.
    """
    if make is without:
        twin = without(tree, decision)
    else:
        twin, _ = changed_where(tree, decision, random.Random(tree["record_id"]))
    for _ in range(8):
        faults = errors_of(twin)
        if not faults:
            break
        for path in faults:
            put_back(twin, tree, path)
    else:
        return None
    twin["record_version"] += 3
    twin["updated_at"] = "2026-11-05T08:59:00Z"
    twin["source_system"]["version"] = "another"
    members = [each["id"] for each in twin["care_team"]["members"]]
    twin["author_ref"] = members[-1]
    again = decision_of(twin, decision.recipient_id)
    is_same = again.categories == decision.categories and twin != tree
    return twin if is_same and not errors_of(twin) else None


def put_back(twin: Any, tree: Any, path: str) -> None:
    """The first thing on the way to ``path`` that only the record itself has."""
    for step in path.replace("[", ".").replace("]", "").split("."):
        name: Any = int(step) if step.isdigit() else step
        is_list = isinstance(tree, list)
        if isinstance(name, int) is not is_list:
            return
        if is_list:
            if name >= len(tree) or name >= len(twin) or twin[name] != tree[name]:
                twin[:] = copy.deepcopy(tree)
                return
        elif name not in tree:
            twin.pop(name, None)
            return
        elif name not in twin or not isinstance(tree[name], dict | list):
            twin[name] = copy.deepcopy(tree[name])
            return
        twin, tree = twin[name], tree[name]


def test_who_may_have_nothing_is_answered_as_one_who_is_not_known(
    street: Street,
) -> None:
    compared = 0
    with street.house() as empty:
        for tree in active_records("nothing", 10 * RECORDS):
            with street.house() as house:
                house.post(tree)
                for recipient in silent_of(tree):
                    caller = caller_of(recipient)
                    shared = seen_by_all(house, tree)
                    if decision_of(tree, recipient["id"]).withholds_all:
                        one = answers(house, caller, shared)
                        assert one == answers(empty, caller, shared)
                        compared += 1
                    else:
                        caller = f"{caller}-{OTHER_KINDS}"
                        one = answers(house, caller, shared)
                        assert one == answers(empty, caller, shared)
                        compared += 1
            if compared >= RECORDS:
                return
    raise AssertionError("too few had nothing")


def seen_by_all(house: House, tree: Tree) -> list[str]:
    """Where some of what the record's other recipients have stands, and the views."""
    with house.parts.store.reading() as connection:
        rows = connection.execute(
            text("SELECT type, id FROM view_resources ORDER BY id LIMIT 6")
        ).all()
        tasks = connection.execute(text("SELECT id FROM tasks ORDER BY id LIMIT 2"))
        found = [f"{row.type}/{row.id}" for row in rows]
        found += [f"Task/{row.id}" for row in tasks]
    recipients = tree["consent_and_sharing"]["recipients"]
    return [*found, *(view_of(house, tree, each) for each in recipients[:2])]


CLAIMS = {
    "X-Recipient-Kind": "adult_mh_service",
    "X-Kind": "gp",
    "X-Category": "risk_and_mitigation",
    "X-Consent": "permit",
    "X-Override": "vital_interests",
    "X-Break-Glass": "true",
    "X-Age": "30",
    "X-Now": "2030-01-01T00:00:00Z",
    "X-Forwarded-For": "127.0.0.1",
    "From": "caldicott@example.org",
    "Prefer": "handling=lenient",
}
ASKED = ("kind=gp", "at=2030-01-01", "override=vital_interests", "_security=any")


def test_nothing_that_a_caller_says_changes_a_decision(street: Street) -> None:
    (tree,) = active_records("claims", 1)
    with street.house() as house:
        house.post(tree)
        key = (SENDER, tree["record_id"], tree["record_version"])
        before = [each.as_json() for each in load_decisions(house.parts.store, *key)]
        for recipient in chosen(tree):
            caller = caller_of(recipient)
            view = [view_of(house, tree, recipient)]
            plain = answers(house, caller, view)
            claimed = answers(house, caller, view, CLAIMS)
            assert list(claimed.values()) == list(plain.values())
            client = house.client(caller)
            for asked in ASKED:
                for place in (view[0], "Flag"):
                    answer = client.get(f"/fhir/{place}?{asked}")
                    assert answer.status_code == 400
                    assert "resource" not in json.dumps(answer.get_json()["issue"])
        after = [each.as_json() for each in load_decisions(house.parts.store, *key)]
    assert after == before
