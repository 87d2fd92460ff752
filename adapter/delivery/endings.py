"""What a Bundle has to end at its recipient's, and the one that ends all of it.

Source: design, section 6, Retirement; disclosure rules, W1 to W2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from adapter.bundle.build import Stamp, to_bytes
from adapter.bundle.ids import Ids, lane_key
from adapter.bundle.retirement import DELETED, END_STATUSES, Held
from adapter.bundle.withdrawal import NOTICE, withdrawal
from adapter.delivery.model import State
from adapter.delivery.planned import (
    NO_ENDPOINT,
    Before,
    Circumstances,
    Release,
    new_delivery,
)
from adapter.disclosure.withdrawal import number_to_ring, why_not_by_itself
from adapter.store.deliveries import WITHDRAWAL
from adapter.store.heads import ViewHead
from adapter.store.payload import pack


def endings(
    before: Before,
    head: ViewHead,
    around: Circumstances,
    present: Collection[str],
    *,
    also: Iterable[str] = (),
) -> list[Held]:
    """What the recipient may hold, of this view and of earlier ones, and may no longer.

    ``present`` is what the new version has ("Flag/<uuid>"); ``also`` are Tasks of this
    view. Tasks of superseded records that nobody answered are among it.
    """
    patients = {
        view_id: Ids(around.tools.key, around.record.ods_code, *whose).of("Patient")
        for view_id, whose in before.earlier.items()
    }
    own = Ids(around.tools.key, *around.record.key, head.recipient_id).of("Patient")
    ends = [
        Held(reference, patients.get(view_id, own))
        for reference, view_id in before.holdings.held.items()
        if reference not in present
    ]
    ends += [
        Held(f"Task/{task.id}", patients.get(task.view_id, own))
        for task in before.open_of_earlier
        if f"Task/{task.id}" not in before.holdings.ended
    ]
    ends += [Held(reference, own) for reference in also]
    known = DELETED | END_STATUSES.keys()
    return sorted({held for held in ends if held.type in known})


def task_is_whole(task: Mapping[str, Any], present: Collection[str]) -> bool:
    """Whether what an earlier Task refers to is in the new version too.

    One that is not can only be ended: a reference must not lead out of the Bundle.
    """
    named = (task.get("focus"), task.get("for"))
    targets = [each["reference"] for each in named if each and "reference" in each]
    return all(target in present for target in targets)


def withdraw(
    release: Release, recipient: Mapping[str, Any], around: Circumstances
) -> Release:
    """The release of a view that became empty, with the Bundle that ends what was sent.

    Where nothing goes by itself (W2), ``kept_back`` says why. A recipient that was
    never sent anything is told nothing.
    """
    before, head = release.before, release.head
    tasks = [f"Task/{task.id}" for task in before.left_open]
    ends = endings(before, head, around, (), also=tasks)
    if not ends:
        return release
    why_not = why_not_by_itself(around.record, recipient)
    if why_not is not None:
        return replace(release, kept_back=why_not)
    ids = Ids(around.tools.key, *around.record.key, head.recipient_id)
    stamp = Stamp(head.view_id, head.version, around.at)
    bundle = withdrawal(
        ids,
        stamp,
        sender_ods=around.record.ods_code,
        earlier=before.holdings.sent,
        ends=ends,
        number=number_to_ring(around.record),
    )
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    if endpoint is None:
        delivery = new_delivery(head, around, None, State.FAILED, NO_ENDPOINT)
    else:
        delivery = replace(
            new_delivery(head, around, endpoint.name, State.QUEUED, None),
            lane=lane_key(around.tools.key, around.record, recipient, endpoint.name),
            next_attempt_at=around.at,
        )
    return replace(
        release,
        also_sent=(f"Communication/{ids.of(NOTICE)}",),
        delivery=replace(
            delivery,
            purpose=WITHDRAWAL,
            retires=tuple(held.reference for held in ends),
            moves_at=None,
            watched_for=None,
        ),
        body=pack(to_bytes(bundle)),
    )
