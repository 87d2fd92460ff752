"""Who may be told what: decided, explained, and taken out before mapping.

Pure: it is handed a record, a recipient, an instant and a policy. Source: the
disclosure rules, version 0.2.
"""
