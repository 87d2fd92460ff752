"""The mapping as it serves: loaded and checked once, then applied to each record.

``load_mapping`` gathers every fault of every file, or gives a Mapping whose ``apply``
is plain compiled Python.
"""

from __future__ import annotations

import hashlib
from collections import abc
from typing import Any

import orjson

from adapter.errors import Issue, MappingInvalid
from adapter.mapping.check import Checker
from adapter.mapping.codes import CodeMaps
from adapter.mapping.explain import Trace, rebuild
from adapter.mapping.generate import Build, generate
from adapter.mapping.language import read_template
from adapter.mapping.nodes import Template
from adapter.mapping.shapes import Declared, context_shapes
from adapter.mapping.signatures import State
from adapter.mapping.targets import Resources

#: Names of a context, and a number for what each holds: the same for the same.
Contents = tuple[tuple[str, ...] | int | None, ...]


class Shared:
    """What a mapping has made of one record's contexts, by what it made it of.

    Two recipients get the same of a block that reads only what both may see alike. Not
    to be kept longer than the record, and of one mapping only.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._made: dict[Contents, dict[int, list[dict[str, Any]]]] = {}

    def made(
        self, context: abc.Mapping[str, Any], reads: abc.Iterable[tuple[str, ...]]
    ) -> list[dict[int, list[dict[str, Any]]]]:
        """For each of ``reads``, what the blocks that read those names gave, by number.

        It is what they gave of a context in which those names held the same.
        """
        numbers = self._numbers
        held = {
            name: numbers.setdefault(orjson.dumps(value), len(numbers))
            for name, value in context.items()
        }
        return [
            self._made.setdefault((names, *map(held.get, names)), {}) for names in reads
        ]


class Mapping:
    """Templates and code maps, compiled; safe to share between threads.

    ``version`` names the texts it was made from: twelve hexadecimal digits.
    """

    def __init__(
        self,
        templates: tuple[Template, ...],
        builds: tuple[Build, ...],
        reads: frozenset[str],
        code_maps: CodeMaps,
        version: str,
    ) -> None:
        self.templates = templates
        self.code_maps = code_maps
        self.version = version
        self._builds = builds
        # Many blocks read the same names: what those hold is compared once.
        self._reading = tuple(dict.fromkeys(build.reads for build in builds))
        self._reads_of = [self._reading.index(build.reads) for build in builds]
        self._reads = reads

    def apply(
        self, context: abc.Mapping[str, Any], shared: Shared | None = None
    ) -> list[dict[str, Any]]:
        """The FHIR resources that the context gives, with symbolic ids and references.

        In the order of the files' names, then of the templates, then of the record.
        Parts that are the same in every resource are shared: treat the answer as
        read-only. ``shared`` is what earlier contexts of the same record gave, and
        takes up what this one gives. Raises UnmappedCode for a code that its map does
        not have, which can only be one whose values the record model does not list.
        """
        state = State(context)
        resources: list[dict[str, Any]] = []
        if shared is None:
            for build in self._builds:
                build.run(context, state, resources.append)
            return resources
        known = shared.made(context, self._reading)
        for number, (build, reads) in enumerate(
            zip(self._builds, self._reads_of, strict=True)
        ):
            those = known[reads]
            made = those.get(number)
            if made is None:
                made = those[number] = []
                build.run(context, state, made.append)
            resources += made
        return resources

    def trace(self, context: abc.Mapping[str, Any]) -> list[Trace]:
        """Where each element of each resource comes from, in their order."""
        return [trace for _, traces in rebuild(self, context) for trace in traces]

    def paths_read(self) -> frozenset[str]:
        """The declared paths that some template reads, containers too."""
        return self._reads


def load_mapping(
    files: abc.Mapping[str, str],
    *,
    code_maps: CodeMaps,
    declarations: abc.Mapping[str, Declared],
    endable: abc.Collection[str] | None = None,
) -> Mapping:
    """The mapping that these files hold: file name (``flag.yaml``) to its text.

    ``endable`` are the types of resource that it may make, None for any.
    Raises MappingInvalid with every fault: its path is ``file:line``, its message the
    reason. Source: DESIGN section 5.
    """
    context = context_shapes(declarations)
    checker = Checker(context, code_maps)
    target = Resources(endable)
    templates: list[Template] = []
    builds: list[Build] = []
    faults: list[Issue] = []
    digest = hashlib.sha256(code_maps.version.encode())
    for file in sorted(files):
        digest.update(f"{file}\0{files[file]}\0".encode())
        template, found = read_template(file, files[file], checker, target)
        faults.extend(found)
        if not found:
            templates.append(template)
            builds.extend(generate(template, context))
    if faults:
        raise MappingInvalid("A mapping is not valid", issues=faults)
    return Mapping(
        tuple(templates),
        tuple(builds),
        frozenset(checker.reads),
        code_maps,
        digest.hexdigest()[:12],
    )
