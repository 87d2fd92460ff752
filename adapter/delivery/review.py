"""What has to wait for people before it leaves, and what must not wait.

Pure: it compares what it is handed. What is new for a recipient of a kind under review
waits; that something may be used no longer never does. Source: docs/decisions/0008;
disclosure rules, W1 and W3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from adapter.bundle.content import Content, content_hash, reference_to
from adapter.bundle.person import patient_of
from adapter.bundle.stamps import lasting
from adapter.delivery.model import State
from adapter.delivery.narrowing import (
    element_removed,
    is_part_of,
    outcome_lowered,
    resource_removed,
)
from adapter.delivery.planned import Before, Circumstances, Given, new_delivery
from adapter.disclosure.model import Decision
from adapter.store.heads import ViewHead
from adapter.store.holds import Hold


def must_wait(
    content: Content, kind: str, before: Before, around: Circumstances, approved: str
) -> bool:
    """Whether people have to release the content before any of it leaves.

    ``approved`` is the hash of content that they have released, "" for none. What they
    have looked at waits for them, and what one refused stays refused, whatever the
    policy has become since. What only takes away from a version that stands goes.
    """
    old, hold = before.head, before.hold
    stands = old.content_hash if old and before.given is not None else None
    if content.hash in (approved, stands):
        return False
    if _is_of(hold, content) and (hold.is_open or hold.is_refused):
        return True
    if not around.tools.policy.release_to(kind).persons:
        return False
    return before.given is None or not gives_nothing_new(before.given, content)


def gives_nothing_new(given: Given, content: Content) -> bool:
    """Whether all of the content is in the version that stands already."""
    return all(
        (reference := reference_to(resource)) in given.resources
        and is_part_of(_unstamped(resource), _unstamped(given.resources[reference]))
        for resource in content.resources
    )


def takes_away(given: Given, decision: Decision, content: Content) -> bool:
    """Whether the version that stands has what the recipient is to have no longer."""
    outcomes = {name: each.outcome for name, each in decision.categories.items()}
    present = {reference_to(resource): resource for resource in content.resources}
    return (
        outcome_lowered(given.outcomes, outcomes)
        or resource_removed(given.resources, present)
        or any(
            element_removed(resource, present[reference])
            for reference, resource in given.resources.items()
        )
    )


def what_still_stands(old: ViewHead, content: Content) -> Content | None:
    """The resources that are the same in the version that stands and in the content.

    Without those that refer to one that is not. None where the person, or all that is
    told of them, is not among it.
    """
    left = {
        reference: resource
        for resource, (reference, digest) in zip(
            content.members, content.members.hashes().items(), strict=True
        )
        if reference in old.resources
        and old.resources[reference].content_hash == digest
    }
    gone = set(content.members.references) - left.keys()
    while True:
        broken = {
            reference
            for reference, resource in left.items()
            if not gone.isdisjoint(_references(resource))
        }
        if not broken:
            break
        gone |= broken
        left = {name: left[name] for name in left if name not in broken}
    kept = list(left.values())
    same = Content(kept, None, content_hash(kept))
    patient = patient_of(same)
    if patient is None or not any(_tells_of(patient, each) for each in kept):
        return None
    return same


def hold_for(
    content: Content,
    head: ViewHead,
    before: Before,
    around: Circumstances,
    *,
    is_new_version: bool,
) -> Hold:
    """What waits: as before where the content is the same, else anew.

    Anew too where something else has gone out since (``is_new_version``), but what was
    refused stays refused.
    """
    was = before.hold if _is_of(before.hold, content) else None
    if was is not None and (was.is_refused or (was.is_open and not is_new_version)):
        return was
    rule = around.tools.policy.release_to(head.recipient_kind)
    delivery = new_delivery(head, around, None, State.HELD, rule)
    return Hold(
        delivery=replace(delivery, view_version=0),
        content_hash=content.hash,
        persons=max(rule.persons, was.persons if was is not None else 0),
    )


def _is_of(hold: Hold | None, content: Content) -> TypeGuard[Hold]:
    return hold is not None and hold.content_hash == content.hash


def _tells_of(patient: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    return reference_to(patient) in _references(resource)


def _unstamped(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**resource, "meta": lasting(resource)}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "reference" and isinstance(part, str):
                yield part
            else:
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
