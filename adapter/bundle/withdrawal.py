"""The Bundle that tells a holder to stop using what it has, and ends it there.

It names the earlier Bundle, a number to ring and nothing else: no text of the record,
no reason, and neither name nor birth date. Source: disclosure rules, W1, W1a and N5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapter.bundle.build import Stamp, transaction
from adapter.bundle.content import Content, Resource, identify
from adapter.bundle.ids import Ids
from adapter.bundle.retirement import Held, named, with_ends
from adapter.canonical import CODE_SYSTEM, ODS_SYSTEM, VIEW_ID_SYSTEM
from adapter.clock import format_instant

NOTICE = "Communication.withdrawal"
STOP_USING_THIS = "Stop using this and destroy it."

_TOPIC = {
    "system": CODE_SYSTEM,
    "code": "withdrawal-notice",
    "display": "Stop using what was sent",
}


def withdrawal(
    ids: Ids,
    stamp: Stamp,
    *,
    sender_ods: str,
    earlier: Sequence[str],
    ends: Iterable[Held],
    number: str | None,
) -> Resource:
    """The transaction that withdraws what was sent.

    ``earlier`` are the identifiers of the Bundles that are meant, ``ends`` what of them
    may be held, unanswered Tasks among it. ``number`` is the one to ring, None where
    the record has none.
    """
    notice = withdrawal_notice(
        ids, stamp, sender_ods=sender_ods, earlier=earlier, number=number
    )
    content = Content((notice,), None, "")
    bundle = transaction(content, stamp, "", task=None)
    return with_ends(bundle, ends)


def withdrawal_notice(
    ids: Ids,
    stamp: Stamp,
    *,
    sender_ods: str,
    earlier: Sequence[str],
    number: str | None,
) -> Resource:
    """The Communication that says it in words, about the earlier Bundles."""
    sentences = [STOP_USING_THIS]
    if number:
        sentences.append(f"Ring {number} if you have a question.")
    return identify(
        {
            "resourceType": "Communication",
            "id": ids.of(NOTICE),
            "status": "completed",
            "topic": {"coding": [dict(_TOPIC)]},
            "subject": named(ids.of("Patient")),
            "about": [
                {
                    "type": "Bundle",
                    "identifier": {"system": VIEW_ID_SYSTEM, "value": view_id},
                }
                for view_id in earlier
            ],
            "sent": format_instant(stamp.stamped_at),
            "sender": {
                "type": "Organization",
                "identifier": {"system": ODS_SYSTEM, "value": sender_ods},
            },
            "payload": [{"contentString": text} for text in sentences],
        }
    )
