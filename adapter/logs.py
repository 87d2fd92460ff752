"""The log: JSON lines on standard error, an event name and safe fields.

Every event that the adapter can log is named here. A line may hold ids of our own,
counts, durations, outcomes and the correlation id; never a payload, a name, a number of
a person, free text or a query string.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

RECORD_ACCEPTED = "record-accepted"
RECORD_REPEATED = "record-repeated"
RECORD_REFUSED = "record-refused"
VIEW_PREPARED = "view-prepared"
VIEW_INVALID = "view-invalid"
DELIVERY_SENT = "delivery-sent"
DELIVERY_DEFERRED = "delivery-deferred"
DELIVERY_FAILED = "delivery-failed"
DELIVERY_SUPERSEDED = "delivery-superseded"
DELIVERY_LATE = "delivery-late"
LEASE_LOST = "lease-lost"
ENDPOINT_STOPPED = "endpoint-stopped"
ENDPOINT_RESUMED = "endpoint-resumed"
TASK_ANSWERED = "task-answered"
REQUEST_ANSWERED = "request-answered"
REQUEST_FAILED = "request-failed"
WORKER_STARTED = "worker-started"
WORKER_STOPPED = "worker-stopped"
SERVICE_STARTED = "service-started"
SERVICE_STOPPED = "service-stopped"
CHILD_ENDED = "child-ended"
SWEPT = "swept"
CLOCK_SHIFTED = "clock-shifted"
CLOCK_RELEASED = "clock-released"


def start_logging(level: str = "INFO") -> None:
    """Send structured lines of at least ``level`` to standard error from now on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level]
        ),
        # The standard error of that moment: a caller may have put another in its place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(**safe_fields: Any) -> Any:
    """A logger that adds these fields to each of its lines."""
    return structlog.get_logger(**safe_fields)
