"""One record, six recipients: validate, decide, redact, map, check and make the bytes.

Budget: 20 ms p50, with 15 ms as the aim. All six recipients are health services, which
get the most, so this is the dearest shape of a record with about 250 values.
"""

import copy
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from machine import describe

from adapter.bundle.build import Stamp, acceptance_task, to_bytes, transaction
from adapter.bundle.ids import Ids
from adapter.prepare import prepare_all
from adapter.record.parse import parse
from adapter.settings import Settings
from adapter.wiring import build_tools

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
ROUNDS = 200
BASE = "https://adapter.example"
KINDS = (
    "adult_mh_service",
    "cyp_mh_service",
    "sending_provider",
    "crisis_team",
    "gp",
    "adult_mh_service",
)


def record_for_six() -> dict:
    path = Path(__file__).parents[1] / "fixtures" / "planned-handover" / "record.json"
    record = copy.deepcopy(json.loads(path.read_text()))
    consent = record["consent_and_sharing"]
    consent["decisions"] = []
    consent["recipients"] = [
        {
            "id": f"r-{n}",
            "kind": kind,
            "name": f"Service {n}",
            "ods_code": f"ZZ9{n}" if n else "ZZ9B2",
            "care_relationship": "current_care",
        }
        for n, kind in enumerate(KINDS)
    ]
    record["communications"] = []
    return record


def values(node: object) -> int:
    if isinstance(node, dict):
        return sum(values(child) for child in node.values())
    if isinstance(node, list):
        return sum(values(child) for child in node)
    return 1


def main() -> None:
    tree = record_for_six()
    body = json.dumps(tree).encode()
    tools = build_tools(Settings())
    totals: list[float] = []
    parts: dict[str, list[float]] = {"parse": [], "prepare": [], "bytes": []}
    size = 0
    for _ in range(ROUNDS):
        tools.checker.forget()
        start = time.perf_counter()
        record = parse(body, policy=tools.policy, now=AT)
        parsed = time.perf_counter()
        all_prepared = prepare_all(record, at=AT, tools=tools)
        prepared = time.perf_counter()
        size = 0
        for recipient, each in all_prepared.items():
            assert each.content is not None
            assert not each.issues, [i.path for i in each.issues]
            ids = Ids(tools.key, record.ods_code, record.record_id, recipient)
            stamp = Stamp(ids.view_id(), 1, AT)
            task = acceptance_task(each.content, ids, stamp, BASE)
            size += len(to_bytes(transaction(each.content, stamp, BASE, task=task)))
        end = time.perf_counter()
        totals.append((end - start) * 1000)
        parts["parse"].append((parsed - start) * 1000)
        parts["prepare"].append((prepared - parsed) * 1000)
        parts["bytes"].append((end - prepared) * 1000)
    print(describe())
    print(f"record of {values(tree)} values, {len(KINDS)} recipients, {ROUNDS} rounds")
    for name, times in parts.items():
        print(f"  {name:8} p50 {median(times):6.2f} ms")
    p99 = quantiles(totals, n=100)[98]
    print(
        f"  total    p50 {median(totals):6.2f} ms, p99 {p99:.2f} ms (budget 20, aim 15)"
    )
    print(f"  {size} bytes in all")


if __name__ == "__main__":
    main()
