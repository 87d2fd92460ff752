"""The named functions that look a local code up in a code map.

What a row gives is worked out when the template is loaded, so that a look-up costs no
more than one in a dict; the codings it gives are shared and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapter.errors import Issue, UnmappedCode
from adapter.mapping.codes import Unmapped
from adapter.mapping.expressions import Refused
from adapter.mapping.shapes import ELEMENT, TEXT, Shape, list_of
from adapter.mapping.signatures import Bound, Site, named, place

Value = Any


class Rows(dict[Any, Any]):
    """What each local code becomes at one place.

    For one without a row, UnmappedCode; or its Unmapped, where maps are not strict.
    """

    def __init__(
        self, rows: Mapping[str, Any], name: str, at: str, *, strict: bool
    ) -> None:
        super().__init__(rows)
        self[None] = None
        self._name, self._at, self._strict = name, at, strict

    def __missing__(self, code: object) -> Any:
        if not self._strict:
            return Unmapped(code)
        reason = f"a code at {self._at} has no row in code map {self._name}"
        raise UnmappedCode(
            reason, issues=[Issue("error", "E_UNMAPPED_CODE", self._at, reason)]
        )


def _lookup(
    site: Site,
    of: Callable[[list[dict[str, str]], str], Value],
    shape: Shape,
    *,
    single_row: bool = False,
    join_lists: bool = False,
) -> Bound:
    """A strict look-up: each code that the path can hold must have a row."""
    code_map = site.code_maps[site.literal(0)]
    local = site.shape(1)
    one = local.item if local.item is not None else local
    missing = [code for code in one.codes if code not in code_map.codings]
    if missing:
        raise Refused(
            f"code map {code_map.name} has no row for {', '.join(missing)} "
            f"of {place(one)}"
        )
    if single_row:
        codes = one.codes or tuple(code_map.codings)
        double = [code for code in codes if len(code_map.codings[code]) != 1]
        if double:
            raise Refused(
                f"code map {code_map.name} has not exactly one target for "
                f"{', '.join(double)}"
            )
    rows = Rows(
        {code: of(found, code) for code, found in code_map.codings.items()},
        code_map.name,
        place(one),
        strict=site.code_maps.strict,
    )
    arguments = site.arguments[1:2]
    if local.is_list:

        def each(codes: Sequence[str] | None) -> list[Value]:
            found = [rows[code] for code in codes or ()]
            if join_lists:
                return [value for values in found for value in values]
            return [value for value in found if value]

        whole = shape if join_lists else list_of(shape)
        return Bound(each, arguments, whole, code_map=code_map)
    return Bound(
        rows.__getitem__,
        arguments,
        shape,
        inline="{table}[{0}]",
        table=rows,
        code_map=code_map,
    )


@named("code(map: map, local: texts)")
def _code(site: Site) -> Bound:
    """The list of codings that the local code has in that code map. Every code that the
    path can hold must have a row, or the mapping does not load.
    """
    return _lookup(site, lambda rows, _: rows, list_of(ELEMENT), join_lists=True)


@named("concept(map: map, local: texts)")
def _concept(site: Site) -> Bound:
    """The CodeableConcept of the local code: its codings, and the first one's display
    as text. Of a list of codes, the list of CodeableConcepts.
    """

    def of(rows: list[dict[str, str]], code: str) -> dict[str, Any]:
        if not rows:
            return {"text": code.replace("_", " ")}
        text = rows[0].get("display", code.replace("_", " "))
        return {"coding": rows, "text": text}

    return _lookup(site, of, ELEMENT)


@named("mapped(map: map, local: texts)")
def _mapped(site: Site) -> Bound:
    """The target code alone, for an element of type code such as CarePlan.status. The
    map must have exactly one row for each local code.
    """
    return _lookup(
        site, lambda rows, _: rows[0]["code"] if rows else None, TEXT, single_row=True
    )


@named("display(map: map, local: texts)")
def _display(site: Site) -> Bound:
    """The display of the local code's first coding; without one, the code in words."""

    def of(rows: list[dict[str, str]], code: str) -> str:
        return (rows[0] if rows else {}).get("display", code.replace("_", " "))

    return _lookup(site, of, TEXT)


@named("verified(map: map, local: text)")
def _verified(site: Site) -> Bound:
    """The codings of a sender's own code that stands in that code map; nothing for one
    that does not, which must not leave as a Coding.
    """
    code_map = site.code_maps[site.literal(0)]
    shape = list_of(ELEMENT)
    return Bound(code_map.codings.get, site.arguments[1:], shape, code_map=code_map)


@named("unverified(map: map, local: text)")
def _unverified(site: Site) -> Bound:
    """The sender's own code itself, as text, when it is not in that code map."""
    codings = site.code_maps[site.literal(0)].codings
    return Bound(
        lambda code: None if code in codings else code,
        site.arguments[1:],
        TEXT,
        code_map=site.code_maps[site.literal(0)],
    )
