"""From mapped resources to a bundle that may leave: ids, forms, and the last check.

What is disclosed is decided before this room, and how it reads in FHIR is the
mapping's. Here resources get their ids, a view gets its content hash, a bundle gets its
form, and every resource is held to R4 and to our own profiles.
"""
