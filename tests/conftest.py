"""Loads hypothesis's settled profile; ``--hypothesis-profile`` names another."""

from __future__ import annotations

from hypothesis import settings
from laws import SETTLED

settings.load_profile(SETTLED)
