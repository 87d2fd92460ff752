"""The codes that accept a record and flag it to a person.

Source: record model, section 14.
"""

from __future__ import annotations

from adapter.record.codes.code import IssueCode

WARNINGS = (
    IssueCode(
        "W_DECLARED_GAP",
        "",
        "something is missing that a declared gap covers",
        "Fill the gap by the time it names, send the next version, and take the gap "
        "out.",
        "14.1",
    ),
    IssueCode(
        "W_GAP_NOT_NEEDED",
        "",
        "a declared gap where nothing is missing",
        "Take the gap out, or correct its path.",
        "14.1",
    ),
    IssueCode(
        "W_NOT_KNOWN",
        "",
        "an answer that matters is recorded as not known",
        "Find out, and send the answer in the next version.",
        "0, section 14",
    ),
    IssueCode(
        "W_TEXT_BIDI",
        "",
        "characters that turn the direction of the text; kept, neutralised on display",
        "Take the characters out unless they are meant.",
    ),
    IssueCode(
        "W_TEXT_MARKUP",
        "",
        "text that looks like markup; kept as it is, escaped on display",
        "Send plain words if it is markup; nothing is to do if it is not.",
    ),
    IssueCode(
        "W_RISK_STRATIFICATION_TEXT",
        "",
        "words that seem to rank risk",
        "Say what happens, when and what helps instead, unless someone is quoted.",
        "0.2, first ban",
    ),
    IssueCode(
        "W_AGE_LED_TEXT",
        "",
        "a change is explained by age alone",
        "Say which behaviour, need or environment makes the change right.",
        "0.2, second ban",
    ),
    IssueCode(
        "W_AGE_UNUSUAL",
        "",
        "an age outside 10 to 25 on the planned date, for this type of transition",
        "Check the birth date, the planned date and the type.",
    ),
    IssueCode(
        "W_COMPETENCE_AGE",
        "",
        "competence or capacity recorded in a way that does not fit the age",
        "Record Gillick competence under 16, and capacity assessed from 16 on.",
        "section 8",
    ),
    IssueCode(
        "W_CHANGE_AT_18_NOT_DISCUSSED",
        "",
        "17 years and 6 months or older, and what changes at 18 was not talked about",
        "Talk about it with the young person, and record the date.",
        "section 8",
    ),
    IssueCode(
        "W_CONSENT_PR_DECISION_NOT_USED",
        "",
        "a parental decision where the young person decides; kept and not acted on",
        "Ask the young person, and record their own decision.",
        "section 8",
    ),
    IssueCode(
        "W_IMCA_NEEDED",
        "",
        "lacks capacity, has nobody of their own, and no IMCA is named and accepted",
        "Instruct an IMCA, and record them in transition.advocacy.",
    ),
    IssueCode(
        "W_EXPECTED_RECIPIENT_MISSING",
        "",
        "a recipient that a handover nearly always has is missing",
        "Add the recipient that the message names, unless there is none on purpose.",
    ),
    IssueCode(
        "W_PLACE_WISHES_NOT_ASKED",
        "",
        "nobody asked where the young person wants to be",
        "Ask, and record what they said.",
        "section 3",
    ),
    IssueCode(
        "W_VISIT_NOT_OFFERED",
        "",
        "no visit or introduction was offered",
        "Offer one before the move, and record it.",
        "section 3",
    ),
    IssueCode(
        "W_DIFFERENCES_NOT_EXPLAINED",
        "",
        "nothing is recorded about what will be different in the next place",
        "Record what will be different, and how it was explained.",
        "0.4, section 3",
    ),
    IssueCode(
        "W_MOVE_AFTER_COMPLAINT",
        "",
        "a placement ended, and a complaint or quality concern is recorded",
        "Check that the move does not answer the complaint, and record the reason.",
        "section 3",
    ),
    IssueCode(
        "W_FORMULATION_STALE",
        "",
        "the formulation is more than 28 days older than the planned date",
        "Look at the formulation again before the move.",
        "section 4",
    ),
    IssueCode(
        "W_FORMULATION_BEFORE_EVENT",
        "",
        "the formulation is older than self-harm or a return in crisis",
        "Look at the formulation again in the light of what happened since.",
        "section 4",
    ),
    IssueCode(
        "W_RISK_UNMITIGATED",
        "",
        "a risk that no mitigation names",
        "Add a mitigation that names it, or say in one that names it why nothing is "
        "done.",
        "0.4, section 4",
    ),
    IssueCode(
        "W_LIGATURE_ENVIRONMENT_MISSING",
        "",
        "a ligature risk, and nothing about it in safety.environment",
        "Record what the next place must look at.",
        "section 4",
    ),
    IssueCode(
        "W_BEST_INTERESTS_MISSING",
        "",
        "lacks capacity about safety, and nobody is named as consulted on a concern",
        "Record the best-interests process: who was consulted, or the IMCA.",
        "section 5",
    ),
    IssueCode(
        "W_PROVIDER_LEADS_OWN_ALLEGATION",
        "",
        "the provider leads on a concern about itself or its staff",
        "Let the local authority or another body lead.",
        "section 5",
    ),
    IssueCode(
        "W_CONTACT_DROP",
        "",
        "contacts a week fall by more than half from one phase to the next",
        "Step down more slowly, or say in the phase why it is right.",
        "section 6",
    ),
    IssueCode(
        "W_FIRST_CONTACT_LATE",
        "",
        "the first contact is later after the move than the policy allows (72 hours)",
        "Bring the first contact forward.",
        "section 6; policy P-14",
    ),
    IssueCode(
        "W_OWNER_LEAVES",
        "",
        "someone leaves before what they own has been reviewed",
        "Name another owner, or bring the review forward.",
        "section 9",
    ),
)
