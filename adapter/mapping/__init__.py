"""The mapping language: templates and code maps that turn a record into FHIR.

PURE: handed text, declarations and a redacted record; reads no file and no clock. The
templates themselves are content and live in ``mappings/``; what one may write in them
is told in ``mappings/README.md``.
"""
