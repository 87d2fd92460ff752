"""The shapes of planning: what stood before, around what, and what is to be saved.

``adapter.delivery.release`` plans; ``adapter.delivery.outbox`` writes what was planned.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapter.clock import parse_instant
from adapter.delivery.model import State
from adapter.directory.model import Directory
from adapter.disclosure.model import Decision, Outcome
from adapter.prepare import Tools
from adapter.record.model import Record
from adapter.store.deliveries import ARRIVAL, Delivery
from adapter.store.heads import ResourceRow, ViewHead
from adapter.store.holdings import Holdings
from adapter.store.holds import Hold
from adapter.store.payload import Payload
from adapter.store.tasks import StoredTask

NO_ENDPOINT = "no_endpoint"
BUNDLE_INVALID = "bundle_invalid"


@dataclass(frozen=True)
class Given:
    """What the version that stands gives: outcomes, and resources by "Flag/<uuid>"."""

    outcomes: Mapping[str, Outcome]
    resources: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Before:
    """What stood for one recipient when planning began.

    ``undecided`` are the Tasks to cancel here, ``left_open`` those that a new bundle
    must cancel at the recipient's; ``newest`` is the view's newest delivery.
    ``holdings`` is what the recipient's own system may hold of this view and of those
    of ``earlier``: the views of records that this one has superseded, each by its id
    with its record and recipient ids. ``hold`` is what last waited for people to
    release it; ``given`` is read only where something may have to wait, and is None
    where the id named another recipient then.
    """

    head: ViewHead | None = None
    undecided: tuple[StoredTask, ...] = ()
    left_open: tuple[StoredTask, ...] = ()
    newest: Delivery | None = None
    holdings: Holdings = field(default_factory=Holdings)
    earlier: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    open_of_earlier: tuple[StoredTask, ...] = ()
    hold: Hold | None = None
    given: Given | None = None

    @property
    def at_the_recipient(self) -> tuple[object, ...]:
        """What a bundle that ends things is made from; when it changes, plan again."""
        tasks = (*self.left_open, *self.open_of_earlier)
        return self.holdings, tuple((task.id, task.status) for task in tasks)


@dataclass(frozen=True)
class Circumstances:
    """What is the same for every recipient of one record at one instant."""

    record: Record
    correlation_id: str
    at: datetime
    tools: Tools
    directory: Directory
    base_url: str


@dataclass(frozen=True)
class Release:
    """The outcome for one recipient, ready to be saved.

    ``head`` is the view as it shall stand. ``is_new_version`` is True when its content
    changed; only then are there resources, a Task and a delivery. ``decision`` is None
    for a recipient whom the record no longer names. ``also_sent`` are
    resources that are sent and never read here ("Communication/<uuid>"). ``kept_back``
    says why no withdrawal goes by itself to one who may hold what is over, None
    otherwise. ``hold`` is what waits for people, or was refused by one, instead of
    standing; what waited before and is not this is over. ``moves_at`` is when clinical
    responsibility moves by now. ``ending`` is sent beside a delivery that may not
    leave, and ends what its version has no more. ``is_beyond_us``: the recipient may
    hold what no Bundle can end.
    """

    before: Before
    head: ViewHead
    decision: Decision | None
    is_new_version: bool
    resources: tuple[ResourceRow, ...] = ()
    collection: Payload | None = None
    task: StoredTask | None = None
    delivery: Delivery | None = None
    body: Payload | None = None
    issues: tuple[dict[str, str], ...] = field(default=())
    also_sent: tuple[str, ...] = ()
    kept_back: str | None = None
    hold: Hold | None = None
    moves_at: datetime | None = None
    ending: tuple[Delivery, Payload | None] | None = None
    is_beyond_us: bool = False

    @property
    def queued(self) -> tuple[tuple[Delivery, Payload | None], ...]:
        """The new deliveries with their bytes, in the order in which they go."""
        ending = (self.ending,) if self.ending else ()
        return (*ending, (self.delivery, self.body)) if self.delivery else ending

    @property
    def newest_delivery(self) -> Delivery | None:
        """The delivery of what was prepared last: what waits, else what stands."""
        if self.hold is not None:
            return self.hold.delivery
        return self.delivery or self.before.newest

    @property
    def new_hold(self) -> Hold | None:
        """What waits for people from now on, and did not before."""
        was = self.before.hold
        is_new = self.hold is not None and self.hold != was
        return self.hold if is_new else None

    @property
    def released(self) -> Delivery | None:
        """The delivery that was held and goes now, with the same id."""
        was = self.before.hold
        if was is None or self.delivery is None:
            return None
        return self.delivery if self.delivery.id == was.delivery.id else None

    @property
    def ended_hold(self) -> Hold | None:
        """What waited before and is over, because something else came."""
        was = self.before.hold
        if was is None or not was.is_open or was == self.hold or self.released:
            return None
        return was


def moves_at(record: Record) -> datetime | None:
    """When clinical responsibility moves, None where the record does not tell.

    Source: record model, section 3, ``transition.clinical_responsibility_moves_at``.
    """
    told = record.tree.get("transition", {}).get("clinical_responsibility_moves_at")
    return parse_instant(told) if told else None


def new_delivery(
    head: ViewHead,
    around: Circumstances,
    endpoint: str | None,
    state: State,
    reason: str | None,
) -> Delivery:
    """A delivery of the version that ``head`` names, not yet in any lane."""
    moment = moves_at(around.record)
    return Delivery(
        id=str(uuid.uuid4()),
        ods_code=head.ods_code,
        record_id=head.record_id,
        record_version=head.record_version,
        recipient_id=head.recipient_id,
        recipient_kind=head.recipient_kind,
        recipient_ods=head.recipient_ods,
        view_id=head.view_id,
        view_version=head.version,
        lane=None,
        sequence=None,
        endpoint=endpoint,
        state=state,
        reason=reason,
        issues=(),
        request_id=str(uuid.uuid4()),
        correlation_id=around.correlation_id,
        attempts=0,
        next_attempt_at=None,
        created_at=around.at,
        state_since=around.at,
        moves_at=moment,
        watched_for=ARRIVAL if moment else None,
    )
