"""A trust's policy: the settings of section 11 of the disclosure rules, checked once.

The tables M1, M2 and M3 belong here because they are the defaults of P-01 and P-02;
what they mean is the business of ``adapter.disclosure``. The policy is handed to
validation and to decisions. No file is read here but the tables that we ship.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

import yaml

from adapter.errors import Issue, SettingsInvalid


class Outcome(StrEnum):
    """What one recipient gets of one category, least first."""

    WITHHOLD = "withhold"
    SHARE_MINIMUM = "share_minimum"
    SHARE = "share"

    @property
    def rank(self) -> int:
        """0 for withhold, 1 for share_minimum, 2 for share."""
        return _RANKS[self]


class ReleaseRule(StrEnum):
    """Who has to release what is new for a recipient kind before any of it leaves."""

    AUTOMATIC = "automatic"
    AFTER_REVIEW = "after_review"
    TWO_PERSON = "two_person"

    @property
    def persons(self) -> int:
        """How many named persons must release it: none, one or two."""
        return _PERSONS[self]


_PERSONS = {
    ReleaseRule.AUTOMATIC: 0,
    ReleaseRule.AFTER_REVIEW: 1,
    ReleaseRule.TWO_PERSON: 2,
}

_RANKS = {Outcome.WITHHOLD: 0, Outcome.SHARE_MINIMUM: 1, Outcome.SHARE: 2}
_LETTERS = {
    "S": Outcome.SHARE,
    "M": Outcome.SHARE_MINIMUM,
    "W": Outcome.WITHHOLD,
}

Row = tuple[str, str]
"""A recipient kind and the condition of its row, "" where it has none."""

Table = Mapping[Row, Mapping[str, Outcome]]


def read_table(text: str) -> Table:
    """The cells of one table of outcomes, by row and category.

    Columns: ``recipient``, in M1 also ``when``, then the eleven categories by their
    long names; cells S, M or W. KeyError or ValueError where the text is otherwise.
    """
    table: dict[Row, Mapping[str, Outcome]] = {}
    for line in csv.DictReader(io.StringIO(text)):
        row = (line.pop("recipient"), line.pop("when", ""))
        if row in table:
            raise ValueError("a row stands twice")
        table[row] = MappingProxyType({name: _LETTERS[c] for name, c in line.items()})
    return MappingProxyType(table)


def _shipped(name: str) -> str:
    folder = resources.files("adapter") / "disclosure" / "tables"
    return (folder / name).read_text(encoding="utf-8")


_TEXTS = {name: _shipped(f"{name}.csv") for name in ("m1", "m2", "m3")}
M1, M2, M3 = (read_table(text) for text in _TEXTS.values())
_DEFAULTS = hashlib.sha256("".join(_TEXTS.values()).encode()).hexdigest()[:8]

HEALTH_ROWS = tuple(
    (kind, "")
    for kind in ("adult_mh_service", "cyp_mh_service", "sending_provider")
    + ("crisis_team", "gp")
)
_MAY_RISE = {
    ("crisis_team", "clinical_detail"): Outcome.SHARE,
    ("gp", "family_confidential"): Outcome.SHARE_MINIMUM,
    ("gp", "third_party"): Outcome.SHARE_MINIMUM,
}


def _table(default: Table) -> Any:
    return field(default_factory=lambda: default, repr=False, hash=False)


@dataclass(frozen=True)
class Policy:
    """One trust's settings, with their defaults. Source: disclosure rules, section 11.

    Locked whatever a trust wishes, and so not here: P-06 and the list that ends that
    section. P-08, P-12 and P-13 have one value in this version.
    """

    version: str = f"rules-0.2+{_DEFAULTS}"  # as declared, with a hash of the content
    author: str = "the disclosure rules"
    dated: date | None = None
    reason: str = "defaults"
    m1: Table = _table(M1)  # P-01, P-11: default outcomes
    m2: Table = _table(M2)  # P-02: ceiling under a permit
    m3: Table = _table(M3)  # P-02: ceiling under an override
    not_competent_when_not_assessed: bool = True  # P-03, under 13
    pr_decides_when_not_assessed: bool = False  # P-04, 13 to 15
    pr_evidence: frozenset[str] = frozenset(  # P-05
        {"yes_evidence_seen", "shared_with_local_authority"}
    )
    longest_override: timedelta = timedelta(days=14)  # P-07
    pr_decides_at_16_17: bool = False  # P-09, when capacity is lacking
    self_harm_override_when_able: bool = False  # P-10, at 18 and over
    first_contact_hours: int = 72  # P-14
    refusal_sends_contacts: bool = False  # P-15
    birthday_notice_days: tuple[int, ...] = (180, 90, 30, 0)  # P-16
    nhs_number_range: Literal["test", "live"] = "test"
    release: Mapping[str, ReleaseRule] = field(  # by recipient kind
        default_factory=lambda: MappingProxyType({}), repr=False, hash=False
    )

    def release_to(self, kind: str) -> ReleaseRule:
        """Who has to release what is new for recipients of that kind; else nobody."""
        return self.release.get(kind, ReleaseRule.AUTOMATIC)


DEFAULT_POLICY = Policy()


class _Texts(yaml.SafeLoader):
    """YAML whose every scalar is a text, and whose keys stand once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(map(str, keys))):
            raise yaml.YAMLError("a key stands twice")
        return super().construct_mapping(node, deep)


