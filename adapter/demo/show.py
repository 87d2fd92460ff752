"""What the demonstration shows: posted, delivered, accepted and pulled, each checked.

Honest in its exit code: 0 only when every claim that it prints was checked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson
import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapter.demo.stage import (
    CLOCK,
    FAILING,
    PROVIDERS,
    DemoFailed,
    Running,
    bearer,
    read_json,
    started,
    until,
)
from adapter.settings import Settings

CASES = (
    "planned-handover",
    "fifteen-refuses-family",
    "out-of-area-lacks-capacity",
    "shared-lives-version-2",
)
FAILURES = 2


def run_demo(*, keep: bool = False) -> int:
    """The exit code: 0 when all of it was really so, 1 with the reason when not."""
    console = Console(highlight=False)
    try:
        with started() as running:
            _introduce(console, running)
            show(console, running)
            if keep:
                _wait_for_the_user(console, running)
    except DemoFailed as failure:
        console.print(f"\n[bold]The demonstration failed:[/] {escape(str(failure))}")
        return 1
    return 0


def show(console: Console, running: Running) -> None:
    """Post, deliver, accept, pull, and check each of them. Raises DemoFailed."""
    _order_failures(running)
    receipts = {case: _post(console, running, case) for case in CASES}
    deliveries = _show_deliveries(console, running, receipts)
    _show_acceptance(console, running, deliveries)
    _show_pull(console, running)
    _show_where_next(console, running)


def _post(console: Console, running: Running, case: str) -> Any:
    path = Settings().fixtures_dir / case / "record.json"
    answer = requests.post(
        running.adapter + "/records",
        data=path.read_bytes(),
        headers={**bearer(running.sender_token), "Content-Type": "application/json"},
        timeout=30,
    )
    if answer.status_code != 202:
        raise DemoFailed(f"{case} was answered {answer.status_code}, not 202")
    receipt = read_json(answer)
    version = receipt["record_version"]
    console.rule(f"[bold]{case}[/]: accepted, version {version}", align="left")
    for warning in receipt["warnings"]:
        console.print(f"  to look at: {warning['code']} at {warning['path']}")
    console.print(_decision_table(_decisions(running, receipt)))
    return receipt


def _decisions(running: Running, receipt: Any) -> Mapping[str, Any]:
    where = f"/records/{receipt['ods_code']}/{receipt['record_id']}/decisions"
    answer = running.get(where, running.sender_token)
    decisions: Mapping[str, Any] = answer["decisions"]
    return decisions


WORDS = {"share": "shared", "share_minimum": "minimum", "withhold": "withheld"}


def _decision_table(decisions: Mapping[str, Any]) -> Table:
    """For each recipient what is shared and withheld, by the reason that decides it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=3)
    table.add_column(ratio=4)
    for name, decision in decisions.items():
        table.add_row(f"[bold]{name}[/]", f"[bold]{_words(decision['kind'])}[/]", "")
        for (outcome, why), names in _grouped(decision["categories"]).items():
            everything = len(names) == len(decision["categories"])
            named = "everything" if everything else ", ".join(map(_words, names))
            table.add_row(f"  {WORDS[outcome]}", named, escape(why))
    return table


