"""No more requests run at an endpoint at once than its directory entry lets."""

from __future__ import annotations

from builders import REMOVE
from handovers import SmallParts, post

from adapter.delivery import lanes


def test_no_more_lanes_of_an_endpoint_are_leased_than_may_be(
    parts: SmallParts,
) -> None:
    for number in range(4):
        post(
            parts,
            {
                "young_person.nhs_number": REMOVE,
                "young_person.nhs_number_status": "not_present",
                "young_person.local_patient_id": f"LKM-{number}",
            },
            record_id=f"tr-{number}",
        )
    most = {"fenwick": 1, "surgery": 2}
    leased = []
    while (claimed := lanes.claim(parts.store, "w1", most_at=most.get)) is not None:
        leased.append(claimed)
    taken = [each.lease.endpoint for each in leased]
    counts = {name: taken.count(name) for name in ("fenwick", "surgery", "crisis")}
    assert counts == {"fenwick": 1, "surgery": 2, "crisis": 4}
    first = next(each for each in leased if each.lease.endpoint == "fenwick")
    lanes.give_back(parts.store, first)
    again = lanes.claim(parts.store, "w2", most_at=most.get)
    assert again is not None
    assert again.lease.endpoint == "fenwick"
