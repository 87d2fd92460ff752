"""What a Bundle has to end at its recipient's, and the one that ends all of it.

Source: design, section 6, Retirement; disclosure rules, W1 to W2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapter.bundle.build import (
    Content,
    Resource,
    Stamp,
    to_bytes,
    transaction,
)
from adapter.bundle.content import reference_to
from adapter.bundle.ids import Ids, lane_key
from adapter.bundle.retirement import ENDABLE, Held, with_ends
from adapter.bundle.withdrawal import NOTICE, withdrawal
from adapter.delivery.model import State
from adapter.delivery.planned import (
    BUNDLE_INVALID,
    NO_ENDPOINT,
    Before,
    Circumstances,
    Release,
    new_delivery,
)
from adapter.disclosure.withdrawal import number_to_ring, why_not_by_itself
from adapter.errors import Issue
from adapter.store.deliveries import WITHDRAWAL, Delivery
from adapter.store.heads import ViewHead
from adapter.store.payload import Payload, pack


@dataclass(frozen=True)
class Ends:
    """What a Bundle ends, in order; and whether there is more that none can end.

    More is what an earlier mapping sent of a type that the table does not have.
    """

    held: tuple[Held, ...]
    is_more: bool

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(held.reference for held in self.held)


def faults(issues: Iterable[Issue]) -> tuple[dict[str, str], ...]:
    """What a delivery tells of the issues for which it must not leave: code, place."""
    return tuple(
        {"code": issue.code, "path": issue.path}
        for issue in issues
        if issue.severity == "error"
    )


def endings(
    before: Before,
    head: ViewHead,
    around: Circumstances,
    present: Collection[str],
    *,
    also: Iterable[str] = (),
) -> Ends:
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
    return Ends(
        tuple(sorted({held for held in ends if held.type in ENDABLE})),
        any(held.type not in ENDABLE for held in ends),
    )


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
    release = replace(release, is_beyond_us=ends.is_more)
    if not ends.held:
        return release
    why_not = why_not_by_itself(around.record, recipient)
    if why_not is not None:
        return replace(release, kept_back=why_not)
    ids = Ids(around.tools.key, *around.record.key, head.recipient_id)
    bundle = withdrawal(
        ids,
        Stamp(head.view_id, head.version, around.at),
        sender_ods=around.record.ods_code,
        earlier=before.holdings.sent,
        ends=ends.held,
        number=number_to_ring(around.record),
    )
    delivery, body = _delivery_of(bundle, ends, head, recipient, around)
    notice = f"Communication/{ids.of(NOTICE)}"
    return replace(release, also_sent=(notice,), delivery=delivery, body=body)


def end_what_is_gone(
    release: Release,
    content: Content,
    recipient: Mapping[str, Any],
    around: Circumstances,
) -> Release:
    """The release of a version that may not leave, with a Bundle that ends what it has
    no more.

    What is withheld or taken out now must not stand at the recipient's until the fault
    is mended; what the version still has stands there as it was. Nothing where nothing
    has gone.
    """
    before, head = release.before, release.head
    present = {reference_to(each) for each in content.resources}
    gone = endings(before, head, around, present)
    release = replace(release, is_beyond_us=gone.is_more)
    if not gone.held:
        return release
    # A delivery of this version counts as having cancelled the Tasks of earlier ones.
    tasks = [f"Task/{task.id}" for task in before.left_open]
    ends = endings(before, head, around, present, also=tasks)
    stamp = Stamp(head.view_id, head.version, around.at)
    nothing = transaction(Content((), None, ""), stamp, around.base_url, task=None)
    bundle = with_ends(nothing, ends.held)
    ending = _delivery_of(bundle, ends, head, recipient, around)
    return replace(release, ending=ending)


def _delivery_of(
    bundle: Resource,
    ends: Ends,
    head: ViewHead,
    recipient: Mapping[str, Any],
    around: Circumstances,
) -> tuple[Delivery, Payload | None]:
    """The delivery that ends things, and its bytes; it fails where the check does."""
    endpoint = around.directory.endpoint_for(head.recipient_ods, head.recipient_kind)
    issues = faults(around.tools.checker.bundle(bundle))
    if issues:
        delivery = new_delivery(head, around, None, State.FAILED, BUNDLE_INVALID)
    elif endpoint is None:
        delivery = new_delivery(head, around, None, State.FAILED, NO_ENDPOINT)
    else:
        delivery = replace(
            new_delivery(head, around, endpoint.name, State.QUEUED, None),
            lane=lane_key(around.tools.key, around.record, recipient, endpoint.name),
            next_attempt_at=around.at,
        )
    delivery = replace(
        delivery,
        purpose=WITHDRAWAL,
        retires=ends.references,
        issues=issues,
        moves_at=None,
        watched_for=None,
    )
    return delivery, None if issues else pack(to_bytes(bundle))
