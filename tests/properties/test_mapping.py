"""Laws of the mapping language, over templates, contexts and expressions."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import examples
from templates import DECLARED, code_maps, flag

from adapter.errors import MappingInvalid, UnmappedCode
from adapter.mapping.codes import load_code_maps
from adapter.mapping.compile import Mapping, Shared, load_mapping
from adapter.mapping.explain import rebuild
from adapter.mapping.shapes import Shape, context_shapes
from adapter.record.declarations import DECLARATIONS

ROOT = Path(__file__).resolve().parents[2]
IDS = [f"i-{number}" for number in range(6)]
WORDS = ["Rings at nine", "0115 496 0001", "a: {b}", "x1", "é ✓", "young_person"]


# --- contexts -------------------------------------------------------------------------


def value_of(rng: Random, shape: Shape, name: str = "") -> Any:
    """A value that the record model allows in that place, or None for absent."""
    if rng.randrange(4) == 0:
        return None
    if shape.item is not None:
        items = [value_of(rng, shape.item, name) for _ in range(rng.randrange(4))]
        return [item for item in items if item is not None]
    if shape.kind == "object":
        fields = {
            field: value_of(rng, below, field) for field, below in shape.fields.items()
        }
        return {key: each for key, each in fields.items() if each is not None} or None
    if shape.kind == "boolean":
        return rng.random() < 0.5
    if shape.kind == "number":
        return rng.randrange(6)
    if shape.codes:
        return rng.choice(shape.codes)
    return text_of(rng, shape, name)


def text_of(rng: Random, shape: Shape, name: str) -> str:
    if name == "id" or name.endswith(("_ref", "_refs")):
        return rng.choice([*IDS, "young_person"])
    types = {
        declarations[path].type
        for declarations in (DECLARATIONS, DECLARED)
        for path in shape.paths
        if path in declarations
    }
    if "datetime" in types or name == "by":
        return "2026-11-10T12:00:00+00:00"
    if "date" in types:
        return rng.choice(["2009-01-14", "2008-02-29", "2026-12-01"])
    return rng.choice(WORDS)


def context_of(rng: Random, shapes: dict[str, Shape]) -> dict[str, Any]:
    made = {name: value_of(rng, shape) for name, shape in shapes.items()}
    return {name: value for name, value in made.items() if value is not None}


# --- templates ------------------------------------------------------------------------

SMALL = context_shapes(DECLARED)

SCALARS = st.sampled_from(
    [
        "literal",
        "{3}",
        "{false}",
        "{nothing}",
        "{safety.note}",
        "{safety.plan.count}",
        "{safety.plan.agreed}",
        "Ring {safety.note} at {safety.plan.count}",
        "{safety.plan.agreed and safety.note}",
        "{safety.plan.agreed and safety.plan.count > 2}",
        "{safety.note or safety.plan.count}",
        "{safety.note if safety.plan.agreed else nothing}",
        "{safety.risks[0].triggers}",
        "{safety.risks[-1].formats}",
        "{code('risk-domain', safety.risks[0].domain)}",
        "{concept('risk-domain', each(safety.risks, 'domain'))}",
        "{code('topic', 'safety')}",
        "{ref('Patient')}",
        "{ref('Goal', safety.risks[0].id)}",
        "{ref('Goal', known(safety.risks, safety.mitigations[0].risk_refs))}",
        "{person(safety.risks[0].told_by)}",
        "{count(safety.risks)}",
        "{not safety.note}",
        "{'Rings at nine' in safety.risks[0].triggers}",
        "{safety.plan.count <= 3}",
        "{join(safety.risks[0].triggers, '; ')}",
        "{always('kept')}",
        "{find(care_team.members, safety.risks[0].told_by).name}",
        "{first(where(safety.risks, 'domain', 'suicide')).behaviours}",
        "{words(mapped('plan-status', status))}",
        "{gaps[0].text}",
        "{recipient.name}",
    ]
)
HEADS = st.sampled_from(
    [
        {},
        {"if": "safety.note"},
        {"if": "safety.plan.agreed or not safety.note"},
        {"for": "@ in safety.risks"},
        {"for": "@ in pointers"},
        {"for": "@ in safety.risks", "if": "@.domain != 'other'"},
        {"for": "@ in safety.risks", "let": {"@_a": "@.triggers"}, "if": "@_a"},
        {"let": {"@_n": "safety.note"}, "if": "present(@_n)"},
    ]
)
seeds = st.integers(0, 10_000)
NAMES = st.sampled_from(["a", "b", "c", "d"])


def nodes() -> st.SearchStrategy[Any]:
    return st.recursive(
        SCALARS,
        lambda below: st.one_of(
            st.dictionaries(NAMES, below, min_size=1, max_size=3),
            st.lists(
                st.one_of(
                    below.filter(lambda node: not isinstance(node, list)),
                    st.tuples(HEADS, st.dictionaries(NAMES, below, min_size=1)),
                ),
                min_size=1,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )


def settled(node: Any, number: list[int]) -> Any:
    """The node with a name of its own in each head, as YAML will hold it."""
    if isinstance(node, tuple):
        number[0] += 1
        name = f"n{number[0]}"
        head = json.loads(json.dumps(node[0]).replace("@", name))
        return {**head, **settled(node[1], number)}
    if isinstance(node, dict):
        return {key: settled(below, number) for key, below in node.items()}
    if isinstance(node, list):
        return [settled(below, number) for below in node]
    return node


def small_mapping(node: Any) -> Mapping:
    # JSON is YAML, so a drawn tree is written as it is.
    text = flag(f"x: {json.dumps(settled(node, [0]))}\nalways: there")
    return load_mapping(
        {"flag.yaml": text}, code_maps=code_maps(), declarations=DECLARED
    )


def empties(node: Any, at: str = "$") -> list[str]:
    if node is None or node == "" or node == [] or node == {}:
        return [at]
    if isinstance(node, dict):
        return [
            bad for key, below in node.items() for bad in empties(below, f"{at}.{key}")
        ]
    if isinstance(node, list):
        return [
            bad for n, below in enumerate(node) for bad in empties(below, f"{at}[{n}]")
        ]
    return []


# --- laws -----------------------------------------------------------------------------


@given(nodes(), seeds)
def test_what_is_compiled_is_what_the_plain_walk_gives(node, seed):
    mapping = small_mapping(node)
    context = context_of(Random(seed), SMALL)
    compiled = mapping.apply(context)
    walked = [made for made, _ in rebuild(mapping, context)]
    assert json.dumps(compiled) == json.dumps(walked)
    assert [empties(resource) for resource in compiled if empties(resource)] == []


@given(nodes(), seeds)
def test_mapping_is_repeatable_and_leaves_its_context_alone(node, seed):
    mapping = small_mapping(node)
    context = context_of(Random(seed), SMALL)
    before = copy.deepcopy(context)
    first = json.dumps(mapping.apply(context))
    assert json.dumps(mapping.apply(context)) == first
    assert context == before


@given(nodes(), seeds)
def test_each_element_is_explained_by_its_place(node, seed):
    mapping = small_mapping(node)
    context = context_of(Random(seed), SMALL)
    for resource, traces in rebuild(mapping, context):
        for trace in traces:
            assert found(resource, trace.element.partition(".")[2])
            assert trace.file == "flag.yaml"


def found(resource: Any, path: str) -> bool:
    node = resource
    for step in path.replace("[", ".[").split("."):
        node = node[int(step[1:-1])] if step.startswith("[") else node[step]
    return node is not None


@given(st.permutations(IDS))
def test_items_keep_the_order_of_the_record(order):
    text = """
