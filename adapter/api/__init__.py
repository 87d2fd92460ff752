"""The HTTP interfaces: JSON for those who send, FHIR R4 for those who receive.

Here stand routes, credentials, statuses and the rendering of answers. What an answer
says is decided further in: intake, delivery and store.
"""