_Texts.yaml_implicit_resolvers = {}


class _Refused(Exception):
    """Why one setting cannot be so."""


def load_policy(text: str) -> Policy:
    """The policy that a trust's YAML file tells.

    Top level: ``version``, ``author``, ``date``, ``reason`` (all required),
    ``nhs_number_range`` (test or live), ``release``, a map of recipient kinds to
    automatic, after_review or two_person, and ``settings``, a map of P-01 to P-16. What
    is not told keeps its default. Raises SettingsInvalid with every fault; an issue's
    path is ``settings.P-07`` or the name of the key.
    """
    try:
        tree = yaml.load(text, Loader=_Texts)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise _invalid([_issue("", f"the policy is not readable YAML{line}")]) from None
    if not isinstance(tree, dict):
        raise _invalid([_issue("", "the policy is not a map of keys")])
    issues: list[Issue] = []
    told: dict[str, Any] = {}

    def take(path: str, read: Callable[[Any], dict[str, Any]], value: Any) -> None:
        try:
            told.update(read(value))
        except _Refused as why:
            issues.append(_issue(path, str(why)))

    for key in ("version", "author", "date", "reason"):
        if key not in tree:
            issues.append(_issue(key, "is required"))
    for key, value in tree.items():
        if key in _KEYS:
            take(key, _KEYS[key], value)
        elif key != "settings":
            issues.append(_issue(str(key), "is not a key of a policy"))
    settings = tree.get("settings", {})
    if not isinstance(settings, dict):
        issues.append(_issue("settings", "is not a map of settings"))
        settings = {}
    # P-01 before P-11: both speak of M1
    for name in sorted(settings):
        path = f"settings.{name}"
        if name in _LOCKED:
            issues.append(_issue(path, f"is locked: {_LOCKED[name]}"))
        elif name == "P-11":
            take(
                path,
                lambda value: _gp_default(value, told.get("m1", M1)),
                settings[name],
            )
        elif name in _SETTINGS:
            take(path, _SETTINGS[name], settings[name])
        else:
            issues.append(_issue(path, "is not a setting of the rules, section 11"))
    if issues:
        raise _invalid(issues)
    stamp = hashlib.sha256((_DEFAULTS + text).encode()).hexdigest()[:8]
    told["version"] = f"{told['version']}+{stamp}"
    return Policy(**told)


