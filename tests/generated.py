"""Generated records for laws over the whole way, and an adapter as it is shipped."""

from __future__ import annotations

import copy
import functools
import random
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from handovers import SmallParts, TestClock, make_parts
from hypothesis import strategies as st
from stores import KEY, fresh_store

from adapter.directory.model import Endpoint
from adapter.disclosure.withdrawal import PERSONS
from adapter.generate import generate
from adapter.intake import Accepted, accept
from adapter.policy import DEFAULT_POLICY
from adapter.prepare import Tools
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.record.model import Record
from adapter.record.parse import parse
from adapter.record.vocabulary import ACTIVE_STATUSES
from adapter.settings import Settings
from adapter.wiring import build_tools

Tree = dict[str, Any]

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
WAYS = ("own", "match", "reference")
"""How the endpoints of a directory have the person spoken of, in turn."""


@functools.cache
def shipped_tools() -> Tools:
    """The mapping, the check and the policy that are shipped."""
    return build_tools(Settings(), key=KEY)


def parsed(tree: Tree) -> Record:
    """The record of a tree; InvalidRecord where it has a fault."""
    return parse(orjson.dumps(tree), policy=DEFAULT_POLICY, now=NOW)


def _active(seed: int) -> Tree:
    """The first active record of those that a seed leads to, of a living person."""
    rng = random.Random(seed)
    while True:
        tree = generate(rng, now=NOW)
        if tree["status"] in ACTIVE_STATUSES:
            tree.pop("supersedes", None)
            tree.get("outcomes_monitoring", {}).pop("death", None)
            if not tree.get("outcomes_monitoring", True):
                del tree["outcomes_monitoring"]
            return tree


def active_trees() -> st.SearchStrategy[Tree]:
    """Valid active records of every shape, which say nothing of another record."""
    return st.integers(0, 2**48).map(_active)


def declared_at(path: str) -> Declaration | None:
    """The declaration of a place, a list of plain values or not."""
    return DECLARATIONS.get(path) or DECLARATIONS.get(f"{path}[]")


def without(tree: Tree, item_id: str) -> Tree:
    """The record without that item, and without what has no sense without it."""
    left, gone = copy.deepcopy(tree), {item_id}
    while True:
        before = len(gone)
        _drop(left, "", gone)
        if len(gone) == before:
            return left


def _drop(node: Tree, path: str, gone: set[str]) -> bool:
    """Whether the object still has what it must have, once what is gone is left out."""
    for name, value in list(node.items()):
        at = f"{path}{name}"
        found = declared_at(at)
        if isinstance(value, dict):
            _drop(value, f"{at}.", gone)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            kept = []
            for each in value:
                if each.get("id") not in gone and _drop(each, f"{at}[].", gone):
                    kept.append(each)
                elif "id" in each:
                    gone.add(each["id"])
            node[name] = kept
        elif found is not None and found.refs_to:
            left = [ref for ref in value if ref not in gone] if found.many else value
            if found.many and left:
                node[name] = left
            elif found.many or value in gone:
                if found.required:
                    return False
                del node[name]
    return True


def endpoints_for(tree: Tree, most: int = 4) -> list[Endpoint]:
    """An endpoint of its own for each of the first organisations that have a code."""
    found: dict[tuple[str, str], Endpoint] = {}
    for each in tree["consent_and_sharing"]["recipients"]:
        place = (each.get("ods_code", ""), each["kind"])
        if not place[0] or each["kind"] in PERSONS or "person_ref" in each:
            continue
        if place not in found and len(found) < most:
            way = WAYS[len(found) % len(WAYS)]
            name = f"{place[1]}-{place[0]}"
            found[place] = Endpoint(
                name, place[0], (place[1],), "http://127.0.0.1:9/fhir", patient=way
            )
    return list(found.values())


@contextmanager
def a_house(
    endpoints: Collection[Endpoint], database: str = "sqlite"
) -> Iterator[SmallParts]:
    """An adapter with the shipped mapping over an empty store of its own, at NOW."""
    clock = TestClock(NOW)
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_store(database, Path(folder), clock) as store,
    ):
        parts = make_parts(store, clock, tuple(endpoints))
        yield replace(parts, tools=shipped_tools())


def give(parts: SmallParts, tree: Mapping[str, Any]) -> Accepted:
    """The receipt of that record, posted by its own sender; raises as ``accept``."""
    return accept(
        orjson.dumps(tree),
        caller_ods=tree["source_system"]["ods_code"],
        parts=parts,
        at=parts.clock(),
    )
