"""The decision alone, for those who want to know and send nothing.

Source: disclosure rules, section 3.
"""

from __future__ import annotations

from datetime import datetime

from adapter.disclosure.model import Decision
from adapter.disclosure.redact import disclose
from adapter.policy import Policy
from adapter.record.model import Record


def decide(
    record: Record, recipient_id: str, *, at: datetime, policy: Policy
) -> Decision:
    """What one recipient may get of a record at an instant, and why.

    Whether a bundle is to be marked incomplete shows only when the record is walked, so
    this is ``disclose`` without what may leave.
    """
    return disclose(record, recipient_id, at=at, policy=policy)[0]
