"""What a figure was measured on: printed at the head of every bench."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("fhir.resources", "marshmallow", "orjson", "SQLAlchemy", "pydantic")


def describe() -> str:
    """One line: cores, system, Python and the libraries that the figures depend on."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}"
    )


if __name__ == "__main__":
    print(describe())
