"""Verbs for fixtures: list, show and write the cases, and make more records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from adapter.cli.bundles import prepared_bundle
from adapter.cli.root import AT, answer, cli, verb
from adapter.clock import format_instant, london_day, system_clock
from adapter.generate.anchor import (
    DAY_OF_THE_CASES,
    FIRST,
    INSTANT_OF_THE_CASES,
    LAST,
    shift_instant,
    shift_text,
)
from adapter.settings import Settings

if TYPE_CHECKING:
    from adapter.prepare import Tools

PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


class Day(click.ParamType[date]):
    """A date, YYYY-MM-DD, or ``today`` in London."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        if isinstance(value, date):
            return value
        try:
            day = (
                london_day(system_clock())
                if value == "today"
                else date.fromisoformat(value)
            )
        except ValueError:
            self.fail("a date, YYYY-MM-DD, or today", param, ctx)
        if not FIRST <= day <= LAST:
            self.fail(f"from {FIRST} to {LAST}", param, ctx)
        return day


ANCHOR = click.option(
    "--anchor",
    type=Day(),
    default=str(DAY_OF_THE_CASES),
    show_default=True,
    help="The day on which the case happens: YYYY-MM-DD, or today.",
)


@dataclass(frozen=True)
class Case:
    """One case of fixtures/, as if it happened on a day of the tester's choice."""

    name: str
    folder: Path
    anchor: date

    @property
    def at(self) -> datetime:
        """The instant for which its expected issues and decisions are told."""
        return shift_instant(INSTANT_OF_THE_CASES, self.anchor)

    def text(self, path: str = "record.json") -> str:
        """A file of the case, its dates shifted."""
        text = (self.folder / path).read_text(encoding="utf-8")
        return shift_text(text, self.anchor)

    @property
    def recipients(self) -> list[str]:
        """Whom it tells of, by id: those listed, and strangers who ask."""
        found = self.folder.glob("expected/*/decision.json")
        return sorted(path.parent.name for path in found)

    @property
    def title(self) -> str:
        """The first line of its story; empty for the cases of the codes."""
        story = self.folder / "README.md"
        if not story.is_file():
            return ""
        return story.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def cases(settings: Settings, anchor: date) -> dict[str, Case]:
    """Every case by its name, sorted; those of the codes are ``codes/<CODE>``."""
    root = settings.fixtures_dir
    found = sorted(path.parent for path in root.rglob("record.json"))
    return {
        name: Case(name, folder, anchor)
        for folder in found
        for name in [folder.relative_to(root).as_posix()]
    }


def named_case(settings: Settings, name: str, anchor: date) -> Case:
    known = cases(settings, anchor)
    if name not in known:
        told = ", ".join(each for each in known if "/" not in each)
        raise click.BadParameter(f"one of: {told}, codes/<CODE>", param_hint="CASE")
    return known[name]


@cli.group()
def fixtures() -> None:
    """Synthetic records, for those who test."""


@fixtures.command("list")
@ANCHOR
@verb
def list_fixtures(settings: Settings, anchor: date) -> None:
    """List the cases: what each is, and for which instant it is told."""
    answer(
        {
            "cases": [
                {"case": each.name, "title": each.title, "at": format_instant(each.at)}
                for each in cases(settings, anchor).values()
            ]
        }
    )


@fixtures.command("show")
@click.argument("case")
@ANCHOR
@verb
def show_fixture(settings: Settings, case: str, anchor: date) -> None:
    """Print the record of a case, as it lies in its file or shifted to another day."""
    click.echo(named_case(settings, case, anchor).text(), nl=False)


@fixtures.command("write")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@ANCHOR
@click.option("--case", "names", multiple=True, help="Only this one; may be repeated.")
@verb
def write_fixtures(
    settings: Settings, folder: Path, anchor: date, names: tuple[str, ...]
) -> None:
    """Write cases as if they happened on another day, with what is expected of them.

    The records and the expected decisions are shifted; what each recipient gets is
    prepared anew, by the mappings of this installation and a key known to all.
    """
    from adapter.wiring import build_tools

    if folder.resolve().is_relative_to(settings.fixtures_dir.resolve()):
        raise click.BadParameter("another folder than the adapter's own fixtures")
    wanted = [named_case(settings, name, anchor) for name in names]
    tools = build_tools(settings)
    written = []
    for case in wanted or cases(settings, anchor).values():
        for path, body in _files(case, tools, settings.public_base_url):
            target = folder / case.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(body)
            written.append(f"{case.name}/{path}")
    at = format_instant(shift_instant(INSTANT_OF_THE_CASES, anchor))
    answer({"anchor": str(anchor), "at": at, "written": written})


def _files(case: Case, tools: Tools, base: str) -> Iterator[tuple[str, bytes]]:
    """What is written of a case: each file's path and bytes."""
    from adapter.policy import load_policy
    from adapter.record.parse import check

    body = case.text().encode()
    yield "record.json", body
    for path in ("policy.yaml", "expected/issues.json", "expected/decisions.json"):
        if (case.folder / path).is_file():
            yield path, case.text(path).encode()
    if (case.folder / "policy.yaml").is_file():
        tools = replace(tools, policy=load_policy(case.text("policy.yaml")))
    record, _ = check(body, policy=tools.policy, now=case.at)
    if record is None or "/" in case.name:
        return  # the cases of the codes are about what is refused or flagged
    for recipient in case.recipients:
        prepared, bundle = prepared_bundle(
            record, recipient, case.at, tools, base, "collection"
        )
        folder = f"expected/{recipient}"
        decision = orjson.dumps(prepared.decision.as_json(), option=PRETTY)
        yield f"{folder}/decision.json", decision
        yield f"{folder}/bundle.json", orjson.dumps(bundle, option=PRETTY)


@fixtures.command("generate")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@AT
def generate_fixtures(count: int, seed: int, at: datetime | None) -> None:
    """Print valid synthetic records, one a line (NDJSON); ids differ.

    The same seed and instant give the same records; a longer run begins with the
    records of a shorter one.
    """
    from adapter.generate import generate_many

    for tree in generate_many(seed, count, now=at or system_clock()):
        click.echo(orjson.dumps(tree), nl=True)
