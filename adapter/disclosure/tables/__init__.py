"""M1, M2, M3, and the rules, reasons and obligations of the disclosure rules, as CSV.

No code belongs here. ``adapter.policy`` reads the three tables, the defaults of its
settings P-01 and P-02; ``adapter.disclosure.reasons`` reads the rest.
"""
