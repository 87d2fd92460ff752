"""What each purpose of the worklist asks of a person, and how it is closed.

Source: disclosure rules, sections 8 and 12; record model, 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapter.store import worklist


@dataclass(frozen=True)
class Purpose:
    """What is to be done, and what it takes to close it."""

    what: str
    how_to_close: str


PURPOSES: Mapping[str, Purpose] = {
    "HUMAN_REVIEW": Purpose(
        "Something is not shared, or not known, that only a person can decide about",
        "Decide, correct the record if it is wrong, and close with what you decided",
    ),
    "SEEK_CONSENT": Purpose(
        "Nobody has been asked yet whether this may be shared",
        "Ask whoever may decide, record the answer in the record, then close",
    ),
    "TELL_YOUNG_PERSON": Purpose(
        "Something is shared without the young person's agreement: tell them",
        "Close with when and how they were told",
    ),
    "TELL_YOUNG_PERSON_DEFERRED": Purpose(
        "Telling the young person was judged unsafe: look at it again",
        "Close with whether they were told now, or why it is still unsafe",
    ),
    "REVIEW_BY": Purpose(
        "An agreement, or a reason to share without one, needs to be looked at again",
        "Review it, send a version of the record that says so, then close",
    ),
    "NOTIFY_CALDICOTT": Purpose(
        "Something is shared without agreement: the Caldicott Guardian must know",
        "Close with when the Caldicott Guardian was told",
    ),
    "RECONFIRM_AT_18": Purpose(
        "The young person decided this before 18: ask whether it still stands",
        "Record what they say in the record, then close",
    ),
    "PLACEMENT_SAFETY_REVIEW": Purpose(
        "A placement would start without knowing the risks",
        "Look at it before the placement starts, and close with what was agreed",
    ),
    "RING_SENDER": Purpose(
        "What keeps someone safe could not be sent in words: offer a call",
        "Ring the recipient, and close with who was told",
    ),
    worklist.DELIVERY_FAILED: Purpose(
        "A handover could not be delivered",
        "Mend what the reason names and redrive the delivery, or hand it over another "
        "way and close with how",
    ),
    worklist.DELIVERY_EXPIRED: Purpose(
        "A handover could not be delivered in the time for trying again",
        "Ring them; redrive the delivery, or close with how it was handed over",
    ),
    worklist.ENDPOINT_STOPPED: Purpose(
        "A recipient's system does not take what is sent",
        "Ring those who run it; deliveries resume by themselves",
    ),
    worklist.HANDOVER_DECLINED: Purpose(
        "The recipient has declined the handover: the duty is yours again",
        "Ring the recipient, and close with who takes the handover on",
    ),
    worklist.WITHDRAW_FROM_HOLDER: Purpose(
        "Somebody holds what they may hold no longer, and only a person may tell them",
        "Ask them to stop using it and destroy it, and close with what they said",
    ),
    worklist.DECLARED_GAP: Purpose(
        "The record says that something is missing and by when it will be there",
        "Send a version of the record that has it; then this closes by itself",
    ),
    worklist.DELIVERY_LATE: Purpose(
        "Clinical responsibility moves soon; nobody there has accepted the handover",
        "Ring the recipient, and close with how the handover reaches them in time; "
        "arrival, an answer or a later version closes it too",
    ),
    worklist.RELEASE_VIEW: Purpose(
        "A handover waits for a person to release it: until then nobody gets it",
        "Look at what would leave, then release it, or refuse it with your reason; a "
        "later version of the record takes its place by itself",
    ),
    worklist.SUPERSESSION: Purpose(
        "One record takes the place of another, and something in that needs a person",
        "Look at both records, and close with what was done",
    ),
    worklist.TURNING_18: Purpose(
        "What may be shared changes on the 18th birthday: talk about it before",
        "Have the conversation, record what was decided, and close with when it was",
    ),
}

_BIRTHDAY = re.compile(r"birthday_in_(\d+)_days")
_OTHER = Purpose("A person has to look at this", "Close with what you decided")

REASONS: Mapping[str, str] = {
    "no_endpoint": "The directory has no address for this recipient.",
    "bundle_invalid": "The bundle fails the adapter's own check.",
    "after_review": "The policy has a person look at what this kind is sent.",
    "two_person": "The policy has two people look at what this kind is sent.",
    "automatic": "It waited when the policy was another, and waits still.",
    "http_412": (
        "Their system holds several records where one was meant, perhaps several of "
        "this person (412)."
    ),
    "declined": "A named person there has refused it; the delivery has their reason.",
    worklist.NARROWED: "Less may be shared with them than what they may hold already.",
    worklist.NO_LONGER_NEEDED: "Nothing asks for this any more: you may close it.",
    "not_arrived_before_move": "It has not arrived there.",
    "not_accepted_before_move": "It has arrived, and nobody there has accepted it.",
    "no_end_status": "They hold something of a kind that no message of ours can end.",
    "narrowed_and_invalid": (
        "They may have less than they were sent, and what they may have now cannot be "
        "sent: it fails the adapter's own check."
    ),
    "view_empty": "Nothing may be shared with this recipient any more.",
    worklist.DECLARED_GAP_REASON: "Declared as missing.",
    worklist.DECLARED_GAP_OVERDUE: "Declared as missing, and its time has passed.",
}


def purpose_of(code: str) -> Purpose:
    """What that purpose asks of a person."""
    return PURPOSES.get(code, _OTHER)


def reason_in_words(reason: str) -> str:
    """The reason of an entry as a sentence."""
    days = _BIRTHDAY.fullmatch(reason)
    if days is not None:
        return f"The 18th birthday is in {days[1]} days or fewer."
    return REASONS.get(reason, f"The reason was {reason}.")
