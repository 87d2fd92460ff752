"""The invariants of the resources that the mapping makes.

Source: FHIR R4 (4.0.1), the constraints of severity error (and con-3, a warning there)
on each type, by their own keys. "ta-" rules are ours.
"""

from __future__ import annotations

from collections.abc import Callable

from adapter.bundle.check.invariants.rule import (
    Invariant,
    Node,
    codings,
    has,
    implies,
    is_coded,
    is_not_after,
)
from adapter.bundle.check.invariants.types import UCUM

_NOT_MEANT = "entered-in-error"


def _is_percent(node: Node, name: str) -> bool:
    part = node.get(name)
    return part is None or (part.get("code"), part.get("system")) == ("%", UCUM)


def _is_answered_once(node: Node) -> bool:
    """obs-7: no component repeats the code of an Observation that has a value."""
    if not has(node, "value"):
        return True
    own = set(codings(node, "code"))
    return not any(
        own & set(codings(component, "code")) for component in node.get("component", ())
    )


def _needs_patient(code: str) -> Callable[[Node], bool]:
    def holds(node: Node) -> bool:
        return "patient" in node or all(
            found != code for _, found in codings(node, "scope")
        )

    return holds


RESOURCES = (
    Invariant(
        "ait-1",
        "AllergyIntolerance",
        "a clinical status, unless entered in error",
        lambda r: (
            "clinicalStatus" in r
            or is_coded(
                r,
                "verificationStatus",
                "allergyintolerance-verification",
                _NOT_MEANT,
            )
        ),
    ),
    Invariant(
        "ait-2",
        "AllergyIntolerance",
        "no clinical status when entered in error",
        lambda r: (
            "clinicalStatus" not in r
            or not is_coded(
                r,
                "verificationStatus",
                "allergyintolerance-verification",
                _NOT_MEANT,
            )
        ),
    ),
    Invariant(
        "app-1",
        "AppointmentParticipant",
        "a type or an actor",
        lambda p: "type" in p or "actor" in p,
    ),
    Invariant(
        "app-2",
        "Appointment",
        "start and end stand together",
        lambda r: ("start" in r) == ("end" in r),
    ),
    Invariant(
        "app-3",
        "Appointment",
        "start and end, unless proposed, cancelled or waiting",
        lambda r: (
            ("start" in r and "end" in r)
            or r.get("status") in ("proposed", "cancelled", "waitlist")
        ),
    ),
    Invariant(
        "app-4",
        "Appointment",
        "a reason of cancelling only when cancelled or missed",
        lambda r: (
            "cancelationReason" not in r or r.get("status") in ("no-show", "cancelled")
        ),
    ),
    Invariant(
        "cpl-3",
        "CarePlanActivity",
        "a reference or a detail, not both",
        lambda a: not ("detail" in a and "reference" in a),
    ),
    Invariant(
        "con-1",
        "ConditionStage",
        "a summary or an assessment",
        lambda s: "summary" in s or "assessment" in s,
    ),
    Invariant(
        "con-2",
        "ConditionEvidence",
        "a code or a detail",
        lambda e: "code" in e or "detail" in e,
    ),
    Invariant(
        "con-3",
        "Condition",
        "a problem on the list has a clinical status, unless entered in error",
        lambda r: (
            "clinicalStatus" in r
            or is_coded(r, "verificationStatus", "condition-ver-status", _NOT_MEANT)
            or not is_coded(r, "category", "condition-category", "problem-list-item")
        ),
    ),
    Invariant(
        "con-4",
        "Condition",
        "what has abated is inactive, resolved or in remission",
        lambda r: (
            not has(r, "abatement")
            or is_coded(
                r,
                "clinicalStatus",
                "condition-clinical",
                "resolved",
                "remission",
                "inactive",
            )
        ),
    ),
    Invariant(
        "con-5",
        "Condition",
        "no clinical status when entered in error",
        lambda r: (
            "clinicalStatus" not in r
            or not is_coded(r, "verificationStatus", "condition-ver-status", _NOT_MEANT)
        ),
    ),
    Invariant(
        "ppc-1",
        "Consent",
        "a policy or a policy rule",
        lambda r: "policy" in r or "policyRule" in r,
    ),
    Invariant(
        "ppc-2",
        "Consent",
        "a consent to privacy names its patient",
        _needs_patient("patient-privacy"),
    ),
    Invariant(
        "ppc-3",
        "Consent",
        "a consent to research names its patient",
        _needs_patient("research"),
    ),
    Invariant(
        "ppc-4",
        "Consent",
        "an advance directive names its patient",
        _needs_patient("adr"),
    ),
    Invariant(
        "ppc-5",
        "Consent",
        "a consent to treatment names its patient",
        _needs_patient("treatment"),
    ),
    Invariant(
        "gol-1",
        "GoalTarget",
        "a detail has its measure",
        lambda t: not has(t, "detail") or "measure" in t,
    ),
    Invariant(
        "obs-3",
        "ObservationReferenceRange",
        "a low, a high or a text",
        lambda r: "low" in r or "high" in r or "text" in r,
    ),
    Invariant(
        "obs-6",
        "Observation",
        "a value or the reason of its absence, not both",
        lambda r: not ("dataAbsentReason" in r and has(r, "value")),
    ),
    Invariant(
        "obs-7",
        "Observation",
        "no component has the code of an observation that has a value",
        _is_answered_once,
    ),
    Invariant(
        "org-1",
        "Organization",
        "an identifier or a name",
        lambda r: "identifier" in r or "name" in r,
    ),
    Invariant(
        "org-2",
        "Organization",
        "no address of use home",
        lambda r: all(a.get("use") != "home" for a in r.get("address", ())),
    ),
    Invariant(
        "org-3",
        "Organization",
        "no telecom of use home",
        lambda r: all(t.get("use") != "home" for t in r.get("telecom", ())),
    ),
    Invariant(
        "pat-1",
        "PatientContact",
        "a contact has a name, telecom, address or organization",
        lambda c: bool({"name", "telecom", "address", "organization"} & c.keys()),
    ),
    Invariant(
        "ras-1",
        "RiskAssessmentPrediction",
        "the ends of a probability are per cent",
        lambda p: (
            "probabilityRange" not in p
            or (
                _is_percent(p["probabilityRange"], "low")
                and _is_percent(p["probabilityRange"], "high")
            )
        ),
    ),
    Invariant(
        "ras-2",
        "RiskAssessmentPrediction",
        "a probability is at most 100",
        lambda p: p.get("probabilityDecimal", 0) <= 100,
    ),
    Invariant(
        "ta-1",
        "RiskAssessmentPrediction",
        "no probability and no band of risk is ever told",
        lambda p: not (has(p, "probability") or "qualitativeRisk" in p),
    ),
    Invariant(
        "prr-1",
        "ServiceRequest",
        "a detail of the order needs a code",
        lambda r: implies(r, "orderDetail", "code"),
    ),
    Invariant(
        "inv-1",
        "Task",
        "last modified not before it was authored",
        lambda r: (
            "authoredOn" not in r
            or "lastModified" not in r
            or is_not_after(r["authoredOn"], r["lastModified"])
        ),
    ),
)
