"""The record that a newcomer starts from: the smallest valid one of each type.

Nothing can be taken out of it without its being refused. The other form adds what a
handover nearly always has, so that nothing is flagged. Everyone in it is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from adapter.clock import format_instant, london_day
from adapter.record.declarations import DECLARATIONS, declared
from adapter.record.faults import Place, write_path

Tree = dict[str, Any]

TYPES = DECLARATIONS["transition.transition_type"].codes


class _Move(NamedTuple):
    """Between which settings a type of transition goes, and at which age."""

    leaving: str
    joining: str
    age: int


_MOVES: Mapping[str, _Move] = {
    "inpatient_cyp_to_adult_inpatient": _Move("cyp_inpatient", "adult_inpatient", 17),
    "inpatient_cyp_to_adult_community": _Move("cyp_inpatient", "adult_community", 17),
    "inpatient_cyp_to_cyp_community": _Move("cyp_inpatient", "cyp_community", 15),
    "inpatient_cyp_to_community_placement": _Move(
        "cyp_inpatient", "community_placement", 16
    ),
    "cyp_community_to_adult_community": _Move("cyp_community", "adult_community", 17),
    "inpatient_adult_to_community": _Move("adult_inpatient", "adult_community", 19),
    "adult_inpatient_to_adult_inpatient": _Move(
        "adult_inpatient", "adult_inpatient", 19
    ),
    "crisis_to_step_down": _Move("crisis_home_treatment", "adult_community", 19),
    "crisis_to_community_placement": _Move(
        "crisis_home_treatment", "community_placement", 19
    ),
    "placement_to_home_or_community": _Move("community_placement", "family_home", 17),
}
_CARE_AT_HOME = ("family_home", "community_placement")


def template(transition_type: str, *, now: datetime, minimal: bool = True) -> Tree:
    """A valid record of this type of transition, its dates around ``now`` (aware).

    ``minimal``: the smallest one; else one at which nothing is flagged. KeyError for
    a type that the record model does not have.
    """
    move = _MOVES[transition_type]
    tree = {
        **_envelope(now),
        "young_person": _young_person(now, move),
        "transition": _transition(transition_type, now, move),
        **_care(now),
        **_people(move),
        "clinical_essentials": {"allergy_status": "none_known"},
    }
    if not minimal:
        _add_the_expected(tree, now)
    return tree


def explain(tree: Tree) -> list[dict[str, Any]]:
    """What each field of the tree is, in document order.

    ``[{"path", "type", "required", "allowed", "category", "safety_critical",
    "meaning"}]``; ``allowed`` is None where the type says it all, ``required`` is what
    every record must have where its parent stands.
    """
    told = []
    for place in _places(tree):
        path = write_path(place)
        found = declared(path)
        told.append(
            {
                "path": path,
                "type": found.type,
                "required": found.required,
                "allowed": list(found.codes) or None,
                "category": found.category,
                "safety_critical": found.safety_critical,
                "meaning": found.text or str(place[-1]).replace("_", " "),
            }
        )
    return told


def _places(node: Any, place: Place = ()) -> Iterator[Place]:
    """The properties of the tree; items of lists are spoken of by their list."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield (*place, name)
            yield from _places(value, (*place, name))
    elif isinstance(node, list):
        for position, item in enumerate(node):
            yield from _places(item, (*place, position))


def _day(now: datetime, days: int) -> str:
    return (london_day(now) + timedelta(days=days)).isoformat()


def _instant(now: datetime, **ago: float) -> str:
    return format_instant(now - timedelta(**ago))


def _envelope(now: datetime) -> Tree:
    return {
        "schema_version": "0.2",
        "record_id": "tr-0001",
        "record_version": 1,
        "status": "active",
        "source_system": {"ods_code": "ZZ9A1", "name": "Larkmoor EHR"},
        "authored_at": _instant(now, hours=2),
        "updated_at": _instant(now, hours=1),
        "author_ref": "m-1",
        "co_production": {"level": "written_with_young_person"},
    }


