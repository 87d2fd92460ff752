"""The invariants that are held, as one table: key, where, in words, the test.

docs/reference/checks.md lists them all, and a test holds it to that.
"""

from adapter.bundle.check.invariants.bundles import BUNDLES
from adapter.bundle.check.invariants.resources import RESOURCES
from adapter.bundle.check.invariants.rule import Invariant
from adapter.bundle.check.invariants.types import TYPES

__all__ = ["ELSEWHERE", "INVARIANTS", "Invariant"]

#: Every invariant that one object can be held to by itself.
INVARIANTS = (*TYPES, *RESOURCES, *BUNDLES)

#: Those that need the whole resource or bundle; told by the parts that know it.
ELSEWHERE = {
    "dom-3": "everything contained is referred to, or refers to what contains it",
    "ref-1": "a reference to something contained names what is there",
    "ctm-1": "on behalf of an organization only where the member is a Practitioner",
    "ele-1": "an element has a value or children: no null, nothing empty",
}
