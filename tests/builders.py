"""Makes a valid thing from only what a test cares about.

``make_tree()`` is about the smallest active record without any warning; a test changes
it by paths as issues write them::

    make_record({"safety.risks[0].domain": "substances"})
    make_record({"consent_and_sharing.decisions[+]": a_permit("r-home", [RSK])})
    make_tree({"safeguarding.named_lead_ref": REMOVE})
    make_tree(young_person__birth_date="2010-02-28")

Everyone in it is invented; NHS numbers begin with 999 and were never issued.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapter.policy import DEFAULT_POLICY, Policy
from adapter.record.model import Record
from adapter.record.parse import parse

POLICY = DEFAULT_POLICY
NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
"""The instant at which the tests take place, a Thursday in winter time."""

REMOVE = object()
"""As a change: the property or item is taken away."""

_TREE: dict[str, Any] = {
    "schema_version": "0.2",
    "record_id": "tr-0001",
    "record_version": 1,
    "status": "active",
    "source_system": {"ods_code": "ZZ9A1", "name": "Larkmoor EHR (synthetic)"},
    "authored_at": "2026-11-04T09:00:00+00:00",
    "updated_at": "2026-11-05T08:00:00+00:00",
    "author_ref": "m-1",
    "co_production": {"level": "written_with_young_person"},
    "young_person": {
        "nhs_number": "9990000018",
        "nhs_number_status": "verified",
        "local_patient_id": "LKM-1",
        "names": [
            {"id": "n-1", "use": "official", "given": "Robin", "family": "Testley"}
        ],
        "administrative_gender": "female",
        "birth_date": "2009-09-01",
        "neurodevelopmental": {
            "autism": "not_indicated",
            "adhd": "not_indicated",
            "learning_disability": "not_indicated",
        },
    },
    "transition": {
        "transition_type": "inpatient_cyp_to_adult_community",
        "status": "agreed",
        "reason": "needs_changed",
        "needs_based_rationale": "Ready to go on in the community",
        "from_service": {
            "ods_code": "ZZ9A1",
            "name": "Larkmoor Adolescent Unit",
            "setting": "cyp_inpatient",
        },
        "to_service": {
            "ods_code": "ZZ9B1",
            "name": "Fenwick Adult Team",
            "setting": "adult_community",
            "accepted": "accepted",
        },
        "planned_date": "2026-11-10",
        "clinical_responsibility_moves_at": "2026-11-10T12:00:00+00:00",
        "named_transition_worker_ref": "m-1",
        "differences_between_settings": [
            {
                "id": "df-1",
                "topic": "staffing",
                "what_will_be_different": "Nobody is there at night",
            }
        ],
        "visit_or_introduction": "met_new_team",
        "place_preference": {"asked": "asked"},
        "out_of_area": {"is_out_of_area": "no"},
        "legal_status": {"mha_section": "informal", "s117_entitled": "no"},
        "advocacy": {"type": "none", "offered": "not_eligible"},
    },
    "safety": {
        "formulation": {
            "summary": "Distress grows with lost sleep; routine steadies",
            "strengths_and_protective": "Loyal, and good at asking for help",
            "assessed_on": "2026-11-02",
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
                    "phone": "0800 000 0999",
                    "available": "always",
                }
            ],
            "review_on": "2026-12-01",
        },
        "risks": [
            {
                "id": "rk-1",
                "domain": "self_harm",
                "behaviours": "Scratches forearms when alone at night",
                "people_affected": "self",
            }
        ],
        "mitigations": [
            {
                "id": "mt-1",
                "risk_refs": ["rk-1"],
                "measure": "Evening call at nine",
                "rationale": "Evenings are when urges peak",
                "rationale_kind": "behaviour",
                "effectiveness": "helped",
                "safety_critical": True,
                "owner_ref": "m-1",
                "owner_after_transition_ref": "m-2",
                "continues_after_transition": "continues",
                "review_on": "2026-12-01",
                "is_restrictive": False,
            }
        ],
        "environment": {"destination_assessed": "assessed"},
    },
    "safeguarding": {
        "risk_reviewed_for_step_down_on": "2026-11-02",
        "review_outcome": "no_current_concern",
        "named_lead_ref": "m-1",
        "named_lead_after_transition_ref": "m-2",
        "local_authority": {"name": "Testham Council", "social_care_basis": "none"},
        "escalation_pathway": [
            {
                "id": "es-1",
                "step": 1,
                "when": "Anyone is worried about harm",
                "who": "Named safeguarding lead",
                "how": "0115 496 0400",
            }
        ],
        "reporting_route_after_transition": "Ring the team's safeguarding lead",
        "review_points": [{"id": "rv-1", "on": "2026-12-08", "owner_ref": "m-2"}],
    },
    "step_down_plan": {
        "purpose": "Hold the gains, then do more alone",
        "phases": [
            {
                "id": "ph-1",
                "order": 1,
                "starts_on": "2026-11-10",
                "contacts": {"count": 2, "period": "week"},
                "contact_mode": "mixed",
                "style": "mixed",
                "intensity_basis": "New place, confidence growing",
            }
        ],
        "first_contact_after_move": "2026-11-11T10:00:00+00:00",
        "clinical_reviews": [{"id": "cr-1", "on": "2026-12-02", "owner_ref": "m-2"}],
        "escalation_thresholds": [
            {
                "id": "et-1",
                "if_this_happens": "Two nights without sleep",
                "do_this": "Ring the same day",
                "contact": "0800 000 0999",
            }
        ],
        "advice_between_appointments": [
            {
                "id": "ad-1",
                "who": "Fenwick crisis line",
                "phone": "0800 000 0999",
                "hours": "24 hours, 7 days",
            }
        ],
        "if_plan_not_working": "Ring twice, then visit the same day",
    },
    "family_and_carers": {
        "household": {"applies": False},
        "no_family_or_friends": "no",
    },
    "consent_and_sharing": {
        "competence": {
            "gillick": "not_applicable_16_or_over",
            "capacity": "not_assessed_presumed",
        },
        "recipients": [
            {
                "id": "r-amh",
                "kind": "adult_mh_service",
                "name": "Fenwick Adult Team",
                "ods_code": "ZZ9B1",
                "care_relationship": "planned_care_accepted",
            },
            {
                "id": "r-gp",
                "kind": "gp",
                "name": "Testham Surgery",
                "ods_code": "ZZ9G1",
                "care_relationship": "current_care",
            },
            {
                "id": "r-crisis",
                "kind": "crisis_team",
                "name": "Fenwick Crisis Team",
                "ods_code": "ZZ9B3",
                "care_relationship": "planned_care_accepted",
            },
            {
                "id": "r-yp",
                "kind": "young_person",
                "name": "The young person",
                "care_relationship": "none",
            },
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
                "organisation_ods": "ZZ9A1",
                "organisation_name": "Larkmoor Adolescent Unit",
                "phone": "0115 496 0500",
                "side": "sending",
            },
            {
                "id": "m-2",
                "name": "Bo Receiver",
                "role": "care_coordinator",
                "organisation_ods": "ZZ9B1",
                "organisation_name": "Fenwick Adult Team",
                "phone": "0115 496 0600",
                "side": "receiving",
            },
        ]
    },
    "clinical_essentials": {"allergy_status": "none_known"},
}


def make_tree(
    changes: Mapping[str, Any] | None = None, /, **named: Any
) -> dict[str, Any]:
    """A fresh record tree with these changes; ``a__b=…`` is the path ``a.b``.

    A path is made as far as it is not there; ``list[+]`` adds to a list, and REMOVE as
    the value takes away.
    """
    tree = copy.deepcopy(_TREE)
    spelt = {name.replace("__", "."): value for name, value in named.items()}
    for path, value in {**(changes or {}), **spelt}.items():
        change(tree, path, value)
    return tree


def make_body(changes: Mapping[str, Any] | None = None, /, **named: Any) -> bytes:
    """The bytes that a sender would post, with these changes."""
    return to_body(make_tree(changes, **named))


def make_record(
    changes: Mapping[str, Any] | None = None,
    /,
    *,
    policy: Policy = POLICY,
    now: datetime = NOON,
    **named: Any,
) -> Record:
    """A parsed record with these changes; InvalidRecord when they break it."""
    return parse(make_body(changes, **named), policy=policy, now=now)


def to_body(tree: Any) -> bytes:
    """The tree as JSON bytes, properties in their order."""
    return json.dumps(tree).encode()


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|\+)\]")


def change(tree: Any, path: str, value: Any) -> None:
    """Put the value at that path of the tree, or take away what stands there."""
    steps: list[Any] = [
        name or (position if position == "+" else int(position))
        for name, position in _STEP.findall(path)
    ]
    node = tree
    for step, following in zip(steps, steps[1:], strict=False):
        empty: Any = {} if isinstance(following, str) and following != "+" else []
        if step == "+":
            node.append(empty)
            node = node[-1]
        elif isinstance(node, dict):
            node = node.setdefault(step, empty)
        else:
            node = node[step]
    last = steps[-1]
    if value is REMOVE:
        del node[last]
    elif last == "+":
        node.append(copy.deepcopy(value))
    else:
        node[last] = copy.deepcopy(value)


def a_recipient(recipient_id: str, kind: str, **fields: Any) -> dict[str, Any]:
    """One recipient; a code is made up for the health kinds, as they must have one."""
    found = {
        "id": recipient_id,
        "kind": kind,
        "name": "An invented recipient",
        "care_relationship": "none",
    }
    if kind.endswith(("mh_service", "_team", "provider")) or kind == "gp":
        found["ods_code"] = "ZZ9X1"
    return {**found, **fields}


def a_person(person_id: str, **fields: Any) -> dict[str, Any]:
    """One relative without parental responsibility and without restriction."""
    return {
        "id": person_id,
        "name": "Sam Testley",
        "relation": "mother",
        "parental_responsibility": "no",
        "is_carer": False,
        "involvement": "involved_from_admission",
        "contact_restriction": "none",
        **fields,
    }


def a_permit(
    recipient_ref: str, categories: list[str], **fields: Any
) -> dict[str, Any]:
    """The young person's agreement of last month, for one recipient."""
    return {
        "id": "d-1",
        "recipient_ref": recipient_ref,
        "categories": list(categories),
        "decision": "permit",
        "decided_by": "young_person",
        "decided_at": "2026-10-12T10:00:00+01:00",
        "effective_from": "2026-10-12",
        "review_on": "2027-01-12",
        **fields,
    }


