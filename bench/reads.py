"""Read and search over HTTP, its audit row committed before each answer.

One record is taken in by the adapter. What it left in the store for one recipient is
then copied row by row, under new ids, once a patient: views, their versions and their
resources, all of them in one receiver's hands and current. So the tables and indexes
are as if that many had been taken in, at the cost of their rows alone; the bodies are
those of the one record. Nothing else of the store is copied, and no search goes there.

The same questions are asked of the smaller store first, to see whether they stay flat.

Budget: p50 under 5 ms each, among 64,000 patients.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import UUID

from machine import describe
from running import (
    Adapter,
    connect,
    environment,
    percentile,
    records,
    serving,
    temporary_folder,
)
from sqlalchemy import Connection, Table, func, insert, select

from adapter.clock import system_clock
from adapter.store import Store, open_store
from adapter.store.schema import view_resources, view_versions, views

BUDGET = 5
AT_ONCE = 500
TEAM = "ZZ9B2"


def numbered(name: str, patient: int) -> str:
    """Another id, the same one for the same patient; none is left as it was."""
    return str(UUID(int=UUID(name).int ^ (patient << 64)))


def rows_of(connection: Connection, table: Table, view_id: str) -> list[dict[str, Any]]:
    found = connection.execute(select(table).where(table.c.view_id == view_id))
    return [dict(row._mapping) for row in found]


def copies(
    rows: list[dict[str, Any]], patients: range, most: int
) -> Iterator[dict[str, Any]]:
    for patient in patients:
        for row in rows[:most]:
            copy = {**row, "view_id": numbered(row["view_id"], patient)}
            if "record_id" in copy:
                copy["record_id"] = f"copy-{patient}"
            if copy.get("id"):
                copy["id"] = numbered(copy["id"], patient)
            if copy.get("patient_id"):
                copy["patient_id"] = numbered(copy["patient_id"], patient)
            if copy.get("nhs_hash"):
                copy["nhs_hash"] = f"{patient:064x}"
            yield copy


def load(store: Store, patients: range, most: int) -> None:
    """Copy the one view for each of these patients, with so many of its resources."""
    with store.writing() as connection:
        view_id = connection.execute(
            select(views.c.view_id)
            .where(views.c.recipient_ods == TEAM)
            .order_by(views.c.record_id)  # its own name sorts before those of copies
            .limit(1)
        ).scalar_one()
        for table in (views, view_versions, view_resources):
            rows = rows_of(connection, table, view_id)
            # The Patient first, and then what is searched for.
            rows.sort(key=lambda row: row.get("type") != "Flag")
            rows.sort(key=lambda row: row.get("type") != "Patient")
            waiting = []
            for copy in copies(rows, patients, most):
                waiting.append(copy)
                if len(waiting) == AT_ONCE:
                    connection.execute(insert(table), waiting)
                    waiting = []
            if waiting:
                connection.execute(insert(table), waiting)


class Asking:
    """One receiver's questions, one after another on one connection."""

    def __init__(self, adapter: Adapter, token: str) -> None:
        self._connection = connect(adapter.url)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> dict[str, Any]:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path.split('?')[0]} was answered with {answer.status}")
        found: dict[str, Any] = json.loads(content)
        return found

    def times(self, paths: list[str]) -> list[float]:
        times = []
        for path in paths:
            begun = time.perf_counter()
            self.get(path)
            times.append(1000 * (time.perf_counter() - begun))
        return times


def ask(store: Store, environ: dict[str, str], token: str, rounds: int) -> None:
    with store.reading() as connection:
        patients = connection.execute(select(func.count()).select_from(views)).scalar()
        resources = connection.execute(
            select(func.count()).select_from(view_resources)
        ).scalar()
        known = connection.execute(
            select(views.c.view_id, views.c.patient_id).where(
                views.c.recipient_ods == TEAM
            )
        ).all()
    chosen = random.Random(1).choices(known, k=rounds)
    print(f"  {resources} resources in {patients} views")
    questions = {
        "read of a Bundle": [f"/fhir/Bundle/{view}" for view, _ in chosen],
        "read of a Patient": [f"/fhir/Patient/{patient}" for _, patient in chosen],
        "search by patient": [f"/fhir/Flag?patient={patient}" for _, patient in chosen],
    }
    with serving(environ, token, "--web-only") as adapter:
        asking = Asking(adapter, token)
        found = asking.get(questions["search by patient"][0])
        if not found.get("entry"):
            raise SystemExit("a search found nothing")
        for name, paths in questions.items():
            asking.times(paths[:20])
            times = asking.times(paths)
            print(
                f"    {name} {median(times):6.2f} ms p50 (budget {BUDGET}),"
                f" {percentile(times, 99):.2f} ms p99"
            )


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--patients", type=int, default=64_000)
    reader.add_argument("--resources", type=int, default=4, help="of each patient")
    reader.add_argument("--rounds", type=int, default=300)
    asked = reader.parse_args()
    print(describe())
    with temporary_folder() as folder:
        environ, tokens = environment(folder, "http://127.0.0.1:9")
        with serving(environ, tokens["sender"], "--web-only") as adapter:
            adapter.post(records(1), 1)
        # Set anew, the clock would go back and all be prepared again; copies cannot be.
        del environ["CLOCK"]
        store = open_store(environ["DATABASE_URL"], system_clock)
        few = max(1, 1000 // asked.resources)
        load(store, range(1, few + 1), asked.resources)
        ask(store, environ, tokens["receiver"], asked.rounds)
        begun = time.monotonic()
        load(store, range(few + 1, asked.patients + 1), asked.resources)
        print(f"  copied in {time.monotonic() - begun:.0f} s")
        ask(store, environ, tokens["receiver"], asked.rounds)
        store.close()


if __name__ == "__main__":
    main()
