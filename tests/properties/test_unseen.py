"""What a recipient may not see makes no view and no delivery for that recipient.

The change is chosen from the decision: texts of categories that are withheld are
written, rewritten and left out, and with them the version, the instants, the order of
lists and, for one who does not get it, the author.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from generated import (
    NOW,
    Tree,
    a_house,
    active_trees,
    endpoints_for,
    give,
    parsed,
    shipped_tools,
    without,
)
from handovers import SmallParts, make_worker
from holders import Holders
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import examples
from stores import KEY

from adapter.bundle.ids import Ids
from adapter.clock import format_instant
from adapter.delivery.renewal import present_of
from adapter.delivery.worker import run_once
from adapter.disclosure.model import Decision, Outcome
from adapter.disclosure.redact import Redacted, disclose
from adapter.errors import InvalidRecord
from adapter.generate.making import CHILDREN
from adapter.policy import DEFAULT_POLICY
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.store.deliveries import deliveries_of_record, read_body
from adapter.store.heads import find_head
from adapter.store.views import read_bundle

TEXTS = ("text", "long_text")
READ_BY_RULES = (
    "consent_and_sharing.",
    "family_and_carers.people[].",
    "transition.place_preference.family_wishes",
)
"""Texts whose category, or whose being there, the rules themselves work out."""
TOPS = ("clinical_essentials.", "outcomes_monitoring.", "transition.", "young_person.")
"""Where lists stand from which items are taken whole: no rule asks for them."""


def is_hidden(found: Declaration, withheld: frozenset[str]) -> bool:
    return (
        found.category in withheld
        and found.type in TEXTS
        and not found.path.startswith(READ_BY_RULES)
    )


def rewrite(
    node: Tree, path: str, withheld: frozenset[str], share: float, rng: random.Random
) -> None:
    """Nothing; such a share of the texts of withheld categories is new, or gone."""
    for child in CHILDREN[path]:
        name = child.path.rpartition(".")[2].removesuffix("[]")
        inside = node.get(name)
        if child.is_container:
            for each in inside if isinstance(inside, list) else [inside]:
                if each:
                    rewrite(each, child.path, withheld, share, rng)
        elif is_hidden(child, withheld) and rng.random() < share:
            if inside is not None and not child.required and rng.random() < 0.5:
                del node[name]
            else:
                word = f"Unseen {rng.randrange(10**6)}"
                node[name] = [word] if child.many else word


def lists_hidden(withheld: frozenset[str]) -> list[str]:
    """The lists of the model that hold nothing but what is withheld."""
    found = []
    for path, container in DECLARATIONS.items():
        is_inside_another = "[]." in path
        if container.type != "list" or is_inside_another or not path.startswith(TOPS):
            continue
        inside = [
            each
            for at, each in DECLARATIONS.items()
            if at.startswith(f"{path}.") and not each.is_container
        ]
        if all(each.category in withheld for each in inside):
            found.append(path)
    return found


def list_at(tree: Tree, path: str) -> list[Tree]:
    """The list at a path of the model that leads through no other; empty for none."""
    node: Any = tree
    for step in path.removesuffix("[]").split("."):
        node = node.get(step, {})
    return node or []


def shuffle(node: Any, rng: random.Random) -> None:
    for name, value in node.items():
        each_of = value if isinstance(value, list) else [value]
        if isinstance(value, list) and name != "crisis_contacts":
            rng.shuffle(value)
        for each in each_of:
            if isinstance(each, dict):
                shuffle(each, rng)


def unseen_change(
    tree: Tree, decision: Decision, redacted: Redacted | None, rng: random.Random
) -> Tree | None:
    """Another version of the record, the same to that recipient; None if refused."""
    withheld = frozenset(
        name
        for name, decided in decision.categories.items()
        if decided.outcome is Outcome.WITHHOLD
    )
    for share in (0.6, 0.3, 0.1):
        other = _rewritten(tree, withheld, share, rng)
        if redacted is None or redacted.author is None:
            members = [each["id"] for each in other["care_team"]["members"]]
            other["author_ref"] = rng.choice(members)
        try:
            parsed(other)
        except InvalidRecord:
            continue
        return other
    return None


def _rewritten(
    tree: Tree, withheld: frozenset[str], share: float, rng: random.Random
) -> Tree:
    other = copy.deepcopy(tree)
    for path in lists_hidden(withheld):
        items = list_at(other, path)
        if not items or "id" not in items[0] or rng.random() > share:
            continue
        if rng.random() < 0.5:
            items.append({**items[0], "id": f"unseen-{rng.randrange(10**6)}"})
        else:
            other = without(other, items[-1]["id"])
    rewrite(other, "", withheld, share, rng)
    shuffle(other, rng)
    other["record_version"] += 1
    other["updated_at"] = format_instant(NOW)
    return other


def standing(parts: SmallParts, tree: Tree, recipient: Tree) -> Any:
    """All that the recipient has, and could tell a change by."""
    sender = tree["source_system"]["ods_code"]
    view_id = Ids(KEY, sender, tree["record_id"], recipient["id"]).view_id()
    head = find_head(parts.store, view_id)
    assert head is not None
    kinds = [recipient["kind"]]
    own = recipient.get("ods_code", "")
    present = present_of(parts, parts.clock())
    pulled = read_bundle(parts.store, own, kinds, view_id, present=present)
    deliveries = [
        each
        for each in deliveries_of_record(parts.store, sender, tree["record_id"])
        if each.recipient_id == recipient["id"]
    ]
    with parts.store.reading() as connection:
        bodies = [read_body(connection, each.id) for each in deliveries]
    return (
        (head.version, head.standing, head.content_hash, head.stamped_at),
        head.served_from,
        pulled,
        [(each.id, each.view_version, each.state) for each in deliveries],
        [body.plain() if body else None for body in bodies],
    )


@examples(25)
@given(active_trees(), st.integers(0, 2**48), st.booleans())
def test_what_a_recipient_may_not_see_makes_no_view_and_no_delivery(
    tree: Tree, seed: int, works: bool
) -> None:
    rng = random.Random(seed)
    recipients = tree["consent_and_sharing"]["recipients"]
    recipient = rng.choice(recipients)
    told, before = disclose(
        parsed(tree), recipient["id"], at=NOW, policy=DEFAULT_POLICY
    )
    other = unseen_change(tree, told, before, rng)
    assume(other is not None)
    _, after = disclose(parsed(other), recipient["id"], at=NOW, policy=DEFAULT_POLICY)
    if before is not None and after is not None:
        # That something is withheld at all may be told (MARK_INCOMPLETE, pointers).
        assume(before.notices == after.notices)
        assume(before.pointers == after.pointers)
    endpoints = endpoints_for(tree)
    with a_house(endpoints) as parts:
        assert parts.tools is shipped_tools()
        give(parts, tree)
        if works:
            holders = Holders()
            run_once(parts, holders, worker=make_worker(parts, holders))
        stood = standing(parts, tree, recipient)
        parts.clock.advance(minutes=5)
        give(parts, other)
        assert standing(parts, other, recipient) == stood
