"""How many examples a law is tried on, and which: two hypothesis profiles.

``settled`` tries the same examples on every run, so that no test passes or fails by
luck. ``search`` tries ten times as many, new ones each time, to find what nobody has
thought of; what it finds becomes a plain test.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SETTLED, SEARCH = "settled", "search"
_WHOLE = 100

settings.register_profile(
    SETTLED,
    max_examples=_WHOLE,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    SEARCH,
    settings.get_profile(SETTLED),
    max_examples=10 * _WHOLE,
    derandomize=False,
)


def examples(count: int) -> settings:
    """That many examples of a law as settled, and ten times as many in a search."""
    return settings(max_examples=count * settings.default.max_examples // _WHOLE)
