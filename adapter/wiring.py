"""The one place that chooses the parts: settings in, a working adapter out.

Nothing is chosen at import. The command line, the web process, the worker and the tests
all come here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from pathlib import Path

from adapter.api.auth import Callers, load_callers
from adapter.bundle.check import Checker, compile_checker
from adapter.bundle.retirement import ENDABLE
from adapter.clock import Clock, shifted, system_clock
from adapter.directory import Directory, load_directory, secrets_from
from adapter.errors import Issue, MappingInvalid
from adapter.mapping.codes import load_code_maps
from adapter.mapping.compile import Mapping, load_mapping
from adapter.policy import DEFAULT_POLICY, Policy, load_policy
from adapter.prepare import Tools
from adapter.record.declarations import DECLARATIONS
from adapter.settings import Settings
from adapter.sources.load import load_source
from adapter.sources.source import Source
from adapter.store import Store, open_store
from adapter.store.tester_clock import following

KEY_WITHOUT_A_STORE = b"a key for the command line, known to all"


@dataclass(frozen=True)
class Parts:
    """Everything that a running adapter works with."""

    settings: Settings
    clock: Clock
    store: Store
    tools: Tools
    directory: Directory
    callers: Callers
    sources: Names[str, Source] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        return self.tools.policy


def read_texts(folder: Path, *suffixes: str) -> dict[str, str]:
    """The texts of a folder's files with these suffixes, by file name, sorted."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir())
        if path.suffix in suffixes
    }


def build_policy(settings: Settings) -> Policy:
    """The trust's policy, or the defaults of the rules. Raises SettingsInvalid."""
    if settings.policy_file is None:
        return DEFAULT_POLICY
    return load_policy(settings.policy_file.read_text(encoding="utf-8"))


def build_mapping(settings: Settings) -> Mapping:
    """The mapping of mappings/fhir with its code maps. Raises MappingInvalid."""
    folder = settings.mappings_dir
    return load_mapping(
        read_texts(folder / "fhir", ".yaml"),
        code_maps=load_code_maps(read_texts(folder / "codes", ".csv")),
        declarations=DECLARATIONS,
        endable=ENDABLE,
    )


def build_checker(settings: Settings) -> Checker:
    """The check of what leaves, held to profiles/. Raises ProfileInvalid."""
    return compile_checker(read_texts(settings.profiles_dir, ".json"))


def build_directory(settings: Settings, environ: Names[str, str]) -> Directory:
    """The recipients' endpoints; without a directory file, nobody has one.

    Raises SettingsInvalid, also when a secret that an endpoint names is not there.
    """
    text = ""
    if settings.directory_file is not None:
        text = settings.directory_file.read_text(encoding="utf-8")
    return load_directory(text, secrets=secrets_from(settings.secrets_dir, environ))


def source_names(settings: Settings) -> list[str]:
    """The names of the source mappings, sorted."""
    folder = settings.mappings_dir / "sources"
    return sorted(path.stem for path in folder.glob("*.yaml"))


def build_source(settings: Settings, name: str) -> Source:
    """One source mapping, with its fields and its code maps. Raises MappingInvalid."""
    folder = settings.mappings_dir / "sources"
    codes = settings.mappings_dir / "codes" / name
    fields = folder / f"{name}.csv"
    return load_source(
        name,
        template=(folder / f"{name}.yaml").read_text(encoding="utf-8"),
        fields=fields.read_text(encoding="utf-8") if fields.is_file() else "",
        code_maps=read_texts(codes, ".csv") if codes.is_dir() else {},
    )


def build_sources(settings: Settings) -> dict[str, Source]:
    """Every source mapping by its name. Raises MappingInvalid with every fault."""
    sources: dict[str, Source] = {}
    faults: list[Issue] = []
    for name in source_names(settings):
        try:
            sources[name] = build_source(settings, name)
        except MappingInvalid as error:
            faults.extend(error.issues)
    if faults:
        raise MappingInvalid("A source mapping is not valid", issues=faults)
    return sources


def build_callers(settings: Settings) -> Callers:
    """Who may call, and as whom; nobody without a callers file."""
    if settings.callers_file is None:
        return load_callers("")
    text = settings.callers_file.read_text(encoding="utf-8")
    return load_callers(text, sources=source_names(settings))


def build_tools(settings: Settings, *, key: bytes = KEY_WITHOUT_A_STORE) -> Tools:
    """What preparing needs; without a store, with a key that is known to all."""
    return Tools(
        policy=build_policy(settings),
        mapping=build_mapping(settings),
        checker=build_checker(settings),
        key=key,
    )


def build_parts(settings: Settings, environ: Names[str, str] | None = None) -> Parts:
    """A working adapter from its settings; the store must have been migrated.

    Outside production the clock is moved, from moment to moment, by the tester's offset
    that the store keeps.
    """
    environ = os.environ if environ is None else environ
    store = open_store(settings.database_url, system_clock)
    if not settings.production:
        store = following(store)
    return Parts(
        settings=settings,
        clock=shifted(system_clock, store.offset),
        store=store,
        tools=build_tools(settings, key=store.key()),
        directory=build_directory(settings, environ),
        callers=build_callers(settings),
        sources=build_sources(settings),
    )
