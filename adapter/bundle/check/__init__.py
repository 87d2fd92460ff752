"""The last look at what is about to leave: a closed list, published in docs.

Structure, required bindings, types of references, the named invariants of R4, our own
profiles, and that every reference resolves inside the bundle. Compiled once, from the
models' own field information, into plain functions over the dict. What is on the list
stands in docs/reference/checks.md. Source: design, section 7.
"""

from adapter.bundle.check.checker import Checker, compile_checker

__all__ = ["Checker", "compile_checker"]
