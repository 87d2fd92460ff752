"""A small record model, and mappings over it, for the tests of the mapping language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.errors import MappingInvalid
from adapter.mapping.codes import CodeMaps, load_code_maps
from adapter.mapping.compile import Mapping, load_mapping

HEADER = "code,system,target,display,equivalence,comment\n"


@dataclass(frozen=True)
class Declared:
    path: str
    type: str = "text"
    codes: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        return self.path.endswith("[]")


DECLARED = {
    each.path: each
    for each in (
        Declared("status", "code", ("active", "completed")),
        Declared("record_id", "record_key"),
        Declared("record_version", "integer"),
        Declared("updated_at", "datetime"),
        Declared("author_ref", "ref"),
        Declared("safety", "object"),
        Declared("safety.note"),
        Declared("safety.plan", "object"),
        Declared("safety.plan.count", "integer"),
        Declared("safety.plan.agreed", "boolean"),
        Declared("safety.plan.written_at", "datetime"),
        Declared("safety.risks[]", "list"),
        Declared("safety.risks[].id", "id"),
        Declared("safety.risks[].domain", "code", ("self_harm", "suicide", "other")),
        Declared("safety.risks[].behaviours"),
        Declared("safety.risks[].triggers[]"),
        Declared("safety.risks[].formats[]", "code", ("braille", "audio")),
        Declared("safety.risks[].order", "integer"),
        Declared("safety.risks[].told_by", "ref"),
        Declared("safety.risks[].local", "code"),
        Declared("safety.mitigations[]", "list"),
        Declared("safety.mitigations[].id", "id"),
        Declared("safety.mitigations[].measure"),
        Declared("safety.mitigations[].risk_refs[]", "ref"),
        Declared("care_team", "object"),
        Declared("care_team.members[]", "list"),
        Declared("care_team.members[].id", "id"),
        Declared("care_team.members[].name", "string"),
        Declared("care_team.members[].role", "code", ("named_nurse", "keyworker")),
        Declared("family_and_carers", "object"),
        Declared("family_and_carers.people[]", "list"),
        Declared("family_and_carers.people[].id", "id"),
        Declared("safeguarding", "object"),
        Declared("safeguarding.agencies[]", "list"),
        Declared("safeguarding.agencies[].id", "id"),
        Declared("outcomes_monitoring", "object"),
        Declared("outcomes_monitoring.feedback[]", "list"),
        Declared("outcomes_monitoring.feedback[].from", "code", ("host", "family")),
        Declared("young_person", "object"),
        Declared("young_person.birth_date", "date"),
        Declared("communications[]", "list"),
        Declared("communications[].id", "id"),
    )
}

CODES = {
    "risk-domain.csv": HEADER
    + "self_harm,http://s,1,Self harm,equivalent,\n"
    + "self_harm,http://t,A,Self-harm,wider,a second coding\n"
    + "suicide,http://s,2,,equivalent,\n"
    + "other,,,,unmatched,knowingly none\n",
    "half.csv": HEADER + "self_harm,http://s,1,Self harm,equivalent,\n",
    "plan-status.csv": HEADER
    + "active,http://hl7.org/fhir/request-status,active,,equal,\n"
    + "completed,http://hl7.org/fhir/request-status,completed,,equal,\n",
    "topic.csv": HEADER + "safety,http://c,safety,Safety,equal,\n",
    "format.csv": HEADER
    + "braille,http://f,b,Braille,equal,\naudio,http://f,a,Audio,equal,\n",
    "local.csv": HEADER + "x1,http://l,X1,Local one,equal,\n",
}


def code_maps() -> CodeMaps:
    return load_code_maps(CODES)


def load(**files: str) -> Mapping:
    """The mapping of these templates: ``load(flag="- resource: …")``."""
    return load_mapping(
        {f"{name}.yaml": text for name, text in files.items()},
        code_maps=code_maps(),
        declarations=DECLARED,
    )


def faults(text: str) -> list[tuple[str, str]]:
    """What is wrong with a template: (file:line, reason) of each fault."""
    try:
        load(flag=text)
    except MappingInvalid as error:
        return [(issue.path, issue.message) for issue in error.issues]
    return []


def flag(element: str) -> str:
    """A template of one Flag with this element in it, on line 5 onwards."""
    body = "\n".join(f"    {line}" for line in element.splitlines())
    head = """- resource:
    resourceType: Flag
    id: "{id('Flag')}"
"""
    return f"{head}\n{body}\n"


def made(element: str, /, **context: Any) -> dict[str, Any]:
    """What this element becomes: the Flag without its type and id."""
    resources = load(flag=flag(element)).apply(context)
    resource = dict(resources[0]) if resources else {}
    resource.pop("resourceType", None)
    resource.pop("id", None)
    return resource


def value(expression: str, /, **context: Any) -> Any:
    """What one expression gives; None for nothing. It must have no double quote."""
    return made(f'x: "{{{expression}}}"\nalways: y', **context).get("x")


def reason(expression: str) -> str:
    """Why an expression is refused; empty when it is not."""
    found = faults(flag(f'x: "{{{expression}}}"'))
    assert all(place == "flag.yaml:5" for place, _ in found)
    return found[0][1] if found else ""
