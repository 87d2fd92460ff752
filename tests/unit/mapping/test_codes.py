"""Code maps. Source: record model, section 0.2; DESIGN section 5."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap
from templates import HEADER

from adapter.errors import MappingInvalid
from adapter.mapping.codes import concept_map, load_code_maps

CODES = Path(__file__).resolve().parents[3] / "mappings" / "codes"


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(MappingInvalid) as refused:
        load_code_maps({"codes/a.csv": text})
    return [(issue.path, issue.message) for issue in refused.value.issues]


def test_a_map_gives_its_codings_by_local_code():
    text = HEADER + 'a,http://s,1,"One, two",equal,why\na,http://t,2,,wider,\n'
    code_map = load_code_maps({"codes/risk-domain.csv": text})["risk-domain"]
    assert code_map.codings == {
        "a": [
            {"system": "http://s", "code": "1", "display": "One, two"},
            {"system": "http://t", "code": "2"},
        ]
    }
    assert [row.line for row in code_map.rows_for("a")] == [2, 3]


def test_an_unmatched_code_is_known_and_has_no_coding():
    code_map = load_code_maps({"a.csv": HEADER + "x,,,,unmatched,nothing fits\n"})["a"]
    assert code_map.codings == {"x": []}


@pytest.mark.parametrize(
    "target",
    [
        *("high", "medium", "low", "red", "amber", "green", "High", " RED"),
        *("risk_level", "risk-score", "Risk Band", "rag", "RAG-status"),
    ],
)
def test_a_target_that_ranks_risk_does_not_load(target):
    place, message = faults(HEADER + f"a,http://s,{target},,equal,\n")[-1]
    assert place == "codes/a.csv:2"
    assert "ranks risk" in message
    assert "ranks risk" in faults(HEADER + f"a,http://s,1,{target},equal,\n")[-1][1]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("", 1, "the columns are"),
        ("code,system\n", 1, "the columns are"),
        (HEADER + "a,b\n", 2, "6 cells are needed, here are 2"),
        (HEADER + "a,http://s,1,,equal,,x\n", 2, "here are 7"),
        (HEADER + ",http://s,1,,equal,\n", 2, "the local code is missing"),
        (HEADER + "a,,1,,equal,\n", 2, "a target and its system"),
        (HEADER + "a,http://s,,,equal,\n", 2, "a target and its system"),
        (HEADER + "a,http://s,1,,same,\n", 2, "the equivalence is one of"),
        (HEADER + "a,http://s,1,,unmatched,\n", 2, "an unmatched code has no"),
        (HEADER + "a ,http://s,1,,equal,\n", 2, "begins or ends with a space"),
        (HEADER + "a,http://s,1,,equal,\n" * 2, 3, "stands here already"),
        (HEADER + 'a,http://s,1,"x"y,equal,\n', 2, "not CSV"),
        (
            HEADER + "a,http://s,1,,equal,\na,,,,unmatched,\n",
            3,
            "unmatched beside",
        ),
    ],
)
def test_a_faulty_row_is_told_with_its_line(text, place, word):
    found = faults(text)
    assert [at for at, _ in found] == [f"codes/a.csv:{place}"]
    assert word in found[0][1]


def test_two_files_cannot_hold_one_map():
    with pytest.raises(MappingInvalid):
        load_code_maps({"a/x.csv": HEADER, "b/x.csv": HEADER})


def test_the_version_names_the_texts():
    row = "a,http://s,1,,equal,\n"
    assert (
        load_code_maps({"a.csv": HEADER}).version
        != load_code_maps({"a.csv": HEADER + row}).version
    )


def test_a_map_is_published_as_a_concept_map():
    text = (
        HEADER
        + "a,http://s,1,One,equal,\na,http://t,2,,inexact,\n"
        + "b,http://s,3,,wider,why\nc,,,,unmatched,none\n"
    )
    made = concept_map(load_code_maps({"risk-domain.csv": text})["risk-domain"])
    assert made["name"] == "RiskDomain"
    assert made["group"] == [
        {
            "target": "http://s",
            "element": [
                {
                    "code": "a",
                    "target": [{"code": "1", "display": "One", "equivalence": "equal"}],
                },
                {
                    "code": "b",
                    "target": [{"code": "3", "equivalence": "wider", "comment": "why"}],
                },
                {
                    "code": "c",
                    "target": [{"equivalence": "unmatched", "comment": "none"}],
                },
            ],
        },
        {
            "target": "http://t",
            "element": [
                {
                    "code": "a",
                    "target": [
                        {
                            "code": "2",
                            "equivalence": "inexact",
                            "comment": "The nearest code that the target system has.",
                        }
                    ],
                }
            ],
        },
    ]
    ConceptMap.model_validate(made)


@pytest.mark.parametrize(
    "path", sorted(CODES.glob("*.csv")), ids=lambda path: path.name
)
def test_every_shipped_map_makes_a_valid_concept_map(path):
    maps = load_code_maps({path.name: path.read_text(encoding="utf-8")})
    ConceptMap.model_validate(concept_map(maps[path.stem]))
