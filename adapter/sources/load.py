"""Source mappings loaded and checked once, each with its fields and its code maps.

Every fault of every file is gathered; any of them stops the start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from adapter.errors import Issue, MappingInvalid
from adapter.mapping.check import Checker
from adapter.mapping.codes import load_code_maps
from adapter.mapping.language import read_template
from adapter.mapping.shapes import declared_shapes
from adapter.record.declarations import DECLARATIONS
from adapter.sources.fields import branch_of, load_fields
from adapter.sources.source import Source
from adapter.sources.target import MAKE_FHIR, RecordTarget


def load_source(
    name: str, *, template: str, fields: str, code_maps: Mapping[str, str]
) -> Source:
    """The source of that name: its template (YAML), its fields (CSV), its code maps.

    ``code_maps`` are file names with their texts. Raises MappingInvalid with every
    fault: its path is ``file:line``, its message the reason.
    """
    faults: list[Issue] = []
    known, found = load_fields(f"{name}.csv", fields)
    faults.extend(found)
    try:
        maps = load_code_maps(code_maps, strict=False)
    except MappingInvalid as error:
        faults.extend(error.issues)
        maps = load_code_maps({}, strict=False)
    checker = Checker(declared_shapes(known), maps, refused=MAKE_FHIR)
    target = RecordTarget(DECLARATIONS)
    made, found = read_template(f"{name}.yaml", template, checker, target)
    faults.extend(found)
    if not found and len(made.resources) != 1:
        reason = "a source mapping makes one record"
        faults.append(Issue("error", "E_MAPPING", f"{name}.yaml:1", reason))
    if faults:
        raise MappingInvalid("A source mapping is not valid", issues=faults)
    digest = hashlib.sha256(f"{maps.version}\0{template}\0{fields}".encode())
    return Source(
        name=name,
        form=target.form,
        fields=known,
        declared=branch_of(known),
        homes=target.homes,
        reads=frozenset(checker.reads),
        templates=(made,),
        code_maps=maps,
        version=digest.hexdigest()[:12],
    )
