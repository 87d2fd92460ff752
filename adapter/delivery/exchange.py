"""Where a worker's threads hand in what they have sent and get what to send next.

What several of them hand in at one time is settled in one transaction, which leases
the next lanes for them too: one commit for all. Each is fenced by its own lease.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapter.delivery.leases import Claimed, Terms, claim_some
from adapter.delivery.retry import RetryPolicy
from adapter.delivery.settle import Finished, Settled, settle_all
from adapter.store.engine import Store
from adapter.store.together import Together


@dataclass(frozen=True)
class Turn:
    """What a thread hands in, if anything, and whether it takes another."""

    finished: Finished | None
    wants: bool


@dataclass(frozen=True)
class Got:
    """What became of what was handed in, and what is to be sent next.

    ``settled`` None: nothing was handed in, or (``is_lost``) the lane is another's now.
    ``claimed`` None: nothing is due, or nothing was wanted.
    """

    settled: Settled | None
    claimed: Claimed | None
    is_lost: bool


class Exchange:
    """The one of a worker; safe to share between its threads."""

    def __init__(
        self,
        store: Store,
        terms: Terms,
        *,
        policy: RetryPolicy,
        dice: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._terms = terms
        self._policy = policy
        self._dice = dice
        self._monotonic = monotonic
        self._together = Together(self._serve)

    def swap(self, finished: Finished | None, *, wants: bool) -> Got:
        """What became of it and what comes next; all of it is committed."""
        return self._together.ask(Turn(finished, wants))

    def _serve(self, turns: Sequence[Turn]) -> list[Got]:
        taken = self._monotonic()
        finished = [turn.finished for turn in turns if turn.finished is not None]
        with self._store.writing() as connection:
            now = self._store.now(connection)
            settled = iter(
                settle_all(
                    connection, finished, now, policy=self._policy, dice=self._dice
                )
            )
            wanted = sum(turn.wants for turn in turns)
            claimed = iter(
                claim_some(connection, wanted, self._terms, now=now, taken=taken)
            )
        got = []
        for turn in turns:
            became = next(settled) if turn.finished is not None else None
            got.append(
                Got(
                    settled=became,
                    claimed=next(claimed, None) if turn.wants else None,
                    is_lost=turn.finished is not None and became is None,
                )
            )
        return got
