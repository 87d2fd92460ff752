"""The command line: one verb a function, one JSON document on standard output.

Exit codes: 0 done; 1 the answer is no (a refused record, a faulty bundle); 2 the
command was called wrongly; 3 the adapter does not start (settings, mappings, profiles).

A verb imports what it needs when it is called: all of it takes more than a second.
"""

from adapter.cli import checks, fixtures, operate, records, running, send, testers
from adapter.cli.root import cli

__all__ = [
    "checks",
    "cli",
    "fixtures",
    "main",
    "operate",
    "records",
    "running",
    "send",
    "testers",
]


def main() -> None:
    """Run the command line."""
    cli()
