"""The named functions over the lists of a record: finding, choosing, ordering items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.mapping.expressions import Constant, Refused
from adapter.mapping.shapes import BOOLEAN, NUMBER, Shape, list_of
from adapter.mapping.signatures import Bound, Site, State, named, place

Value = Any
Items = Sequence[Mapping[str, Any]]


def _item(site: Site) -> Shape:
    item = site.shape(0).item
    assert item is not None
    return item


@named("count(list: list)")
def _count(site: Site) -> Bound:
    """How many items a list has; 0 for one that is not there."""
    return Bound(lambda items: len(items or ()), site.arguments, NUMBER)


@named("first(list: list)")
def _first(site: Site) -> Bound:
    """The first item of a list."""
    return Bound(lambda items: items[0] if items else None, site.arguments, _item(site))


@named("present(value: any)")
def _present(site: Site) -> Bound:
    """Whether a value is there; a 0 and a false are."""
    return Bound(
        lambda value: value is not None and value not in ("", [], {}),
        site.arguments,
        BOOLEAN,
    )


@named("find(list: objects, id: text)")
def _find(site: Site) -> Bound:
    """The item of a list that has that id; its fields can be named: `find(care_team.
    members, m.owner_ref).name`.
    """

    def find(state: State, items: Items | None, wanted: str | None) -> Value:
        return state.table(items).get(wanted) if items and wanted else None

    reads = site.item_field(0, "id").paths
    return Bound(find, site.arguments, _item(site), True, reads=reads)


@named("known(list: objects, ids: texts)")
def _known(site: Site) -> Bound:
    """The id, or those of the ids, that an item of the list has: what points to
    something that may not be shared is left out.
    """
    reads = site.item_field(0, "id").paths
    shape = site.shape(1)
    if shape.is_list:

        def each(state: State, items: Items | None, ids: Sequence[str] | None) -> Value:
            table = state.table(items) if items else {}
            return [wanted for wanted in ids or () if wanted in table]

        return Bound(each, site.arguments, shape, True, reads=reads)

    def one(state: State, items: Items | None, wanted: str | None) -> str | None:
        return wanted if items and wanted and wanted in state.table(items) else None

    return Bound(one, site.arguments, shape, True, reads=reads)


@named("where(list: objects, field: name, value: scalar)")
def _where(site: Site) -> Bound:
    """The items of a list whose field has that value, or holds it among its values."""
    name = site.literal(1)
    kept = site.item_field(0, site.literal(1))
    one = kept.item if kept.item is not None else kept
    _check_codes(one, site)

    def where(
        state: State, items: Items | None, value: Value
    ) -> list[Mapping[str, Any]]:
        if value is None or not items:
            return []
        return state.index(items, name).get(value, [])

    arguments = (site.arguments[0], site.arguments[2])
    return Bound(where, arguments, site.shape(0), True, reads=kept.paths)


def _check_codes(shape: Shape, site: Site) -> None:
    value = site.arguments[2]
    if isinstance(value, Constant) and shape.codes and value.value not in shape.codes:
        raise Refused(f"{value.value} is not one of the codes of {place(shape)}")


@named("each(list: objects, field: name)")
def _each(site: Site) -> Bound:
    """That field of each item of a list that has it; lists become one list."""
    name = site.literal(1)
    kept = site.item_field(0, site.literal(1))

    def each(items: Items | None) -> list[Value]:
        return [item[name] for item in items or () if name in item]

    if kept.is_list:
        return Bound(
            lambda items: [value for values in each(items) for value in values],
            site.arguments[:1],
            kept,
            reads=kept.paths,
        )
    return Bound(each, site.arguments[:1], list_of(kept), reads=kept.paths)


@named("in_order(list: objects, field: name)")
def _in_order(site: Site) -> Bound:
    """The items of a list by that field, smallest first; those without it last."""
    name = site.literal(1)
    kept = site.item_field(0, site.literal(1))
    if kept.kind not in ("text", "number"):
        raise Refused(f"{place(kept)} is {kept.words}, and has no order")

    def in_order(items: Items | None) -> list[Mapping[str, Any]]:
        having = [item for item in items or () if name in item]
        lacking = [item for item in items or () if name not in item]
        return [*sorted(having, key=lambda item: item[name]), *lacking]

    return Bound(in_order, site.arguments[:1], site.shape(0), reads=kept.paths)
