"""The largest record that is taken, posted to a real server: 5 MB, answered within 5 s.

Four bodies of up to 5 MB: a record whose lists are full, with four recipients, which is
accepted and prepared for each; the same full of faults; one with 350,000 names that the
model does not know; and one property of text that is markup, control and bidirectional
characters from end to end. All four are posted three times: memory may not grow from
the first round to the last.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import requests
from machine import describe

from adapter.api.auth import mint_token
from adapter.generate.making import CHILDREN, Making
from adapter.generate.template import TYPES, template

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
LARGEST = 5_000_000
MOST = 500
BUDGET_S = 5.0
SLACK_MB = 15
ROUNDS = 3
UNKNOWN = 350_000
WORDS = "Evenings are harder after arguments; music and a walk help. "
HOSTILE = "<script>\u202e\u0007&#0;</script>\ufdfa"


def full_record() -> dict[str, Any]:
    """An active record with every list of items full that nothing else depends on."""
    tree = template(TYPES[1], now=NOW, minimal=False)
    making = Making(random.Random(5), NOW)
    for path in (
        "young_person.reasonable_adjustments[]",
        "transition.differences_between_settings[]",
        "transition.therapies[]",
        "transition.joint_meetings[]",
        "step_down_plan.recovery_goals[]",
        "clinical_essentials.medications[]",
        "clinical_essentials.conditions[]",
        "local_extensions[]",
    ):
        *above, name = path.removesuffix("[]").split(".")
        parent = tree
        for step in above:
            parent = parent[step]
        parent[name] = [_item(making, path, n) for n in range(MOST)]
    return tree


def _item(making: Making, path: str, number: int) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for child in CHILDREN[path]:
        name = child.path.rpartition(".")[2].removesuffix("[]")
        if child.type in {"ref", "object", "list"}:
            if child.required:
                item[name] = "m-1"
        elif child.type == "id":
            item[name] = f"{path[:2]}-{path.count('a')}-{len(path)}-{number}"
        elif child.type == "text":
            item[name] = WORDS * 10
        elif child.required or child.type in {"string", "code"}:
            value = making.plain(child)
            item[name] = [value] if child.many else value
    return item


def bodies(version: int = 1) -> Iterator[tuple[str, bytes, int]]:
    """Each body with its name and the status that answers it."""
    tree = full_record()
    tree["record_version"] = version
    size = len(json.dumps(tree))
    spare = max(0, LARGEST - size - 20_000) // MOST
    for item in tree["local_extensions"]:
        item["value"] = (WORDS * 100)[: min(3_900, spare)]
    yield "accepted", _within(tree), 202
    faulty = json.loads(json.dumps(tree))
    for section in faulty.values():
        for items in section.values() if isinstance(section, dict) else [section]:
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    item.update(dict.fromkeys(item, 1.5), of_our_own=None)
    faulty["padding"] = ["x"] * ((LARGEST - len(json.dumps(faulty)) - 100) // 5)
    yield "refused for thousands of faults", _within(faulty), 422
    strange = template(TYPES[1], now=NOW)
    strange["safety"].update({f"u{n}": 0 for n in range(UNKNOWN)})
    yield "refused for unknown names", _within(strange), 422
    hostile = template(TYPES[1], now=NOW)
    long = HOSTILE * (LARGEST // len(json.dumps(HOSTILE)) - 2_000)
    hostile["safety"]["formulation"]["summary"] = long
    yield "refused for hostile text", _within(hostile), 422


def _within(tree: dict[str, Any]) -> bytes:
    body = json.dumps(tree).encode()
    if len(body) > LARGEST:
        raise ValueError(f"the body has {len(body)} bytes")
    return body


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str, psutil.Process]]:
    """A web process of its own: its address, a sender's token, and the process."""
    token, digest = mint_token()
    caller = {"name": "bench", "role": "sender", "ods_code": "ZZ9A1"}
    callers = folder / "callers.yaml"
    callers.write_text(json.dumps({"callers": [{**caller, "token_sha256": digest}]}))
    port = 18_473
    base = f"http://127.0.0.1:{port}"
    environ = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        "CALLERS_FILE": str(callers),
        "PUBLIC_BASE_URL": base,
        "PORT": str(port),
        "METRICS_PORT": "0",
        "LOG_LEVEL": "error",
        "MAX_BODY_BYTES": str(LARGEST),
    }
    command = [sys.executable, "-m", "adapter", "serve", "--web-only"]
    command += ["--clock", NOW.isoformat()]
    server = subprocess.Popen(command, env=environ)
    try:
        for _ in range(200):
            time.sleep(0.1)
            try:
                if requests.get(f"{base}/readyz", timeout=1).ok:
                    break
            except requests.ConnectionError:
                continue
        children = psutil.Process(server.pid).children(recursive=True)
        yield base, token, max(children, key=lambda each: each.memory_info().rss)
    finally:
        server.terminate()
        server.wait(20)


def seconds_spent(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def main() -> int:
    print(describe())
    held = True
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as served:
        base, token, web = served
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        small = json.dumps(template(TYPES[1], now=NOW, minimal=False)).encode()
        for version in range(1, 21):
            number = b'"record_version": %d' % version
            warm = small.replace(b'"record_version": 1', number)
            warm = warm.replace(b"tr-0001", b"tr-warm")
            requests.post(f"{base}/records", data=warm, headers=headers, timeout=30)
        before = megabytes(web)
        print(
            f"web process at {before:.0f} MB; seconds are of the clock, and of the CPU"
        )
        remains = []
        for round_ in range(1, ROUNDS + 1):
            for name, body, expected in bodies(round_):
                start, spent = time.perf_counter(), seconds_spent(web)
                answer = requests.post(
                    f"{base}/records", data=body, headers=headers, timeout=60
                )
                took = time.perf_counter() - start
                time.sleep(1)  # memory is given back after the answer has left
                held &= took <= BUDGET_S and answer.status_code == expected
                print(
                    f"  {len(body) / 1e6:.2f} MB {name}: {answer.status_code} in "
                    f"{took:.2f} s ({seconds_spent(web) - spent:.2f}), budget "
                    f"{BUDGET_S:.0f}; {len(answer.content) / 1e6:.2f} MB answered; "
                    f"memory {megabytes(web) - before:+.0f} MB"
                )
            remains.append(megabytes(web))
        growth = remains[-1] - remains[0]
        held &= growth <= SLACK_MB
        print(f"memory {growth:+.0f} MB from the first round to the last")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
