"""The canonical addresses of everything that bears our name, and of what we refer to.

Decision record 0003 says why the base is what it is. Addresses of UK systems are those
of the UK FHIR naming systems.
"""

CANONICAL = "https://fhir.transition-adapter.example"

RESOURCE_ID_SYSTEM = f"{CANONICAL}/Id/resource"
VIEW_ID_SYSTEM = f"{CANONICAL}/Id/view"
CODE_SYSTEM = f"{CANONICAL}/CodeSystem/transition-adapter"

NHS_NUMBER_SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
ODS_SYSTEM = "https://fhir.nhs.uk/Id/ods-organization-code"


def extension_url(name: str) -> str:
    """The canonical address of our own extension of that name."""
    return f"{CANONICAL}/StructureDefinition/{name}"
