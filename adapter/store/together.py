"""Lets threads that ask at one time be served by one transaction.

Whoever comes while nobody is at work does the work of all who wait by then; who comes
meanwhile waits for the next turn. So a commit, which waits for the disk, is shared by
as many as there are, and one alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from adapter.errors import NotReady

Asked = TypeVar("Asked")
Given = TypeVar("Given")


@dataclass(eq=False)
class _Wish(Generic[Asked, Given]):
    asked: Asked
    given: Given | None = None
    error: Exception | None = None
    is_done: bool = False


class Together(Generic[Asked, Given]):
    """What ``serve`` gives for each that was asked, several at one time served at once.

    ``serve`` must leave nothing behind when it raises: then each is asked by itself, so
    that what is wrong with one is told to that one alone.
    """

    def __init__(self, serve: Callable[[Sequence[Asked]], Sequence[Given]]) -> None:
        self._serve = serve
        self._changed = threading.Condition()
        self._waiting: list[_Wish[Asked, Given]] = []
        self._is_busy = False

    def ask(self, asked: Asked) -> Given:
        """What is given for it; raises what ``serve`` raises for it."""
        wish: _Wish[Asked, Given] = _Wish(asked)
        with self._changed:
            self._waiting.append(wish)
            while self._is_busy and not wish.is_done:
                self._changed.wait()
            mine = [] if wish.is_done else self._waiting
            if mine:
                self._waiting, self._is_busy = [], True
        if mine:
            self._serve_all(mine)
        if wish.error is not None:
            raise wish.error
        return wish.given  # type: ignore[return-value]  # it is done, without an error

    def _serve_all(self, wishes: list[_Wish[Asked, Given]]) -> None:
        try:
            if not self._try(wishes):
                for wish in wishes:
                    self._try([wish])
        finally:
            with self._changed:
                self._is_busy = False
                for wish in wishes:
                    wish.is_done = True
                self._changed.notify_all()

    def _try(self, wishes: list[_Wish[Asked, Given]]) -> bool:
        """Whether all is said about them; what failed may be the fault of one."""
        try:
            given = self._serve([wish.asked for wish in wishes])
        except Exception as error:
            for wish in wishes:
                wish.error = error
            # A store that is away is away for each of them.
            return len(wishes) == 1 or isinstance(error, NotReady)
        for wish, what in zip(wishes, given, strict=True):
            wish.given, wish.error = what, None
        return True
