"""No more requests run at an endpoint at once than its directory entry lets."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from builders import REMOVE
from handovers import (
    SmallParts,
    claim,
    post,
)

from adapter.delivery.leases import Claimed, give_back


def post_people(parts: SmallParts, count: int) -> None:
    """A record of each of so many people, so that each has lanes of their own."""
    for number in range(count):
        post(
            parts,
            {
                "young_person.nhs_number": REMOVE,
                "young_person.nhs_number_status": "not_present",
                "young_person.local_patient_id": f"LKM-{number}",
            },
            record_id=f"tr-{number}",
        )


def test_workers_that_come_together_do_not_both_take_the_last_place(
    parts: SmallParts,
) -> None:
    post_people(parts, 6)
    most = {"fenwick": 2, "surgery": 1, "crisis": 1}
    together = threading.Barrier(8)

    def work(number: int) -> Claimed | None:
        together.wait(10)
        return claim(parts.store, f"w{number}", most_at=most.get)

    for _ in range(10):
        with ThreadPoolExecutor(8) as workers:
            found = list(workers.map(work, range(8)))
        leased = [each for each in found if each is not None]
        taken = [each.lease.endpoint for each in leased]
        assert taken
        assert all(taken.count(name) <= most[name] for name in taken)
        for each in leased:
            give_back(parts.store, each)


def test_no_more_lanes_of_an_endpoint_are_leased_than_may_be(
    parts: SmallParts,
) -> None:
    post_people(parts, 4)
    most = {"fenwick": 1, "surgery": 2}
    leased = []
    while (claimed := claim(parts.store, "w1", most_at=most.get)) is not None:
        leased.append(claimed)
    taken = [each.lease.endpoint for each in leased]
    counts = {name: taken.count(name) for name in ("fenwick", "surgery", "crisis")}
    assert counts == {"fenwick": 1, "surgery": 2, "crisis": 4}
    first = next(each for each in leased if each.lease.endpoint == "fenwick")
    give_back(parts.store, first)
    again = claim(parts.store, "w2", most_at=most.get)
    assert again is not None
    assert again.lease.endpoint == "fenwick"