def _young_person(now: datetime, move: _Move) -> Tree:
    return {
        "nhs_number": "9990000018",
        "nhs_number_status": "verified",
        "local_patient_id": "LKM-1",
        "names": [{"id": "n-1", "use": "official", "given": "Robin"}],
        "administrative_gender": "female",
        "birth_date": _day(now, -365 * move.age - 60),
        "neurodevelopmental": {
            "autism": "not_indicated",
            "adhd": "not_indicated",
            "learning_disability": "not_indicated",
        },
    }


def _service(name: str, setting: str, ods_code: str) -> Tree:
    if setting in _CARE_AT_HOME:
        return {"name": name, "setting": setting}
    return {"ods_code": ods_code, "name": name, "setting": setting}


def _transition(transition_type: str, now: datetime, move: _Move) -> Tree:
    joining = _service("Fenwick", move.joining, "ZZ9B1")
    return {
        "transition_type": transition_type,
        "status": "agreed",
        "reason": "needs_changed",
        "needs_based_rationale": "Ready for more freedom, with the same support",
        "from_service": _service("Larkmoor", move.leaving, "ZZ9A1"),
        "to_service": {**joining, "accepted": "accepted"},
        "planned_date": _day(now, 7),
        "clinical_responsibility_moves_at": _instant(now, days=-7),
        "named_transition_worker_ref": "m-1",
        "visit_or_introduction": "met_new_team",
        "place_preference": {"asked": "asked"},
        "out_of_area": {"is_out_of_area": "no"},
        "legal_status": {"mha_section": "informal", "s117_entitled": "no"},
        "advocacy": {"type": "none", "offered": "not_eligible"},
    }


def _care(now: datetime) -> Tree:
    return {
        "safety": {
            "formulation": {
                "summary": "Distress grows with lost sleep; routine steadies",
                "strengths_and_protective": "Loyal, and good at asking for help",
                "assessed_on": _day(now, -3),
                "assessor_ref": "m-1",
            },
            "safety_plan": {
                "written_with": "young_person",
                "warning_signs_i_notice": ["I stop answering messages"],
                "things_i_can_do_myself": ["Walk the dog"],
                "crisis_contacts": [
                    {
                        "id": "cc-1",
                        "name": "Fenwick crisis line",
                        "phone": "0115 496 0100",
                        "available": "always",
                    }
                ],
                "review_on": _day(now, 21),
            },
            "risks": [
                {
                    "id": "rk-1",
                    "domain": "self_harm",
                    "behaviours": "Scratches forearms when alone at night",
                    "people_affected": "self",
                }
            ],
            "environment": {"destination_assessed": "assessed"},
        },
        "safeguarding": {
            "risk_reviewed_for_step_down_on": _day(now, -3),
            "review_outcome": "no_current_concern",
            "named_lead_ref": "m-1",
            "named_lead_after_transition_ref": "m-1",
            "local_authority": {"social_care_basis": "none"},
            "escalation_pathway": [
                {
                    "id": "es-1",
                    "step": 1,
                    "when": "Anyone is worried about harm",
                    "who": "Named safeguarding lead",
                    "how": "0115 496 0200",
                }
            ],
            "reporting_route_after_transition": "Ring the safeguarding lead",
            "review_points": [{"id": "rv-1", "on": _day(now, 35), "owner_ref": "m-1"}],
        },
        "step_down_plan": {
            "purpose": "Hold the gains, then do more alone",
            "phases": [
                {
                    "id": "ph-1",
                    "order": 1,
                    "starts_on": _day(now, 7),
                    "contacts": {"count": 2, "period": "week"},
                    "contact_mode": "mixed",
                    "style": "mixed",
                    "intensity_basis": "New place, confidence growing",
                }
            ],
            "first_contact_after_move": _instant(now, days=-8),
            "clinical_reviews": [
                {"id": "cr-1", "on": _day(now, 28), "owner_ref": "m-1"}
            ],
            "escalation_thresholds": [
                {
                    "id": "et-1",
                    "if_this_happens": "Two nights without sleep",
                    "do_this": "Ring the same day",
                    "contact": "0115 496 0100",
                }
            ],
            "advice_between_appointments": [
                {
                    "id": "ad-1",
                    "who": "Fenwick crisis line",
                    "phone": "0115 496 0100",
                    "hours": "24 hours, 7 days",
                }
            ],
            "if_plan_not_working": "Ring twice, then visit the same day",
        },
    }


