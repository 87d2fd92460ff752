"""The transition adapter: what keeps a young person safe, carried to the next team.

This package holds the whole service; docs/explanation/house.md says what lives in
which room and why imports point inward.
"""

__version__ = "0.1.0"
