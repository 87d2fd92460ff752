"""FHIR R4 for those who receive: metadata, read, search, and the answer to a Task."""
