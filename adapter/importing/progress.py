"""How far an import has come, on standard error, where somebody is looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from adapter.importing.run import Counts


@contextmanager
def shown(
    position: Callable[[], int], total: int | None
) -> Iterator[Callable[[Counts], None]]:
    """What to call after each record; it shows nothing where there is no terminal.

    ``position`` is how many of ``total`` bytes were read; a total of None is not known.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda counts: None
        return
    columns = (
        BarColumn(),
        TextColumn(
            "{task.fields[taken]} taken in, {task.fields[refused]} refused",
        ),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total, taken=0, refused=0)

        def show(counts: Counts) -> None:
            refused = counts.by_status["refused"] + counts.by_status["failed"]
            bar.update(
                task,
                completed=position(),
                taken=counts.read - refused,
                refused=refused,
            )

        yield show
