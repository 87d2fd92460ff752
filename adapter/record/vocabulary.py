"""The words of the record model that more than one place speaks of.

Long names only: the three-letter names of the constants are the column heads of the
disclosure rules and stand in no JSON. Source: record model, sections 0, 0.2 and 8;
disclosure rules, section 2.
"""

from __future__ import annotations

DEM = "demographics"
LOG = "transition_logistics"
SPL = "safety_plan"
RSK = "risk_and_mitigation"
SGD = "safeguarding"
CLN = "clinical_detail"
SUB = "substance_use"
SXG = "sexual_health_and_gender"
FAM = "family_confidential"
TPI = "third_party"
MED = "medication"

CATEGORIES = (DEM, LOG, SPL, RSK, SGD, CLN, SUB, SXG, FAM, TPI, MED)

COLUMN_HEADS = dict(
    zip(
        CATEGORIES,
        ("DEM", "LOG", "SPL", "RSK", "SGD", "CLN", "SUB", "SXG", "FAM", "TPI", "MED"),
        strict=True,
    )
)
"""The three-letter names, for the heads of tables that people read."""

HEALTH_KINDS = (
    "adult_mh_service",
    "cyp_mh_service",
    "sending_provider",
    "crisis_team",
    "gp",
)

RECIPIENT_KINDS = (
    *HEALTH_KINDS,
    "la_safeguarding",
    "social_care",
    "housing",
    "voluntary_sector",
    "community_placement_carer",
    "care_provider",
    "placement_scheme",
    "substance_use_service",
    "education_provider",
    "advocate",
    "family_member",
    "young_person",
    "commissioner",
    "regulator",
)

ACTIVE_STATUSES = ("active", "completed")

YOUNG_PERSON = "young_person"  # the reserved id: a target of refs, never an item's own

INFORMATION_FORMATS = (
    "easy_read",
    "large_print",
    "braille",
    "audio",
    "bsl_video",
    "plain_text",
)

CAPACITY_OUTCOMES = (
    "has_capacity",
    "lacks_capacity",
    "in_doubt",
    "not_assessed_presumed",
    "not_applicable_under_16",
)

RATIONALE_KINDS = (
    "behaviour",
    "need",
    "environment",
    "legal_requirement",
    "age_only",
)

REF_TARGETS = {
    "members": "care_team.members[]",
    "people": "family_and_carers.people[]",
    "recipients": "consent_and_sharing.recipients[]",
    "agencies": "safeguarding.agencies[]",
    "risks": "safety.risks[]",
    "mitigations": "safety.mitigations[]",
}
"""Where the items stand that a ref's *to:* speaks of, beside the reserved id."""

BANNED_NAMES = frozenset(
    {
        "risk_level",
        "risk_rating",
        "risk_score",
        "risk_band",
        "risk_category",
        "risk_grade",
        "rag",
        "rag_status",
    }
)
BANNED_VALUES = frozenset({"high", "medium", "low", "red", "amber", "green"})
"""Nothing may rank overall risk. Source: record model, 0.2, first ban."""
