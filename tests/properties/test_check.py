"""What the model refuses, the check refuses; and neither tells what was in it.

Sound resources of every type that is emitted are damaged at random, once or more, and
held to fhir.resources' own ``model_validate``.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from laws import examples

from adapter.bundle.check import compile_checker
from adapter.bundle.fhir import is_resource_type, model_issues, shape
from tests.unit.bundle.sound import SOUND, sound_bundle

CHECKER = compile_checker({})
MARK = "zq-Secret-9997000374"

#: Values that are wrong in most places: types, formats, empties, things of excess.
BAD_VALUES = [
    None,
    "",
    " ",
    [],
    {},
    [None],
    [[]],
    [{}],
    True,
    0,
    -1,
    2**31,
    1.5,
    "true",
    "1",
    MARK,
    f" {MARK}",
    f"{MARK}  x",
    "a\x00b",
    "a\x0cb",
    "2026-02-30",
    "2026-13",
    "2026-11-05T25:00:00Z",
    "2026-11-05T09:00:00",
    "2026-11-05 09:00:00Z",
    "0000-01-01",
    "2016-12-31T23:59:60Z",
    "24:00:00",
    "urn:uuid:NOT",
    "urn:oid:9.9",
    "http://a b",
    "/",
    "&&&",
    "abc",
    "YWJj",
    "a" * 300,
    {"extension": []},
    {"extension": [{"url": "https://example.test/x", "valueString": "x"}]},
    {"foo": MARK},
    {"text": MARK},
    {"resourceType": "Flag"},
    {"resourceType": MARK},
]
ODD_KEYS = [
    "foo",
    MARK,
    "_status",
    "_foo",
    "status__ext",
    "for_fhir",
    "resource_type",
    "resourceType",
    "fhir_comments",
    "extension",
    "contained",
    "id",
    "_id",
]


def places(value: Any, path: tuple = ()) -> list[tuple]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            found += places(part, (*path, index))
    return found


def held_by(resource: dict, path: tuple) -> Any:
    for step in path:
        resource = resource[step]
    return resource


def choices_of(kind: str) -> list[str]:
    return [e.name for e in shape(kind).elements if e.choice]


@st.composite
def damaged(draw: st.DrawFn, resources: dict[str, dict]) -> dict:
    kind = draw(st.sampled_from(sorted(resources)))
    resource = copy.deepcopy(resources[kind])
    for _ in range(draw(st.integers(1, 3))):
        known = places(resource)
        if not known:
            break
        path = draw(st.sampled_from(known))
        parent, step = held_by(resource, path[:-1]), path[-1]
        how = draw(
            st.sampled_from(["remove", "replace", "odd", "list", "choice", "sibling"])
        )
        if how == "remove":
            del parent[step]
        elif how == "replace":
            parent[step] = copy.deepcopy(draw(st.sampled_from(BAD_VALUES)))
        elif how == "list":
            own = parent[step]
            parent[step] = own[0] if isinstance(own, list) and own else [own]
        elif isinstance(parent, dict):
            if how == "odd":
                name = draw(st.sampled_from(ODD_KEYS))
            elif how == "choice":
                name = draw(
                    st.sampled_from(
                        choices_of("Extension") + choices_of(kind)
                        if kind in SOUND
                        else ODD_KEYS
                    )
                )
            else:
                name = f"_{step}"
            parent[name] = copy.deepcopy(draw(st.sampled_from(BAD_VALUES)))
    return resource


@examples(800)
@given(damaged(SOUND))
def test_what_the_model_refuses_the_check_refuses(resource: dict) -> None:
    if model_issues(resource):
        assert CHECKER.resource(resource)


@examples(150)
@given(damaged({"Bundle": sound_bundle()}))
def test_a_damaged_bundle_is_refused_as_well(bundle: dict) -> None:
    if model_issues(bundle):
        assert CHECKER.bundle(bundle)


@examples(300)
@given(damaged(SOUND))
def test_no_issue_tells_a_value(resource: dict) -> None:
    for issue in [*CHECKER.resource(resource), *model_issues(resource)]:
        assert MARK not in f"{issue.path} {issue.message}"


@examples(200)
@given(damaged(SOUND))
def test_the_check_changes_nothing_and_says_the_same_twice(resource: dict) -> None:
    before = copy.deepcopy(resource)
    assert CHECKER.resource(resource) == CHECKER.resource(resource)
    assert resource == before


def test_what_is_sound_passes_both() -> None:
    assert CHECKER.bundle(sound_bundle()) == []
    for kind, resource in SOUND.items():
        assert is_resource_type(kind)
        assert CHECKER.resource(resource) == []
        assert model_issues(resource) == []