def _invalid(issues: list[Issue]) -> SettingsInvalid:
    return SettingsInvalid("the policy is not valid", issues=issues)


def _issue(path: str, message: str) -> Issue:
    return Issue("error", "E_POLICY", path, message)


def _text(name: str) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, str) or not value.strip():
            raise _Refused("must be a text")
        return {name: value}

    return read


def _date(value: Any) -> dict[str, Any]:
    try:
        return {"dated": date.fromisoformat(value)}
    except (TypeError, ValueError):
        raise _Refused("must be a date, YYYY-MM-DD") from None


def _choice(name: str, values: Mapping[str, Any]) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, str) or value not in values:
            raise _Refused(f"must be one of: {', '.join(values)}")
        return {name: values[value]}

    return read


def _release(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Refused("must be a map of recipient kinds")
    kinds = {kind for kind, _ in M1}
    if not set(value) <= kinds:
        raise _Refused("names a recipient kind that the rules do not have")
    if not all(isinstance(rule, str) and rule in _RULES for rule in value.values()):
        raise _Refused(f"a kind's release is one of: {', '.join(_RULES)}")
    rules = {kind: ReleaseRule(rule) for kind, rule in value.items()}
    return {"release": MappingProxyType(rules)}


_RULES = tuple(str(rule) for rule in ReleaseRule)


def _integer(value: Any, low: int, high: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        number = int(value)
        if low <= number <= high:
            return number
    raise _Refused(f"must be a whole number from {low} to {high}")


def _cells(value: Any, table: Table, what: str) -> list[tuple[Row, str, Outcome]]:
    """The cells that a trust names, as ``{kind: {category: outcome}}``."""
    rows: dict[str, list[Row]] = {}
    for row in table:
        rows.setdefault(row[0], []).append(row)
    if not isinstance(value, dict):
        raise _Refused("must be a map of recipient kinds")
    cells = []
    for kind, wanted in value.items():
        if kind not in rows:
            raise _Refused(f"names a recipient kind that {what} has no row for")
        if not isinstance(wanted, dict):
            raise _Refused("must have a map of categories under each recipient kind")
        for category, outcome in wanted.items():
            if category not in table[rows[kind][0]]:
                raise _Refused("names a category that the rules do not have")
            if outcome not in tuple(Outcome):
                raise _Refused("an outcome is one of: withhold, share_minimum, share")
            cells += [(row, category, Outcome(outcome)) for row in rows[kind]]
    return cells


def _changed(table: Table, cells: list[tuple[Row, str, Outcome]]) -> Table:
    rows = {row: dict(line) for row, line in table.items()}
    for row, category, outcome in cells:
        rows[row][category] = outcome
    return MappingProxyType({k: MappingProxyType(line) for k, line in rows.items()})


def _default_outcomes(value: Any) -> dict[str, Any]:
    health = {row: M1[row] for row in HEALTH_ROWS}
    cells = _cells(value, health, "P-01 (health kinds only)")
    for row, category, outcome in cells:
        most = max(
            M1[row][category],
            _MAY_RISE.get((row[0], category), outcome.WITHHOLD),
            key=lambda cell: cell.rank,
        )
        if outcome.rank > most.rank:
            raise _Refused(f"may not raise {category} of {row[0]} above {most}")
    return {"m1": _changed(M1, cells)}


def _gp_default(value: Any, table: Table) -> dict[str, Any]:
    outcome = _choice("gp", {str(each): each for each in Outcome})(value)["gp"]
    row = ("gp", "")
    cells = [
        (row, category, min(table[row][category], outcome, key=lambda cell: cell.rank))
        for category in ("substance_use", "safeguarding")
    ]
    return {"m1": _changed(table, cells)}


def _ceilings(value: Any) -> dict[str, Any]:
    tables = {"permit": ("m2", M2), "override": ("m3", M3)}
    if not isinstance(value, dict) or not set(value) <= set(tables):
        raise _Refused("must be a map of permit and override")
    told = {}
    for key, wanted in value.items():
        name, table = tables[key]
        cells = _cells(wanted, table, name.upper())
        for row, category, outcome in cells:
            if outcome.rank > table[row][category].rank:
                raise _Refused(f"may only lower: {category} of {row[0]} in {key}")
        told[name] = _changed(table, cells)
    return told


def _evidence(value: Any) -> dict[str, Any]:
    default = DEFAULT_POLICY.pr_evidence
    if not isinstance(value, list) or not default <= set(value) <= {
        *default,
        "yes_stated",
    }:
        raise _Refused("must list the two defaults, and may add yes_stated")
    return {"pr_evidence": frozenset(value)}


def _longest_override(value: Any) -> dict[str, Any]:
    return {"longest_override": timedelta(days=_integer(value, 1, 90))}


def _able_adult(value: Any) -> dict[str, Any]:
    if value == "not_available":
        return {"self_harm_override_when_able": False}
    signed = {"caldicott_sign_off", "legal_sign_off"}
    if (
        isinstance(value, dict)
        and set(value) == signed
        and all(isinstance(name, str) and name.strip() for name in value.values())
    ):
        return {"self_harm_override_when_able": True}
    raise _Refused("needs caldicott_sign_off and legal_sign_off, each with a name")


def _contacts_on_refusal(value: Any) -> dict[str, Any]:
    if value == "off":
        return {"refusal_sends_contacts": False}
    if (
        isinstance(value, dict)
        and set(value) == {"legal_sign_off"}
        and isinstance(value["legal_sign_off"], str)
        and value["legal_sign_off"].strip()
    ):
        return {"refusal_sends_contacts": True}
    raise _Refused("is off, or needs legal_sign_off with a name")


def _first_contact(value: Any) -> dict[str, Any]:
    return {"first_contact_hours": _integer(value, 1, 8760)}


def _notice_days(value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not value:
        raise _Refused("must be a list of days before the birthday")
    days = {_integer(each, 0, 3650) for each in value}
    return {"birthday_notice_days": tuple(sorted(days, reverse=True))}


def _second_person(value: Any) -> dict[str, Any]:
    if value == "mandatory":
        raise _Refused(
            "cannot be mandatory yet: release holds whole kinds, not an override alone"
        )
    if value != "notify":
        raise _Refused("must be notify")
    return {}


def _off(value: Any) -> dict[str, Any]:
    # P-12: no field holds the human judgement that it needs
    if value != "off":
        raise _Refused("can only be off in this version")
    return {}


def _leap_day(value: Any) -> dict[str, Any]:
    # P-13: the rules name no other day, and validation is not handed this setting
    if value != "1 March":
        raise _Refused("can only be 1 March: records are judged by that day")
    return {}


_KEYS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "version": _text("version"),
    "author": _text("author"),
    "date": _date,
    "reason": _text("reason"),
    "nhs_number_range": _choice("nhs_number_range", {"test": "test", "live": "live"}),
    "release": _release,
}
_LOCKED = {
    "P-06": "gender history needs explicit agreement for everyone",
}
_SETTINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "P-01": _default_outcomes,
    "P-02": _ceilings,
    "P-03": _choice(
        "not_competent_when_not_assessed",
        {"not_competent": True, "not_assessed": False},
    ),
    "P-04": _choice(
        "pr_decides_when_not_assessed", {"nobody": False, "person_with_pr": True}
    ),
    "P-05": _evidence,
    "P-07": _longest_override,
    "P-08": _second_person,
    "P-09": _choice(
        "pr_decides_at_16_17", {"best_interests": False, "person_with_pr": True}
    ),
    "P-10": _able_adult,
    "P-12": _off,
    "P-13": _leap_day,
    "P-14": _first_contact,
    "P-15": _contacts_on_refusal,
    "P-16": _notice_days,
}
