"""A view that is no longer current is prepared again before any byte of it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import a_refusal
from handovers import (
    AMH,
    BUSY,
    SENDER,
    Receivers,
    SmallParts,
    deliveries_to,
    delivery_to,
    endpoint,
    ids_of,
    make_worker,
    post,
    renew_stale,
)

from adapter.delivery.model import State
from adapter.delivery.renewal import present_of, renew
from adapter.delivery.worker import run_once
from adapter.errors import UnmappedCode
from adapter.store import heads, views
from adapter.store.records import load_decisions

DENY = a_refusal("r-amh", ["risk_and_mitigation"], effective_from="2026-11-06")


class Growing:
    """A mapping that shows the record's instant of asking: its content changes."""

    version = "growing-1"

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.words = "first"

    def apply(self, context: Any, shared: Any = None) -> Any:
        mapped = self.inner.apply(context)
        mapped[1]["description"] = self.words
        return mapped


@pytest.fixture
def growing(parts: SmallParts) -> tuple[SmallParts, Growing]:
    mapping = Growing(parts.tools.mapping)
    tools = replace(parts.tools, mapping=mapping)  # type: ignore[arg-type]
    return replace(parts, tools=tools), mapping


def head_of(parts: SmallParts) -> heads.ViewHead:
    head = heads.find_head(parts.store, ids_of("r-amh").view_id())
    assert head is not None
    return head


def test_a_current_view_is_left_alone(parts: SmallParts) -> None:
    post(parts)
    before = head_of(parts)
    assert renew(before.view_id, parts, parts.clock()) == before


def test_another_policy_version_makes_every_view_stale(parts: SmallParts) -> None:
    post(parts)
    before = head_of(parts)
    other = parts.with_policy("trust-7")
    assert not before.is_fresh(present_of(other, parts.clock()))
    assert find_flags(other) == ()
    assert renew_stale(AMH, None, other, parts.clock()) == 1
    after = head_of(parts)
    assert (after.version, after.policy_version) == (before.version, "trust-7")
    assert len(find_flags(other)) == 1


def test_a_caller_renews_only_views_of_its_own_kinds(parts: SmallParts) -> None:
    post(parts)
    other = parts.with_policy("trust-7")
    assert renew_stale(AMH, {"gp"}, other, parts.clock()) == 0
    assert renew_stale(AMH, {"adult_mh_service"}, other, parts.clock()) == 1
    assert renew_stale(AMH, {"adult_mh_service"}, other, parts.clock()) == 0


def test_a_stale_view_with_the_same_content_is_sent_as_it_was(
    parts: SmallParts,
) -> None:
    post(parts)
    before = delivery_to(parts, "r-amh")
    transport = Receivers()
    other = parts.with_policy("trust-7")
    run_once(other, transport, worker=make_worker(other, transport))
    after = delivery_to(parts, "r-amh")
    assert (after.id, after.state) == (before.id, State.DELIVERED)
    assert transport.versions("fenwick") == [1]


def test_a_stale_view_whose_content_changed_never_leaves_as_it_was(
    growing: tuple[SmallParts, Growing],
) -> None:
    parts, mapping = growing
    post(parts)
    mapping.words = "second"
    transport = Receivers()
    other = parts.with_policy("trust-7")
    run_once(other, transport, worker=make_worker(other, transport))
    assert transport.versions("fenwick") == [2]
    assert [each.state for each in deliveries_to(parts, "r-amh")] == [
        State.SUPERSEDED,
        State.DELIVERED,
    ]


def test_a_view_is_not_served_nor_sent_after_its_time(
    parts: SmallParts,
) -> None:
    post(parts)
    past = parts.clock()
    with parts.store.writing() as connection:
        stale = replace(head_of(parts), valid_until=past)
        heads.write_heads(connection, [stale], are_new=False)
    assert find_flags(parts) == ()
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    assert head_of(parts).prepared_at == parts.clock()
    assert delivery_to(parts, "r-amh").state is State.DELIVERED
    assert len(find_flags(parts)) == 1


def test_a_moved_endpoint_takes_what_is_queued_with_it(parts: SmallParts) -> None:
    post(parts)
    transport = Receivers(*[BUSY] * 3)
    run_once(parts, transport, worker=make_worker(parts, transport))
    parts.clock.advance(seconds=5)
    moved = parts.with_endpoints(
        endpoint("fenwick-new", AMH, "adult_mh_service"),
        endpoint("surgery", "ZZ9G1", "gp"),
    )
    run_once(moved, transport, worker=make_worker(moved, transport))
    amh = delivery_to(parts, "r-amh")
    assert (amh.endpoint, amh.state) == ("fenwick-new", State.DELIVERED)
    crisis = delivery_to(parts, "r-crisis")
    assert (crisis.state, crisis.reason) == (State.FAILED, "no_endpoint")


def test_what_cannot_be_prepared_waits_and_holds_up_no_other(
    parts: SmallParts,
) -> None:
    class Failing:
        version = "failing-1"

        def apply(self, context: Any, shared: Any = None) -> Any:
            if context["recipient"]["id"] == "r-amh":
                raise UnmappedCode("risk-domain")
            return parts.tools.mapping.apply(context)

    post(parts)
    other = parts.with_policy("trust-7")
    failing = replace(other, tools=replace(other.tools, mapping=Failing()))  # type: ignore[arg-type]
    transport = Receivers()
    run_once(failing, transport, worker=make_worker(failing, transport))
    assert sorted(name for name, _, _ in transport.sent) == ["crisis", "surgery"]
    assert delivery_to(parts, "r-amh").state is State.QUEUED
    parts.clock.advance(minutes=2)
    run_once(other, transport, worker=make_worker(other, transport))
    assert delivery_to(parts, "r-amh").state is State.DELIVERED


def test_a_decision_that_may_turn_is_made_again_at_its_instant(
    parts: SmallParts,
) -> None:
    post(parts, {"consent_and_sharing.decisions[+]": DENY})
    head = head_of(parts)
    assert head.valid_until is not None
    parts.clock.now = head.valid_until
    transport = Receivers()
    run_once(parts, transport, worker=make_worker(parts, transport))
    assert head_of(parts).prepared_at == head.valid_until
    (latest, *_) = load_decisions(parts.store, SENDER, "tr-0001", 1)
    assert (latest.recipient_id, latest.at) == ("r-amh", head.valid_until)
    assert delivery_to(parts, "r-amh").state is State.DELIVERED


def find_flags(parts: SmallParts) -> tuple[views.StoredResource, ...]:
    return views.search_resources(
        parts.store, AMH, None, "Flag", present=present_of(parts, parts.clock())
    ).items
