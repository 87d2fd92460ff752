"""``python -m adapter``: the same command as ``transition-adapter``."""

from adapter.cli import main

main()
