"""One schema a section of the record model; every field is declared here, once."""
