"""The named functions that an expression may call: references, texts, dates.

Those over code maps stand in ``lookups.py``, those over lists in ``lists.py``. A
docstring is what ``mappings/README.md`` tells the templates' authors. A function is
written as its binding: what it becomes at one place that calls it (``signatures.py``).
Given nothing where a value is needed, it gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from adapter.canonical import RESOURCE_ID_SYSTEM, extension_url
from adapter.clock import format_instant, london_day, parse_instant
from adapter.mapping.expressions import Refused
from adapter.mapping.shapes import (
    ELEMENT,
    TEXT,
    TEXTS,
    Shape,
    list_of,
)
from adapter.mapping.signatures import Bound, Site, State, named
from adapter.record.ages import birthday

Value = Any


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


@named("our_extension(name: name)")
def _our_extension(site: Site) -> Bound:
    """The address of our own extension of that name, for its `url`."""
    name = site.literal(0)
    return Bound(lambda: extension_url(name), (), TEXT)


@named("always(text: text)")
def _always(site: Site) -> Bound:
    """The text itself, counted as given: its object or list stays when all else in it
    is absent, as `meta` with its profile should.
    """
    # Asking for the state keeps the call from being folded into a literal.
    return Bound(lambda _, text: text, site.arguments, site.shape(0), True)


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

    def reached(born: str | None, age: int) -> str | None:
        return None if born is None else str(birthday(date.fromisoformat(born), age))

    return Bound(reached, site.arguments, TEXT)


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