def _grouped(categories: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, each in categories.items():
        grouped.setdefault((each["outcome"], each["why"]), []).append(name)
    return dict(sorted(grouped.items(), key=lambda item: list(WORDS).index(item[0][0])))


def _words(code: str) -> str:
    return code.replace("_", " ")


def _show_deliveries(
    console: Console, running: Running, receipts: Mapping[str, Any]
) -> list[Any]:
    expected = {
        each["delivery"]["id"]
        for receipt in receipts.values()
        for each in receipt["recipients"]
        if each["delivery"]
    }
    if not expected:
        raise DemoFailed("no record led to a delivery")

    def settled() -> list[Any] | None:
        found = [
            running.get(f"/deliveries/{delivery}", running.sender_token)
            for delivery in sorted(expected)
        ]
        waiting = any(each["state"] in {"queued", "sending"} for each in found)
        return None if waiting else found

    console.rule("[bold]Deliveries[/]", align="left")
    deliveries = until("every delivery to arrive", settled)
    table = Table("record", "recipient", "requests", "now", box=None, padding=(0, 2))
    for each in sorted(deliveries, key=_record_and_recipient):
        way = ", ".join(_request(made) for made in each["requests"])
        way = way or "no endpoint: a person is told"
        table.add_row(each["record_id"], each["recipient_id"], way, each["state"])
        if not each["endpoint"]:
            if each["reason"] != "no_endpoint":
                raise DemoFailed("a delivery without an endpoint does not say so")
        elif each["state"] != "delivered":
            raise DemoFailed(f"a delivery ended {each['state']}: {each['reason']}")
    console.print(table)
    sent = [each for each in deliveries if each["endpoint"]]
    failed = sum(each["attempts"] - 1 for each in sent)
    if failed != FAILURES:
        raise DemoFailed(f"{failed} requests failed, not the {FAILURES} ordered")
    console.print(f"  {FAILING} was told to fail {FAILURES} times; it was tried again.")
    return sent


def _record_and_recipient(delivery: Mapping[str, Any]) -> tuple[str, str]:
    return delivery["record_id"], delivery["recipient_id"]


def _request(made: Mapping[str, Any]) -> str:
    answer = made["http_status"] or made["reason"]
    return f"{made['attempt']}: {answer}"


def _show_acceptance(console: Console, running: Running, deliveries: list[Any]) -> None:
    console.rule("[bold]A person there accepts[/]", align="left")
    for provider in PROVIDERS:
        inbox = read_json(
            requests.get(running.receivers[provider.ods_code] + "/inbox", timeout=10)
        )
        for handover in inbox["handovers"]:
            answer = requests.post(
                f"{running.receivers[provider.ods_code]}/inbox/{handover['id']}/accept",
                json={"name": provider.person, "role": provider.role},
                timeout=20,
            )
            if not answer.ok:
                raise DemoFailed(f"an acceptance was answered {answer.status_code}")
        console.print(
            f"  {provider.person}, {provider.role} at {provider.name}, accepted "
            f"{len(inbox['handovers'])} handover(s)"
        )
    for each in deliveries:
        now = running.get(f"/deliveries/{each['id']}", running.sender_token)
        if now["state"] != "accepted":
            raise DemoFailed(f"a delivery is {now['state']}, not accepted")
    console.print(f"  all {len(deliveries)} deliveries are now: accepted")


def _show_pull(console: Console, running: Running) -> None:
    console.rule("[bold]What the receiver pulls[/]", align="left")
    token = running.tokens[FAILING]
    flags = running.get("/fhir/Flag", token)
    plans = running.get("/fhir/CarePlan", token, status="active")
    if not flags.get("entry") or not plans.get("entry"):
        raise DemoFailed("the receiver's pull found no Flag or no CarePlan")
    flag = flags["entry"][0]["resource"]
    plan = plans["entry"][0]["resource"]
    console.print("  GET /fhir/Flag, the first of them:")
    console.print_json(orjson.dumps(flag).decode())
    activities = [each["detail"] for each in plan.get("activity", ())]
    console.print(
        f"  GET /fhir/CarePlan?status=active, the first of them, {plan['title']!r}, "
        f"has {len(activities)} activities; some of them:"
    )
    for activity in activities[:8]:
        console.print(
            f"    - {escape(activity.get('description', activity['status']))}"
        )
    stranger = requests.get(
        running.adapter + f"/fhir/Flag/{flag['id']}",
        headers=bearer(running.tokens["ZZ9G1"]),
        timeout=10,
    )
    if stranger.status_code != 404:
        raise DemoFailed("one receiver could read another's Flag")
    console.print("  The same Flag, asked for by the GP surgery: 404, not known.")


def _show_where_next(console: Console, running: Running) -> None:
    console.rule("[bold]All of it was really so[/]", align="left")
    console.print("  Where to look next: README.md, docs/, fixtures/*/README.md")
    console.print(
        "  transition-adapter explain FILE --recipient r-amh: why each element is there"
    )
    console.print("  make demo ARGS=--keep leaves everything running, for play")


def _introduce(console: Console, running: Running) -> None:
    console.print(
        f"[bold]The adapter[/] at {running.adapter}, its clock at {CLOCK}, and "
        f"{len(PROVIDERS)} simulated receivers: ready in "
        f"{running.ready_after:.1f} s. Everybody here is invented."
    )


def _order_failures(running: Running) -> None:
    order = {"status": 503, "retry_after": 1, "times": FAILURES}
    answer = requests.post(
        running.receivers[FAILING] + "/faults", json=order, timeout=10
    )
    if not answer.ok:
        raise DemoFailed("the simulated receiver did not take an order to fail")


def _wait_for_the_user(console: Console, running: Running) -> None:
    console.rule("[bold]Left running until you press Ctrl-C[/]", align="left")
    lines = [
        f"adapter={running.adapter}  # files and log: {running.folder}",
        f"sender={running.sender_token}",
        *(
            f"{ods}={address} token_{ods}={running.tokens[ods]}"
            for ods, address in running.receivers.items()
        ),
        "# paste the lines above into a shell, then, for example:",
        'curl -s -H "Authorization: Bearer $sender" $adapter/deliveries',
        f'curl -s -H "Authorization: Bearer $token_{FAILING}" $adapter/fhir/CarePlan',
        f"curl -s ${FAILING}/inbox",
        f"curl -s ${FAILING}/faults -H 'Content-Type: application/json' "
        """-d '{"status": 503, "times": 3}'""",
    ]
    for line in lines:
        console.print(f"  {escape(line)}", soft_wrap=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("  ended")