def a_refusal(
    recipient_ref: str, categories: list[str], **fields: Any
) -> dict[str, Any]:
    """The young person's refusal of last month, for one recipient."""
    return a_permit(recipient_ref, categories, **{"decision": "deny", **fields})


def an_override(
    recipient_ref: str, categories: list[str], **fields: Any
) -> dict[str, Any]:
    """A complete override of yesterday, for a week."""
    return {
        "id": "ov-1",
        "recipient_ref": recipient_ref,
        "categories": list(categories),
        "reason_code": "serious_harm_to_others",
        "reason_text": "A named other person was threatened yesterday",
        "decided_by_ref": "m-1",
        "decided_at": "2026-11-04T18:00:00+00:00",
        "expires_at": "2026-11-11T18:00:00+00:00",
        "young_person_told": "told_before",
        **fields,
    }


def a_risk(risk_id: str, **fields: Any) -> dict[str, Any]:
    """One more risk; no mitigation names it yet."""
    return {
        "id": risk_id,
        "domain": "isolation",
        "behaviours": "Stays in one room for days",
        "people_affected": "self",
        **fields,
    }


def a_mitigation(mitigation_id: str, *risk_refs: str, **fields: Any) -> dict[str, Any]:
    """One more mitigation of these risks, not safety-critical."""
    return {
        "id": mitigation_id,
        "risk_refs": list(risk_refs),
        "measure": "A walk with the keyworker",
        "rationale": "Being outdoors helps",
        "rationale_kind": "need",
        "effectiveness": "partly_helped",
        "safety_critical": False,
        "continues_after_transition": "continues",
        "review_on": "2026-12-01",
        "is_restrictive": False,
        **fields,
    }


def a_concern(concern_id: str, **fields: Any) -> dict[str, Any]:
    """One open safeguarding alert that the provider answers; or a complaint."""
    alert = {
        "statutory_threshold": "none",
        "response_level": "provider_led_response",
        "who_leads": "provider",
    }
    return {
        "id": concern_id,
        "kind": "safeguarding_alert",
        "types": ["neglect"],
        "description": "Left without meals at home",
        "status": "open",
        "response_rationale": "Known to all, and support is in place",
        "explained_to_person": "explained_agrees",
        **(alert if fields.get("kind", "safeguarding_alert").endswith("alert") else {}),
        **fields,
    }
