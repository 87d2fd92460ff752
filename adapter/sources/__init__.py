"""A supplier's export → a record, by ``mappings/sources/*.yaml`` in the one language.

PURE: handed texts, never files, and reads no clock. What a supplier sends is declared
field by field, turned into a record tree, and parsed like any other record; every issue
is told at the place in what the sender sent.
"""
