"""The named functions that an expression may call.

Each docstring is what ``mappings/README.md`` tells its authors. A function is written
as its binding: what it becomes at one place that calls it (see ``signatures.py``).
Given nothing where a value is needed, it gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from adapter.canonical import RESOURCE_ID_SYSTEM, extension_url
from adapter.clock import format_instant, london_day, parse_instant
from adapter.errors import Issue, UnmappedCode
from adapter.mapping.shapes import (
    BOOLEAN,
    ELEMENT,
    NUMBER,
    TEXT,
    TEXTS,
    Shape,
    list_of,
)
from adapter.mapping.signatures import Bound, Site, State, named, place
from adapter.mapping.syntax import Constant, Refused

Value = Any
Items = Sequence[Mapping[str, Any]]


# --- ids and references ---------------------------------------------------------------


def _symbolic(
    site: Site, shape: Shape, make: Callable[[str], Value], inline: str
) -> Bound:
    kind = site.literal(0)
    if len(site.arguments) == 1:
        return Bound(lambda: make(kind), (), shape)
    prefix = f"{kind}/"
    if site.shape(1).is_list:

        def each(items: Sequence[str] | None) -> list[Value] | None:
            return None if items is None else [make(prefix + item) for item in items]

        return Bound(each, site.arguments[1:], list_of(shape))

    def one(item: str | None) -> Value:
        return None if item is None else make(prefix + item)

    source = inline.replace("{id}", f"{prefix!r} + {{0}}")
    return Bound(one, site.arguments[1:], shape, inline=source)


@named("id(kind: kind, item?: text)")
def _id(site: Site) -> Bound:
    """The symbolic id of the resource of that kind about that item, or the only one of
    its kind. The type is the part before a dot: `Flag.communication-needs` is a Flag.
    """
    return _symbolic(site, TEXT, lambda name: name, "{id}")


@named("ref(kind: kind, item?: texts)")
def _ref(site: Site) -> Bound:
    """The reference to the resource that has that symbolic id; of a list of items, the
    list of references.
    """

    def make(name: str) -> dict[str, str]:
        return {"reference": name}

    return _symbolic(site, ELEMENT, make, '{{"reference": {id}}}')


@named("identifier(kind: kind, item?: text)")
def _identifier(site: Site) -> Bound:
    """Our own identifier for the resource that has that symbolic id."""

    def make(name: str) -> dict[str, str]:
        return {"system": RESOURCE_ID_SYSTEM, "value": name}

    inline = f'{{{{"system": {RESOURCE_ID_SYSTEM!r}, "value": {{id}}}}}}'
    return _symbolic(site, ELEMENT, make, inline)


@named("person(ref: texts, kind?: kind)")
def _person(site: Site) -> Bound:
    """The reference to whoever a ref names: Patient for young_person, RelatedPerson for
    one of the people, PractitionerRole for a member of the team (or the kind given,
    such as 'Practitioner'), Organization for an agency. Nothing for one who is not in
    what may be shared. Of a list of refs, the list of references.
    """
    kinds = {
        "member": site.literal(1) if len(site.arguments) > 1 else "PractitionerRole",
        "person": "RelatedPerson",
        "agency": "Organization",
    }

    def one(state: State, ref: str) -> dict[str, str] | None:
        found = state.kind_of(ref)
        if found is None:
            return None
        return {"reference": f"{kinds[found]}/{ref}" if found in kinds else "Patient"}

    return _over_refs(site, one, ELEMENT)


@named("kind_of(ref: text)")
def _kind_of(site: Site) -> Bound:
    """What a ref names: young_person, member, person or agency; nothing for one who is
    not in what may be shared.
    """
    codes = ("young_person", "member", "person", "agency")
    return _over_refs(site, State.kind_of, Shape("text", codes=codes))


def _over_refs(
    site: Site, one: Callable[[State, str], Value | None], shape: Shape
) -> Bound:
    reads = frozenset(
        (
            "care_team.members[].id",
            "family_and_carers.people[].id",
            "safeguarding.agencies[].id",
        )
    )
    if site.shape(0).is_list:

        def each(state: State, refs: Sequence[str] | None) -> list[Value]:
            found = [one(state, ref) for ref in refs or ()]
            return [value for value in found if value is not None]

        return Bound(each, site.arguments[:1], list_of(shape), True, reads=reads)

    def single(state: State, ref: str | None) -> Value | None:
        return None if ref is None else one(state, ref)

    return Bound(single, site.arguments[:1], shape, True, reads=reads)


# --- codes ----------------------------------------------------------------------------


class Rows(dict[Any, Any]):
    """What each local code becomes at one place; UnmappedCode for one without a row."""

    def __init__(self, rows: Mapping[str, Any], name: str, at: str) -> None:
        super().__init__(rows)
        self[None] = None
        self._name, self._at = name, at

    def __missing__(self, code: object) -> Any:
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


@named("our_extension(name: name)")
def _our_extension(site: Site) -> Bound:
    """The address of our own extension of that name, for its `url`."""
    name = site.literal(0)
    return Bound(lambda: extension_url(name), (), TEXT)


# --- texts ----------------------------------------------------------------------------


@named("words(code: texts)")
def _words(site: Site) -> Bound:
    """A code in words: `self_harm` gives `self harm`."""
    if site.shape(0).is_list:
        return Bound(
            lambda codes: [code.replace("_", " ") for code in codes or ()],
            site.arguments,
            TEXTS,
        )
    return Bound(
        lambda code: None if code is None else code.replace("_", " "),
        site.arguments,
        TEXT,
        inline='{0}.replace("_", " ")',
    )


def _flat(values: tuple[Value, ...]) -> list[str]:
    flat: list[str] = []
    for value in values:
        if isinstance(value, str):
            flat.append(value)
        elif value is not None:
            flat.extend(value)
    return [text for text in flat if text]


@named("join(texts: texts, separator: text)")
def _join(site: Site) -> Bound:
    """The texts of a list as one, with the separator between them."""

    def join(texts: Value, separator: str | None) -> str | None:
        return (separator or "").join(_flat((texts,))) or None

    return Bound(join, site.arguments, TEXT)


@named("lines(texts…: texts)")
def _lines(site: Site) -> Bound:
    """Those of the texts that are there, each on a line of its own."""
    return Bound(lambda *texts: "\n".join(_flat(texts)) or None, site.arguments, TEXT)


@named("labelled(label: text, texts: texts)")
def _labelled(site: Site) -> Bound:
    """The text behind its label and a colon, the texts of a list with `; ` between
    them; nothing when there is no text.
    """

    def labelled(label: str, texts: Value) -> str | None:
        found = _flat((texts,))
        return f"{label}: {'; '.join(found)}" if found else None

    return Bound(labelled, site.arguments, TEXT)


@named("contact_system(contact: text)")
def _contact_system(site: Site) -> Bound:
    """The ContactPoint.system of a contact written as text: email with an @, phone with
    three digits or more, url with ://, otherwise other.
    """

    def system(contact: str | None) -> str | None:
        if contact is None:
            return None
        if "://" in contact:
            return "url"
        if "@" in contact:
            return "email"
        return "phone" if sum(map(str.isdigit, contact)) >= 3 else "other"

    codes = ("url", "email", "phone", "other")
    return Bound(system, site.arguments, Shape("text", codes=codes))


# --- lists ----------------------------------------------------------------------------


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

    def where(items: Items | None, value: Value) -> list[Mapping[str, Any]]:
        if value is None:
            return []
        if kept.is_list:
            return [item for item in items or () if value in item.get(name, ())]
        return [item for item in items or () if item.get(name) == value]

    arguments = (site.arguments[0], site.arguments[2])
    return Bound(where, arguments, site.shape(0), reads=kept.paths)


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


# --- dates and times ------------------------------------------------------------------


@named("instant(time: text)")
def _instant(site: Site) -> Bound:
    """A datetime as a FHIR instant in UTC, with milliseconds."""
    return Bound(
        lambda time: None if time is None else format_instant(parse_instant(time)),
        site.arguments,
        TEXT,
    )


@named("day(time: text)")
def _day(site: Site) -> Bound:
    """The date in Europe/London of a datetime, where FHIR wants a date."""
    return Bound(
        lambda time: None if time is None else str(london_day(parse_instant(time))),
        site.arguments,
        TEXT,
    )


@named("birthday(birth_date: text, age: number)")
def _birthday(site: Site) -> Bound:
    """The date on which somebody born that day reaches that age: for 29 February, 1
    March in common years (record model, 0.3).
    """

    def birthday(born: str | None, age: int) -> str | None:
        if born is None:
            return None
        year, month, day = (int(part) for part in born.split("-"))
        try:
            return date(year + age, month, day).isoformat()
        except ValueError:
            return date(year + age, 3, 1).isoformat()

    return Bound(birthday, site.arguments, TEXT)


PERIODS = {
    "day": (1, "d"),
    "week": (1, "wk"),
    "fortnight": (2, "wk"),
    "month": (1, "mo"),
}


@named("repeat(count: number, period: text)")
def _repeat(site: Site) -> Bound:
    """The Timing.repeat of so many contacts in a day, week, fortnight or month; nothing
    for none (record model, section 6: at 0 the description alone tells it).
    """
    unknown = [code for code in site.shape(1).codes if code not in PERIODS]
    if unknown:
        raise Refused(f"repeat has no period {', '.join(unknown)}")

    def repeat(count: int | None, period: str | None) -> dict[str, Any] | None:
        if not count or period not in PERIODS:
            return None
        number, unit = PERIODS[period]
        return {"frequency": count, "period": number, "periodUnit": unit}

    return Bound(repeat, site.arguments, ELEMENT)