def _people(move: _Move) -> Tree:
    family: Tree = {"household": {"applies": False}, "no_family_or_friends": "no"}
    if move.joining == "community_placement":
        family = _with_host()
    kind = "cyp_mh_service" if move.joining == "cyp_community" else "adult_mh_service"
    aged_16 = move.age >= 16
    return {
        "family_and_carers": family,
        "consent_and_sharing": {
            "competence": {
                "gillick": "not_applicable_16_or_over" if aged_16 else "not_assessed",
                "capacity": "not_assessed_presumed"
                if aged_16
                else "not_applicable_under_16",
            },
            "recipients": [
                {
                    "id": "r-1",
                    "kind": kind,
                    "name": "Fenwick Team",
                    "ods_code": "ZZ9B1",
                    "care_relationship": "planned_care_accepted",
                }
            ],
            "lawful_basis": {
                "article_6": "6_1_e_public_task",
                "article_9": "9_2_h_health_or_social_care",
            },
        },
        "care_team": {
            "members": [
                {
                    "id": "m-1",
                    "name": "Ash Sender",
                    "role": "transition_worker",
                    "organisation_name": "Larkmoor",
                    "side": "sending",
                }
            ]
        },
    }


def _with_host() -> Tree:
    """The home that someone moves into, and who answers there."""
    return {
        "people": [
            {
                "id": "p-1",
                "name": "Sam Host",
                "relation": "shared_lives_carer",
                "parental_responsibility": "no",
                "is_carer": True,
                "involvement": "involved_from_admission",
                "contact_restriction": "none",
            }
        ],
        "household": {
            "applies": True,
            "children_present_or_visiting": "none",
            "host_briefed": "briefed_and_agreed",
            "host_person_ref": "p-1",
            "host_crisis_phone": "0115 496 0400",
            "host_debrief_arrangement": "A call with the keyworker each Friday",
        },
        "no_family_or_friends": "no",
    }


def _add_the_expected(tree: Tree, now: datetime) -> None:
    """What a handover nearly always has; its absence would be flagged."""
    tree["consent_and_sharing"]["change_at_18"] = {
        "discussed_with_young_person_on": _day(now, -10)
    }
    tree["transition"]["differences_between_settings"] = [
        {
            "id": "df-1",
            "topic": "staffing",
            "what_will_be_different": "Nobody is there at night",
        }
    ]
    tree["safety"]["mitigations"] = [
        {
            "id": "mt-1",
            "risk_refs": ["rk-1"],
            "measure": "Evening call at nine",
            "rationale": "Evenings are when urges peak",
            "rationale_kind": "behaviour",
            "effectiveness": "helped",
            "safety_critical": True,
            "owner_ref": "m-1",
            "owner_after_transition_ref": "m-1",
            "continues_after_transition": "continues",
            "review_on": _day(now, 21),
            "is_restrictive": False,
        }
    ]
    expected = (
        ("r-2", "gp", "Testham Surgery", "ZZ9G1", "current_care"),
        ("r-3", "crisis_team", "Fenwick Crisis Team", "ZZ9B3", "planned_care_accepted"),
    )
    tree["consent_and_sharing"]["recipients"] += [
        {
            "id": name,
            "kind": kind,
            "name": called,
            "ods_code": ods_code,
            "care_relationship": care,
        }
        for name, kind, called, ods_code, care in expected
    ] + [
        {
            "id": "r-4",
            "kind": "young_person",
            "name": "The young person",
            "care_relationship": "none",
        }
    ]
