"""The codes that refuse a record. Source: record model, section 14."""

from __future__ import annotations

from adapter.record.codes.code import IssueCode

ERRORS = (
    IssueCode(
        "E_JSON",
        "I",
        "the text is not JSON in UTF-8, holds NaN or Infinity, or is nested more than "
        "32 deep; HTTP 400, told alone",
        "Send well-formed JSON in UTF-8, nested at most 32 deep; nothing else was "
        "looked at yet.",
    ),
    IssueCode(
        "E_LIMIT",
        "I",
        "a list of more than 500 items, or a body over 5 MB (HTTP 413, refused "
        "unread, told alone; the limit is a setting)",
        "Send at most 500 items in a list, the newest and those that still matter, and "
        "a body within the limit.",
        "0.4, section 14",
    ),
    IssueCode(
        "E_SCHEMA",
        "C or I",
        "something required is missing; or a value is of the wrong type or form, not "
        "listed, out of range, not allowed beside another, null or empty",
        "Send what the message asks for at this path, in the form that the data "
        "dictionary gives for it, and leave out what has no value.",
        "0 (Types), 0.4, section 14",
    ),
    IssueCode(
        "E_UNKNOWN_FIELD",
        "I",
        "a property that the model does not define",
        "Correct the name, or move what is your own to local_extensions.",
        "0, section 14",
    ),
    IssueCode(
        "E_DUPLICATE_KEY",
        "I",
        "the JSON text repeats a property name in one object",
        "Write the property once in this object, with the value that is meant.",
    ),
    IssueCode(
        "E_DUPLICATE_ID",
        "I",
        "an id that another item of the record bears, or the reserved id young_person",
        "Give this item an id that nothing else in the record bears, and let the refs "
        "to it follow.",
        "0 (id), section 14",
    ),
    IssueCode(
        "E_DANGLING_REF",
        "I",
        "a ref to no item of the record, or to an item of a kind not allowed there",
        "Name the id of an item that stands in this record and is of a kind allowed "
        "here, or add that item.",
        "0 (ref), section 14",
    ),
    IssueCode(
        "E_UNMAPPED_CODE",
        "I",
        "a supplier's own code that the supplier's code map does not have",
        "Add the code to the supplier's code map, or send one that stands in it.",
    ),
    IssueCode(
        "E_NHS_NUMBER_FORMAT",
        "I",
        "not ten digits, or the same digit ten times",
        "Send the ten digits of the NHS number; spaces and hyphens may stay.",
        "0.1",
    ),
    IssueCode(
        "E_NHS_NUMBER_CHECK_DIGIT",
        "I",
        "the tenth digit does not fit the other nine (modulus 11)",
        "Check the number against its source, for a digit is wrong or two have changed "
        "places.",
        "0.1",
    ),
    IssueCode(
        "E_NHS_NUMBER_TEST_RANGE",
        "I",
        "a test number at a live service, or a real number at a test service",
        "Send test numbers (beginning 999) to test services only, and real ones to "
        "live services only.",
        "0.1",
    ),
    IssueCode(
        "E_TEXT_TOO_LONG",
        "I",
        "more characters than the type of the field allows",
        "Shorten the text, or move the detail to a field that takes more.",
        "0 (Types)",
    ),
    IssueCode(
        "E_TEXT_CONTROL_CHARS",
        "I",
        "a control character that the field does not take, or a lone surrogate",
        "Take the control characters out; a field of one line takes no line breaks or "
        "tabs either.",
        "0 (Types)",
    ),
    IssueCode(
        "E_RISK_STRATIFICATION",
        "I",
        "a name or value that ranks overall risk; told alone at its path",
        "Take it out, and say in safety.risks what happens, when, and what helps.",
        "0.2, first ban",
    ),
    IssueCode(
        "E_MITIGATION_AGE_ONLY",
        "I",
        "age as the only reason for a mitigation, or for its change",
        "Name the behaviour, need, environment or legal requirement that is the "
        "reason, or end the mitigation.",
        "0.2, second ban",
    ),
    IssueCode(
        "E_DATE_FUTURE",
        "I",
        "a time of writing more than 5 minutes, or a birth or death any day, after now",
        "Correct the date, or the clock and time zone of the sending system.",
    ),
    IssueCode(
        "E_DATE_BEFORE_BIRTH",
        "I",
        "a date earlier than the birth date",
        "Correct this date or the birth date.",
    ),
    IssueCode(
        "E_DATE_ORDER",
        "I",
        "two dates that belong together, the wrong way round",
        "Correct this date or the one that should come before it.",
        "14.2",
    ),
    IssueCode(
        "E_CONFIDENCE_SOURCE",
        "I",
        "given in confidence, and it is not said by family, third party or "
        "professional",
        "Say in information_source who told it, or take given_in_confidence out.",
        "0 (item-level controls), section 14",
    ),
    IssueCode(
        "E_COMPLAINT_TREATED_AS_ALERT",
        "I",
        "threshold, response level or lead on a concern that is no safeguarding alert",
        "Take the field out, or record the concern as a safeguarding_alert if it is "
        "one.",
        "section 5",
    ),
    IssueCode(
        "E_CONSENT_PR_AT_18",
        "I",
        "a decision of someone with parental responsibility that takes effect on or "
        "after the 18th birthday",
        "Record the young person's own decision, or who decides lawfully from 18 on.",
        "section 8",
    ),
    IssueCode(
        "E_CONSENT_DECIDER_INVALID",
        "I",
        "nearest relative or nominated person as decider about sharing",
        "Name who may decide: the young person, a holder of parental responsibility "
        "under 18, best interests, attorney, deputy or court.",
        "section 8",
    ),
    IssueCode(
        "E_CONSENT_DECIDER_NO_PR",
        "I",
        "the decider is not recorded as holding parental responsibility",
        "Record that parental responsibility was evidenced, or name another decider.",
        "section 8",
    ),
    IssueCode(
        "E_CONSENT_INCOMPLETE",
        "I",
        "a decision without its decider or best-interests record, or with both or "
        "neither of recipient_ref and recipient_kind",
        "Complete the decision at this path, and name the recipient in one way.",
        "section 8",
    ),
    IssueCode(
        "E_OVERRIDE_INCOMPLETE",
        "I",
        "an override that lacks something it must have, or gives too short a reason",
        "Complete the override: reason, who decided, until when, and whether the young "
        "person was told.",
        "section 8",
    ),
    IssueCode(
        "E_SAFETY_MINIMUM",
        "C",
        "a list without which nobody may be handed over is empty",
        "Add at least one item, say why there is no risk, or declare a gap with who "
        "fills it and by when.",
        "0.4, section 14",
    ),
    IssueCode(
        "E_NO_24H_CONTACT",
        "C",
        "no crisis contact that always answers",
        "Add a crisis contact with available = always, or declare a gap.",
        "0.4, section 14",
    ),
    IssueCode(
        "E_PHASE_GAP",
        "C",
        "step-down phases overlap, leave more than a day uncovered, or begin after the "
        "move",
        "Let the first phase begin by the move and each one on the day after the one "
        "before, or declare a gap.",
        "section 6",
    ),
    IssueCode(
        "E_MITIGATION_OWNER_MISSING",
        "C",
        "nobody owns a safety-critical mitigation now",
        "Name the member who owns it now in owner_ref, or declare a gap.",
        "section 4",
    ),
    IssueCode(
        "E_MITIGATION_OWNER_AFTER_MISSING",
        "C",
        "nobody owns a safety-critical mitigation after the move",
        "Name the member who owns it after the move, or declare a gap.",
        "section 4",
    ),
    IssueCode(
        "E_SAFEGUARDING_LEAD_MISSING",
        "C",
        "nobody leads on safeguarding after the move",
        "Name the member who leads after the move, or declare a gap.",
        "section 5",
    ),
    IssueCode(
        "E_SAFEGUARDING_REVIEW_INCOMPLETE",
        "C",
        "no safeguarding review after the move, or none completed and no reason why",
        "Add a review point later than the move, or the reason why the review was not "
        "completed, or declare a gap.",
        "section 5",
    ),
    IssueCode(
        "E_HOST_NOT_BRIEFED",
        "C",
        "the host has not been told what they take on",
        "Brief the host and record it, or declare a gap with who will and by when.",
        "section 7",
    ),
    IssueCode(
        "E_RECEIVING_SERVICE_NOT_RECIPIENT",
        "C",
        "the receiving service is none of the recipients",
        "Add a recipient with the ods_code of transition.to_service, or declare a gap.",
    ),
)
