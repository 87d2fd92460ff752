"""Whether a new version of a view lets less leave than the one before: then no older
version of it is served any more. And whether it gives nothing that was not given.

Pure: it compares what it is handed. Source: design, section 6, Retirement ("the last
narrowing of the view: an outcome lowered, an item removed").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from adapter.disclosure.model import Outcome


def outcome_lowered(
    before: Mapping[str, Outcome], now: Mapping[str, Outcome] | None
) -> bool:
    """Whether any category lets less go than before; ``now`` None: nothing goes."""
    if now is None:
        return any(outcome is not Outcome.WITHHOLD for outcome in before.values())
    return any(
        now.get(category, Outcome.WITHHOLD).rank < outcome.rank
        for category, outcome in before.items()
    )


def resource_removed(before: Collection[str], now: Collection[str]) -> bool:
    """Whether a resource ("Flag/<uuid>") of the version before is in this no more."""
    return not set(before) <= set(now)


def element_removed(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether an element, or one of several, is there no more; a new value is none.

    Stamps do not count.
    """
    return bool(_elements(before) - _elements(now))


def is_part_of(now: Any, before: Any) -> bool:
    """Whether all of ``now`` was said before, in the same place and order."""
    if isinstance(now, Mapping) and isinstance(before, Mapping):
        return all(
            key in before and is_part_of(part, before[key]) for key, part in now.items()
        )
    if isinstance(now, list) and isinstance(before, list):
        # Each is looked for behind the one that was found last.
        left = iter(before)
        return all(any(is_part_of(part, each) for each in left) for part in now)
    return type(now) is type(before) and bool(now == before)


def _elements(resource: Mapping[str, Any]) -> Counter[str]:
    counted: Counter[str] = Counter()
    _count({**resource, "meta": None}, "", counted)
    return counted


def _count(value: Any, path: str, counted: Counter[str]) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            _count(part, f"{path}.{key}", counted)
    elif isinstance(value, list):
        for part in value:
            _count(part, path, counted)
    else:
        counted[path] += 1
