"""What is said of one code, wherever it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["C", "I", "C or I", ""]


@dataclass(frozen=True)
class IssueCode:
    """One code of the record model: when it is raised, and how it is mended.

    ``mark`` is C for completeness, I for integrity, empty for a warning. ``mend`` is
    one sentence to the sender. ``source`` names the place in the record model.
    """

    code: str
    mark: Mark
    meaning: str
    mend: str
    source: str = "section 14"

    @property
    def severity(self) -> Literal["error", "warning"]:
        """As the prefix says; drafts and gaps soften what is marked C."""
        return "warning" if self.code.startswith("W_") else "error"