- for: risk in safety.risks
  resource:
    resourceType: Flag
    id: "{id('Flag', risk.id)}"
"""
    mapping = load_mapping(
        {"flag.yaml": text}, code_maps=code_maps(), declarations=DECLARED
    )
    made = mapping.apply({"safety": {"risks": [{"id": each} for each in order]}})
    assert [resource["id"] for resource in made] == [f"Flag/{each}" for each in order]


OUTSIDE = st.sampled_from(
    [
        "{a} + {b}",
        "{a} - {b}",
        "{a} * 3",
        "{a} & {b}",
        "{a} is {b}",
        "lambda: {a}",
        "[{a}, {b}]",
        "({a}, {b})",
        "[x for x in {a}]",
        "({a}).x()",
        "f'{a}'",
        "words(code={a})",
        "words(*{a})",
        "({a})[0:1]",
        "({a})[{b}]",
        "(x := {a})",
        "{a} < {b} < {a}",
        "{a} if {b}",
        "None or {a}",
        "({a}).__class__",
        "__import__({a})",
        "{a} # {b}",
        "{a})",
        "({a}",
        "await {a}",
        "yield {a}",
        "{a}; {b}",
        "{a} = {b}",
        "{a} | {b} or 'x' | words",
    ]
)
INSIDE = st.sampled_from(
    ["safety.note", "'text'", "3", "true", "words(safety.note)", "safety.plan.count"]
)


@given(OUTSIDE, INSIDE, INSIDE, st.integers(0, 5))
def test_what_is_outside_the_subset_is_refused_with_its_line(outside, a, b, above):
    expression = outside.replace("{a}", a).replace("{b}", b)
    element = "".join(f"e{n}: y\n" for n in range(above)) + f'x: "{{{expression}}}"'
    with pytest.raises(MappingInvalid) as refused:
        load_mapping(
            {"flag.yaml": flag(element)}, code_maps=code_maps(), declarations=DECLARED
        )
    issues = refused.value.issues
    assert [issue.path for issue in issues] == [f"flag.yaml:{5 + above}"]
    assert all(issue.message for issue in issues)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks_the_loading(text):
    element = f"x: {json.dumps(text)}"
    try:
        mapping = load_mapping(
            {"flag.yaml": flag(element)}, code_maps=code_maps(), declarations=DECLARED
        )
    except MappingInvalid as error:
        issues = error.issues
        assert issues != (), "refused without a reason"  # noqa: PT017  either may be
    else:
        assert empties(mapping.apply({})) == []


# --- the mapping that is shipped ------------------------------------------------------


@cache
def shipped() -> Mapping:
    def texts(pattern: str) -> dict[str, str]:
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in (ROOT / "mappings").glob(pattern)
        }

    return load_mapping(
        texts("fhir/*.yaml"),
        code_maps=load_code_maps(texts("codes/*.csv")),
        declarations=DECLARATIONS,
    )


SHAPES = context_shapes(DECLARATIONS)


@examples(60)
@given(seeds)
def test_the_shipped_mapping_gives_nothing_empty(seed):
    context = context_of(Random(seed), SHAPES)
    try:
        compiled = shipped().apply(context)
    except UnmappedCode:
        return  # a code whose values the record model does not list
    assert empties(compiled) in ([], ["$"])
    walked = [made for made, _ in rebuild(shipped(), context)]
    assert json.dumps(compiled) == json.dumps(walked)


@examples(40)
@given(seeds, seeds, seeds)
def test_what_was_made_of_one_context_does_not_show_in_another(first, second, choice):
    contexts = [context_of(Random(seed), SHAPES) for seed in (first, second)]
    rng = Random(choice)
    mixed = {
        name: rng.choice(contexts).get(name)
        for name in SHAPES
        if any(name in context for context in contexts)
    }
    mixed = {name: held for name, held in mixed.items() if held is not None}
    shared = Shared()
    try:
        alone = [shipped().apply(context) for context in (*contexts, mixed)]
    except UnmappedCode:
        return
    together = [shipped().apply(context, shared) for context in (*contexts, mixed)]
    assert json.dumps(together) == json.dumps(alone)
