"""The audit entries of what was planned for a recipient, and of what moves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapter.delivery import held
from adapter.delivery.model import State
from adapter.delivery.planned import Release
from adapter.store import audit
from adapter.store.audit import Entry
from adapter.store.deliveries import Delivery


def entries_of(release: Release, actor: str, at: datetime) -> list[Entry]:
    head, decision = release.head, release.decision
    base = Entry(
        event=audit.VIEW_RENEWED,
        at=at,
        actor=actor,
        ods_code=head.ods_code,
        record_id=head.record_id,
        record_version=head.record_version,
        recipient_id=head.recipient_id,
        view_id=head.view_id,
        view_version=head.version,
    )
    entries = []
    if decision is not None:
        outcomes = {
            name: decided.outcome.value for name, decided in decision.categories.items()
        }
        detail = {
            "outcomes": outcomes,
            "gate": decision.gate,
            "policy_version": decision.policy_version,
        }
        entries.append(replace(base, event=audit.DECISION_MADE, detail=detail))
    if release.is_new_version:
        detail = {"standing": head.standing}
        entries.append(replace(base, event=audit.VIEW_CHANGED, detail=detail))
        entries += [
            replace(base, event=audit.TASK_CANCELLED, task_id=task.id)
            for task in release.before.undecided
        ]
    entries += [
        audit.of_delivery(
            delivery,
            audit.DELIVERY_QUEUED,
            actor,
            at,
            state=delivery.state.value,
            reason=delivery.reason,
            endpoint=delivery.endpoint,
        )
        for delivery, _ in release.queued
    ]
    waits = held.entry_of(release, actor, at)
    return entries if waits is None else [*entries, waits]


def moved(
    delivery: Delivery, to: State, reason: str | None, actor: str, at: datetime
) -> Entry:
    """The audit entry of a delivery that went to another state."""
    return audit.of_delivery(
        delivery, audit.DELIVERY_MOVED, actor, at, state=to.value, reason=reason
    )
