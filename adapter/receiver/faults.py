"""Misbehaviour to order: what a tester can tell the receiver to do wrong, and when.

An order holds for the next so many deliveries, or for a share of them.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

KINDS: Mapping[str, str] = {
    "status": "answers with a status, and Retry-After if asked",
    "delay": "answers rightly, but late",
    "drop": "resets the connection without an answer",
    "malformed": "answers 200 with JSON that breaks off",
    "half": "sends half of the right answer, then hangs up",
    "html": "answers 200 with a page of HTML",
    "operation-outcome": "answers 200 with an OperationOutcome of an error",
}

LONGEST_DELAY = 120.0

_HEADER_TEXT = re.compile(r"[\x20-\x7e]{1,64}")


class BadOrder(ValueError):
    """An order that cannot be followed; the text says why."""


@dataclass(frozen=True)
class Order:
    """One order: what goes wrong, how often, and whether the Bundle is applied first.

    ``times`` counts down; None with a ``rate`` means for good. ``seconds`` is waited
    before anything is answered.
    """

    kind: str
    times: int | None
    rate: float
    status: int
    retry_after: str | None
    seconds: float
    applied: bool
    bare: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "does": KINDS[self.kind],
            "times": self.times,
            "rate": self.rate,
            "status": self.status,
            "retry_after": self.retry_after,
            "seconds": self.seconds,
            "applied": self.applied,
            "bare": self.bare,
        }


class Orders:
    """The orders that hold just now; the first that fits is followed."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._lock = threading.Lock()
        self._orders: list[Order] = []
        self._rng = rng or random.Random()

    def add(self, order: Order) -> None:
        with self._lock:
            self._orders.append(order)

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def listed(self) -> list[Order]:
        with self._lock:
            return list(self._orders)

    def take(self) -> Order | None:
        """The order that this delivery falls under, None when it goes rightly."""
        with self._lock:
            for place, order in enumerate(self._orders):
                if order.rate < 1 and self._rng.random() >= order.rate:
                    continue
                if order.times is not None:
                    if order.times > 1:
                        self._orders[place] = replace(order, times=order.times - 1)
                    else:
                        del self._orders[place]
                return order
            return None


def read_order(body: Any) -> Order:
    """The order that a tester's JSON gives; BadOrder tells what is wrong with it.

    Without ``kind`` it is a ``status``; without ``times`` and ``rate`` it is for the
    next delivery. Only ``half`` and ``delay`` apply the Bundle, unless told.
    """
    if not isinstance(body, dict):
        raise BadOrder("must be an object")
    known = set(Order.__dataclass_fields__)
    if unknown := sorted(set(body) - known):
        raise BadOrder(f"has {len(unknown)} key(s) that are not known")
    kind = body.get("kind", "status")
    if kind not in KINDS:
        raise BadOrder("kind must be one of: " + ", ".join(KINDS))
    rate = _number(body, "rate", 1.0, 0.0, 1.0)
    times = body.get("times", None if "rate" in body else 1)
    if times is not None and (type(times) is not int or times < 1):
        raise BadOrder("times must be a whole number of at least 1")
    status = body.get("status", 503)
    if type(status) is not int or not 300 <= status <= 599:
        raise BadOrder("status must be from 300 to 599")
    retry_after = body.get("retry_after")
    if retry_after is not None and not (
        type(retry_after) is int
        or (isinstance(retry_after, str) and _HEADER_TEXT.fullmatch(retry_after))
    ):
        raise BadOrder("retry_after must be seconds or an HTTP date")
    applied = body.get("applied", kind in {"half", "delay"})
    bare = body.get("bare", False)
    if type(applied) is not bool or type(bare) is not bool:
        raise BadOrder("applied and bare must be true or false")
    return Order(
        kind=kind,
        times=times,
        rate=rate,
        status=status,
        retry_after=None if retry_after is None else str(retry_after),
        seconds=_number(
            body, "seconds", 1.0 if kind == "delay" else 0.0, 0.0, LONGEST_DELAY
        ),
        applied=applied,
        bare=bare,
    )


def _number(
    body: Mapping[str, Any], key: str, default: float, least: float, most: float
) -> float:
    number = body.get(key, default)
    if type(number) not in {int, float} or not least <= number <= most:
        raise BadOrder(f"{key} must be a number from {least:g} to {most:g}")
    return float(number)
