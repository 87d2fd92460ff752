"""What the rules say of items and references, written down once more for the tests."""

from adapter.disclosure.model import SILENT_KINDS
from adapter.record.declarations import DECLARATIONS


def categories_of(item, base, kind, inherited=frozenset()):
    """An item's categories, written down once more as the rules tell them."""
    found = {base, *inherited, *item.get("extra_categories", [])}
    found |= {
        "substances": {"substance_use"},
        "sexual_safety": {"sexual_health_and_gender"},
    }.get(item.get("domain"), set())
    agreed = item.get("informant_agrees_to_share_with", [])
    if kind in SILENT_KINDS:
        agreed = []
    if item.get("given_in_confidence") and (
        kind not in agreed or found & {"family_confidential", "third_party"}
    ):
        by_family = item["information_source"] == "family"
        found.add("family_confidential" if by_family else "third_party")
    return found


def refs_in(node, path=""):
    for name, value in node.items():
        at = f"{path}{name}"
        if isinstance(value, dict):
            yield from refs_in(value, f"{at}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for each in value:
                yield from refs_in(each, f"{at}[].")
        else:
            found = DECLARATIONS.get(at) or DECLARATIONS.get(f"{at}[]")
            if found is not None and found.refs_to:
                for ref in value if isinstance(value, list) else [value]:
                    yield at, ref


def items_in(node):
    if isinstance(node, dict):
        if "id" in node:
            yield node
        for value in node.values():
            yield from items_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from items_in(value)
