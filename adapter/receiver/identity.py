"""Whom a simulated receiver plays, and the words in which it says that it plays."""

from __future__ import annotations

from dataclasses import dataclass, field

SIMULATED_HEADER = "X-Simulated-Receiver"
SIMULATED_WORDS = "simulated; synthetic data only"


@dataclass(frozen=True)
class Identity:
    """The organisation that is played, and its credentials.

    ``adapter_token`` is what it shows at the adapter, and ``adapter_url`` the only
    place where it does so; None: loopback addresses only. ``token`` is what it asks of
    those who push to it; None: nothing.
    """

    name: str = "Simulated receiver"
    ods_code: str = "ZZ9Z9"
    kinds: tuple[str, ...] = ()
    adapter_token: str | None = field(default=None, repr=False)
    adapter_url: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The name as it is shown: never without the word that it is simulated."""
        return f"{self.name} (SIMULATED: synthetic data only)"
