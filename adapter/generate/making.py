"""Makes what the declarations describe, by chance, without yet asking if it agrees."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from adapter.clock import format_instant, london_day
from adapter.record.declarations import DECLARATIONS, Declaration
from adapter.record.identifiers import check_digit
from adapter.record.vocabulary import REF_TARGETS, YOUNG_PERSON

Tree = dict[str, Any]

GIVEN = ("Robin", "Zoë", "Idris", "Maya", "Tomasz", "Aoife", "Kit", "Nneka")
FAMILY = ("Testley", "Example", "Sample-Cope", "O'Mock", "Fixtura", "Ní Sampla")
_PLACES = ("Larkmoor", "Fenwick", "Testham", "Harrow Edge", "Millbrook")
_PHRASES = (
    "Evenings are harder after arguments; music and a walk help",
    "Ring before visiting, and give time to answer",
    "Went well last time — the café on Fridays matters most",
    "Agreed together and looked at again at each meeting",
    "Keep fewer than <5 tablets in the room",
    "Two calls unanswered in a row means: visit the same day",
    "Prefers to be told the day before, in writing",
)
_LANGUAGES = ("en-GB", "cy", "pl", "so", "bfi", "zh-Hant")


@dataclass
class Making:
    """One record in the making: its chances, its instants, and the ids to refer to."""

    rng: random.Random
    now: datetime
    richness: float = 0.0
    ids: dict[str, list[str]] = field(default_factory=dict)
    taken: int = 0

    def __post_init__(self) -> None:
        self.richness = self.rng.choice((0.05, 0.2, 0.4, 0.7, 0.95))
        for name, path in REF_TARGETS.items():
            least = 0 if name == "agencies" else 1
            count = self.rng.randint(least, 4)
            self.ids[path] = [f"{name[:3]}-{number + 1}" for number in range(count)]

    @property
    def today(self) -> date:
        return london_day(self.now)

    def chance(self, likelihood: float) -> bool:
        return self.rng.random() < likelihood

    def day(self, first: int, last: int) -> str:
        """A date between so many days from today."""
        return (self.today + timedelta(days=self.rng.randint(first, last))).isoformat()

    def instant(self, first: int, last: int) -> str:
        """An instant between so many hours from now."""
        return format_instant(self.now + timedelta(hours=self.rng.randint(first, last)))

    def phrase(self) -> str:
        return self.rng.choice(_PHRASES)

    def phone(self) -> str:
        return f"0115 496 {self.rng.randint(0, 999):04d}"  # a range kept for drama

    def ref(self, *targets: str) -> str:
        return self.rng.choice([i for name in targets for i in self.targets(name)])

    def targets(self, name: str) -> list[str]:
        return [name] if name == YOUNG_PERSON else self.ids[REF_TARGETS[name]]

    def object(self, path: str) -> Tree:
        """An object with what it must hold, and some of what it may."""
        made = {}
        for child in CHILDREN[path]:
            # lists that refs point into are always made, for the refs were dealt out
            wanted = child.required or bool(self.ids.get(child.path))
            if wanted or self.chance(self.richness):
                value = self.value(child)
                if value not in ({}, []):
                    made[child.path.rpartition(".")[2].removesuffix("[]")] = value
        return made

    def value(self, found: Declaration) -> Any:
        if found.type == "object":
            return self.object(found.path)
        if found.type == "list":
            return list(self.items(found.path))
        if found.many:
            count = self.rng.randint(1, 3)
            values = (self.plain(found) for _ in range(count))
            return list(dict.fromkeys(v for v in values if v is not None))
        return self.plain(found)

    def items(self, path: str) -> Iterator[Tree]:
        own_ids = self.ids.get(path)
        count = self.rng.randint(1, 3) if own_ids is None else len(own_ids)
        for position in range(count):
            item = self.object(path)
            if "id" in item:
                self.taken += 1
                item["id"] = own_ids[position] if own_ids else f"it-{self.taken}"
            yield item

    def plain(self, found: Declaration) -> Any:
        """A value of that type; an empty list where a ref has nothing to point to."""
        if found.type == "ref":
            known = [name for name in found.refs_to if self.targets(name)]
            return self.ref(*known) if known else []
        return _PLAIN[found.type](self, found)


def _children() -> dict[str, list[Declaration]]:
    children: dict[str, list[Declaration]] = {}
    for path, found in DECLARATIONS.items():
        children.setdefault(path.rpartition(".")[0], []).append(found)
    return children


CHILDREN = _children()


def _string(making: Making, found: Declaration) -> str:
    if found.path.endswith("phone"):
        return making.phone()
    if found.path.endswith("name"):
        return f"{making.rng.choice(GIVEN)} {making.rng.choice(FAMILY)}"
    return f"{making.rng.choice(_PLACES)} {making.rng.randint(1, 99)}"


_PLAIN: dict[str, Callable[[Making, Declaration], Any]] = {
    "id": lambda making, _: "made-later",
    "record_key": lambda making, _: f"tr-{making.rng.randint(1, 9999):04d}",
    "code": lambda making, found: making.rng.choice(found.codes or _LANGUAGES),
    "string": _string,
    "text": lambda making, _: making.phrase(),
    "long_text": lambda making, _: "\n".join(making.phrase() for _ in range(3)),
    "date": lambda making, _: making.day(-200, 200),
    "datetime": lambda making, _: making.instant(-900, 900),
    "nhs_number": lambda making, _: nhs_number(making.rng),
    "ods_code": lambda making, _: (
        f"ZZ9{making.rng.choice('ABCDE')}{making.rng.randint(1, 9)}"
    ),
    "boolean": lambda making, _: making.chance(0.5),
    "integer": lambda making, _: making.rng.randint(1, 5),
}


def nhs_number(rng: random.Random) -> str:
    """A well-formed number of the range that was never issued."""
    while True:
        digits = f"999{rng.randint(0, 999_999):06d}"
        last = check_digit(digits)
        if last is not None and len({*digits, str(last)}) > 1:
            return f"{digits}{last}"
