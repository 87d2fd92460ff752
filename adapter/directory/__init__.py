"""Recipients' endpoints: which organisation is reached where, how, and as whom.

The directory is a YAML file that a trust keeps; its shape is in
docs/reference/directory.md. Sending itself belongs to ``delivery/transports``.
"""

from adapter.directory.load import load_directory
from adapter.directory.model import Auth, Directory, Endpoint
from adapter.directory.secrets import SecretLookup, secrets_from

__all__ = [
    "Auth",
    "Directory",
    "Endpoint",
    "SecretLookup",
    "load_directory",
    "secrets_from",
]
