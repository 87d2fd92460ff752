"""What each path of the context is: text, number, list, object, with its fields.

Built from the record's declarations, so that a template can be refused at load for a
path that no declaration has. The context is what ``Redacted.context()`` hands over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

SECTIONS = (
    "co_production",
    "young_person",
    "transition",
    "safety",
    "safeguarding",
    "step_down_plan",
    "family_and_carers",
    "consent_and_sharing",
    "care_team",
    "clinical_essentials",
    "communications",
    "outcomes_monitoring",
    "local_extensions",
)

OF_THE_WHOLE_RECORD = (
    "record_version",
    "updated_at",
    "authored_at",
    "supersedes",
    "record_id",
)

GAP_FIELDS = ("path", "by", "name", "role", "text")
AUTHOR_FIELDS = ("name", "role")
RECIPIENT_FIELDS = ("id", "kind", "name", "ods_code")


class Declared(Protocol):
    """What the engine asks of a declaration of the record model."""

    @property
    def path(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def many(self) -> bool: ...
    @property
    def codes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Shape:
    """What a value is.

    ``kind`` is one of nothing, text, number, boolean, scalar (one of those three),
    list, object (of the record), element (made by a function, ready for FHIR) and
    unknown (after a fault). ``paths`` are the declared paths it comes from, ``codes``
    its declared values where it is a code, ``item`` the shape of a list's items,
    ``fields`` those of a record's object.
    """

    kind: str
    paths: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()
    item: Shape | None = None
    fields: Mapping[str, Shape] = field(
        default_factory=dict, compare=False, hash=False, repr=False
    )

    @property
    def is_list(self) -> bool:
        return self.kind == "list"

    @property
    def words(self) -> str:
        """The kind as a message tells it."""
        return {
            "object": "an object of the record",
            "list": "a list",
            "element": "a FHIR element",
            "nothing": "nothing",
            "scalar": "a single value",
            "number": "a number",
            "boolean": "true or false",
        }.get(self.kind, "a text")


NOTHING = Shape("nothing")
UNKNOWN = Shape("unknown")
TEXT = Shape("text")
NUMBER = Shape("number")
BOOLEAN = Shape("boolean")
ELEMENT = Shape("element")
TEXTS = Shape("list", item=TEXT)
ELEMENTS = Shape("list", item=ELEMENT)
SCALARS = ("text", "number", "boolean", "scalar")


def list_of(item: Shape) -> Shape:
    """The shape of a list of such items."""
    return Shape("list", paths=item.paths, item=item)


def merge(left: Shape, right: Shape) -> Shape | None:
    """The shape of a value that is one or the other; None when they do not agree."""
    if left.kind == "nothing":
        return right
    if right.kind == "nothing":
        return left
    paths = left.paths | right.paths
    if left.kind == "object" or right.kind == "object":
        return left if left.paths == right.paths else None
    if left.item is not None and right.item is not None:
        item = merge(left.item, right.item)
        return None if item is None else Shape("list", paths, item=item)
    codes = (*left.codes, *right.codes) if left.codes and right.codes else ()
    if left.kind == right.kind:
        return Shape(left.kind, paths, codes=codes)
    if left.kind in SCALARS and right.kind in SCALARS:
        return Shape("scalar", paths)
    return None


def declared_shapes(declarations: Mapping[str, Declared]) -> dict[str, Shape]:
    """The shape of each name at the top of what is declared, with all below it.

    A path such as ``risks[].triggers[]`` declares what it stands in, too.
    """
    roots: dict[str, None] = {}
    children: dict[str, dict[str, None]] = {}
    for path in declarations:
        below = path
        while "." in below:
            parent = below.rpartition(".")[0]
            children.setdefault(parent, {})[below] = None
            below = parent
        roots[below] = None

    def shape_of(path: str) -> Shape:
        below = children.get(path)
        if below:
            fields = {_name(child): shape_of(child) for child in below}
            whole = Shape("object", frozenset((path,)), fields=fields)
            return list_of(whole) if path.endswith("[]") else whole
        return _plain(declarations[path])

    return {_name(root): shape_of(root) for root in roots}


def context_shapes(declarations: Mapping[str, Declared]) -> dict[str, Shape]:
    """The shape of each name that a template of FHIR may use, by name.

    Source: DESIGN section 5, what the context is; the paths are the record model's.
    """

    def codes_of(path: str) -> tuple[str, ...]:
        return tuple(declarations[path].codes) if path in declarations else ()

    known = declared_shapes(declarations)
    shapes = {
        section: known[section]
        for section in SECTIONS
        if section in known and known[section].kind in ("object", "list")
    }
    shapes["status"] = Shape("text", frozenset(("status",)), codes_of("status"))
    roles = codes_of("care_team.members[].role")
    shapes["author"] = _own("author", AUTHOR_FIELDS, {"role": roles})
    kinds = codes_of("consent_and_sharing.recipients[].kind")
    shapes["recipient"] = _own("recipient", RECIPIENT_FIELDS, {"kind": kinds})
    shapes["pointers"] = TEXTS
    shapes["notices"] = TEXTS
    shapes["gaps"] = list_of(_own("gaps[]", GAP_FIELDS, {"role": roles}))
    return shapes


def _name(path: str) -> str:
    return path.rpartition(".")[2].removesuffix("[]")


def _plain(declaration: Declared) -> Shape:
    kind = {"boolean": "boolean", "integer": "number"}.get(declaration.type, "text")
    one = Shape(kind, frozenset((declaration.path,)), tuple(declaration.codes))
    return list_of(one) if declaration.path.endswith("[]") else one


def _own(
    path: str, names: tuple[str, ...], codes: Mapping[str, tuple[str, ...]]
) -> Shape:
    fields = {
        name: Shape("text", frozenset((f"{path}.{name}",)), codes.get(name, ()))
        for name in names
    }
    return Shape("object", frozenset((path,)), fields=fields)
