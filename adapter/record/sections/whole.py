"""The record as a whole: the envelope's own fields and its sections, in order.

Source: record model, section 1.
"""

from __future__ import annotations

from adapter.record.containers import One, Several
from adapter.record.fields import Code, DateTime, Integer, RecordKey, Ref, Section, Text
from adapter.record.sections.care_team import CareTeam
from adapter.record.sections.clinical_essentials import ClinicalEssentials
from adapter.record.sections.communications import LoggedCommunication
from adapter.record.sections.consent_and_sharing import ConsentAndSharing
from adapter.record.sections.envelope import (
    CoProduction,
    DeclaredGap,
    SourceSystem,
    Supersedes,
)
from adapter.record.sections.family_and_carers import FamilyAndCarers
from adapter.record.sections.local_extensions import LocalExtension
from adapter.record.sections.outcomes_monitoring import OutcomesMonitoring
from adapter.record.sections.safeguarding import Safeguarding
from adapter.record.sections.safety import Safety
from adapter.record.sections.step_down_plan import StepDownPlan
from adapter.record.sections.transition import Transition
from adapter.record.sections.young_person import YoungPerson


class WholeRecord(Section):
    """The whole transition record, from its envelope to local extensions."""

    schema_version = Code(
        "0.2", required=True, why="design", fhir="Bundle.meta.profile"
    )
    record_id = RecordKey(
        required=True,
        safety_critical=True,
        why="design",
        fhir="CarePlan.identifier; Composition.identifier",
        text="stable across versions; unique per source system",
    )
    record_version = Integer(
        lowest=1,
        required=True,
        safety_critical=True,
        why="design: stale handover hazard",
        fhir="CarePlan.meta.versionId",
        text="1 upward; must be greater than any accepted version (otherwise "
        "HTTP 409, not an issue; a version already accepted, with the same "
        "content: 200)",
    )
    status = Code(
        "draft active completed superseded withdrawn entered_in_error",
        required=True,
        safety_critical=True,
        why="design",
        fhir="CarePlan.status; Composition.status",
    )
    source_system = One(SourceSystem, required=True)
    authored_at = DateTime(
        required=True,
        safety_critical=True,
        why="PRSB person completing record",
        fhir="CarePlan.created; Composition.date",
        text="not in the future, 5 minutes' tolerance (E_DATE_FUTURE)",
    )
    updated_at = DateTime(
        required=True,
        safety_critical=True,
        why="design",
        fhir="CarePlan.meta.lastUpdated",
        text="on or after authored_at; not in the future, same tolerance",
    )
    author_ref = Ref(
        "members",
        required=True,
        safety_critical=True,
        why="PRSB",
        fhir="CarePlan.author; Composition.author",
    )
    supersedes = One(Supersedes)
    status_reason = Text(
        safety_critical=True,
        why="design: recipients must be told",
        fhir="Communication.statusReason; CarePlan.note",
        text="required when withdrawn or entered_in_error",
    )
    co_production = One(CoProduction, required=True)
    declared_gaps = Several(DeclaredGap)
    young_person = One(YoungPerson, required=True)
    transition = One(Transition, required=True)
    safety = One(Safety, required=True)
    safeguarding = One(Safeguarding, required=True)
    step_down_plan = One(StepDownPlan, required=True)
    family_and_carers = One(FamilyAndCarers, required=True)
    consent_and_sharing = One(ConsentAndSharing, required=True)
    care_team = One(CareTeam, required=True)
    clinical_essentials = One(ClinicalEssentials, required=True)
    communications = Several(LoggedCommunication)
    outcomes_monitoring = One(OutcomesMonitoring)
    local_extensions = Several(LocalExtension)
